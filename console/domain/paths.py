r"""File names are bytes; screens, JSON and commands carry text. One reversible form between the two.

Bytes that are not UTF-8 are written `\xNN`; a backslash that would read as such an escape is itself written `\x5c`.
Ordinary names stay as they are.
"""

from __future__ import annotations

import os
import re

_AMBIGUOUS = re.compile(rb"\\(?=x[0-9a-fA-F]{2})")


def to_text(path: bytes) -> str:
    """Bytes of a path as printable text."""
    return _AMBIGUOUS.sub(rb"\\x5c", path).decode("utf-8", "backslashreplace")


def from_text(text: str) -> bytes:
    """The inverse of `to_text`; also takes what the operating system gave as str (surrogate escapes)."""
    raw = text.encode("utf-8", "surrogateescape")
    return re.sub(rb"\\x([0-9a-fA-F]{2})", lambda m: bytes([int(m.group(1), 16)]), raw)


def native(path: str | bytes) -> bytes:
    """A path as the operating system gave it (argument, settings) as bytes."""
    return os.fsencode(path)
