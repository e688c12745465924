"""The end of replication, each way it can come about, with the other side there or away: no points are lost unasked,
and nobody keeps ghosts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.errors import Failed
from console.domain.machines import MachineKind
from console.domain.pairing import Direction, Pairing, PairingState
from console.engine.core import Core
from tests.support.two_cores import PAIRING, TwoCores, points_of


@pytest.fixture
def two(tmp_path: Path) -> Iterator[TwoCores]:
    """Paired; “web” and “db” are protected at the source, each with one point that is replicated."""
    with TwoCores(tmp_path) as two:
        two.pair()
        for name in ("web", "db"):
            tree = tmp_path / name
            tree.mkdir()
            (tree / "file").write_bytes(name.encode() * 1000)
            two.source.protect.add(name, [("data", str(tree))], interval_s=0)
            two.back_up(name)
        two.source.arrange.add(PAIRING, ["web", "db"])
        assert two.source.jobs.drain(60)
        yield two


def outgoing(two: TwoCores) -> Pairing:
    (found,) = two.source.catalog.pairings.list(Direction.OUTGOING)
    return found


def incoming(two: TwoCores) -> Pairing:
    (found,) = two.target.catalog.pairings.list(Direction.INCOMING)
    return found


def members(core: Core) -> set[str]:
    """Names of machines in pairings of a Core."""
    return {
        core.catalog.machines.get(member.machine).name
        for pairing in core.catalog.pairings.list()
        for member in core.catalog.members.list(pairing.id)
    }


def kinds(two: TwoCores) -> dict[str, str]:
    return {machine.name: machine.kind.value for machine in two.target.catalog.machines.list()}


def alerts(core: Core) -> list[str]:
    return [event.code for event in core.catalog.events.open_alerts()]


def away(two: TwoCores) -> None:
    """The target is not reached any more, until `back`."""
    pairing = outgoing(two)
    two.source.catalog.pairings.change(pairing.id, port=1)


def back(two: TwoCores) -> None:
    two.source.catalog.pairings.change(outgoing(two).id, port=two.server.server.port)


@pytest.mark.parametrize("delete", [False, True])
@pytest.mark.parametrize("there", [True, False])
def test_a_machine_leaves_at_the_source(two: TwoCores, there: bool, delete: bool) -> None:
    kept = set(points_of(two.source))
    if not there:
        away(two)
    ended = two.source.arrange.ending.end(PAIRING, ["web"], delete_points=delete)
    assert (ended.told, [m.name for m in ended.machines]) == (there, ["web"])
    assert members(two.source) == {"db"}
    if not there:
        assert members(two.target) == {"web", "db"}, "it has not heard of it yet"
        back(two)
        two.source.peers.exchange(outgoing(two))
    assert members(two.target) == {"db"}
    assert kinds(two) == {"db": "replicated", **({} if delete else {"web": "recovery-points-only"})}
    assert len(points_of(two.target)) == (1 if delete else 2)
    assert set(points_of(two.source)) == kept
    assert two.source.catalog.departures.untold() == []


@pytest.mark.parametrize("delete", [False, True])
@pytest.mark.parametrize("there", [True, False])
def test_the_source_ends_the_pairing(two: TwoCores, there: bool, delete: bool) -> None:
    if not there:
        away(two)
    assert two.source.arrange.ending.end(PAIRING, delete_points=delete).told is there
    assert members(two.source) == set()
    if not there:
        back(two)
        two.source.contact.touch(outgoing(two))
    assert two.source.catalog.pairings.list() == two.target.catalog.pairings.list() == []
    assert len(points_of(two.target)) == (0 if delete else 2)
    assert two.source.catalog.departures.untold() == []


@pytest.mark.parametrize("delete", [False, True])
def test_a_machine_leaves_at_the_target(two: TwoCores, delete: bool) -> None:
    """The source was not asked; it learns of it when it calls next, and is told why nothing goes there."""
    gone = two.target.receive.let_go(incoming(two), ["web"], delete_points=delete)
    assert gone == (1 if delete else 0)
    assert kinds(two) == {"db": "replicated", **({} if delete else {"web": "recovery-points-only"})}
    two.source.peers.exchange(outgoing(two))
    assert members(two.source) == {"db"}
    assert alerts(two.source) == ["replication-ended-there"]
    assert two.source.catalog.machines.get("web").kind is MachineKind.PROTECTED
    two.source.peers.exchange(outgoing(two))
    assert two.target.catalog.departures.untold() == [], "the source has shown that it knows"
    # It may come back, with all its points.
    two.source.arrange.add(PAIRING, ["web"])
    assert two.source.jobs.drain(60)
    assert set(points_of(two.target)) == set(points_of(two.source))
    two.source.peers.exchange(outgoing(two))
    assert members(two.source) == {"web", "db"}


@pytest.mark.parametrize("delete", [False, True])
def test_the_target_ends_the_pairing(two: TwoCores, delete: bool) -> None:
    two.target.receive.end(incoming(two), delete_points=delete, forget=False)
    with pytest.raises(Failed) as ended:
        two.source.peers.exchange(outgoing(two))
    assert ended.value.failure.code == "pairing-removed"
    assert "web" in ended.value.failure.message
    assert alerts(two.source) == ["pairing-removed"]
    assert two.source.catalog.pairings.list() == two.target.catalog.pairings.list() == []
    assert len(points_of(two.target)) == (0 if delete else 2)


def test_what_is_held_there_stays_whatever_the_source_wanted_while_it_was_away(two: TwoCores) -> None:
    machine = two.target.catalog.machines.get("web").id
    (point,) = two.target.catalog.points.all_of(machine)
    two.target.retain.hold(point.id, "for the court")
    with pytest.raises(Failed) as refused:
        two.source.arrange.ending.end(PAIRING, ["web"], delete_points=True)
    assert refused.value.failure.code == "point-held"
    assert members(two.source) == {"web", "db"}, "nothing has ended"
    away(two)
    assert not two.source.arrange.ending.end(PAIRING, ["web"], delete_points=True).told
    back(two)
    two.source.peers.exchange(outgoing(two))
    assert "points-kept-there" in alerts(two.source)
    assert kinds(two)["web"] == "recovery-points-only"
    assert point.id in points_of(two.target)
    assert two.source.catalog.departures.untold() == []


def test_a_machine_that_is_added_again_before_the_target_has_heard_of_its_end(two: TwoCores) -> None:
    away(two)
    two.source.arrange.ending.end(PAIRING, ["web"])
    back(two)
    two.source.arrange.add(PAIRING, ["web"])
    assert two.source.jobs.drain(60)
    two.source.peers.exchange(outgoing(two))
    assert members(two.source) == members(two.target) == {"web", "db"}
    assert kinds(two)["web"] == "replicated"


def test_what_is_at_stake_is_said_before(two: TwoCores) -> None:
    for core, pairing in ((two.source, outgoing(two)), (two.target, incoming(two))):
        one, all_ = core.arrange.ending.stake(pairing.id, ["web"]), core.arrange.ending.stake(pairing.id)
        assert ([m.name for m in one.machines], len(one.points)) == (["web"], 1)
        assert ({m.name for m in all_.machines}, len(all_.points)) == ({"web", "db"}, 2)
        with pytest.raises(Failed):
            core.arrange.ending.stake(pairing.id, ["other"])
    two.source.arrange.pause(PAIRING)
    two.back_up("web")
    assert len(two.source.arrange.ending.stake(PAIRING, ["web"]).points) == 1, "what the target has, no more"


def test_an_end_that_was_not_heard_of_leaves_the_way_free_to_pair_again(two: TwoCores) -> None:
    away(two)
    two.source.arrange.ending.end(PAIRING)
    assert outgoing(two).state is PairingState.REMOVED
    two.pair()
    assert outgoing(two).state is PairingState.ACTIVE
    assert members(two.target) == set(), "it has heard of the end first"
    two.source.arrange.add(PAIRING, ["web"])
    assert two.source.jobs.drain(60)
    assert kinds(two) == {"web": "replicated", "db": "recovery-points-only"}
