"""Block devices of this host: what a disk consists of, and who uses it right now."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

SYS = Path("/sys")
PROC = Path("/proc")
_SECTOR = 512
"""The kernel tells sizes in these bytes, whatever a disk's own sectors are."""
_NO_DISKS = ("ram", "zram", "fd", "sr", "nbd")


@dataclass(frozen=True, slots=True)
class BlockDevice:
    """`size`: bytes. `part_of`: the disk it is a part of, as a path, or empty. `used_by`: see `in_use`."""

    path: str
    size: int
    model: str
    part_of: str
    removable: bool
    read_only: bool
    used_by: tuple[str, ...]


def block_devices(*, sys: Path = SYS, proc: Path = PROC) -> list[BlockDevice]:
    """The disks of this host, each followed by its partitions; devices without any bytes are left out. None on systems
    that do not tell."""
    found: list[BlockDevice] = []
    for home in sorted((sys / "block").glob("*")):
        if home.name.rstrip("0123456789") in _NO_DISKS:
            continue
        disk = _device(home, "", home, sys, proc)
        if disk is not None:
            found.append(disk)
            for part in sorted(one.parent for one in home.glob("*/partition")):
                inner = _device(part, disk.path, home, sys, proc)
                if inner is not None:
                    found.append(inner)
    return found


def _device(home: Path, part_of: str, disk: Path, sys: Path, proc: Path) -> BlockDevice | None:
    size = int(_said(home / "size") or 0) * _SECTOR
    number = _said(home / "dev")
    if not size or not number:
        return None
    numbers = _family({_number(number)}, sys)
    model = _said(disk / "device" / "model") or _said(disk / "dm" / "name") or _said(disk / "loop" / "backing_file")
    return BlockDevice(
        "/dev/" + home.name.replace("!", "/"),
        size,
        model,
        part_of,
        _said(disk / "removable") == "1",
        _said(home / "ro") == "1",
        tuple(sorted({*_mounted(numbers, proc), *_swapping(numbers, proc)})),
    )


def _said(file: Path) -> str:
    try:
        return file.read_text(errors="replace").strip()
    except OSError:
        return ""


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
