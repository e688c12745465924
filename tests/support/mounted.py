"""Real file systems for tests, on loop devices and as bind mounts; a test is skipped, with the reason, where it may not
make them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MAKERS = {
    "ext4": ["mkfs.ext4", "-q", "-F", "-b", "4096"],
    "xfs": ["mkfs.xfs", "-q", "-f"],
    "btrfs": ["mkfs.btrfs", "-q", "-f"],
    "vfat": ["mkfs.vfat"],
}
"""File systems and what makes them."""
LEAST = {"xfs": 320 << 20, "btrfs": 400 << 20}
SIZE = 200 << 20


@contextmanager
def loop(kind: str, where: Path, *, options: str = "") -> Iterator[Path]:
    """A new file system of a kind, mounted below `where` from an image file beside it; gone afterwards."""
    maker = MAKERS[kind]
    program = shutil.which(maker[0], path=f"{os.environ.get('PATH', '')}:/sbin:/usr/sbin")
    if program is None:
        pytest.skip(f"{maker[0]} is not installed")
    image, point = where / f"{kind}.img", where / kind
    with image.open("xb") as file:
        file.truncate(LEAST.get(kind, SIZE))
    subprocess.run([program, *maker[1:], str(image)], check=True, capture_output=True)
    point.mkdir()
    with _mounted(["-o", ",".join(filter(None, ("loop", options))), "-t", kind, str(image)], point):
        yield point
    image.unlink()


@contextmanager
def bound(what: Path, where: Path) -> Iterator[Path]:
    """One directory bound over another."""
    with _mounted(["--bind", str(what)], where):
        yield where


@contextmanager
def memory(where: Path) -> Iterator[Path]:
    """A file system in memory, mounted over a directory."""
    with _mounted(["-t", "tmpfs", "-o", "size=8m", "tmpfs"], where):
        yield where


@contextmanager
def _mounted(how: list[str], point: Path) -> Iterator[None]:
    done = subprocess.run(["mount", *how, str(point)], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"this may not be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(point)], check=True)
