"""Small file systems that really fill up; Cores that die."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.torture.mortals import Mortals

MIB = 1 << 20


@dataclass
class SmallDisk:
    """A mounted file system. `kind`: ext4 on a loop device, or tmpfs where there are none."""

    path: Path
    kind: str

    def fill(self, leave: int = 0) -> None:
        """Takes all room but about `leave` bytes, as anybody's large file would."""
        free = os.statvfs(self.path)
        size = free.f_bavail * free.f_frsize - leave
        with open(self.path / "somebody's film", "ab", buffering=0) as file, suppress(OSError):
            while size > 0:
                size -= file.write(bytes(min(size, 1 << 16)))

    def make_room(self) -> None:
        (self.path / "somebody's film").unlink()


@pytest.fixture
def mortals() -> Iterator[Mortals]:
    mortals = Mortals()
    yield mortals
    mortals.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str, int], SmallDisk]]:
    """Makes small disks: `small_disk("repository", 8)` is one of 8 MiB, mounted below the test's directory."""
    mounted: list[Path] = []

    def make(name: str, mib: int) -> SmallDisk:
        place = tmp_path / name
        place.mkdir()
        kind = _mount(tmp_path / f"{name}.img", place, mib)
        mounted.append(place)
        shutil.rmtree(place / "lost+found", ignore_errors=True)
        return SmallDisk(place, kind)

    yield make
    for place in reversed(mounted):
        subprocess.run(["umount", str(place)], check=True)


def _mount(image: Path, place: Path, mib: int) -> str:
    """Raises pytest's skip where nothing may be mounted."""
    if os.geteuid() != 0:
        pytest.skip("only an administrator may mount a small disk")
    if shutil.which("mkfs.ext4"):
        with open(image, "wb") as file:
            file.truncate(mib * MIB)
        # No journal and no reserve: all of its room is there to be taken.
        made = _ran("mkfs.ext4", "-q", "-O", "^has_journal", "-m", "0", "-N", "400", str(image))
        if made == "" and _ran("mount", "-o", "loop", str(image), str(place)) == "":
            return "ext4"
    problem = _ran("mount", "-t", "tmpfs", "-o", f"size={mib}m", "none", str(place))
    if problem:
        pytest.skip(f"nothing can be mounted here: {problem}")
    return "tmpfs"


def _ran(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else (done.stderr.strip() or f"{command[0]} failed")
