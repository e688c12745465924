"""`replicore mount` for real, where FUSE may be used; else it says what is missing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cores import CoreProcess

READY_S = 60.0


@pytest.fixture
def usable() -> None:
    pytest.importorskip("mfusepy")
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("/dev/fuse may not be used here")
    if shutil.which("fusermount3") is None:
        pytest.skip("fusermount3 is not installed")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "mounted"
    place.mkdir()
    yield place
    if os.path.ismount(place):
        subprocess.run(["fusermount3", "-u", "-z", str(place)], check=False)


def started(core: CoreProcess, *words: str | Path) -> subprocess.Popen[str]:
    """A mount that stands: it says so when the kernel has it."""
    process = core.spawn("mount", *words)
    assert process.stderr is not None
    for line in process.stderr:
        if '"mounted"' in line:
            return process
    raise AssertionError(process.communicate())


def ended(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=READY_S)
    return process.returncode


def test_a_point_is_mounted_read_and_unmounted(usable: None, place: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "sub").mkdir(parents=True)
    content = os.urandom(3_000_000)
    (tree / "sub" / "big.bin").write_bytes(content)
    (tree / "link").symlink_to("sub/big.bin")
    core = CoreProcess(tmp_path / "core")
    core.ask("machine", "protect", "web", "--volume", f"tree={tree}")
    point = core.ask("backup", "web")["point"]
    process = started(core, point, place)
    try:
        assert os.path.ismount(place)
        assert sorted(os.listdir(place / "tree")) == ["link", "sub"]
        assert (place / "tree" / "sub" / "big.bin").read_bytes() == content
        assert (place / "tree" / "link").read_bytes() == content
        assert (place / "tree" / "sub" / "big.bin").stat().st_mtime_ns == (tree / "sub" / "big.bin").stat().st_mtime_ns
        with pytest.raises(OSError, match="Read-only"):
            (place / "tree" / "new").write_bytes(b"x")
    finally:
        code = ended(process)
    assert code == 0
    assert not os.path.ismount(place)


def test_a_running_core_is_asked_by_a_mount(usable: None, place: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "file").write_bytes(b"content")
    core = CoreProcess(tmp_path / "core").start()
    try:
        core.ask("machine", "protect", "web", "--volume", f"tree={tree}")
        core.ask("backup", "web")
        process = started(core, "--all", place)
        try:
            times = os.listdir(place / "web")  # the schedule of the Core may have made one too
            assert (place / "web" / times[0] / "tree" / "file").read_bytes() == b"content"
        finally:
            code = ended(process)
        assert code == 0
    finally:
        core.stop()


def test_a_mount_point_that_is_not_there_is_refused(usable: None, tmp_path: Path) -> None:
    core = CoreProcess(tmp_path / "core")
    core.refuse("mount", "abc", tmp_path / "none", code="mount-point-missing", exit=2)
    (tmp_path / "here").mkdir()
    core.refuse("mount", "abc", tmp_path / "here", code="no-such-recovery-point", exit=4)
