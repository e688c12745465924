"""Sealed machines on their way: A protects, B keeps without the key and hands on with a drive, C restores."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

import pytest
from fastapi import FastAPI

from console.domain.chains import ChainState
from console.domain.errors import Failed
from console.domain.events import Changed
from console.domain.jobs import JobState
from console.domain.keys import KeyState, KeyType
from console.domain.objects import Kind, Seal
from console.domain.point_checks import PointCheck
from console.domain.progress import Silent
from console.domain.recovery_points import BaseReason, ImageKind
from console.domain.roles import Role
from console.engine.core import Core
from console.engine.rebuild import set_aside
from console.repository import wrapping
from console.repository.codec import read_header
from console.repository.records import decode_record
from console.service import present, present_seed
from console.vault import MemoryVault
from console.wire.listener import router
from console.wire.server import ServerThread, TlsServer
from tests.support import trees
from tests.support.clock import FixedClock
from tests.support.two_cores import check, ended, finished

PASSWORD = "a long password"
PASSPHRASE = "seven brave otters swim at dawn"


class Row:
    """Cores A, B and C under one clock, made when they are needed, each with a vault of its own."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.clock = FixedClock()
        self.tree = place / "tree"
        self.tree.mkdir()
        for name, content in {"a secret name": b"a secret content" * 900, "folder/deep": b"d" * 300_000}.items():
            path = self.tree / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        self._stack = ExitStack()
        self.vaults: dict[str, MemoryVault] = {}
        self.ports: dict[str, int] = {}

    @cached_property
    def a(self) -> Core:
        return self._open("A")

    @cached_property
    def b(self) -> Core:
        return self._open("B")

    @cached_property
    def c(self) -> Core:
        return self._open("C")

    def _open(self, name: str) -> Core:
        vault = self.vaults.setdefault(name, MemoryVault())
        core = Core(self.place / name, clock=self.clock, name=name, vault=lambda: vault)
        self._stack.callback(core.stop)
        if name == "A":  # nobody pairs with it
            return core
        core.users.add("admin", Role.ADMINISTRATOR, PASSWORD)
        app = FastAPI()
        app.include_router(router(core.receive))
        server = ServerThread(TlsServer(app, core.identity, port=0))
        core.receive.trust = server.server.trust
        server.start()
        self._stack.callback(server.stop)
        self.ports[name] = server.server.port
        return core

    def close(self) -> None:
        self._stack.close()

    def pair(self, source: Core, target: Core) -> None:
        port, print_of = self.ports[target.name], target.identity.fingerprint
        source.pair.pair("127.0.0.1", port, "admin", PASSWORD, print_of, target.name)

    def protect(self, key: str | None = "office") -> str:
        return self.a.protect.add("web", [("tree", str(self.tree))], interval_s=0, key=key).id

    def back_up(self) -> str:
        self.clock.forward(60)
        point: str = finished(self.a, self.a.protect.start_backup("web"))["point"]
        return point

    def change(self, number: int) -> None:
        (self.tree / f"another secret {number}").write_bytes(b"%d and more of it" % number * 2000)

    def replicate(self) -> None:
        """All that A has goes to B."""
        self.pair(self.a, self.b)
        self.a.arrange.add("B", ["web"])
        finished(self.a, self.a.replicate.start("B"))

    def restore(self, core: Core, point: str) -> list[str]:
        """What differs from the tree."""
        to = self.place / f"restored {core.name} {point[:8]}"
        finished(core, core.restore.start_files(point, [], str(to)))
        return trees.differences(self.tree, to)


@pytest.fixture
def row(tmp_path: Path) -> Iterator[Row]:
    row = Row(tmp_path)
    yield row
    row.close()


def key_of(core: Core) -> str:
    [key] = core.keys.list()
    return key.id


def code(known: pytest.ExceptionInfo[Failed]) -> str:
    return known.value.failure.code


def test_the_whole_way(row: Row, tmp_path: Path) -> None:
    made = row.a.keys.create("office", PASSPHRASE, "for the tests")
    row.protect()
    first = row.back_up()
    row.change(1)
    second = row.back_up()
    images = [row.a.catalog.points.get(point).images[0] for point in (first, second)]
    assert [(image.kind, image.key) for image in images] == [
        (ImageKind.BASE, made.id),
        (ImageKind.INCREMENTAL, made.id),
    ]
    row.replicate()

    # B: no key, and yet it keeps, checks and knows what is whole.
    [arrived] = row.b.keys.list()
    assert (arrived.id, arrived.name, arrived.type, arrived.state(row.clock.now()), arrived.origin) == (
        made.id, "office", KeyType.REPLICATION, KeyState.LOCKED, row.a.identity.core_id,
    )  # fmt: skip
    assert arrived.thumbprint == made.thumbprint
    assert {row.b.points.view(point).state for point in (first, second)} == {ChainState.WHOLE}
    assert present.point(row.b.points.view(second))["encrypted"] is True
    assert check(row.b) == []
    for refused in (
        lambda: row.b.points.files(second),
        lambda: row.b.restore.plan(second, [], str(tmp_path / "nowhere")),
    ):
        with pytest.raises(Failed) as known:
            refused()
        assert code(known) == "key-locked"
        assert "unlock" in known.value.failure.hint
    with pytest.raises(Failed) as known:
        row.b.keys.unlock("office", "seven brave otters swim at dusk")
    assert code(known) == "wrong-passphrase"

    # … and hands it on, with a drive.
    row.pair(row.b, row.c)
    row.b.arrange.add("C", ["web"], seed_drive=True)
    drive = tmp_path / "drive"
    drive.mkdir()
    finished(row.b, row.b.seed.start_create("C", [str(drive)], segment_size=1 << 20))
    assert finished(row.c, row.c.seed.start_verify([str(drive)]))["damaged"] == []
    brought = finished(row.c, row.c.consume.start([str(drive)]))
    assert (brought["points_imported"], brought["orphans_left"], brought["damaged"]) == (2, 0, [])
    assert check(row.c) == []
    assert "encrypted" in next(drive.rglob("README.txt")).read_text()
    assert [key.state(row.clock.now()) for key in row.c.keys.list()] == [KeyState.LOCKED]

    # C: the passphrase, nothing else, opens it.
    assert row.c.keys.test("office", "no, it is not this one")["passed"] is False
    proven = row.c.keys.test("office", PASSPHRASE)
    assert (proven["passed"], proven["images_opened"], proven["points"]) == (True, 2, 2)
    assert row.c.keys.get("office").test_passed
    with pytest.raises(Failed) as known:
        row.c.points.files(second)
    assert code(known) == "key-locked", "a test unlocks nothing"
    row.c.keys.unlock("office", PASSPHRASE, for_s=3600)
    assert row.c.keys.get("office").state(row.clock.now()) is KeyState.UNLOCKED_UNTIL
    assert row.restore(row.c, second) == []
    assert check(row.c) == []
    row.clock.forward(3601)
    with pytest.raises(Failed) as known:
        row.c.points.files(second)
    assert code(known) == "key-locked"
    row.c.calendar.tick()
    assert row.vaults["C"].get(f"key:{made.id}") is None
    assert not row.c.keys.get("office").unlocked

    # B expires what it cannot read; C goes on.
    row.b.retain.delete([first], chain=True)
    assert row.b.catalog.points.page()[0] == []
    assert check(row.b) == []


def test_a_drive_is_written_only_when_the_passphrase_opens_what_is_on_it(row: Row, tmp_path: Path) -> None:
    made = row.a.keys.create("office", PASSPHRASE)
    row.protect()
    row.back_up()
    row.pair(row.a, row.b)
    row.a.arrange.add("B", ["web"], seed_drive=True)
    drive = tmp_path / "drive"
    drive.mkdir()
    job = row.a.seed.start_create("B", [str(drive)], passphrases=["seven brave otters swim at dusk"])
    failed = ended(row.a, job)
    assert failed.failure is not None
    assert failed.failure.code == "wrong-passphrase"
    assert "office" in failed.failure.message
    assert list(drive.iterdir()) == []
    done = ended(row.a, row.a.seed.start_create("B", [str(drive)], passphrases=["another", PASSPHRASE]))
    assert (done.state, done.warnings) == (JobState.SUCCEEDED, ())
    for core, name, state in ((row.a, "office", "unlocked"), (row.b, "office", "")):
        said = present_seed.inspection(core, core.seed.inspect(str(drive)))
        assert said["keys"] == [
            {
                "id": made.id,
                "tag": made.id[:16],
                "thumbprint": made.thumbprint,
                "name": name,
                "points": 1,
                "images": 1,
                "wrapped": True,
                "state": state,
            }
        ]


def test_a_drive_for_which_a_passphrase_is_given_says_what_is_not_sealed(row: Row, tmp_path: Path) -> None:
    row.a.protect.add("web", [("tree", str(row.tree))], interval_s=0)
    row.back_up()
    row.pair(row.a, row.b)
    row.a.arrange.add("B", ["web"], seed_drive=True)
    drive = tmp_path / "drive"
    drive.mkdir()
    done = ended(row.a, row.a.seed.start_create("B", [str(drive)], passphrases=[PASSPHRASE]))
    assert [warning.code for warning in done.warnings] == ["not-sealed"]
    assert present_seed.inspection(row.a, row.a.seed.inspect(str(drive)))["keys"] == []


def test_nothing_that_is_written_holds_a_secret(row: Row, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    made = row.a.keys.create("office", PASSPHRASE)
    secret = row.a.keys.ring.find(bytes.fromhex(made.id)[:8])
    assert secret is not None
    row.protect()
    point = row.back_up()
    row.replicate()
    row.b.keys.unlock("office", PASSPHRASE)
    with pytest.raises(Failed):
        row.b.keys.unlock("office", PASSPHRASE + "!")
    assert row.restore(row.b, point) == []
    row.pair(row.b, row.c)
    row.b.arrange.add("C", ["web"], seed_drive=True)
    drive = tmp_path / "drive"
    drive.mkdir()
    finished(row.b, row.b.seed.start_create("C", [str(drive)], segment_size=1 << 20, passphrases=[PASSPHRASE]))
    [kept] = {vault.get(f"key:{made.id}") for vault in row.vaults.values()} - {None}
    assert kept is not None
    raw = base64.b64decode(kept)
    needles = [raw, kept.encode(), raw.hex().encode(), PASSPHRASE.encode(), b"a secret name", b"a secret content"]
    written = [
        path
        for place in (row.place / "A", row.place / "B", row.place / "C", drive)
        for path in place.rglob("*")
        if path.is_file()
    ]
    assert len(written) > 20
    for path in written:
        content = path.read_bytes()
        for needle in needles:
            assert needle not in content, f"{path} holds {needle!r}"
    # Jobs, their results and events are in the catalogs, which are not compressed.
    for needle in needles[:4]:
        assert needle.decode("latin-1") not in caplog.text


def test_sealed_objects_are_sealed_and_records_are_not(row: Row) -> None:
    made = row.a.keys.create("office", PASSPHRASE)
    row.protect()
    point = row.a.catalog.points.get(row.back_up())
    repository = row.a.repositories.open("default")
    for kind in (Kind.CHUNK, Kind.TREE, Kind.ROOT):
        ids = list(repository.records(kind))
        assert ids
        for raw in repository.frames(ids):
            assert read_header(raw)[4] == Seal.AES_256_GCM
    [oid] = repository.records(Kind.RECORD)
    record = decode_record(repository.read(oid))
    assert record.point.id == point.id
    assert [(key.id, key.name) for key in record.keys] == [(made.id, "office")]
    assert wrapping.unwrap(record.keys[0].wrapped, made.id, PASSPHRASE) is not None


def test_another_key_or_none_makes_a_base_and_says_so_first(row: Row) -> None:
    row.a.keys.create("office", PASSPHRASE)
    row.a.keys.create("home", "nobody would guess this one")
    row.protect()
    point = row.a.catalog.points.get(row.back_up())
    assert not row.a.protect.key_change("web", "office").base
    for key, before in (("home", point.size), ("", point.size), ("office", point.size)):
        told = row.a.protect.key_change("web", key)
        assert (told.base, told.bytes) == (True, before)
        row.a.protect.edit("web", key=key)
        [image] = row.a.catalog.points.get(row.back_up()).images
        assert (image.kind, image.base_reason) == (ImageKind.BASE, BaseReason.KEY_CHANGED)
        assert image.key == (row.a.keys.get(key).id if key else "")
        [image] = row.a.catalog.points.get(row.back_up()).images
        assert image.kind is ImageKind.INCREMENTAL
    assert check(row.a) == []


def test_a_locked_key_backs_up_nothing_and_says_why(row: Row) -> None:
    row.a.keys.create("office", PASSPHRASE)
    machine = row.protect()
    row.back_up()
    row.a.keys.set_type("office", KeyType.REPLICATION, None)
    row.a.keys.lock("office")
    with pytest.raises(Failed) as known:
        row.a.protect.start_backup("web")
    assert code(known) == "key-locked"
    row.a.protect.edit("web", interval_s=60)
    row.clock.forward(120)
    [job] = row.a.protect.due_backups(row.clock.now())
    done = ended(row.a, job)
    assert done.state is JobState.FAILED
    assert done.failure is not None
    assert done.failure.code == "key-locked"
    assert row.a.catalog.points.count(machine) == 1
    row.a.keys.unlock("office", PASSPHRASE)
    [image] = row.a.catalog.points.get(row.back_up()).images
    assert image.kind is ImageKind.INCREMENTAL


def test_a_rebuilt_catalog_has_its_keys_again_locked(row: Row) -> None:
    made = row.a.keys.create("office", PASSPHRASE)
    row.protect()
    point = row.back_up()
    row.close()
    set_aside(row.place / "A" / "catalog.sqlite", row.clock.now())
    again = Core(row.place / "A", clock=row.clock, name="A", vault=MemoryVault)
    try:
        again.rebuild.run(Silent())
        [key] = again.keys.list()
        assert (key.id, key.name, key.state(row.clock.now()), key.origin) == (made.id, "office", KeyState.LOCKED, "")
        assert again.points.view(point).state is ChainState.WHOLE
        again.keys.set_type("office", KeyType.UNIVERSAL, PASSPHRASE)
        assert row.restore(again, point) == []
    finally:
        again.stop()


def test_the_target_knows_a_changed_passphrase_with_the_next_point(row: Row) -> None:
    row.a.keys.create("office", PASSPHRASE)
    row.protect()
    row.back_up()
    row.replicate()
    row.clock.forward(10)
    row.a.keys.change_passphrase("office", PASSPHRASE, "a fresh one that is long")
    with pytest.raises(Failed):
        row.b.keys.unlock("office", "a fresh one that is long")
    row.change(1)
    row.back_up()
    finished(row.a, row.a.replicate.start("B"))
    row.b.keys.unlock("office", "a fresh one that is long")
    assert row.b.keys.get("office").state(row.clock.now()) is KeyState.UNLOCKED


def test_the_feed_tells_of_keys(row: Row) -> None:
    told: list[Changed] = []
    row.a.catalog.on_change(lambda kinds: told.extend(kinds))
    row.a.keys.create("office", PASSPHRASE)
    assert Changed.KEYS in told


def test_a_locked_point_is_checked_as_far_as_that_goes(row: Row) -> None:
    row.a.keys.create("office", PASSPHRASE)
    row.protect()
    point = row.back_up()
    row.a.keys.set_type("office", KeyType.REPLICATION, None)
    row.a.keys.lock("office")
    found = finished(row.a, row.a.check_points.start([point]))
    checks = found["points"][0]["checks"]
    assert (checks["checksum"], checks["integrity"]) == ("good", "good")
    assert set(checks.values()) <= {"good", "not-checked"}
    assert found["damaged"] == []

    # One bit anywhere in what is sealed is found, by the check of the point and by that of the repository.
    pack = max((row.place / "A" / "repository").rglob("*.pack"), key=lambda path: path.stat().st_size)
    raw = bytearray(pack.read_bytes())
    raw[len(raw) // 3] ^= 0x10
    pack.write_bytes(raw)
    found = finished(row.a, row.a.check_points.start([point], only=[PointCheck.CHECKSUM]))
    assert found["points"][0]["checks"] == {"checksum": "bad"}
    assert check(row.a) != []


def test_what_is_here_of_a_locked_orphan_reads_otherwise_than_what_is_missing(row: Row, tmp_path: Path) -> None:
    row.a.keys.create("office", PASSPHRASE)
    row.protect()
    row.back_up()
    row.pair(row.a, row.b)
    row.a.arrange.add("B", ["web"], seed_drive=True)
    drive = tmp_path / "drive"
    drive.mkdir()
    finished(row.a, row.a.seed.start_create("B", [str(drive)], segment_size=1 << 20))
    row.change(1)
    orphan = row.back_up()
    finished(row.a, row.a.replicate.start("B"))

    def shown() -> tuple[str, int, bool, bool]:
        answer = present.point_detail(row.b, row.b.points.explain(orphan))
        (image,) = answer["images"]
        return answer["restorability"], image["files_restorable"], image["locked"], image["missing_objects"] > 0

    assert row.b.points.view(orphan).state is ChainState.AWAITING_SEED
    assert shown() == ("some-files", 0, True, True), "its names are sealed: nobody can count its files, some are here"
    assert "unlocked" in row.b.explain.point(orphan)["summary"]
    assert row.b.explain.point(orphan)["images"][0]["locked"]
    (listed,) = present.points(row.b, row.b.point_list.views([row.b.catalog.points.get(orphan)]))
    assert listed["restorability"] == "some-files"

    row.b.keys.unlock("office", PASSPHRASE)
    assert shown() == ("some-files", 1, False, True), "counted anew, with the key"
    assert "1 of 3 files" in row.b.explain.point(orphan)["summary"]

    # Its drive comes while the key is locked again: all is here, and still sealed.
    row.b.keys.lock("office")
    assert row.b.safety.rows()[0]["locked"]
    finished(row.b, row.b.consume.start([str(drive)]))
    assert row.b.points.view(orphan).state is ChainState.WHOLE
    assert shown() == ("volume", 3, True, False)
