"""Which names of a volume are left out: glob patterns on the path below the volume."""

from __future__ import annotations

import re
from collections.abc import Iterable

from console.domain import paths


class Excludes:
    """Patterns of one volume, compiled into one expression.

    `*` and `?` do not cross a slash, `**` does, `[…]` and `[!…]` are sets. A pattern without a slash is a name anywhere
    in the volume; with one it is a path from the top of the volume (a leading slash says the same of a single name).
    A trailing slash means directories only. A directory that matches is left out with all that is in it.
    """

    def __init__(self, patterns: Iterable[str], volume: bytes = b"") -> None:
        """`volume`: absolute path of the volume; patterns that begin with it are read as below it."""
        everything: list[bytes] = []
        directories: list[bytes] = []
        for text in patterns:
            pattern = paths.from_text(text.strip())
            if volume.strip(b"/") and pattern.startswith(volume.rstrip(b"/") + b"/"):
                pattern = pattern[len(volume.rstrip(b"/")) :]
            only_directories = pattern.endswith(b"/")
            body = pattern.rstrip(b"/")
            if body.strip(b"/"):
                (directories if only_directories else everything).append(_expression(body))
        self._any = _compile(everything)
        self._directories = _compile(everything + directories)
        self.empty = self._directories is None

    def match(self, path: bytes, *, directory: bool) -> bool:
        """Whether `path` (below the volume, `b"a/b"`) is left out."""
        expression = self._directories if directory else self._any
        return expression is not None and expression.fullmatch(path) is not None


def _compile(expressions: list[bytes]) -> re.Pattern[bytes] | None:
    return re.compile(b"|".join(expressions), re.DOTALL) if expressions else None


def _expression(pattern: bytes) -> bytes:
    anchored = b"/" in pattern
    body = _translate(pattern.lstrip(b"/"))
    return b"(?:%s)" % body if anchored else b"(?:(?:.*/)?%s)" % body


def _translate(glob: bytes) -> bytes:
    out: list[bytes] = []
    at = 0
    while at < len(glob):
        if glob.startswith(b"**/", at) and (at == 0 or glob[at - 1 : at] == b"/"):
            out.append(b"(?:.*/)?")
            at += 3
        elif glob.startswith(b"**", at):
            out.append(b".*")
            at += 2
        elif glob[at : at + 1] == b"*":
            out.append(b"[^/]*")
            at += 1
        elif glob[at : at + 1] == b"?":
            out.append(b"[^/]")
            at += 1
        elif glob[at : at + 1] == b"[" and (end := _set_end(glob, at)) > 0:
            out.append(_set(glob[at + 1 : end]))
            at = end + 1
        else:
            out.append(re.escape(glob[at : at + 1]))
            at += 1
    return b"".join(out)


def _set_end(glob: bytes, start: int) -> int:
    """Where the set that begins at `start` ends; -1: it does not, the bracket stands for itself."""
    first = start + 1
    if glob[first : first + 1] == b"!":
        first += 1
    return glob.find(b"]", first + 1)


def _set(body: bytes) -> bytes:
    negated = body.startswith(b"!")
    members = body[1:] if negated else body
    parts: list[bytes] = []
    at = 0
    while at < len(members):
        if members[at + 1 : at + 2] == b"-" and at + 2 < len(members):
            low, high = members[at : at + 1], members[at + 2 : at + 3]
            if low <= high:
                parts.append(re.escape(low) + b"-" + re.escape(high))
            at += 3
        else:
            parts.append(re.escape(members[at : at + 1]))
            at += 1
    if not parts:
        return b"[^/]" if negated else b"(?!)"
    return (b"[^/%s]" if negated else b"(?!/)[%s]") % b"".join(parts)
