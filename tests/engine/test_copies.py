"""Copies of single points: what is said of each target, and one point that is sent because somebody wants it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.copies import Copy
from console.domain.errors import Failed
from console.domain.jobs import Job, JobState
from console.domain.replicas import ReplicaState
from tests.engine.test_core import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """One machine, replicated to one target."""
    house = House(tmp_path)
    house.protect()
    house.source.arrange.add(house.pair(), ["web"])
    house.settle()
    yield house
    house.close()


def the_copy(house: House, point: str, runs: list[str] | None = None) -> Copy:
    (copy,) = house.source.copies.look(point, runs or [])
    return copy


def why(house: House, point: str) -> str:
    failure = the_copy(house, point).failure
    return failure.code if failure is not None else ""


def sent(house: House, point: str, **more: str) -> Job:
    job = house.source.copies.send(point, "target", **more)
    house.settle()
    return house.source.catalog.jobs.get(job.id)


def alerts(house: House) -> list[str]:
    return [event.code for event in house.source.catalog.events.page()[0] if event.alert and not event.dismissed]


def change(house: House, text: str) -> None:
    (house.tree / "a").write_bytes(text.encode() * 5_000)


def test_a_point_is_at_a_target_when_the_target_has_it(house: House) -> None:
    point = house.back_up()
    assert the_copy(house, point).failure is None
    house.target.arrange.pause("source")
    late = house.back_up()
    assert why(house, late) == "paused-by-target"
    assert why(house, point) == "", "a pause takes nothing away"
    house.target.arrange.resume("source")
    (bringing,) = house.source.copies.bring(late)
    house.settle()
    assert bringing.job
    assert the_copy(house, late, [bringing.job]).failure is None


def test_each_target_that_cannot_have_it_says_why(house: House) -> None:
    house.source.arrange.pause("target")
    point = house.back_up()
    (copy,) = house.source.copies.bring(point)
    assert (copy.job, copy.failure and copy.failure.code) == ("", "replication-paused")
    house.source.arrange.resume("target")
    house.settle()
    assert why(house, point) == ""
    house.source.arrange.pause("target", "web")
    assert why(house, house.back_up()) == "machine-paused"
    house.source.arrange.resume("target", "web")
    house.settle()
    house.server.stop()
    lost = house.back_up()
    assert why(house, lost) == "target-unreachable"


def test_a_machine_in_no_pairing_has_no_copies_to_bring(house: House, tmp_path: Path) -> None:
    other = house.source.protect.add("db", [("tree", str(house.tree))], interval_s=0)
    house.clock.forward(60)
    job = house.source.protect.start_backup("db")
    house.settle()
    point = (house.source.catalog.jobs.get(job.id).result or {})["point"]
    with pytest.raises(Failed) as refused:
        house.source.copies.bring(point)
    assert refused.value.failure.code == "not-replicated"
    assert house.source.copies.bring(point, only_required=True) == []
    with pytest.raises(Failed) as refused:
        house.source.copies.require("target", other.id, True)
    assert refused.value.failure.code == "not-replicated"


def test_only_required_targets_are_waited_for_and_missing_ones_are_an_alert(house: House) -> None:
    assert house.source.copies.bring(house.back_up(), only_required=True) == []
    house.source.copies.require("target", "web", True)
    house.target.arrange.pause("source")
    change(house, "b")
    point = house.back_up()
    (copy,) = house.source.copies.bring(point, only_required=True)
    house.settle()
    assert copy.required
    assert why(house, point) == "paused-by-target"
    assert "copy-missing" in alerts(house)
    house.target.arrange.resume("source")
    house.source.replicate.start("target")
    house.settle()
    assert why(house, point) == ""
    assert "copy-missing" not in alerts(house), "nobody need look at it any more"


def test_one_existing_point_is_sent_with_what_it_builds_on_and_nothing_else(tmp_path: Path) -> None:
    house = House(tmp_path)
    try:
        house.protect()
        points = [house.back_up()]
        for text in "bcd":
            change(house, text)
            points.append(house.back_up())
        house.source.arrange.add(house.pair(), ["web"], paused=True)
        house.settle()
        with pytest.raises(Failed) as refused:
            house.source.copies.send(points[1], "target")
        assert refused.value.failure.code == "machine-paused"
        pairing = house.source.catalog.pairings.get("target")
        machine = house.source.catalog.machines.get("web")
        house.source.catalog.members.change(pairing.id, machine.id, paused=False)
        job = sent(house, points[1], name="before-upgrade", description="the last of release 4", user="Ada")
        assert job.state is JobState.SUCCEEDED
        assert sorted(house.at_target()) == sorted(points[:2])
        assert (job.result or {})["points_sent"] == 2
        assert (job.result or {})["name"] == "before-upgrade"
        replica = the_copy(house, points[1]).replica
        assert replica is not None
        assert (replica.name, replica.description) == ("before-upgrade", "the last of release 4")
        assert (replica.asked_by, replica.state) == ("Ada", ReplicaState.THERE)
        assert why(house, points[3]) == "copy-waits"
        again = sent(house, points[1])
        assert (again.state, (again.result or {})["bytes_sent"]) == (JobState.SUCCEEDED, 0)
        assert len(house.source.catalog.replicas.of_point(points[1])) == 1, "one replica per target"
    finally:
        house.close()


def test_a_point_that_was_deleted_there_comes_again_when_somebody_asks(house: House) -> None:
    point = house.back_up()
    change(house, "b")
    newer = house.back_up()
    house.target.retain.delete([newer])
    house.source.replicate.start("target")
    house.settle()
    assert (house.at_target(), why(house, newer)) == ([point], "copy-deleted")
    assert sent(house, newer).state is JobState.SUCCEEDED
    assert sorted(house.at_target()) == sorted([point, newer])
    assert why(house, newer) == ""
    house.source.replicate.start("target")
    house.settle()
    assert why(house, newer) == "", "the target says no longer that it has let go of it"


def test_a_target_of_an_older_release_is_not_made_to_take_it_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = house.back_up()
    house.target.retain.delete([point])
    monkeypatch.setattr("console.engine.replicate.receive.SPEAKS", ("machine-pauses",))
    job = sent(house, point)
    assert job.failure is not None
    assert job.failure.code == "target-cannot-again"
    assert house.at_target() == []
    assert why(house, point) == "copy-deleted"


def test_what_failed_is_said_and_can_be_sent_again(house: House) -> None:
    house.target.arrange.pause("source")
    point = house.back_up()
    job = sent(house, point)
    assert job.failure is not None
    assert job.failure.code == "paused-by-target"
    replica = the_copy(house, point).replica
    assert replica is not None
    assert (replica.state, replica.code, replica.attempts) == (ReplicaState.FAILED, "paused-by-target", 1)
    house.target.arrange.resume("source")
    assert sent(house, point).state is JobState.SUCCEEDED
    assert house.at_target() == [point]
