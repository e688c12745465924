"""Which files and directories of a recovery point are chosen: a set of paths, as restore takes them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from itertools import pairwise


class Chosen(Enum):
    NO = "no"
    PARTLY = "partly"
    """Something below it is chosen."""
    YES = "yes"
    """It, or a directory it lies in, is chosen."""


Siblings = Callable[[str], Sequence[str] | None]
"""The paths directly below a path, where they are known."""


def above(path: str) -> list[str]:
    """The directories a path lies in, the nearest first: `a/b/c` → `a/b`, `a`; with a volume also `label:`.

    Only the first colon may end a volume's label, and a label has no slash.
    """
    found = []
    rest = path
    while "/" in rest:
        rest = rest.rpartition("/")[0]
        found.append(rest)
    volume, colon, inner = rest.partition(":")
    if colon and inner:
        found.append(f"{volume}:")
    return found


class FileChoice:
    """Holds the fewest paths that say what is chosen: what lies below a chosen directory is not named again."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self._paths: set[str] = set(paths)
        self._partly: set[str] = set()
        self._count()

    @property
    def value(self) -> tuple[str, ...]:
        return tuple(sorted(self._paths))

    def state(self, path: str) -> Chosen:
        if path in self._paths or self.carrier(path):
            return Chosen.YES
        return Chosen.PARTLY if path in self._partly else Chosen.NO

    def carrier(self, path: str) -> str:
        """The chosen directory that a path comes with; empty: none."""
        return next((one for one in above(path) if one in self._paths), "")

    def choose(self, path: str, siblings: Siblings) -> None:
        """And when all of a directory is chosen, the directory is."""
        if self.carrier(path):
            return
        self._paths = {one for one in self._paths if path not in above(one)} | {path}
        for parent in above(path):
            known = siblings(parent)
            if known is None or not all(one in self._paths for one in known):
                break
            self._paths = (self._paths - set(known)) | {parent}
        self._count()

    def drop(self, path: str, siblings: Siblings) -> bool:
        """And what lies beside it stays. False: it comes with a directory whose names are not known."""
        carrier = self.carrier(path)
        if carrier:
            chain = [path, *above(path)]
            chain = chain[: chain.index(carrier) + 1]
            kept: set[str] = set()
            for child, parent in pairwise(chain):
                known = siblings(parent)
                if known is None:
                    return False
                kept |= {one for one in known if one != child}
            self._paths = (self._paths - {carrier}) | kept
        else:
            self._paths = {one for one in self._paths if one != path and path not in above(one)}
        self._count()
        return True

    def _count(self) -> None:
        self._partly = {parent for path in self._paths for parent in above(path)}
