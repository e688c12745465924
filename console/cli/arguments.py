"""What people write on a command line, as the values the Core understands."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from console.domain import paths
from console.domain.errors import usage
from console.domain.machines import name_problem
from console.domain.schedules import parse_interval
from console.domain.sizes import parse_size

_SURROGATE = re.compile("[\udc80-\udcff]")


def path_text(path: str) -> str:
    """A path as the operating system gave it, made absolute from here, in the text form of `domain.paths`."""
    if not path:
        raise usage("bad-path", "An empty path names nothing.", "Name a directory.")
    return paths.to_text(paths.native(os.path.abspath(path)))


def selection_text(path: str) -> str:
    """A path inside a recovery point, as `point files` shows it or as the operating system would give it."""
    return _SURROGATE.sub(lambda found: f"\\x{ord(found[0]) - 0xDC00:02x}", path)


def volume(text: str) -> tuple[str | None, str]:
    """`[LABEL=]PATH` as (label or None, path in text form). `./a=b` is a path with `=` in it; `cmd:…` and `-` stay as
    they are."""
    label, equals, path = text.partition("=")
    if equals and name_problem(label) is None:
        return label, _volume_text(path)
    return None, _volume_text(text)


def _volume_text(path: str) -> str:
    return path if path == "-" or path.startswith("cmd:") else path_text(path)


def placed(text: str) -> tuple[str, str]:
    """`VOLUME=PATH` as (label, path in text form). Raises Failed `bad-assignment`."""
    label, equals, path = text.partition("=")
    if not equals or not label or not path:
        raise usage("bad-assignment", f"“{text}” does not say what goes where.", "Write VOLUME=PATH.")
    return label, path_text(path)


def interval(text: str) -> int:
    """`60m`, `4h`, `1d`, `off` in seconds. Raises Failed `bad-interval`."""
    seconds = parse_interval(text)
    if seconds is None:
        raise usage("bad-interval", f"“{text}” is not an interval.", "Write 30m, 4h, 1d or off.")
    return seconds


def size(text: str | None) -> int | None:
    """`512M`, `4G`, `32GB` in bytes. Raises Failed `bad-size`."""
    if text is None:
        return None
    found = parse_size(text)
    if not found:
        raise usage("bad-size", f"“{text}” is not a size.", "Write 512M, 4G (powers of 1024) or 32GB (powers of 1000).")
    return found


def percent(text: str | None) -> int | None:
    """`10%` or `10` as 10, `none` as 0. Raises Failed `bad-percent`."""
    if text is None:
        return None
    if text.lower() == "none":
        return 0
    digits = text.removesuffix("%").strip()
    if not digits.isascii() or not digits.isdigit():
        raise usage("bad-percent", f"“{text}” is no percentage.", "Write 10%, or none.")
    return int(digits)


def assignments(texts: Sequence[str]) -> dict[str, str]:
    """`MACHINE=REPOSITORY …` as a mapping. Raises Failed `bad-assignment`."""
    found: dict[str, str] = {}
    for text in texts:
        machine, equals, repository = text.partition("=")
        if not equals or not machine or not repository:
            raise usage("bad-assignment", f"“{text}” does not say what goes where.", "Write MACHINE=REPOSITORY.")
        found[machine] = repository
    return found


def example(*lines: str) -> str:
    """The end of a help page."""
    head = "Example:" if len(lines) == 1 else "Examples:"
    return head + "\n\n\b\n" + "\n".join(f"  replicore {line}" for line in lines)
