"""Loop devices: real block devices over files. Only root may make them."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def loop(image: Path) -> Iterator[Path]:
    """The device over an image, with its partitions. Skips where that cannot be."""
    if os.geteuid() != 0:
        pytest.skip("only root may make loop devices")
    if shutil.which("losetup") is None:
        pytest.skip("losetup is not installed")
    done = subprocess.run(
        ["losetup", "--find", "--show", "--partscan", str(image)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"this system makes no loop devices: {done.stderr.strip()}")
    device = Path(done.stdout.strip())
    try:
        yield device
    finally:
        subprocess.run(["losetup", "--detach", str(device)], check=True)


@contextmanager
def mounted(device: Path, where: Path, *options: str) -> Iterator[Path]:
    """What is on a device, mounted. Skips where that cannot be."""
    where.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *options, str(device), str(where)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this system does not mount it: {done.stderr.strip()}")
    try:
        yield where
    finally:
        subprocess.run(["umount", str(where)], check=True)


def partition(device: Path, number: int, where: Path) -> Path:
    """The device of a partition; made in `where` in systems that show it to the kernel's own eyes only."""
    shown = Path(f"{device}p{number}")
    if shown.exists():
        return shown
    try:
        major, minor = Path(f"/sys/class/block/{shown.name}/dev").read_text().split(":")
    except OSError:
        pytest.skip("this system has no partitions of loop devices")
    made = where / shown.name
    os.mknod(made, stat.S_IFBLK | 0o600, os.makedev(int(major), int(minor)))
    return made
