"""Scenarios run real Cores in processes of their own, over TLS on loopback."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.cores import CoreProcess, new_target


def make_tree(top: Path, *, seed: int = 1, files: int = 40) -> Path:
    """A small tree of mixed content: text, random bytes, a large file, a sparse one, links, odd names."""
    rng = random.Random(seed)
    top.mkdir()
    for number in range(files):
        folder = top / f"folder {number % 5}"
        folder.mkdir(exist_ok=True)
        if number % 3:
            (folder / f"text-{number}.txt").write_text(f"line {number}\n" * rng.randrange(1, 900))
        else:
            (folder / f"random-{number}").write_bytes(rng.randbytes(rng.randrange(1, 90_000)))
    (top / "large").write_bytes(rng.randbytes(3_000_000))
    (top / "empty").touch()
    with open(top / "sparse", "wb") as handle:
        handle.truncate(5_000_000)
        handle.seek(2_000_000)
        handle.write(rng.randbytes(10_000))
    (top / "link").symlink_to("folder 0")
    os.link(top / "large", top / "folder 1" / "same as large")
    with open(os.fsencode(top) + b"/not utf-8 \xff\xfe", "wb") as handle:
        handle.write(b"hello")
    os.utime(top / "empty", ns=(1, 1_234_567_890_123_456_789))
    return top


def change_tree(top: Path, *, seed: int = 2) -> None:
    """A day's work: edits, an addition, a deletion, a rename."""
    rng = random.Random(seed)
    with open(top / "folder 0" / "random-0", "ab") as handle:
        handle.write(rng.randbytes(5_000))
    (top / f"new {seed}").write_bytes(rng.randbytes(400_000))
    (top / "folder 2" / "text-2.txt").unlink(missing_ok=True)
    moved = top / "folder 3" / f"moved {seed}"
    source = top / "folder 3" / "random-3"
    if source.exists():
        source.rename(moved)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "machine")


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Callable[[str], CoreProcess]]:
    """Makes Cores, not running, that are stopped when the test ends: `core("source")`."""
    made: list[CoreProcess] = []

    def make(name: str) -> CoreProcess:
        core = CoreProcess(tmp_path / name)
        made.append(core)
        return core

    yield make
    for core in made:
        core.kill()


@pytest.fixture
def target(tmp_path: Path) -> Iterator[CoreProcess]:
    """A running target Core with an administrator."""
    core = new_target(tmp_path / "target")
    yield core
    core.kill()


@pytest.fixture
def source(tmp_path: Path, tree: Path) -> Iterator[CoreProcess]:
    """A running source Core that protects `tree` as “web”, with one recovery point."""
    core = CoreProcess(tmp_path / "source").start()
    core.ask("machine", "protect", "web", "--volume", f"tree={tree}", "--every", "off")
    core.ask("backup", "web")
    yield core
    core.kill()
