"""Streams through backup and restore, beside volumes of other kinds in one point."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.errors import Cancelled, Failed
from console.domain.machines import VolumeSource
from console.domain.progress import Silent
from console.domain.recovery_points import BaseReason, ImageKind
from console.repository.records import decode_record
from console.sources.streams import Feed
from tests.support.images import BLOCK, CancelsAfter, noise, same, sparse
from tests.support.worlds import World, codes


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "data") as world:
        yield world


def code(raised: pytest.ExceptionInfo[Failed]) -> str:
    return raised.value.failure.code


@pytest.mark.parametrize("size", [0, 1, 128, 129, 70_000, 5_000_000])
def test_a_commands_output_comes_back(world: World, tmp_path: Path, size: int) -> None:
    dump = tmp_path / "dump"
    dump.write_bytes(noise(size, size))
    machine = world.machine(f"cmd:cat {dump}")
    [volume] = machine.volumes
    assert (volume.label, volume.source, volume.path) == ("cat", VolumeSource.STREAM, f"cat {dump}")
    result, said = world.backup(machine)
    assert codes(said) == []
    [image] = world.point(result).images
    assert (image.size, image.bytes_read, image.files) == (size, size, 1)
    world.restore_volumes(result["point"], {"cat": tmp_path / "back"})
    assert same(dump, tmp_path / "back")
    world.restore(result["point"], tmp_path / "files")
    assert same(dump, tmp_path / "files" / "cat")


def test_what_is_the_same_again_is_stored_once_wherever_it_stands(world: World, tmp_path: Path) -> None:
    dump = tmp_path / "dump"
    dump.write_bytes(noise("dump", 8 << 20))
    machine = world.machine(f"cmd:cat {dump}")
    world.backup(machine)
    dump.write_bytes(b"a new first line\n" + noise("dump", 8 << 20))
    result, _ = world.backup(machine)
    [image] = world.point(result).images
    assert image.kind is ImageKind.INCREMENTAL
    assert image.bytes_new < 2 << 20
    world.restore_volumes(result["point"], {"cat": tmp_path / "back"})
    assert same(dump, tmp_path / "back")


def test_a_file_in_a_tree_and_a_stream_share_their_chunks(world: World, tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "dump").write_bytes(noise("dump", 6 << 20))
    world.backup(world.machine(tmp_path / "tree", name="one"))
    result, _ = world.backup(world.machine(f"cmd:cat {tmp_path}/tree/dump", name="two"))
    assert world.point(result).images[0].bytes_new < 100_000


def test_a_command_that_fails_makes_no_point(world: World, tmp_path: Path) -> None:
    machine = world.machine("cmd:head -c 9000000 /dev/zero; echo no such database >&2; exit 2")
    with pytest.raises(Failed) as raised:
        world.backup(machine)
    assert code(raised) == "command-failed"
    assert "no such database" in raised.value.failure.message
    assert world.catalog.points.count(machine.id) == 0


def test_cancelled_in_the_middle_makes_no_point(world: World) -> None:
    machine = world.machine("cmd:cat /dev/urandom")
    with pytest.raises(Cancelled):
        world.backup(machine, reporter=CancelsAfter(5_000_000))
    assert world.catalog.points.count(machine.id) == 0


def test_a_stream_that_is_empty_now_says_so(world: World, tmp_path: Path) -> None:
    (tmp_path / "dump").write_bytes(b"something")
    machine = world.machine(f"cmd:cat {tmp_path}/dump")
    world.backup(machine)
    (tmp_path / "dump").write_bytes(b"")
    assert codes(world.backup(machine)[1]) == ["volume-empty"]


def test_volumes_of_all_kinds_in_one_point(world: World, tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "file").write_bytes(b"in a tree")
    disk = sparse(tmp_path / "disk.img", 9 * BLOCK, {BLOCK: noise(1, BLOCK)})
    machine = world.protect.add(
        "web",
        [(None, str(tmp_path / "tree")), (None, str(disk)), ("db", "cmd:echo dump"), ("in", "-")],
        interval_s=0,
    )
    assert [volume.source for volume in machine.volumes] == ["tree", "image", "stream", "stream"]
    with pytest.raises(Failed) as raised:
        world.backup(machine)
    assert code(raised) == "stream-not-fed"
    feed = Feed()
    feed.put(b"from standard input")
    feed.finish()
    fed = machine.volumes[3].id
    result = world.protect.backup(machine, base=False, reporter=Silent(), feeds={fed: feed})
    assert [image["volume"] for image in result["images"]] == ["tree", "disk", "db", "in"]
    to = {label: tmp_path / f"back-{label}" for label in ("tree", "disk", "db", "in")}
    done, _ = world.restore_volumes(result["point"], to)
    assert done["files"] == 4
    assert (to["tree"] / "file").read_bytes() == b"in a tree"
    assert same(disk, to["disk"])
    assert to["db"].read_bytes() == b"dump\n"
    assert to["in"].read_bytes() == b"from standard input"
    assert (to["db"].stat().st_mode & 0o777) == 0o600
    # As files: each volume in a folder of its own.
    world.restore(result["point"], tmp_path / "files")
    assert same(disk, tmp_path / "files" / "disk" / "disk.img")
    assert (tmp_path / "files" / "in" / "in").read_bytes() == b"from standard input"
    world.restore(result["point"], tmp_path / "some", "db:db", "disk:disk.img")
    assert (tmp_path / "some" / "db" / "db").read_bytes() == b"dump\n"
    assert not (tmp_path / "some" / "in").exists()


def test_a_command_line_stays_on_its_core(world: World) -> None:
    machine = world.machine("cmd:echo PGPASSWORD=secret")
    result, _ = world.backup(machine)
    record = world.repository.read(bytes.fromhex(world.point(result).record))
    assert b"secret" not in record
    assert decode_record(record).machine.volumes[0].path == ""


def test_another_command_goes_on_with_the_chain_another_kind_of_volume_does_not(world: World, tmp_path: Path) -> None:
    machine = world.protect.add("web", [("db", "cmd:echo one")], interval_s=0)
    world.backup(machine)
    world.protect.edit(machine.id, volumes=[("db", "cmd:echo two")])
    result, _ = world.backup(machine)
    assert world.point(result).images[0].kind is ImageKind.INCREMENTAL
    disk = sparse(tmp_path / "db.img", BLOCK, {0: b"three"})
    world.protect.edit(machine.id, volumes=[("db", str(disk))])
    result, _ = world.backup(machine)
    assert world.point(result).images[0].base_reason is BaseReason.VOLUME_CHANGED


def test_what_is_fed_is_backed_up_when_somebody_asks(world: World) -> None:
    machine = world.protect.add("web", [("db", "cmd:echo one")], interval_s=60)
    assert world.protect.edit(machine.id, volumes=[("db", "-")]).interval_s == 0
    with pytest.raises(Failed) as raised:
        world.protect.edit(machine.id, interval_s=60)
    assert code(raised) == "stream-not-scheduled"
    with pytest.raises(Failed) as raised:
        world.protect.start_backup(machine.id)
    assert code(raised) == "stream-not-fed"
    with pytest.raises(Failed) as raised:
        world.protect.start_backup(machine.id, fed="other")
    assert code(raised) == "no-such-volume"
    job = world.protect.start_backup(machine.id, fed="db")
    feed = world.protect.feeds.get(job.id)
    feed.put(b"fed")
    feed.finish()
    world.jobs.drain(60)
    assert world.catalog.points.count(machine.id) == 1
    with pytest.raises(Failed) as raised:
        world.protect.feeds.get(job.id)
    assert code(raised) == "stream-not-wanted"
