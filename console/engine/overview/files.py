"""Files of a point found by their names: all of them in order, not one folder."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass

from console.catalog import Catalog
from console.domain import paths
from console.domain.clock import Clock
from console.domain.errors import OBJECT_DAMAGE, Failed, usage
from console.domain.recovery_points import VolumeImage
from console.domain.trees import Entry, FileType
from console.engine.inside.browse import Browse
from console.engine.inside.volume import NOT_INSIDE, OpenVolume
from console.engine.points import FileView, view_of

LOOKED_S = 2.0
"""A page that takes longer ends where it is; the next one goes on there."""


@dataclass(frozen=True, slots=True)
class Found:
    """`next`: cursor of the next page. `complete`: no folder on the way lacked its names."""

    point: str
    files: tuple[FileView, ...]
    next: str | None
    complete: bool


DEEPEST = 4096
"""A folder deeper than this is one that a damaged file system has in itself."""


class FindFiles:
    def __init__(self, catalog: Catalog, browse: Browse, clock: Clock) -> None:
        self._catalog = catalog
        self._browse = browse
        self._clock = clock

    def page(self, point: str, text: str, here: bool | None, limit: int, after: str | None) -> Found:
        """Files (not folders) in order of their paths, volume by volume. `text`: part of the path, case ignored.
        `here`: only those whose bytes are (not) all on this Core. A page may be short before the last one.

        Raises Failed: `no-such-recovery-point`, `bad-cursor`, what opening the repository refuses.
        """
        found = self._catalog.points.get(point)
        volume, start = _decode(after) if after else (0, b"")
        until = self._clock.monotonic() + LOOKED_S
        wanted = text.casefold()
        files: list[FileView] = []
        complete = True
        for number, image in enumerate(found.images[volume:], volume):
            names = _Names(self._browse, image)
            path = start
            for path, opened, entry in names.walk(start):
                if wanted in paths.to_text(path).casefold():
                    view = view_of(opened, path, entry)
                    if here is None or view.here == here:
                        files.append(view)
                if len(files) >= limit or self._clock.monotonic() > until:
                    return Found(found.id, tuple(files), _encode(number, path), complete and names.complete)
            complete &= names.complete
            start = b""
        return Found(found.id, tuple(files), None, complete)


class _Names:
    """The names of one image, as far as they are here; of a disk also those inside it."""

    def __init__(self, browse: Browse, image: VolumeImage) -> None:
        self.complete = True
        self._browse = browse
        self._image = image

    def walk(self, after: bytes) -> Iterator[tuple[bytes, OpenVolume, Entry]]:
        """Everything but folders that comes after a path, folders in order of their names."""
        try:
            opened = self._browse.open(self._image)
        except Failed as known:
            self._missing(known)
            return
        # Of each open folder: its path, and what of it is still to be looked at.
        stack = [(b"", self._entries(opened, opened.top, b"", after.split(b"/")[0] if after else b""))]
        while stack:
            folder, rest = stack[-1]
            entry = next(rest, None)
            if entry is None:
                stack.pop()
                continue
            path = folder + b"/" + entry.name if folder else entry.name
            inside = after[len(path) + 1 :] if after.startswith(path + b"/") else b""
            if entry.type == FileType.DIRECTORY:
                if not entry.flags and len(stack) < DEEPEST:
                    stack.append((path, self._entries(opened, entry, path, inside.split(b"/")[0])))
            elif path != after:
                yield path, opened, entry

    def _entries(self, opened: OpenVolume, folder: Entry, path: bytes, first: bytes) -> Iterator[Entry]:
        try:
            for entry in opened.entries(folder, path):
                if entry.name >= first:
                    yield entry
        except Failed as known:
            self._missing(known)

    def _missing(self, known: Failed) -> None:
        if known.failure.code not in OBJECT_DAMAGE and known.failure.code not in NOT_INSIDE:
            raise known
        self.complete = False


def _encode(volume: int, path: bytes) -> str:
    return base64.urlsafe_b64encode(b"%d/%s" % (volume, path)).decode().rstrip("=")


def _decode(cursor: str) -> tuple[int, bytes]:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        volume, slash, path = raw.partition(b"/")
        if not slash or int(volume) < 0:
            raise ValueError(cursor)
        return int(volume), path
    except (ValueError, binascii.Error) as wrong:
        raise usage(
            "bad-cursor",
            f"“{cursor[:80]}” is not a cursor of this list.",
            "Use what the page before gave as “next”, or begin again without one.",
        ) from wrong
