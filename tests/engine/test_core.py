"""Whole Cores in one process: schedules, and what two of them know of each other over real TLS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from console.domain.errors import Failed
from console.domain.jobs import JobKind, JobState, Trigger
from console.domain.machines import MachineKind
from console.domain.pairing import Link, PairingState
from console.domain.roles import Role
from console.engine.core import SET_UP, Core
from console.engine.replicate.lag import MemberState
from console.wire.listener import router
from console.wire.server import ServerThread, TlsServer
from tests.support.clock import FixedClock

PASSWORD = "a long password"
WAIT = 120.0


class House:
    """A source and a target that listens; both under one clock."""

    def __init__(self, place: Path) -> None:
        self.clock = FixedClock()
        self.tree = place / "tree"
        self.tree.mkdir()
        (self.tree / "a").write_bytes(b"a" * 10_000)
        self.source = Core(place / "source", clock=self.clock, name="source")
        self.target = Core(place / "target", clock=self.clock, name="target")
        self.target.users.add("admin", Role.ADMINISTRATOR, PASSWORD)
        app = FastAPI()
        app.include_router(router(self.target.receive))
        self.server = ServerThread(TlsServer(app, self.target.identity, port=0))
        self.target.receive.trust = self.server.server.trust
        self.server.start()

    def close(self) -> None:
        with ExitStack() as stack:
            stack.callback(self.target.stop)
            stack.callback(self.server.stop)
            stack.callback(self.source.stop)

    def settle(self) -> None:
        assert self.source.jobs.drain(WAIT)

    def protect(self, interval_s: int = 0) -> str:
        return self.source.protect.add("web", [("tree", str(self.tree))], interval_s=interval_s).id

    def back_up(self) -> str:
        self.clock.forward(60)
        job = self.source.protect.start_backup("web")
        self.settle()
        result = self.source.catalog.jobs.get(job.id).result
        assert result is not None
        point: str = result["point"]
        return point

    def pair(self) -> str:
        port, fingerprint = self.server.server.port, self.target.identity.fingerprint
        return self.source.pair.pair("127.0.0.1", port, "admin", PASSWORD, fingerprint, "target").pairing.id

    def at_target(self) -> list[str]:
        return [point.id for point in self.target.catalog.points.page()[0]]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.close()


def test_a_machine_is_backed_up_when_it_is_due_and_only_then(house: House) -> None:
    house.protect(interval_s=3600)

    def ticked() -> int:
        house.source.calendar.tick()
        house.settle()
        return house.source.catalog.points.count()

    assert ticked() == 1, "the first backup is due at once"
    house.clock.forward(1800)
    assert ticked() == 1
    house.clock.forward(1801)
    assert ticked() == 2
    house.clock.forward(86_400)
    assert ticked() == 3, "what was missed is made up for once"
    assert ticked() == 3
    house.source.protect.pause("web")
    house.clock.forward(86_400)
    assert ticked() == 3
    triggers = {job.trigger for job in house.source.catalog.jobs.page(kind=JobKind.BACKUP)[0]}
    assert triggers == {Trigger.SCHEDULE}


def test_every_backup_is_followed_by_its_replication(house: House) -> None:
    house.protect()
    first = house.back_up()
    pairing = house.pair()
    house.source.arrange.add(pairing, ["web"])
    house.settle()
    second = house.back_up()
    assert sorted(house.at_target()) == sorted([first, second])
    runs = house.source.catalog.jobs.page(kind=JobKind.REPLICATE)[0]
    assert {run.trigger for run in runs} == {Trigger.FOLLOWS_SETUP, Trigger.FOLLOWS_BACKUP}
    shown = house.source.replicate.show(pairing)
    assert (shown.machines[0].state, shown.machines[0].lag_points) == (MemberState.IN_STEP, 0)
    copy = house.target.catalog.machines.get("web")
    assert (copy.kind, copy.origin_name) == (MachineKind.REPLICATED, "source")
    ours = house.source.catalog.points.get(second)
    theirs = house.target.catalog.points.get(second)
    assert theirs == ours, "the same ids and metadata on both sides"


def test_a_pause_here_holds_everything_until_resume(house: House) -> None:
    house.protect()
    pairing = house.pair()
    house.source.arrange.add(pairing, ["web"], paused=True)
    house.back_up()
    assert house.at_target() == []
    shown = house.source.replicate.show(pairing).machines[0]
    assert (shown.state, shown.paused_by) == (MemberState.PAUSED, "this Core (this machine)")
    forced = house.source.replicate.start(pairing, force=True)
    house.settle()
    assert [w.code for w in house.source.catalog.jobs.get(forced.id).warnings] == ["machine-paused"]
    assert house.at_target() == []
    house.source.arrange.resume(pairing)
    house.settle()
    assert len(house.at_target()) == 1
    house.source.arrange.pause(pairing)
    house.back_up()
    assert len(house.at_target()) == 1
    with pytest.raises(Failed) as refused:
        house.source.replicate.start(pairing, force=True)
    assert refused.value.failure.code == "replication-paused"
    house.source.arrange.resume(pairing)
    house.settle()
    assert len(house.at_target()) == 2


def test_a_pause_over_there_is_seen_and_named(house: House) -> None:
    house.protect()
    pairing = house.pair()
    house.source.arrange.add(pairing, ["web"])
    house.settle()
    house.target.arrange.pause("source")
    point = house.back_up()
    assert point not in house.at_target()
    shown = house.source.replicate.show(pairing)
    assert (shown.pairing.link, shown.machines[0].paused_by) == (Link.PAUSED, "target")
    house.target.arrange.resume("source")
    house.source.replicate.start(pairing)
    house.settle()
    assert point in house.at_target()


def test_the_target_ends_the_pairing_and_the_source_learns_it(house: House) -> None:
    house.protect()
    house.back_up()
    pairing = house.pair()
    house.source.arrange.add(pairing, ["web"])
    house.settle()
    incoming = house.target.catalog.pairings.get("source")
    house.target.receive.end(incoming, delete_points=False, forget=False)
    job = house.source.replicate.start(pairing)
    house.settle()
    failure = house.source.catalog.jobs.get(job.id).failure
    assert failure is not None
    assert failure.code == "pairing-removed"
    assert house.source.catalog.pairings.list() == []
    assert house.target.catalog.pairings.list() == [], "nobody remembers it any longer"
    assert house.target.catalog.machines.get("web").kind is MachineKind.RECOVERY_POINTS_ONLY
    assert len(house.at_target()) == 1, "the points stay"
    again = house.pair()
    house.source.arrange.add(again, ["web"])
    house.settle()
    assert house.target.catalog.machines.get("web").kind is MachineKind.REPLICATED


def test_a_pairing_ended_while_the_target_is_away_is_told_later(house: House) -> None:
    house.protect()
    pairing = house.pair()
    house.source.arrange.add(pairing, ["web"])
    house.settle()
    port = house.server.server.port
    house.server.stop()
    gone = house.source.arrange.ending.end(pairing)
    assert gone.told is False
    assert house.source.catalog.pairings.list()[0].state is PairingState.REMOVED
    assert house.source.replicate.list() == []
    app = FastAPI()
    app.include_router(router(house.target.receive))
    trusted = [p.certificate for p in house.target.catalog.pairings.list()]
    house.server = ServerThread(TlsServer(app, house.target.identity, port=port, trusted=trusted))
    house.server.start()
    house.source.contact.touch(house.source.catalog.pairings.list()[0])
    assert house.source.catalog.pairings.list() == []
    assert house.target.catalog.pairings.list() == []


def test_removing_a_machine_with_its_points(house: House) -> None:
    house.protect()
    house.back_up()
    pairing = house.pair()
    house.source.arrange.add(pairing, ["web"])
    house.settle()
    gone = house.source.arrange.ending.end(pairing, ["web"], delete_points=True)
    assert gone.deleted == 1
    assert house.at_target() == []
    assert house.target.catalog.machines.list() == []
    assert house.source.catalog.points.count() == 1, "ours always stay"


def test_a_run_that_cannot_reach_its_target_fails_and_the_link_says_so(house: House) -> None:
    house.protect()
    pairing = house.pair()
    house.source.arrange.add(pairing, ["web"])
    house.settle()
    house.server.stop()
    house.back_up()
    runs = house.source.catalog.jobs.page(kind=JobKind.REPLICATE)[0]
    assert runs[0].state is JobState.FAILED
    assert house.source.catalog.pairings.get(pairing).link is Link.UNREACHABLE
    shown = house.source.replicate.show(pairing).machines[0]
    assert (shown.state, shown.lag_points) == (MemberState.BEHIND, 1)
    assert shown.lag_bytes > 0


def test_a_lost_catalog_is_rebuilt_from_the_repository(house: House, tmp_path: Path) -> None:
    machine = house.protect()
    points = [house.back_up(), house.back_up()]
    house.source.retain.delete([points[1]])
    points.append(house.back_up())
    house.source.stop()
    for file in (tmp_path / "source").glob("catalog.sqlite*"):
        file.unlink()
    house.source = Core(tmp_path / "source", clock=house.clock, name="source")
    assert house.source.catalog.points.count() == 0
    job = house.source.rebuild.start()
    house.settle()
    result = house.source.catalog.jobs.get(job.id).result
    assert result is not None
    assert (result["points"], result["points_deleted"]) == (2, 1)
    found = [point.id for point in house.source.catalog.points.all_of(machine)]
    assert found == [points[0], points[2]]
    rebuilt = house.source.catalog.machines.get("web")
    assert (rebuilt.kind, rebuilt.volumes[0].path) == (MachineKind.PROTECTED, str(house.tree))
    assert house.source.points.view(points[2]).state.value == "whole"


def test_a_core_that_was_killed_while_it_was_made_opens_all_the_same(tmp_path: Path) -> None:
    """Its repository was made and known, and that it is set up was not written down."""
    core = Core(tmp_path / "new", clock=FixedClock(), name="new")
    (made,) = core.repositories.list()
    core.catalog.settings.set(SET_UP, None)
    core.stop()
    for _ in range(2):
        core = Core(tmp_path / "new", clock=FixedClock(), name="new")
        assert core.repositories.list() == [made]
        core.stop()


def test_a_target_that_has_moved_is_found_at_its_new_address(house: House) -> None:
    house.protect()
    pairing = house.pair()
    house.source.arrange.add(pairing, ["web"])
    house.settle()
    house.server.stop()
    app = FastAPI()
    app.include_router(router(house.target.receive))
    trusted = [p.certificate for p in house.target.catalog.pairings.list()]
    house.server = ServerThread(TlsServer(app, house.target.identity, port=0, trusted=trusted))
    house.server.start()
    edited = house.source.pair.edit(pairing, name="vault", port=house.server.server.port)
    assert (edited.name, edited.host, edited.port) == ("vault", "127.0.0.1", house.server.server.port)
    point = house.back_up()
    assert house.at_target() == [point]
    events = [event.code for event in house.source.catalog.events.page()[0]]
    assert events.count("pairing-moved") == 1
    house.source.pair.edit(pairing, name="vault", port=house.server.server.port)
    assert [event.code for event in house.source.catalog.events.page()[0]].count("pairing-moved") == 1, "no news"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"port": 0}, "bad-address"),
        ({"port": 65_536}, "bad-address"),
        ({"host": ""}, "bad-address"),
        ({"host": "a b"}, "bad-address"),
        ({"host": "https://vault"}, "bad-address"),
        ({"name": "a/b"}, "name-forbidden"),
    ],
)
def test_a_pairing_gets_no_address_that_is_none(house: House, change: dict[str, Any], code: str) -> None:
    pairing = house.pair()
    before = house.source.pair.get(pairing)
    with pytest.raises(Failed) as refused:
        house.source.pair.edit(pairing, **change)
    assert refused.value.failure.code == code
    assert house.source.pair.get(pairing) == before


def test_only_the_source_knows_an_address(house: House) -> None:
    pairing = house.pair()
    with pytest.raises(Failed) as refused:
        house.target.pair.edit(pairing, host="elsewhere.example.org")
    assert refused.value.failure.code == "pairing-is-incoming"
    assert house.target.pair.edit(pairing, name="the office").name == "the office"
