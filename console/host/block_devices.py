"""Block devices of this host: what a disk consists of, and who uses it right now."""

from __future__ import annotations

import os
import stat
from pathlib import Path

SYS = Path("/sys")
PROC = Path("/proc")


def in_use(path: str | bytes | Path, *, sys: Path = SYS, proc: Path = PROC) -> list[str]:
    """Who uses a block device, or a disk image by way of a loop device: mount points of it and of what lies on it
    (partitions, mapped devices), and swap, as people call them. Empty on systems that do not tell."""
    numbers = _family(_devices(path, sys), sys)
    if not numbers:
        return []
    return sorted({*_mounted(numbers, proc), *_swapping(numbers, proc)})


def _devices(path: str | bytes | Path, sys: Path) -> set[int]:
    """Device numbers of what stands at a path: the device itself, or the loop devices over an image file."""
    try:
        status = os.stat(path)
    except OSError:
        return set()
    if stat.S_ISBLK(status.st_mode):
        return {status.st_rdev}
    real = os.path.realpath(os.fsencode(path))
    found: set[int] = set()
    for backing in (sys / "block").glob("loop*/loop/backing_file"):
        try:
            if backing.read_bytes().rstrip(b"\n") == real:
                found.add(_number((backing.parent.parent / "dev").read_text()))
        except (OSError, ValueError):
            continue
    return found


def _family(numbers: set[int], sys: Path) -> set[int]:
    """These devices with everything that lies on them."""
    found: set[int] = set()
    waiting = list(numbers)
    while waiting:
        number = waiting.pop()
        if number in found:
            continue
        found.add(number)
        home = sys / "dev" / "block" / f"{os.major(number)}:{os.minor(number)}"
        above = [one.parent / "dev" for one in home.glob("*/partition")]
        above += list(home.glob("holders/*/dev"))
        for one in above:
            try:
                waiting.append(_number(one.read_text()))
            except (OSError, ValueError):
                continue
    return found


def _mounted(numbers: set[int], proc: Path) -> list[str]:
    try:
        lines = (proc / "self" / "mountinfo").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        fields = line.split(" ")
        if "-" not in fields or len(fields) < 7:
            continue
        # Some file systems (btrfs) have numbers of their own: then what they were mounted from tells.
        source = fields[fields.index("-") + 2]
        if _number(fields[2]) in numbers or _rdev(source) in numbers:
            found.append(f"mounted at {_plain(fields[4])}")
    return found


def _swapping(numbers: set[int], proc: Path) -> list[str]:
    try:
        lines = (proc / "swaps").read_text(errors="surrogateescape").splitlines()[1:]
    except OSError:
        return []
    return [f"swap on {name}" for name in (line.split()[0] for line in lines if line) if _rdev(_plain(name)) in numbers]


def _rdev(path: str) -> int | None:
    if not path.startswith("/"):
        return None
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_rdev if stat.S_ISBLK(status.st_mode) else None


def _number(text: str) -> int:
    major, _, minor = text.strip().partition(":")
    return os.makedev(int(major), int(minor))


def _plain(text: str) -> str:
    """The kernel writes blanks in paths as octal numbers."""
    for escape, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(escape, character)
    return text
