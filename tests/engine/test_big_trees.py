"""Trees that are large in one way: many files, many in one directory, very deep. A small and a large one of each."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from console.host.clock import SystemClock
from tests.support.trees import differences, noise
from tests.support.worlds import CountingFiles, World, codes


class Later(SystemClock):
    """To this clock no file is so new that its times may still stand still."""

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=10)


@pytest.fixture
def files() -> CountingFiles:
    return CountingFiles()


@pytest.fixture
def world(tmp_path: Path, files: CountingFiles) -> Iterator[World]:
    with World(tmp_path / "data", files, Later()) as world:
        yield world


def wide(top: Path, directories: int, each: int) -> int:
    """Small files, no two alike, in directories of two levels."""
    block = noise(1 << 16)
    for number in range(directories):
        home = top / f"area {number // 40}" / f"directory {number}"
        home.mkdir(parents=True)
        for one in range(each):
            start = (number * 977 + one * 31) % 60_000
            with open(home / f"file {one}", "xb", buffering=0) as file:
                file.write(b"%d %d " % (number, one) + block[start : start + 100 + (one * 53) % 4000])
    return directories * each


def flat(top: Path, names: int) -> int:
    top.mkdir()
    for number in range(names):
        os.close(os.open(top / f"name {number:07}", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    return names


def deep(top: Path, levels: int, length: int) -> int:
    """Directories in directories, their path far longer than a call takes; a file on each level."""
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for number in range(levels):
        file = os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here)
        os.write(file, b"level %d" % number * 20)
        os.close(file)
        name = f"{number:03} ".ljust(length, "d")
        os.mkdir(name, dir_fd=here)
        inner = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    return levels


SHAPES = {
    "wide": (lambda top: wide(top, 60, 50), lambda top: wide(top, 1000, 100)),
    "flat": (lambda top: flat(top, 6000), lambda top: flat(top, 200_000)),
    "deep": (lambda top: deep(top, 40, 120), lambda top: deep(top, 400, 200)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_large_trees(world: World, files: CountingFiles, tmp_path: Path, shape: str) -> None:
    there_and_back(world, files, tmp_path, SHAPES[shape][0](tmp_path / "tree"))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("shape", SHAPES)
def test_very_large_trees(world: World, files: CountingFiles, tmp_path: Path, shape: str) -> None:
    count = SHAPES[shape][1](tmp_path / "tree")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    there_and_back(world, files, tmp_path, count)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10
    # The walker that compares holds both trees; the product alone stays far below.
    assert grown < 900, f"{grown} MiB"


def there_and_back(world: World, files: CountingFiles, tmp_path: Path, count: int) -> None:
    """A base, an increment that reads only what changed, and both of them restored."""
    top = tmp_path / "tree"
    machine = world.machine(top)
    first, said = world.backup(machine)
    assert (codes(said), first["images"][0]["files"]) == ([], count)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    files.opened.clear()
    same, _ = world.backup(machine)
    assert files.opened == []
    assert (same["images"][0]["bytes_new"], same["images"][0]["bytes_read"]) == (0, 0)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 200 << 10
    outcome, said = world.restore(first["point"], tmp_path / "back")
    assert (codes(said), outcome["files"]) == ([], count)
    assert differences(top, tmp_path / "back") == []
    (top / "new").write_bytes(b"n" * 500)
    victim = next(Path(at) / name for at, _, names in os.walk(top) for name in names if name != "new")
    victim.write_bytes(b"changed" * 50)
    files.opened.clear()
    second, _ = world.backup(machine)
    assert sorted(files.opened) == sorted(map(os.fsencode, (victim, top / "new")))
    assert second["images"][0]["files"] == count + 1
    assert second["images"][0]["bytes_new"] < max(400_000, first["images"][0]["bytes_new"] // 5)
    world.restore(second["point"], tmp_path / "again")
    assert differences(top, tmp_path / "again") == []


def test_what_was_renamed_and_moved_is_found_by_its_content(world: World, files: CountingFiles, tmp_path: Path) -> None:
    count = wide(tmp_path / "tree" / "before", 10, 30)
    (tmp_path / "tree" / "before" / "large").write_bytes(noise(5_000_000, 3))
    machine = world.machine(tmp_path / "tree")
    first, _ = world.backup(machine)
    (tmp_path / "tree" / "after").mkdir()
    (tmp_path / "tree" / "before").rename(tmp_path / "tree" / "after" / "moved here")
    second, _ = world.backup(machine)
    image = second["images"][0]
    assert (image["kind"], image["files"]) == ("incremental", count + 1)
    assert image["bytes_read"] == first["images"][0]["bytes_read"], "a path that was not there before is read"
    assert image["bytes_stored"] < first["images"][0]["bytes_stored"] / 100
    world.restore(second["point"], tmp_path / "back")
    assert differences(tmp_path / "tree", tmp_path / "back") == []


def test_a_log_that_grows_is_kept_as_it_was(world: World, files: CountingFiles, tmp_path: Path) -> None:
    """What was appended while it was read belongs to the next point; until then it says that it changed."""
    (tmp_path / "tree").mkdir()
    log = tmp_path / "tree" / "log"
    log.write_bytes(b"".join(b"line %d\n" % number for number in range(400_000)))
    before = log.read_bytes()

    class Growing(CountingFiles):
        def read_into(self, file: int, buffer: memoryview, offset: int) -> int:
            with log.open("ab") as end:
                end.write(b"one more\n")
            return super().read_into(file, buffer, offset)

    world.protect._files = Growing()
    result, said = world.backup(world.machine(tmp_path / "tree"))
    assert codes(said) == ["file-changed"]
    world.restore(result["point"], tmp_path / "back")
    kept = (tmp_path / "back" / "log").read_bytes()
    assert kept.startswith(before)
    assert set(kept[len(before) :].splitlines()) <= {b"one more"}
    world.protect._files = files
    result, said = world.backup(world.catalog.machines.get("web"))
    assert codes(said) == []
    world.restore(result["point"], tmp_path / "again")
    assert (tmp_path / "again" / "log").read_bytes() == log.read_bytes()
