"""Holds, policies, burials and what was removed, in the catalog; and that an update deletes nothing by a default."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from console.catalog import Catalog
from console.catalog.retention import Burial, Hold
from console.domain.errors import Failed
from console.domain.pairing import Direction, Member
from console.domain.settings import RETENTION
from tests.catalog.keep_revision import GOLDEN
from tests.support.clock import FixedClock
from tests.support.points import Source
from tests.support.values import pairing as a_pairing


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Source]:
    source = Source(tmp_path / "repository")
    yield source
    source.close()


def test_what_was_kept_before_is_not_rolled_up_after_an_update(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((GOLDEN / "0003.sql").read_text(encoding="utf-8"))
    with Catalog.open(path, FixedClock()) as catalog:
        assert catalog.points.count() > 0
        assert catalog.settings.get(RETENTION) == "everything"
    with Catalog.open(tmp_path / "new.sqlite", FixedClock()) as catalog:
        assert catalog.settings.get(RETENTION) is None


def test_a_hold_ends_with_its_point_and_takes_another_reason(source: Source) -> None:
    retention, clock = source.catalog.retention, source.clock
    point = source.point({"a": b"a"}).id
    retention.hold(Hold(point, clock.now(), "one", "ann"))
    since = clock.now()
    clock.forward(60)
    retention.hold(Hold(point, clock.now(), "two", "ben"))
    assert retention.holds([point, "other"]) == {point: Hold(point, since, "two", "ben")}
    with pytest.raises(Failed, match="no-such-recovery-point"):
        retention.hold(Hold("nobody", clock.now(), "", ""))
    source.catalog.points.remove([point])
    assert retention.holds([point]) == {}
    assert not retention.release(point)


def test_a_policy_and_what_was_removed_end_with_the_machine(source: Source) -> None:
    retention, machine = source.catalog.retention, source.machine.id
    retention.set_policy(machine, "all 1d")
    retention.set_policy(machine, "all 2d")
    assert retention.policy(machine) == "all 2d"
    retention.remember_removed(machine, ["i2", "i1", "i1"], source.clock.now())
    retention.remember_removed(machine, ["i2"], source.clock.now())
    assert retention.removed(machine) == ["i1", "i2"]
    source.catalog.machines.remove(machine)
    assert retention.policy(machine) is None
    assert retention.removed(machine) == []


def test_what_was_removed_is_forgotten_when_no_pairing_brings_the_machine(source: Source) -> None:
    catalog, machine, now = source.catalog, source.machine.id, source.clock.now()
    catalog.retention.remember_removed(machine, ["i1"], now)
    catalog.retention.remember_removed(machine, ["i2"], now + timedelta(days=2))
    pairing = a_pairing(direction=Direction.INCOMING)
    catalog.pairings.add(pairing)
    catalog.members.put(Member(pairing.id, machine, source.repository.id, "default"))
    assert catalog.retention.forget_unasked(now + timedelta(days=1)) == 0
    catalog.members.remove(pairing.id, machine)
    assert catalog.retention.forget_unasked(now + timedelta(days=1)) == 1
    assert catalog.retention.removed(machine) == ["i2"]


def test_what_comes_back_is_removed_no_longer(source: Source) -> None:
    point = source.point({"a": b"a"})
    images = [image.id for image in point.images]
    source.catalog.points.remove([point.id])
    source.catalog.retention.remember_removed(source.machine.id, images, source.clock.now())
    source.catalog.points.add(point, source.repository.id, here=images)
    assert source.catalog.retention.removed(source.machine.id) == []


def test_burials_are_due_until_they_are_done(source: Source) -> None:
    retention, now = source.catalog.retention, source.clock.now()
    due = [Burial("p2", "r1", now), Burial("p1", "r1", now), Burial("p1", "r2", now)]
    before = retention.deaths
    retention.bury(due)
    retention.bury(due[:1])
    assert retention.deaths > before
    assert retention.burials() == [due[1], due[0], due[2]]
    retention.buried(due[:2])
    assert retention.burials() == [due[2]]


def test_a_rollup_that_would_leave_a_child_alone_changes_nothing(source: Source) -> None:
    first = source.point({"a": b"a"})
    second = source.point({"a": b"b"}, first)
    third = source.point({"a": b"c"}, second)
    moved = third.images[0].onto(first.images[0])
    with pytest.raises(Failed, match="points-depend"):
        source.catalog.points.roll_up([moved], {third.id: "r"}, [first.id])
    assert source.catalog.points.get(third.id) == third
    with pytest.raises(Failed, match="chain-loops"):
        source.catalog.points.roll_up([first.images[0].onto(third.images[0])], {}, [])
    source.catalog.points.roll_up([moved], {third.id: "r"}, [second.id])
    after = source.catalog.points.get(third.id)
    assert (after.record, after.images[0].parent) == ("r", first.images[0].id)
    assert source.catalog.points.orphan_facts(source.machine.id) == []
