"""A Core as a child process: started, joined, missed when it dies, stopped."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from console.client.embedded import EmbeddedCore
from console.client.local import CORE_FILE, read_core, write_core
from console.domain.errors import Failed
from console.worlds import World
from tests.support.cores import CoreProcess
from tests.support.named_worlds import COMMAND

WAIT_S = 120.0


async def test_it_starts_answers_on_loopback_and_stops(tmp_path: Path) -> None:
    core = EmbeddedCore(tmp_path / "core", COMMAND)
    client = await core.start()
    try:
        status = await client.status()
        assert (status["mode"], status["role"], status["data"]) == ("service", "administrator", str(tmp_path / "core"))
        known = read_core(core.data)
        assert known is not None
        assert (known.host, known.pid) == ("127.0.0.1", core.pid)
        assert known.port != 8006
        assert not core.joined
    finally:
        await core.stop()
    assert core.pid is None
    assert read_core(core.data) is None, "it had the time to say goodbye"


async def test_a_setting_decides_where_it_listens(tmp_path: Path, unused_tcp_port: int) -> None:
    async with EmbeddedCore(tmp_path / "core", COMMAND) as core:
        await core.client.set("listen", f"127.0.0.1:{unused_tcp_port}")
    async with EmbeddedCore(tmp_path / "core", COMMAND) as core:
        assert (await core.client.status())["address"].endswith(f":{unused_tcp_port}")


async def test_without_schedules_nothing_begins_by_itself(tmp_path: Path) -> None:
    async with EmbeddedCore(tmp_path / "core", COMMAND) as core:
        assert (await core.client.status())["schedules"]
        await core.client.set("schedules", "off")
    async with EmbeddedCore(tmp_path / "core", COMMAND) as core:
        assert not (await core.client.status())["schedules"]


async def test_a_killed_core_is_missed_and_can_be_started_again(tmp_path: Path) -> None:
    core = EmbeddedCore(tmp_path / "core", COMMAND)
    await core.start()
    try:
        before = (await core.client.status())["id"]
        assert core.pid is not None
        os.kill(core.pid, signal.SIGKILL)
        missed = await asyncio.wait_for(core.died(), WAIT_S)
        assert missed.failure.code == "core-died"
        assert "SIGKILL" in missed.failure.message
        assert "listens on" in missed.failure.message, "the last lines of its log"
        with pytest.raises(Failed):
            await core.client.status()
        await core.start()
        assert (await core.client.status())["id"] == before
    finally:
        await core.stop()


async def test_a_core_that_was_asked_to_stop_is_not_missed(tmp_path: Path) -> None:
    core = EmbeddedCore(tmp_path / "core", COMMAND)
    await core.start()
    missed = asyncio.gather(core.died())
    await core.stop()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(missed, 0.1)


async def test_the_second_one_joins_and_leaves_the_core_running(tmp_path: Path) -> None:
    async with EmbeddedCore(tmp_path / "core", COMMAND) as first:
        async with EmbeddedCore(tmp_path / "core", COMMAND) as second:
            assert second.joined
            assert second.pid is None
            assert (await second.client.status())["id"] == (await first.client.status())["id"]
        assert (await first.client.status())["mode"] == "service"


async def test_two_that_start_at_once_share_one_core(tmp_path: Path) -> None:
    one, other = EmbeddedCore(tmp_path / "core", COMMAND), EmbeddedCore(tmp_path / "core", COMMAND)
    try:
        clients = await asyncio.gather(one.start(), other.start())
        assert len({(await client.status())["id"] for client in clients}) == 1
        assert [one.joined, other.joined].count(True) <= 1
    finally:
        await one.stop()
        await other.stop()


async def test_what_was_begun_is_waited_for(tmp_path: Path) -> None:
    core = EmbeddedCore(tmp_path / "core", COMMAND)
    core.begin()
    pid = core.pid
    assert pid is not None
    try:
        assert (await core.start()) is core.client
        assert core.pid == pid, "and not started once more"
        assert not core.joined
    finally:
        await core.stop()
    assert core.pid is None


async def test_what_was_begun_tells_why_it_did_not_start(tmp_path: Path) -> None:
    (tmp_path / "core").write_text("a file")
    core = EmbeddedCore(tmp_path / "core", COMMAND)
    core.begin()
    with pytest.raises(Failed) as refused:
        await core.start()
    assert refused.value.failure.code == "data-directory-unusable"


async def test_nothing_is_begun_where_a_core_runs(tmp_path: Path) -> None:
    async with EmbeddedCore(tmp_path / "core", COMMAND) as first:
        second = EmbeddedCore(tmp_path / "core", COMMAND)
        second.begin()
        assert second.pid is None
        async with second:
            assert second.joined
        assert (await first.client.status())["mode"] == "service"


async def test_what_was_begun_gives_way_to_who_was_quicker(tmp_path: Path) -> None:
    process = CoreProcess(tmp_path / "core").start()
    try:
        known = read_core(tmp_path / "core")
        assert known is not None
        (tmp_path / "core" / CORE_FILE).unlink()
        core = EmbeddedCore(tmp_path / "core", COMMAND)
        core.begin()
        assert core.pid is not None
        write_core(tmp_path / "core", known)
        async with core:
            assert core.joined
            assert core.pid is None
        assert process.ask("core", "status")["mode"] == "service"
    finally:
        process.stop()


def test_what_was_begun_for_nothing_is_asked_to_end(tmp_path: Path) -> None:
    core = EmbeddedCore(tmp_path / "core", COMMAND)
    core.begin()
    assert core.pid is not None
    child = psutil.Process(core.pid)
    core.abandon()
    child.wait(WAIT_S)


async def test_a_damaged_catalog_is_told_as_the_core_tells_it(tmp_path: Path) -> None:
    data = tmp_path / "core"
    async with EmbeddedCore(data, COMMAND):
        pass
    (data / "catalog.sqlite").write_bytes(b"this is no catalog" * 100)
    core = EmbeddedCore(data, COMMAND)
    with pytest.raises(Failed) as refused:
        await core.start()
    assert refused.value.failure.code == "catalog-damaged"
    assert "rebuild-catalog" in refused.value.failure.hint
    assert core.pid is None


async def test_a_place_that_is_no_directory_is_a_clear_failure(tmp_path: Path) -> None:
    (tmp_path / "core").write_text("a file")
    with pytest.raises(Failed) as refused:
        await EmbeddedCore(tmp_path / "core", COMMAND).start()
    assert refused.value.failure.code == "data-directory-unusable"


async def test_a_command_that_is_not_there_is_a_clear_failure(tmp_path: Path) -> None:
    with pytest.raises(Failed) as refused:
        await EmbeddedCore(tmp_path / "core", [str(tmp_path / "no-replicore")]).start()
    assert refused.value.failure.code == "core-not-started"


async def test_what_ends_without_a_word_is_told_with_its_exit_code(tmp_path: Path) -> None:
    with pytest.raises(Failed) as refused:
        await EmbeddedCore(tmp_path / "core", ["/bin/false"]).start()
    assert refused.value.failure.code == "core-died"
    assert "exit code 1" in refused.value.failure.message


async def test_cores_of_a_world_find_each_other_also_after_a_new_start(world: Callable[..., World]) -> None:
    found = world("two-cores-one-orphan")
    office, vault = (EmbeddedCore(found.core(name).data, COMMAND) for name in ("Office", "Vault"))
    async with office, vault:
        assert (await office.client.pairing("vault"))["port"] == found.core("Vault").port
        assert (await office.client.plan("vault"))["pairing"]
        await vault.stop()
        with pytest.raises(Failed):
            await office.client.plan("vault")
        await vault.start()
        assert (await office.client.plan("vault"))["pairing"]


async def test_a_core_that_a_person_started_is_joined(tmp_path: Path) -> None:
    process = CoreProcess(tmp_path / "core").start()
    try:
        async with EmbeddedCore(tmp_path / "core", COMMAND) as core:
            assert core.joined
        assert process.ask("core", "status")["mode"] == "service"
    finally:
        process.stop()
