"""What a killed restore was making goes when the next comes by; what somebody is still making stays."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

from console.sources import creating, leftovers

THEIRS = ".replicore-0123456789ab-%d.part"
DIES = """
import os, signal, sys
from console.sources import creating
directory = os.open(sys.argv[1], os.O_RDONLY)
os.symlink("x", creating.leftovers.name(), dir_fd=directory)
file, name = creating.begin_file(directory)
os.write(file, b"half of it")
os.kill(os.getpid(), signal.SIGKILL)
"""


def removed(directory: Path) -> list[str]:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        leftovers.remove(descriptor)
    finally:
        os.close(descriptor)
    return sorted(os.listdir(directory))


def test_what_a_killed_process_left_goes(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", DIES, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(os.listdir(tmp_path)) == 2
    assert removed(tmp_path) == []


def test_what_somebody_is_making_stays(tmp_path: Path) -> None:
    directory = os.open(tmp_path, os.O_RDONLY)
    mine, name = creating.begin_file(directory)
    os.close(directory)
    with (tmp_path / (THEIRS % 1)).open("w") as theirs:
        fcntl.flock(theirs, fcntl.LOCK_EX)
        assert removed(tmp_path) == sorted([os.fsdecode(name), THEIRS % 1])
    assert removed(tmp_path) == [os.fsdecode(name)], "until it is done with"
    os.close(mine)
    assert removed(tmp_path) == [os.fsdecode(name)], "one's own are looked after by who made them"


def test_what_only_looks_like_it_stays(tmp_path: Path) -> None:
    names = [".replicore-partial", ".replicore-0123456789ab-1.part.txt", ".replicore-0123456789xy-1.part", "a.part"]
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / (THEIRS % 7)).mkdir()
    assert removed(tmp_path) == sorted([*names, THEIRS % 7])
