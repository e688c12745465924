"""Restoring: everything comes back as it was, and what cannot come back true does not come back at all."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.domain.errors import Cancelled, Failed
from console.domain.jobs import JobState
from console.domain.objects import iter_refs
from console.domain.progress import Silent
from console.engine.restore import planting, shared
from console.repository import TreeReader
from console.sources import creating, durable
from tests.support import trees
from tests.support.trees import (
    DEFAULT,
    Dir,
    Fifo,
    File,
    Hard,
    Link,
    Meta,
    Sparse,
    compare,
    differences,
    look,
    mutate,
    nasty,
    needs_root,
    needs_rsync,
    noise,
    plant,
    rsync_differences,
)
from tests.support.worlds import World, codes


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "data") as world:
        yield world


def kept(world: World, top: Path, **more: Any) -> str:
    """A point of a tree."""
    result, reporter = world.backup(world.machine(top, **more))
    assert reporter.warnings == []
    point: str = result["point"]
    return point


def test_everything_nasty_comes_back(world: World, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", nasty())
    result, reporter = world.restore(kept(world, top), tmp_path / "to")
    assert reporter.warnings == []
    assert differences(top, tmp_path / "to") == []
    assert result["skipped"] == []
    assert result["verified"] is True
    assert result["files"] == sum(1 for seen in look(top).values() if seen.kind == "-")


@needs_rsync
def test_rsync_finds_nothing_to_do(world: World, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", nasty())
    world.restore(kept(world, top), tmp_path / "to")
    assert rsync_differences(top, tmp_path / "to") == ""
    (tmp_path / "to" / "text").write_bytes(b"changed")
    assert "text" in rsync_differences(top, tmp_path / "to")


def test_two_restores_make_the_same_and_the_second_has_nothing_to_do(world: World, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", nasty())
    point = kept(world, top)
    world.restore(point, tmp_path / "to")
    again, reporter = world.restore(point, tmp_path / "to")
    assert again["files"] == 0
    assert reporter.warnings == []
    assert differences(top, tmp_path / "to") == []
    replaced, _ = world.restore(point, tmp_path / "to", overwrite="always")
    assert replaced["skipped"] == []
    assert differences(top, tmp_path / "to") == []


def test_the_destination_may_be_there_and_empty(world: World, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", Dir({b"f": File(b"1")}, Meta(0o711)))
    (tmp_path / "to").mkdir()
    world.restore(kept(world, top), tmp_path / "to")
    assert differences(top, tmp_path / "to") == []


def test_a_destination_in_use_keeps_its_own_attributes(world: World, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", Dir({b"d": Dir({b"f": File(b"1")}, Meta(0o711))}, Meta(0o711)))
    point = kept(world, top)
    mine = Dir({b"other": File(b"o"), b"d": Dir({b"g": File(b"g")}, Meta(0o755))}, Meta(0o755))
    plant(tmp_path / "to", mine)
    world.restore(point, tmp_path / "to")
    assert stat.S_IMODE((tmp_path / "to").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "to" / "d").stat().st_mode) == 0o755
    world.restore(point, tmp_path / "to", overwrite="always")
    assert stat.S_IMODE((tmp_path / "to").stat().st_mode) == 0o711
    assert stat.S_IMODE((tmp_path / "to" / "d").stat().st_mode) == 0o711
    assert (tmp_path / "to" / "other").read_bytes() == b"o"


@given(tree=trees.random_trees(), seed=st.integers(0, 2**32))
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_tree_and_any_day_of_changes_comes_back(tree: Dir, seed: int) -> None:
    comes_back(tree, seed)


@pytest.mark.slow
@given(tree=trees.random_trees(), seed=st.integers(0, 2**32))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_many_trees_and_days_of_changes_come_back(tree: Dir, seed: int) -> None:
    comes_back(tree, seed)


def comes_back(tree: Dir, seed: int) -> None:
    with tempfile.TemporaryDirectory() as place, World(Path(place) / "data") as world:
        top = plant(Path(place) / "tree", tree)
        machine = world.machine(top)
        days = []
        for day in range(3):
            before = look(top)
            result, reporter = world.backup(machine)
            assert reporter.warnings == [] or codes(reporter) == ["volume-empty"]
            days.append((result["point"], before))
            mutate(top, seed + day)
        for number, (point, before) in enumerate(days):
            to = Path(place) / f"to {number}"
            _, reporter = world.restore(point, to)
            assert reporter.warnings == []
            assert compare(before, look(to)) == []


def test_several_volumes_get_a_directory_each(world: World, tmp_path: Path) -> None:
    one = plant(tmp_path / "one", Dir({b"f": File(b"1")}, Meta(0o711)))
    two = plant(tmp_path / "two", Dir({b"f": File(b"2")}, Meta(0o700)))
    result, _ = world.backup(world.machine(one, two))
    world.restore(result["point"], tmp_path / "to")
    assert differences(one, tmp_path / "to" / "one") == []
    assert differences(two, tmp_path / "to" / "two") == []
    world.restore(result["point"], tmp_path / "part", "two:f")
    assert os.listdir(tmp_path / "part") == ["two"]
    world.restore(result["point"], tmp_path / "both", "f")
    assert sorted(os.listdir(tmp_path / "both")) == ["one", "two"]


@pytest.mark.parametrize("form", ["{}", "tree:{}", "/{}", "absolute"])
def test_paths_name_files_in_several_forms(world: World, tmp_path: Path, form: str) -> None:
    inner = Dir({b"caf\xe9": File(b"1" * 500), b"other": File(b"2")}, Meta(0o711, mtime_ns=5_000_000_000))
    top = plant(tmp_path / "tree", Dir({b"sub": Dir({b"dir": inner}, Meta(0o700)), b"x": File(b"3")}))
    point = kept(world, top)
    wanted = f"{top}/sub/dir/caf\\xe9" if form == "absolute" else form.format("sub/dir/caf\\xe9")
    if form == "/{}":
        with pytest.raises(Failed, match="no-such-file"):
            world.restore(point, tmp_path / "to", wanted)
        return
    result, _ = world.restore(point, tmp_path / "to", wanted)
    assert result["files"] == 1
    assert set(look(tmp_path / "to")) == {b"", b"sub", b"sub/dir", b"sub/dir/caf\xe9"}
    one, two = look(top), look(tmp_path / "to")
    for path in (b"sub", b"sub/dir", b"sub/dir/caf\xe9"):
        assert one[path] == two[path]


def test_a_directory_is_named_with_all_in_it_and_paths_may_overlap(world: World, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", Dir({b"a": Dir({b"b": Dir({b"c": File(b"1"), b"d": File(b"2")})}), b"x": File()}))
    point = kept(world, top)
    result, _ = world.restore(point, tmp_path / "to", "a/b/", "a/b/c", "./a")
    assert result["files"] == 2
    assert not (tmp_path / "to" / "x").exists()
    with pytest.raises(Failed, match="no-such-file"):
        world.restore(point, tmp_path / "to", "a/none")
    with pytest.raises(Failed, match="no-such-file"):
        world.restore(point, tmp_path / "to", "x/below a file")
    with pytest.raises(Failed, match="no-such-file"):
        world.restore(point, tmp_path / "to", "/elsewhere/entirely")


# --- what is there already --------------------------------------------------------------------------------


def _conflict(world: World, tmp_path: Path) -> tuple[str, Path]:
    tree = Dir({b"old here": File(b"ours", Meta(mtime_ns=2_000)), b"new here": File(b"ours", Meta(mtime_ns=2_000))})
    point = kept(world, plant(tmp_path / "tree", tree))
    theirs = Dir(
        {b"old here": File(b"theirs", Meta(mtime_ns=1_000)), b"new here": File(b"theirs", Meta(mtime_ns=3_000))}
    )
    return point, plant(tmp_path / "to", theirs)


def test_nothing_is_overwritten_by_default(world: World, tmp_path: Path) -> None:
    point, to = _conflict(world, tmp_path)
    result, reporter = world.restore(point, to)
    assert {one["path"]: one["why"] for one in result["skipped"]} == {
        "old here": "it exists already",
        "new here": "it exists already",
    }
    assert reporter.warnings == []
    assert (to / "old here").read_bytes() == b"theirs"


def test_older_files_are_overwritten_when_asked(world: World, tmp_path: Path) -> None:
    point, to = _conflict(world, tmp_path)
    result, _ = world.restore(point, to, overwrite="older")
    assert [one["path"] for one in result["skipped"]] == ["new here"]
    assert ((to / "old here").read_bytes(), (to / "new here").read_bytes()) == (b"ours", b"theirs")


def test_all_files_are_overwritten_when_asked(world: World, tmp_path: Path) -> None:
    point, to = _conflict(world, tmp_path)
    world.restore(point, to, overwrite="always")
    assert ((to / "old here").read_bytes(), (to / "new here").read_bytes()) == (b"ours", b"ours")
    with pytest.raises(Failed, match="overwrite-unknown"):
        world.restore(point, to, overwrite="sometimes")


def test_other_kinds_in_the_way(world: World, tmp_path: Path) -> None:
    ours = Dir({b"file": File(b"f"), b"directory": Dir({b"in": File(b"i")}), b"link": Link(b"l"), b"full": File(b"x")})
    point = kept(world, plant(tmp_path / "tree", ours))
    theirs = Dir({b"file": Dir(), b"directory": File(b"t"), b"link": Dir(), b"full": Dir({b"kept": File(b"k")})})
    to = plant(tmp_path / "to", theirs)
    never, _ = world.restore(point, to)
    assert {one["path"] for one in never["skipped"]} == {"file", "directory", "link", "full"}
    always, _ = world.restore(point, to, overwrite="always")
    assert [one["path"] for one in always["skipped"]] == ["full"]
    assert (to / "file").read_bytes() == b"f"
    assert (to / "directory" / "in").read_bytes() == b"i"
    assert (to / "link").is_symlink()
    assert (to / "full" / "kept").read_bytes() == b"k"


def test_links_of_the_destination_are_never_followed(world: World, tmp_path: Path) -> None:
    point = kept(world, plant(tmp_path / "tree", Dir({b"d": Dir({b"f": File(b"f")}), b"g": File(b"g")})))
    outside = plant(tmp_path / "outside", Dir({b"g": File(b"safe")}))
    to = plant(tmp_path / "to", Dir({b"d": Link(os.fsencode(outside)), b"g": Link(os.fsencode(outside / "g"))}))
    never, _ = world.restore(point, to)
    assert {one["path"] for one in never["skipped"]} == {"d", "g"}
    assert os.listdir(outside) == ["g"]
    world.restore(point, to, overwrite="always")
    assert os.listdir(outside) == ["g"]
    assert (outside / "g").read_bytes() == b"safe"
    assert not (to / "d").is_symlink()
    assert (to / "g").read_bytes() == b"g"


def test_hard_links_onto_what_is_there(world: World, tmp_path: Path) -> None:
    tree = Dir({b"a": File(noise(3000)), b"b": Hard(b"a"), b"c": Hard(b"a")})
    top = plant(tmp_path / "tree", tree)
    point = kept(world, top)
    to = plant(tmp_path / "to", Dir({b"a": File(b"theirs")}))
    result, _ = world.restore(point, to)
    assert [one["path"] for one in result["skipped"]] == ["a"]
    assert (to / "b").stat().st_ino == (to / "c").stat().st_ino != (to / "a").stat().st_ino
    assert (to / "b").read_bytes() == (top / "a").read_bytes()
    world.restore(point, to, overwrite="always")
    assert differences(top, to, top=False) == []


def test_a_file_system_without_more_links_gets_files(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = Dir({b"a": File(noise(3000)), b"b": Hard(b"a"), b"big": File(noise(5_000_000)), b"c": Hard(b"big")})
    top = plant(tmp_path / "tree", tree)
    point = kept(world, top)

    def refuse(*_: object) -> bytes:
        raise OSError(errno.EMLINK, os.strerror(errno.EMLINK))

    monkeypatch.setattr(creating, "make_link", refuse)
    result, reporter = world.restore(point, tmp_path / "to")
    assert result["files"] == 4
    assert reporter.warnings == []
    assert (tmp_path / "to" / "b").read_bytes() == (top / "a").read_bytes()
    assert (tmp_path / "to" / "c").read_bytes() == (top / "big").read_bytes()


def test_names_that_are_one_on_the_destination_do_not_replace_each_other(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large, other = noise(5_000_000), noise(5_000_000, 2)
    tree = Dir({b"README": File(b"1"), b"readme": File(b"2"), b"Big": File(large), b"big": File(other)})
    point = kept(world, plant(tmp_path / "tree", tree))
    honest = creating.look

    def folding(directory: int, name: bytes) -> os.stat_result | None:
        for other in os.listdir(directory):
            if other.lower() == os.fsdecode(name).lower():
                return honest(directory, os.fsencode(other))
        return None

    monkeypatch.setattr(creating, "look", folding)
    result, _ = world.restore(point, tmp_path / "to")
    assert (result["files"], len(result["skipped"])) == (2, 2)
    assert len(os.listdir(tmp_path / "to")) == 2


def test_inherited_access_lists_do_not_stick(world: World, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", Dir({b"d": Dir({b"f": File(b"1" * 300)}), b"p": Fifo()}))
    (tmp_path / "to").mkdir()
    try:
        os.setxattr(tmp_path / "to", "system.posix_acl_default", DEFAULT)
    except OSError:
        pytest.skip("the file system of the temporary directory has no access lists")
    world.restore(kept(world, top), tmp_path / "to")
    assert differences(top, tmp_path / "to") == []


# --- refusals ---------------------------------------------------------------------------------------------


def test_destinations_that_are_refused(world: World, tmp_path: Path) -> None:
    point = kept(world, plant(tmp_path / "tree", Dir({b"f": File(b"1")})))
    for place in (world.data, world.data / "repository" / "own", world.data / "new"):
        with pytest.raises(Failed, match="destination-in-repository"):
            world.restore(point, place)
    (tmp_path / "link").symlink_to(world.data)
    with pytest.raises(Failed, match="destination-in-repository"):
        world.restore(point, tmp_path / "link" / "x")
    (tmp_path / "file").touch()
    with pytest.raises(Failed, match="destination-not-a-directory"):
        world.restore(point, tmp_path / "file")
    with pytest.raises(Failed, match="destination-unusable"):
        world.restore(point, tmp_path / "file" / "below")
    with pytest.raises(Failed, match="no-such-"):
        world.restore("ffffffff", tmp_path / "to")


def test_a_job_gives_the_result_of_the_command(world: World, tmp_path: Path) -> None:
    point = kept(world, plant(tmp_path / "tree", Dir({b"f": File(b"1")})))
    job = world.restoring.start_files(point[:12], [], str(tmp_path / "to"), user="me")
    assert world.jobs.drain(30)
    ended = world.catalog.jobs.get(job.id)
    assert ended.state is JobState.SUCCEEDED
    assert ended.result is not None
    assert {"files": 1, "bytes": 1, "skipped": [], "verified": True}.items() <= ended.result.items()
    json.dumps(ended.result)


# --- damage -----------------------------------------------------------------------------------------------


def _damage(world: World, oid: bytes) -> str:
    """Turns one byte of an object in its pack; returns the pack's name."""
    place = world.repository._index.find(oid)
    name = world.repository._index.name(place.pack)
    info = world.repositories.choose(None)
    (path,) = (Path(info.path) / "own" / "packs").rglob(f"{name}*")
    with open(path, "r+b") as file:
        file.seek(place.end - 1)
        byte = file.read(1)
        file.seek(place.end - 1)
        file.write(bytes([byte[0] ^ 0x55]))
    return name


@pytest.mark.parametrize("size", [3000, 900_000, 20_000_000])
def test_a_damaged_file_is_named_and_not_made(world: World, tmp_path: Path, size: int) -> None:
    tree = Dir(
        {
            b"bad": File(noise(size)),
            b"bad twin": Hard(b"bad"),
            **{f"good {n}".encode(): File(noise(size // 3, n + 50)) for n in range(5)},
        }
    )
    top = plant(tmp_path / "tree", tree)
    result, _ = world.backup(world.machine(top))
    oid = list(TreeReader(world.repository).extents(world.entry(result, b"bad")))[-1][0]
    pack = _damage(world, oid)
    restored, reporter = world.restore(result["point"], tmp_path / "to")
    assert sorted(os.listdir(tmp_path / "to")) == [f"good {n}" for n in range(5)]
    assert {one["path"] for one in restored["skipped"]} == {"bad", "bad twin"}
    assert any(oid.hex() in one["why"] for one in restored["skipped"])
    assert [(one["object"], one["path"]) for one in restored["damaged"]] in (
        [(oid.hex(), "bad")],
        [(oid.hex(), "bad twin")],
    )
    assert restored["damaged"][0]["pack"] in (pack, f"{pack}.pack")
    assert set(codes(reporter)) == {"file-damaged"}
    assert differences(top, tmp_path / "to", top=False)[:2] == [
        "only in the first: b'bad'",
        "only in the first: b'bad twin'",
    ]
    damaged = world.catalog.damage.list(None)
    assert [one.object for one in damaged] == [oid.hex()]


def test_a_damaged_list_of_names_is_named(world: World, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", Dir({b"d": Dir({b"f": File(b"1")}), b"g": File(b"2")}))
    result, _ = world.backup(world.machine(top))
    _damage(world, next(iter_refs(world.entry(result, b"d").content))[0])
    restored, reporter = world.restore(result["point"], tmp_path / "to")
    assert restored["files"] == 1
    assert [one["path"] for one in restored["skipped"]] == ["d"]
    assert codes(reporter) == ["file-damaged"]


def test_bytes_of_another_length_are_not_believed(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = plant(tmp_path / "tree", Dir({b"f": File(noise(3000)), b"g": File(noise(5_000_000, 2))}))
    result, _ = world.backup(world.machine(top))
    repository = world.repository
    honest = repository.read_many
    monkeypatch.setattr(repository, "read_many", lambda ids: ((oid, plain[:-1]) for oid, plain in honest(ids)))
    restored, _ = world.restore(result["point"], tmp_path / "to")
    assert os.listdir(tmp_path / "to") == []
    assert {one["path"] for one in restored["skipped"]} == {"f", "g"}


# --- what is not here -------------------------------------------------------------------------------------


def _lose(world: World, monkeypatch: pytest.MonkeyPatch, *lost: bytes) -> None:
    """Makes objects absent, as in an orphan whose parent has not arrived."""
    from console.repository.failures import object_missing

    repository = world.repository
    missing, read, read_many = repository.missing, repository.read, repository.read_many

    def gone(ids: Any) -> Any:
        for oid in ids:
            if oid in lost:
                raise object_missing(oid)
        return ids

    def absent(ids: Any, **how: Any) -> Any:
        return [*missing(ids, **how), *(oid for oid in ids if oid in lost)]

    monkeypatch.setattr(repository, "missing", absent)
    monkeypatch.setattr(repository, "read", lambda oid: read(gone([oid])[0]))
    monkeypatch.setattr(repository, "read_many", lambda ids: read_many(gone(ids)))


def _orphaned(world: World, result: dict[str, Any]) -> None:
    world.catalog.points.set_damaged([image["id"] for image in result["images"]], True)


def test_an_orphan_is_restored_in_part(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = Dir(
        {b"here": File(noise(3000)), b"absent": File(noise(3000, 2)), b"absent large": File(noise(5_000_000, 3))}
    )
    result, _ = world.backup(world.machine(plant(tmp_path / "tree", tree)))
    lost = [next(iter_refs(world.entry(result, name).content))[0] for name in (b"absent", b"absent large")]
    _orphaned(world, result)
    _lose(world, monkeypatch, *lost)
    restored, reporter = world.restore(result["point"], tmp_path / "to")
    assert os.listdir(tmp_path / "to") == ["here"]
    assert {one["path"] for one in restored["skipped"]} == {"absent", "absent large"}
    assert codes(reporter) == ["file-missing", "file-missing"]
    assert restored["damaged"] == []


def test_an_orphan_of_which_nothing_is_here_is_refused(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, _ = world.backup(world.machine(plant(tmp_path / "tree", Dir({b"d": Dir({b"f": File(noise(3000))})}))))
    lost = next(iter_refs(world.entry(result, b"d/f").content))[0]
    root = bytes.fromhex(world.point(result).images[0].root)
    _orphaned(world, result)
    with monkeypatch.context() as patch:
        _lose(world, patch, lost)
        with pytest.raises(Failed, match="nothing-restorable"):
            world.restore(result["point"], tmp_path / "to")
        assert not (tmp_path / "to").exists()
        restored, _ = world.restore(result["point"], tmp_path / "to", partial=True)
        assert restored["files"] == 0
        assert (tmp_path / "to" / "d").is_dir()
    _lose(world, monkeypatch, root)
    with pytest.raises(Failed, match="nothing-restorable"):
        world.restore(result["point"], tmp_path / "to2")


# --- the destination fails --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [3000, 12_000_000])
def test_a_full_destination_ends_the_restore(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    tree = Dir({f"f{n}".encode(): File(noise(size, n)) for n in range(3)})
    point = kept(world, plant(tmp_path / "tree", tree))
    honest = creating.write
    left = [2]

    def write(file: int, data: bytes | memoryview, offset: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        honest(file, data, offset)

    monkeypatch.setattr(creating, "write", write)
    with pytest.raises(Failed, match=r"destination-full") as caught:
        world.restore(point, tmp_path / "to")
    assert "files" in caught.value.failure.message
    assert not [name for name in os.listdir(tmp_path / "to") if name.endswith(".part")]
    for name in os.listdir(tmp_path / "to"):
        assert (tmp_path / "to" / name).read_bytes() == (tmp_path / "tree" / name).read_bytes()


def test_everything_is_durable_before_a_restore_has_succeeded(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = kept(world, plant(tmp_path / "tree", Dir({b"f": File(b"1"), b"d": Dir({b"g": File(noise(9000))})})))
    happened: list[str] = []
    publish, sync = creating.publish, durable.sync_file_system

    def published(directory: int, aside: bytes, name: bytes) -> None:
        publish(directory, aside, name)
        happened.append("named")

    def synced(descriptor: int) -> None:
        assert os.fstat(descriptor).st_dev == (tmp_path / "to").stat().st_dev
        sync(descriptor)
        happened.append("synced")

    monkeypatch.setattr(creating, "publish", published)
    monkeypatch.setattr(durable, "sync_file_system", synced)
    world.restore(point, tmp_path / "to")
    assert happened.count("named") == 2
    assert happened[-1] == "synced"


@pytest.mark.parametrize(("number", "code"), [(errno.EIO, "destination-unusable"), (errno.ENOSPC, "destination-full")])
def test_what_the_disk_could_not_keep_is_no_success(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    point = kept(world, plant(tmp_path / "tree", Dir({b"f": File(b"1")})))

    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(durable, "sync_file_system", fail)
    with pytest.raises(Failed, match=code):
        world.restore(point, tmp_path / "to")


def test_what_the_system_refuses_is_named(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    point = kept(world, plant(tmp_path / "tree", Dir({b"f": File(b"1"), b"g": Fifo(), b"h": File(b"2")})))
    honest = creating.publish

    def publish(directory: int, aside: bytes, name: bytes) -> None:
        if name in (b"f", b"g"):
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        honest(directory, aside, name)

    monkeypatch.setattr(creating, "publish", publish)
    result, reporter = world.restore(point, tmp_path / "to")
    assert {one["path"] for one in result["skipped"]} == {"f", "g"}
    assert codes(reporter) == ["file-not-restored", "file-not-restored"]
    assert os.listdir(tmp_path / "to") == ["h"]


def test_owners_that_cannot_be_given_are_one_warning(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = Dir({f"f{n}".encode(): File(b"1", Meta(owner=(4711, 815))) for n in range(9)})
    top = plant(tmp_path / "tree", tree)
    result, _ = world.backup(world.machine(top))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "chown", refuse)
    restored, reporter = world.restore(result["point"], tmp_path / "to")
    assert restored["files"] == 9
    if os.geteuid() == 0:
        assert codes(reporter) == ["ownership-not-restored"]
        assert "9 name(s)" in reporter.warnings[0][1]


def test_what_a_killed_restore_left_goes_with_the_next(world: World, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", Dir({b"file": File(b"1" * 5000), b"d": Dir({b"inner": File(b"2")})}))
    result, _ = world.backup(world.machine(top))
    (tmp_path / "to" / "d").mkdir(parents=True)
    for place in (tmp_path / "to", tmp_path / "to" / "d"):
        (place / ".replicore-0123456789ab-3.part").write_bytes(b"half")
    world.restore(result["point"], tmp_path / "to")
    assert differences(top, tmp_path / "to", top=False) == []


@pytest.mark.parametrize("when", ["check", "advance"])
def test_cancelling_leaves_only_whole_files(world: World, tmp_path: Path, when: str) -> None:
    tree = Dir(
        {
            **{f"d{n}".encode(): Dir({b"f": File(noise(3000, n))}) for n in range(40)},
            b"large": File(noise(30_000_000)),
        }
    )
    point = kept(world, plant(tmp_path / "tree", tree))

    class Impatient(Silent):
        left = 12

        def check(self) -> None:
            if when == "check":
                self.left -= 1
                if self.left < 0:
                    raise Cancelled

        def advance(self, *, bytes: int = 0, items: int = 0, text: str | None = None) -> None:
            if when == "advance":
                self.left -= 1
                if self.left < 0:
                    raise Cancelled

    wanted = world.restoring.plan(point, [], str(tmp_path / "to"))
    with pytest.raises(Cancelled):
        world.restoring.files(wanted, Impatient())
    for path, seen in look(tmp_path / "to").items():
        assert not path.endswith(b".part")
        if seen.kind == "-":
            inner = os.fsdecode(path)
            assert (tmp_path / "to" / inner).read_bytes() == (tmp_path / "tree" / inner).read_bytes()


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A directory that every user may enter and write to (pytest's own are private)."""
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o777)
        yield Path(place)


@needs_root
def test_an_ordinary_user_gets_everything_but_the_owners(open_place: Path) -> None:
    """In a process of its own, as nobody: what may be set is set, the owner is one warning."""
    plant(
        open_place / "tree",
        Dir(
            {
                b"foreign": File(b"f" * 300, Meta(0o644, owner=(4711, 815))),
                b"mine": File(b"m", Meta(0o400, owner=(65534, 65534), xattrs={"user.x": b"y"})),
                b"secret": File(b"s", Meta(0o000)),
                b"d": Dir({b"in": File(b"i", Meta(owner=(65534, 65534)))}, Meta(0o500, owner=(65534, 65534))),
            },
            Meta(0o755),
        ),
    )
    (open_place / "warm").mkdir()
    program = f"""
import json, os
from pathlib import Path
from tests.support.worlds import World

def once(data, tree, to):
    with World(data) as world:
        result, backed = world.backup(world.machine(tree))
        restored, reporter = world.restore(result["point"], to)
    return [backed.warnings, reporter.warnings, restored["skipped"]]

place = Path({str(open_place)!r})
# Once as who we are, so that all of Python that is needed is loaded: others may not be able to read it.
once(place / "warm" / "data", place / "tree", place / "warm" / "to")
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
print(json.dumps(once(place / "data", place / "tree", place / "to")))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    backed, warned, skipped = json.loads(done.stdout.strip().splitlines()[-1])
    assert [code for code, _ in backed] == ["file-unreadable"]
    assert sorted(code for code, _ in warned) == ["file-unreadable", "ownership-not-restored"]
    assert [one["path"] for one in skipped] == ["secret"]
    seen = look(open_place / "to")
    assert seen[b"mine"].mode == 0o400
    assert seen[b"mine"].xattrs == (("user.x", b"y"),)
    assert seen[b"d"].mode == 0o500
    assert seen[b"foreign"].owner == (65534, 65534)


def test_windows_of_large_files_are_small_enough() -> None:
    extents = [(bytes([n % 250 + 1]) * 32, 700_000) for n in range(50)] + [(bytes(32), 10**9), (b"z" * 32, 5)]
    windows = list(shared.windows(extents))
    assert all(size <= shared.WINDOW for _, size in windows)
    assert sum(size for _, size in windows) == 50 * 700_000 + 5
    assert windows[-1][0][-1][0] == 50 * 700_000 + 10**9


def test_sparse_files_stay_sparse(world: World, tmp_path: Path) -> None:
    tree = Dir({b"s": Sparse(60 << 20, ((20 << 20, noise(9_000_000)), (40 << 20, b"end"))), b"h": Sparse(100 << 20)})
    top = plant(tmp_path / "tree", tree)
    if (top / "h").stat().st_blocks:
        pytest.skip("the file system of the temporary directory has no holes")
    world.restore(kept(world, top), tmp_path / "to")
    assert differences(top, tmp_path / "to") == []
    assert (tmp_path / "to" / "h").stat().st_blocks == 0


def test_a_removed_destination_is_not_made_elsewhere(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = kept(world, plant(tmp_path / "tree", Dir({b"d": Dir({b"f": File(b"1" * 300)})})))
    honest = planting.Planting._make_directory

    def make(self: Any, above: Any, there: int, entry: Any, wish: Any) -> Any:
        made = honest(self, above, there, entry, wish)
        if entry.name == b"d":
            shutil.rmtree(tmp_path / "to" / "d")
            (tmp_path / "to" / "d").symlink_to(tmp_path)
        return made

    monkeypatch.setattr(planting.Planting, "_make_directory", make)
    result, reporter = world.restore(point, tmp_path / "to")
    assert [one["path"] for one in result["skipped"]] == ["d/f"]
    assert codes(reporter) == ["file-not-restored"]
    assert not (tmp_path / "f").exists()
