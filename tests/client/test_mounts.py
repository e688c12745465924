"""Mounts that a program owns: they stand, are taken down with their directory, survive the death of their process."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from console.client import mounts as module
from console.client.mounts import Mount, Mounts, MountState
from console.domain.errors import Failed
from console.host.clock import SystemClock
from console.worlds import World
from tests.support.cores import CoreProcess

COMMAND = (sys.executable, "-m", "console")


@pytest.fixture
async def mounts() -> AsyncIterator[Mounts]:
    made = Mounts(COMMAND, SystemClock())
    if (missing := made.why_not()) is not None:
        pytest.skip(missing.message)
    yield made
    await made.close()


async def until(mounts: Mounts, condition: Callable[[], bool]) -> None:
    changed = asyncio.Event()
    mounts.changed.append(changed.set)
    async with asyncio.timeout(30):
        while not condition():
            changed.clear()
            await changed.wait()


async def test_a_point_is_mounted_read_and_unmounted_with_its_directory(
    mounts: Mounts, world: Callable[..., World], tmp_path: Path
) -> None:
    here = world("one-machine")
    core = CoreProcess(here.primary.data)
    point = core.ask("point", "list")["points"][0]["id"]
    core.start()
    try:
        way = ["--data", str(here.primary.data)]
        place = tmp_path / "two words" / "point"
        made = await mounts.mount("local", way, point, "laptop", str(place))
        assert (made.state, made.place) == (MountState.MOUNTED, str(place))
        assert [one.id for one in mounts.list()] == [made.id]
        [volume] = os.listdir(place)
        assert (place / volume / "notes.txt").read_bytes()
        await mounts.unmount(made.id)
        assert mounts.list() == []
        assert not place.exists(), "what was made for it goes with it"

        again = await mounts.mount("local", way, "", "all", str(place))
        pid = mounts._children[again.id].process.pid
        os.kill(pid, signal.SIGKILL)
        await until(mounts, lambda: mounts.list()[0].state is MountState.ENDED)
        [ended] = mounts.list()
        assert ended.failure is not None
        assert "SIGKILL" in ended.failure.message
        assert not os.path.ismount(place)
        await mounts.unmount(again.id)
        assert mounts.list() == []
    finally:
        core.kill()


async def test_what_cannot_be_mounted_says_why_and_leaves_nothing(
    mounts: Mounts, world: Callable[..., World], tmp_path: Path
) -> None:
    here = world("empty")
    way = ["--data", str(here.primary.data)]
    with pytest.raises(Failed) as gone:
        await mounts.mount("local", way, "f" * 32, "nothing", str(tmp_path / "new"))
    assert gone.value.failure.code == "no-such-recovery-point"
    assert not (tmp_path / "new").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    for place in (tmp_path / "full", tmp_path / "full" / "file"):
        with pytest.raises(Failed) as refused:
            await mounts.mount("local", way, "", "all", str(place))
        assert refused.value.failure.code == "mount-point-not-empty"
    assert mounts.list() == []


def test_without_fuse_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "FUSE", tmp_path / "none")
    missing = Mounts(COMMAND, SystemClock()).why_not()
    assert missing is not None
    assert "fuse3" in missing.hint


def test_mounts_of_others_are_listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    info = tmp_path / "mountinfo"
    info.write_text(
        "1 2 0:1 / /mnt/two\\040words ro - fuse.replicore replicore ro\n3 2 0:2 / /proc rw - proc proc rw\n"
    )
    monkeypatch.setattr(module, "MOUNTINFO", info)
    [found] = Mounts(COMMAND, SystemClock()).list()
    assert found == Mount("/mnt/two words", "", "", "", "/mnt/two words", MountState.MOUNTED)
