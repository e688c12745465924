"""What a backup puts into an image: everything, what changed, and the truth about what could not be read."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from console.domain.errors import Cancelled, Failed
from console.domain.objects import ZERO_ID, Kind, iter_refs
from console.domain.progress import Silent
from console.domain.recovery_points import BaseReason, ImageKind
from console.domain.trees import EntryFlag, FileType
from console.engine.backup import folders
from console.repository import TreeReader, WriteSession
from console.repository.chunker import Chunker
from console.sources.mounts import Mounts
from console.sources.reading import HostFiles
from tests.support.trees import Dir, Fifo, File, Hard, Link, Meta, Sparse, differences, nasty, noise, plant
from tests.support.worlds import CountingFiles, World, codes

OLD = Meta()


@pytest.fixture
def files() -> CountingFiles:
    return CountingFiles()


@pytest.fixture
def world(tmp_path: Path, files: CountingFiles) -> Iterator[World]:
    with World(tmp_path / "data", files) as world:
        yield world


def settle(top: Path) -> None:
    """Waits until no file below is so new that its times could still stand still."""
    probe = top.parent / "probe"
    newest = max(
        (
            os.lstat(os.path.join(folder, name)).st_ctime_ns
            for folder, _, names in os.walk(top)
            for name in [*names, "."]
        ),
        default=0,
    )
    waited = threading.Event()
    for _ in range(1000):
        probe.write_bytes(b"")
        if os.stat(probe).st_ctime_ns - newest > 80_000_000:
            break
        waited.wait(0.01)
    probe.unlink()


def test_the_first_image_is_a_base_and_the_next_builds_on_it(world: World, tmp_path: Path) -> None:
    machine = world.machine(plant(tmp_path / "tree", Dir({b"a": File(b"1" * 1000), b"d": Dir({b"b": File(b"22")})})))
    first, _ = world.backup(machine)
    second, _ = world.backup(machine)
    one, two = world.point(first).images[0], world.point(second).images[0]
    assert (one.kind, one.base_reason, one.parent) == (ImageKind.BASE, BaseReason.FIRST, None)
    assert (two.kind, two.base_reason, two.parent, two.parent_root) == (ImageKind.INCREMENTAL, None, one.id, one.root)
    assert (two.files, two.directories, two.size) == (2, 1, 1002)
    assert world.catalog.points.image(two.id).here
    assert world.catalog.points.image(two.id).names


def test_the_point_stands_in_the_repository_before_it_stands_in_the_catalog(world: World, tmp_path: Path) -> None:
    machine = world.machine(plant(tmp_path / "tree", Dir({b"a": File(b"1")})))
    result, _ = world.backup(machine)
    point = world.point(result)
    assert bytes.fromhex(point.record) in set(world.repository.records(Kind.RECORD))
    assert point.origin_core == "core-a"


def test_unchanged_files_are_not_opened(world: World, files: CountingFiles, tmp_path: Path) -> None:
    tree = Dir(
        {
            b"small": File(b"x" * 500),
            b"inline": File(b"x"),
            b"large": File(noise(6_000_000)),
            b"d": Dir({b"kept": File(noise(3000)), b"edited": File(b"before" * 100), b"gone": File(b"y" * 200)}),
        }
    )
    top = plant(tmp_path / "tree", tree)
    settle(top)
    machine = world.machine(top)
    world.backup(machine)
    assert len(files.opened) == 6
    files.opened.clear()
    again, reporter = world.backup(machine)
    assert files.opened == []
    assert again["images"][0]["bytes_read"] == 0
    assert again["images"][0]["files"] == 6
    assert reporter.warnings == []
    (top / "d" / "edited").write_bytes(b"after")
    (top / "d" / "new").write_bytes(b"n" * 300)
    (top / "d" / "gone").unlink()
    settle(top)
    changed, _ = world.backup(machine)
    assert sorted(files.opened) == [os.fsencode(top / "d" / name) for name in ("edited", "new")]
    assert changed["images"][0]["bytes_read"] == 305
    assert changed["images"][0]["files"] == 6
    assert world.entry(changed, b"d/gone") is None
    assert world.entry(changed, b"d/edited").inline == b"after"


def test_an_unchanged_tree_has_the_same_root_and_adds_nothing(world: World, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", nasty())
    settle(top)
    machine = world.machine(top)
    first, _ = world.backup(machine)
    second, _ = world.backup(machine)
    forced, _ = world.backup(machine, base=True)
    assert world.point(first).images[0].root == world.point(second).images[0].root
    assert world.point(first).images[0].root == world.point(forced).images[0].root
    assert second["images"][0]["bytes_new"] == 0
    assert forced["images"][0]["bytes_new"] == 0
    assert forced["images"][0]["base_reason"] == "forced"
    assert forced["images"][0]["bytes_read"] == first["images"][0]["bytes_read"]


def test_a_file_changed_in_the_tick_it_was_read_in_is_read_again(
    world: World, files: CountingFiles, tmp_path: Path
) -> None:
    top = plant(tmp_path / "tree", Dir({b"hot": File(b"a" * 200, Meta(mtime_ns=None))}))
    machine = world.machine(top)
    result, _ = world.backup(machine)
    entry = world.entry(result, b"hot")
    fresh = entry.ctime_ns == 0
    files.opened.clear()
    world.backup(machine)
    assert bool(files.opened) == fresh
    settle(top)
    world.backup(machine)
    files.opened.clear()
    world.backup(machine)
    assert files.opened == []


def test_what_metadata_changed_shows(world: World, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", Dir({b"f": File(b"x" * 300, OLD), b"d": Dir({}, OLD)}))
    machine = world.machine(top)
    world.backup(machine)
    os.chmod(top / "f", 0o4711)
    os.setxattr(top / "d", "user.x", b"y")
    result, _ = world.backup(machine)
    assert world.entry(result, b"f").mode == 0o4711
    assert world.entry(result, b"d").xattrs == ((b"user.x", b"y"),)


def test_every_kind_of_name_is_in_the_image(world: World, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", nasty())
    result, reporter = world.backup(world.machine(top))
    assert reporter.warnings == []
    assert world.entry(result, b"not utf-8 \xff\xfe").inline == b"latin"
    assert world.entry(result, b"pipe").type is FileType.FIFO
    assert world.entry(result, b"socket").type is FileType.SOCKET
    assert world.entry(result, b"link not utf-8 \xff").target == b"target \xfe\xff"
    assert world.entry(result, b"dangling").size == len(b"no/such/place")
    one, two = world.entry(result, b"first name"), world.entry(result, b"elsewhere/third name")
    assert one.links == two.links != 0
    assert one.content == two.content
    hole = world.entry(result, b"hole only")
    assert list(iter_refs(hole.content)) == [(ZERO_ID, 3_000_000)]
    assert list(iter_refs(world.entry(result, b"hole at the end").content))[-1][0] == ZERO_ID
    files = sum(len(names) for _, _, names in os.walk(top))
    counted = sum(
        stat.S_ISREG(os.lstat(os.path.join(folder, name)).st_mode)
        for folder, _, names in os.walk(os.fsencode(top))
        for name in names
    )
    assert result["images"][0]["files"] == counted < files


def test_a_linked_file_counts_once_in_bytes_and_is_read_once(
    world: World, files: CountingFiles, tmp_path: Path
) -> None:
    tree = Dir({b"a": File(noise(5000), OLD), **{f"b{n}".encode(): Hard(b"a") for n in range(300)}})
    result, _ = world.backup(world.machine(plant(tmp_path / "tree", tree)))
    assert len(files.opened) == 1
    assert (result["images"][0]["files"], result["images"][0]["size"]) == (301, 5000)
    assert result["images"][0]["bytes_read"] == 5000


def test_chunks_are_cut_as_if_the_file_were_one_piece(world: World, tmp_path: Path) -> None:
    content = noise(20_000_000, 3) + bytes(5_000_000) + noise(3_000_001, 4)
    result, _ = world.backup(world.machine(plant(tmp_path / "tree", Dir({b"f": File(content)}))))
    entry = world.entry(result, b"f")
    lengths = [length for _, length in TreeReader(world.repository).extents(entry)]
    assert lengths == [len(chunk) for chunk in Chunker().cut(content)]


def test_holes_are_not_read(world: World, tmp_path: Path) -> None:
    tree = Dir({b"s": Sparse(1 << 30, ((100 << 20, noise(50_000)), (900 << 20, noise(5_000_000))))})
    result, _ = world.backup(world.machine(plant(tmp_path / "tree", tree)))
    image = result["images"][0]
    if image["bytes_read"] > 1 << 29:
        pytest.skip("the file system of the temporary directory has no holes")
    assert image["size"] == 1 << 30
    assert image["bytes_read"] < 6_000_000


def test_excluded_names_are_left_out(world: World, tmp_path: Path) -> None:
    tree = Dir(
        {b"a.tmp": File(b"1"), b"d": Dir({b"b.tmp": File(b"2"), b"c": File(b"3")}), b"cache": Dir({b"x": File()})}
    )
    machine = world.machine(plant(tmp_path / "tree", tree), excludes=("*.tmp", "/cache/"))
    result, _ = world.backup(machine)
    assert result["images"][0]["files"] == 1
    assert world.entry(result, b"cache") is None
    assert world.entry(result, b"d/c") is not None
    world.protect.edit("web", excludes=["d/c"])
    result, _ = world.backup(machine)
    assert world.entry(result, b"d/c") is None
    assert world.entry(result, b"a.tmp") is not None


def test_repositories_and_data_directories_are_left_out(tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", Dir({b"mine": File(b"1"), b"deep": Dir({})}))
    with World(top / "deep" / "data") as world:
        world.repositories.create("second", top / "second")
        result, _ = world.backup(world.machine(top))
        assert world.entry(result, b"deep") is not None
        assert world.entry(result, b"deep/data") is None
        assert world.entry(result, b"second") is None
        assert result["images"][0]["files"] == 1


def test_pseudo_file_systems_are_kept_without_content(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Elsewhere(CountingFiles):
        def status_open(self, file: int) -> os.stat_result:
            status = super().status_open(file)
            if os.readlink(f"/proc/self/fd/{file}").endswith("/proc"):
                fields = list(status)
                fields[2] = 4242
                return os.stat_result(fields, {"st_mtime_ns": 1, "st_ctime_ns": 1, "st_atime_ns": 1})
            return status

    monkeypatch.setattr(Mounts, "pseudo", lambda _, device: "proc" if device == 4242 else None)
    world.protect._files = Elsewhere()
    top = plant(tmp_path / "tree", Dir({b"proc": Dir({b"cpuinfo": File(b"x")}), b"f": File(b"1")}))
    result, _ = world.backup(world.machine(top))
    assert world.entry(result, b"proc").type is FileType.DIRECTORY
    assert world.entry(result, b"proc/cpuinfo") is None
    assert result["images"][0]["files"] == 1


def test_several_volumes_are_one_point(world: World, tmp_path: Path) -> None:
    one = plant(tmp_path / "one", Dir({b"f": File(b"1")}))
    two = plant(tmp_path / "two", Dir({b"g": File(b"2"), b"h": File(b"3")}))
    result, _ = world.backup(world.machine(one, two))
    assert [(image["volume"], image["files"]) for image in result["images"]] == [("one", 1), ("two", 2)]
    assert len(world.point(result).images) == 2


# --- what a backup builds on ------------------------------------------------------------------------------


def test_a_volume_at_another_path_begins_anew(world: World, tmp_path: Path) -> None:
    machine = world.machine(plant(tmp_path / "one", Dir({b"f": File(b"1" * 200)})))
    world.backup(machine)
    two = plant(tmp_path / "two", Dir({b"f": File(b"1" * 200)}))
    world.protect.edit("web", volumes=[("one", str(two))])
    result, _ = world.backup(machine)
    assert result["images"][0]["base_reason"] == "volume-changed"
    result, _ = world.backup(machine)
    assert result["images"][0]["kind"] == "incremental"


def test_a_damaged_chain_is_not_built_on(world: World, tmp_path: Path) -> None:
    machine = world.machine(plant(tmp_path / "tree", Dir({b"f": File(b"1" * 200)})))
    first, _ = world.backup(machine)
    second, _ = world.backup(machine)
    world.catalog.points.set_damaged([second["images"][0]["id"]], True)
    third, _ = world.backup(machine)
    assert world.point(third).images[0].parent == first["images"][0]["id"]
    world.catalog.points.set_damaged([first["images"][0]["id"]], True)
    fourth, reporter = world.backup(machine)
    assert fourth["images"][0]["base_reason"] == "parent-lost"
    assert codes(reporter) == ["parent-lost"]
    events, _ = world.catalog.events.page(limit=5)
    assert any(event.code == "parent-lost" and event.alert for event in events)


def test_lost_chunks_of_the_parent_are_read_again(world: World, files: CountingFiles, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", Dir({b"f": File(noise(3000)), b"g": File(noise(3000, 2)), b"h": File(b"in")}))
    settle(top)
    machine = world.machine(top)
    first, _ = world.backup(machine)
    lost = next(iter_refs(world.entry(first, b"f").content))[0]
    repository = world.repository
    repository.condemn([lost])
    files.opened.clear()
    second, _ = world.backup(machine)
    assert files.opened == [os.fsencode(top / "f")]
    assert second["images"][0]["files"] == 3
    assert repository.has(lost)
    files.opened.clear()
    world.backup(machine)
    assert files.opened == []


def test_chunks_are_asked_for_only_after_something_went(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = plant(tmp_path / "tree", Dir({b"d": Dir({b"f": File(noise(3000)), b"g": File(noise(3000, 2))})}))
    settle(top)
    machine = world.machine(top)
    first, _ = world.backup(machine)
    asked: list[bytes] = []
    honest = WriteSession.missing

    def missing(session: WriteSession, ids: Sequence[bytes]) -> list[bytes]:
        asked.extend(ids)
        return honest(session, ids)

    monkeypatch.setattr(WriteSession, "missing", missing)
    world.backup(machine)
    assert asked == []
    repository = world.repository
    with repository.session() as session:
        other = session.put(Kind.CHUNK, b"of somebody else").id
        session.flush()
    repository.condemn([other])
    world.backup(machine)
    wanted = {oid for name in (b"d/f", b"d/g") for oid, _ in iter_refs(world.entry(first, name).content)}
    assert set(asked) == wanted
    asked.clear()
    world.backup(machine)
    assert asked == []


def test_a_parent_whose_names_cannot_be_read_is_no_parent(world: World, tmp_path: Path) -> None:
    machine = world.machine(plant(tmp_path / "tree", Dir({b"f": File(b"1" * 200)})))
    world.backup(machine)
    info = world.repositories.choose(None)
    world.repositories.close()
    for pack in (Path(info.path) / "own" / "packs").rglob("*.pack"):
        pack.unlink()
    result, reporter = world.backup(machine)
    assert result["images"][0]["base_reason"] == "parent-lost"
    assert "parent-lost" in codes(reporter)
    restored, _ = world.restore(result["point"], tmp_path / "to")
    assert restored["files"] == 1


# --- what cannot be read ----------------------------------------------------------------------------------


def _nothing(name: bytes) -> None:
    del name


class Faulty(CountingFiles):
    """Calls a hook before a file is opened, and fails where it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.before_open: Callable[[bytes], None] = _nothing
        self.before_read: Callable[[bytes], None] = _nothing
        self.refuse: dict[bytes, int] = {}
        self.break_reading: dict[bytes, int] = {}
        self.refuse_listing: dict[bytes, int] = {}
        self._names: dict[int, bytes] = {}

    def open(self, path: bytes) -> int:
        name = os.path.basename(path)
        self.before_open(name)
        if name in self.refuse:
            raise OSError(self.refuse[name], os.strerror(self.refuse[name]))
        file = super().open(path)
        self._names[file] = name
        return file

    def read_into(self, file: int, buffer: memoryview, offset: int) -> int:
        name = self._names[file]
        self.before_read(name)
        if name in self.break_reading and offset + len(buffer) > 5000:
            raise OSError(self.break_reading[name], os.strerror(self.break_reading[name]))
        return super().read_into(file, buffer, offset)

    def names(self, directory: int) -> list[bytes]:
        name = os.path.basename(os.fsencode(os.readlink(f"/proc/self/fd/{directory}")))
        if name in self.refuse_listing:
            raise OSError(self.refuse_listing[name], os.strerror(self.refuse_listing[name]))
        return super().names(directory)


@pytest.fixture
def faulty(world: World) -> Faulty:
    files = Faulty()
    world.protect._files = files
    return files


def test_an_unreadable_file_is_kept_as_such(world: World, faulty: Faulty, tmp_path: Path) -> None:
    tree = Dir({b"good": File(b"g" * 500), b"bad": File(b"b" * 500, Meta(0o600)), b"twin": Hard(b"bad")})
    machine = world.machine(plant(tmp_path / "tree", tree))
    faulty.refuse[b"bad"] = errno.EACCES
    faulty.refuse[b"twin"] = errno.EACCES
    result, reporter = world.backup(machine)
    entry = world.entry(result, b"bad")
    assert entry.flags & EntryFlag.UNREADABLE
    assert (entry.problem, entry.content, entry.inline, entry.size) == ("Permission denied", b"", b"", 500)
    assert codes(reporter)[0] == "file-unreadable"
    assert any("/bad”" in message for _, message in reporter.warnings)
    assert result["images"][0]["files_unreadable"] == 2
    assert result["warnings"][0]["code"] == "file-unreadable"
    restored, skipped = world.restore(result["point"], tmp_path / "to")
    assert sorted(os.listdir(tmp_path / "to")) == ["good"]
    assert {one["path"] for one in restored["skipped"]} == {"bad", "twin"}
    assert codes(skipped) == ["file-unreadable", "file-unreadable"]
    faulty.refuse.clear()
    result, reporter = world.backup(machine)
    assert not world.entry(result, b"bad").flags
    assert reporter.warnings == []


def test_a_read_error_half_way_makes_a_file_unreadable(world: World, faulty: Faulty, tmp_path: Path) -> None:
    tree = Dir({b"bad": File(noise(20_000)), b"bad and large": File(noise(9_000_000))})
    faulty.break_reading = {b"bad": errno.EIO, b"bad and large": errno.EIO}
    result, reporter = world.backup(world.machine(plant(tmp_path / "tree", tree)))
    assert codes(reporter) == ["file-unreadable", "file-unreadable"]
    for name in (b"bad", b"bad and large"):
        entry = world.entry(result, name)
        assert (entry.flags, entry.content, entry.problem) == (EntryFlag.UNREADABLE, b"", "Input/output error")


def test_a_file_that_vanishes_is_named_and_left_out(world: World, faulty: Faulty, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", Dir({b"goes": File(b"1" * 300), b"stays": File(b"2" * 300)}))
    faulty.before_open = lambda name: os.unlink(top / "goes") if name == b"goes" else None
    result, reporter = world.backup(world.machine(top))
    assert codes(reporter) == ["file-vanished"]
    assert str(top / "goes") in reporter.warnings[0][1]
    assert world.entry(result, b"goes") is None
    assert result["images"][0]["files"] == 1


def test_one_name_of_a_linked_file_vanishes(world: World, faulty: Faulty, tmp_path: Path) -> None:
    tree = Dir({b"a": File(noise(3000), OLD), b"b": Hard(b"a"), b"c": Hard(b"a")})
    top = plant(tmp_path / "tree", tree)
    faulty.before_open = lambda name: os.unlink(top / "a") if name == b"a" else None
    result, reporter = world.backup(world.machine(top))
    assert codes(reporter) == ["file-vanished"]
    assert world.entry(result, b"b").content == world.entry(result, b"c").content != b""
    assert (result["images"][0]["files"], result["images"][0]["size"]) == (2, 3000)


def test_a_directory_that_vanishes_is_named_and_left_out(world: World, faulty: Faulty, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", Dir({b"d": Dir({b"x": File(b"1")}), b"f": File(b"2")}))

    class Vanishing(Faulty):
        def open_directory(self, path: bytes) -> int:
            if path.endswith(b"/d"):
                shutil.rmtree(path)
            return super().open_directory(path)

    world.protect._files = Vanishing()
    result, reporter = world.backup(world.machine(top))
    assert codes(reporter) == ["file-vanished"]
    assert world.entry(result, b"d") is None


def test_a_file_that_changes_once_is_read_again(world: World, faulty: Faulty, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", Dir({b"f": File(b"1" * 300), b"large": File(noise(5_000_000))}))
    done: set[bytes] = set()

    def change(name: bytes) -> None:
        if name not in done:
            done.add(name)
            with open(top / os.fsdecode(name), "ab") as file:
                file.write(b"more")

    faulty.before_read = change
    result, reporter = world.backup(world.machine(top))
    assert reporter.warnings == []
    assert world.entry(result, b"f").size == 304
    assert world.entry(result, b"large").size == 5_000_004
    world.restore(result["point"], tmp_path / "to")
    assert (tmp_path / "to" / "f").read_bytes() == (top / "f").read_bytes()
    assert (tmp_path / "to" / "large").read_bytes() == (top / "large").read_bytes()


def test_a_file_that_never_holds_still_is_kept_and_marked(world: World, faulty: Faulty, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", Dir({b"log": File(b"line\n" * 100), b"calm": File(b"1" * 300)}))

    def change(name: bytes) -> None:
        if name == b"log":
            with open(top / "log", "ab") as file:
                file.write(b"more\n")

    faulty.before_read = change
    result, reporter = world.backup(world.machine(top))
    assert codes(reporter) == ["file-changed"]
    assert faulty.opened.count(os.fsencode(top / "log")) == 3
    entry = world.entry(result, b"log")
    assert entry.flags == EntryFlag.CHANGED
    world.restore(result["point"], tmp_path / "to")
    restored = (tmp_path / "to" / "log").read_bytes()
    assert len(restored) == entry.size
    assert (top / "log").read_bytes().startswith(restored)
    faulty.before_read = _nothing
    faulty.opened.clear()
    result, reporter = world.backup(world.machine(top, name="second"))
    assert not world.entry(result, b"log").flags


def test_a_file_that_shrinks_under_the_reading(world: World, faulty: Faulty, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", Dir({b"f": File(noise(9_000_000)), b"s": File(noise(60_000))}))
    sizes = {b"f": iter([7_000_000, 5_000_000, 4_500_000]), b"s": iter([50_000, 40_000, 30_000])}

    def change(name: bytes) -> None:
        size = next(sizes[name], None)
        if size is not None:
            os.truncate(top / os.fsdecode(name), size)

    faulty.before_read = change
    result, reporter = world.backup(world.machine(top))
    assert set(codes(reporter)) <= {"file-changed"}
    for name in (b"f", b"s"):
        entry = world.entry(result, name)
        assert sum(length for _, length in TreeReader(world.repository).extents(entry)) == entry.size
    restored, _ = world.restore(result["point"], tmp_path / "to")
    assert restored["files"] == 2


def test_a_file_replaced_by_something_else(world: World, faulty: Faulty, tmp_path: Path) -> None:
    top = plant(
        tmp_path / "tree",
        Dir(
            {b"link": File(b"1" * 300), b"dir": File(b"2" * 300), b"fifo": File(b"3" * 300), b"calm": File(b"4" * 300)}
        ),
    )

    def change(name: bytes) -> None:
        path = top / os.fsdecode(name)
        if not path.is_file() or name == b"calm":
            return
        path.unlink()
        {b"link": lambda: path.symlink_to("calm"), b"dir": path.mkdir, b"fifo": lambda: os.mkfifo(path)}[name]()

    faulty.before_open = change
    result, reporter = world.backup(world.machine(top))
    assert world.entry(result, b"link").type is FileType.SYMLINK
    assert world.entry(result, b"fifo").type is FileType.FIFO
    assert world.entry(result, b"dir") is None
    assert codes(reporter) == ["file-vanished"]


def test_a_directory_that_cannot_be_listed_is_marked(world: World, faulty: Faulty, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", Dir({b"d": Dir({b"x": File(b"1" * 200)}), b"f": File(b"2")}))
    machine = world.machine(top)
    world.backup(machine)
    faulty.refuse_listing[b"d"] = errno.EIO
    result, reporter = world.backup(machine)
    entry = world.entry(result, b"d")
    assert (entry.flags, entry.problem, entry.content) == (EntryFlag.UNREADABLE, "Input/output error", b"")
    assert codes(reporter) == ["directory-unreadable"]
    restored, _ = world.restore(result["point"], tmp_path / "to")
    assert not (tmp_path / "to" / "d").exists()
    assert [one["path"] for one in restored["skipped"]] == ["d"]
    faulty.refuse_listing.clear()
    result, reporter = world.backup(machine)
    assert world.entry(result, b"d/x").size == 200
    assert reporter.warnings == []


def test_a_volume_that_cannot_be_read_makes_no_point(world: World, faulty: Faulty, tmp_path: Path) -> None:
    machine = world.machine(plant(tmp_path / "tree", Dir({b"f": File(b"1")})))
    faulty.refuse_listing[b"tree"] = errno.EIO
    with pytest.raises(Failed, match="volume-unreadable"):
        world.backup(machine)
    faulty.refuse_listing.clear()
    shutil.rmtree(tmp_path / "tree")
    with pytest.raises(Failed, match="volume-gone"):
        world.backup(machine)
    (tmp_path / "tree").touch()
    with pytest.raises(Failed, match="volume-gone"):
        world.backup(machine)
    assert world.catalog.points.count() == 0


def test_a_volume_that_became_empty_is_remarked_on(world: World, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", Dir({b"f": File(b"1")}))
    machine = world.machine(top)
    world.backup(machine)
    (top / "f").unlink()
    result, reporter = world.backup(machine)
    assert codes(reporter) == ["volume-empty"]
    assert result["images"][0]["files"] == 0


def test_cancelling_ends_a_backup_without_a_point(world: World, tmp_path: Path) -> None:
    tree = Dir({f"d{n}".encode(): Dir({b"f": File(noise(3000, n))}) for n in range(50)})

    class Impatient(Silent):
        left = 20

        def check(self) -> None:
            self.left -= 1
            if self.left < 0:
                raise Cancelled

    with pytest.raises(Cancelled):
        world.backup(world.machine(plant(tmp_path / "tree", tree)), reporter=Impatient())
    assert world.catalog.points.count() == 0
    assert threading.active_count() < 30


def test_cancelling_within_a_large_file(world: World, tmp_path: Path) -> None:
    class Impatient(Silent):
        def advance(self, *, bytes: int = 0, items: int = 0, text: str | None = None) -> None:
            if bytes:
                raise Cancelled

    with pytest.raises(Cancelled):
        world.backup(
            world.machine(plant(tmp_path / "tree", Dir({b"f": File(noise(30_000_000))}))), reporter=Impatient()
        )
    assert world.catalog.points.count() == 0


def test_a_full_repository_ends_a_backup_with_its_own_words(world: World, tmp_path: Path) -> None:
    machine = world.machine(
        plant(tmp_path / "tree", Dir({b"f": File(noise(300_000)), b"g": File(noise(9_000_000, 2))}))
    )

    class Full(HostFiles):
        pass

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    storage = world.repository._storage
    storage.begin = refuse  # type: ignore[method-assign,assignment]
    with pytest.raises(Failed, match="repository-full"):
        world.backup(machine)
    assert world.catalog.points.count() == 0


def test_trees_deeper_than_any_path_and_any_recursion(world: World, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", Dir({b"beside": File(b"1")}))
    for name, levels in ((b"d" * 200, 30), (b"d", 400)):
        directory = os.open(top, os.O_RDONLY)
        for _ in range(levels):
            os.mkdir(name, dir_fd=directory)
            below = os.open(name, os.O_RDONLY, dir_fd=directory)
            os.close(directory)
            directory = below
        for leaf, size in ((b"small", 5), (b"middle", 70_000), (b"large", 5_000_000)):
            file = os.open(leaf, os.O_CREAT | os.O_WRONLY, 0o640, dir_fd=directory)
            os.write(file, noise(size))
            os.close(file)
        os.symlink(b"small", b"link", dir_fd=directory)
        os.mkfifo(b"pipe", dir_fd=directory)
        os.link(b"large", b"large too", src_dir_fd=directory, dst_dir_fd=directory)
        os.close(directory)
    machine = world.machine(top)
    first, reporter = world.backup(machine)
    second, _ = world.backup(machine)
    assert reporter.warnings == []
    assert (first["images"][0]["files"], first["images"][0]["directories"]) == (9, 430)
    _, reporter = world.restore(second["point"], tmp_path / "to")
    assert reporter.warnings == []
    assert differences(top, tmp_path / "to") == []


def test_directories_with_very_many_names_are_kept_small(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "RUN", 16)
    monkeypatch.setattr(folders, "PACKED_FROM", 64)
    names = {f"{n:05}".encode(): File(str(n).encode() * (n % 90)) for n in range(500)}
    names |= {f"{n:05}d".encode(): Dir({b"in": File(str(n).encode())}) for n in range(0, 500, 3)}
    names |= {f"{n:05}l".encode(): Link(b"x" * (n % 50 + 1)) for n in range(0, 500, 7)}
    names |= {b"pipe": Fifo()}
    top = plant(tmp_path / "tree", Dir(names))
    settle(top)
    machine = world.machine(top)
    first, _ = world.backup(machine)
    second, _ = world.backup(machine)
    assert world.point(first).images[0].root == world.point(second).images[0].root
    (top / "00100").write_bytes(b"changed")
    shutil.rmtree(top / "00003d")
    third, _ = world.backup(machine)
    assert world.entry(third, b"00100").inline == b"changed"
    assert world.entry(third, b"00003d") is None
    assert third["images"][0]["files"] == 500 + 167 - 1
