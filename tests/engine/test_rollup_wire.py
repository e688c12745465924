"""Rollup on two Cores that talk over real TLS: what each is told of the other, and what is sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.domain.progress import Silent
from console.domain.retention import Keep, parse_policy
from tests.engine.test_core import House
from tests.support.ends import contents


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    for core in (house.source, house.target):
        core.catalog.settings.set("zone", "UTC")
    yield house
    house.close()


def _back_up(house: House, times: int, hours: int = 6) -> list[str]:
    made = []
    for _ in range(times):
        house.clock.forward(hours * 3600 - 60)
        (house.tree / "a").write_bytes(str(house.clock.now()).encode() * 3000)
        made.append(house.back_up())
    return made


def _roll_up(house: House, core: Any, policy: str) -> int:
    core.rollup.set_policy("web", parse_policy(policy))
    job = core.rollup.start("web")
    assert core.jobs.drain(60)
    ended = core.jobs.get(job.id)
    assert ended.result is not None, ended.failure
    return int(ended.result["points_removed"])


def _sent(house: House, pairing: str) -> dict[str, Any]:
    job = house.source.replicate.start(pairing)
    house.settle()
    result = house.source.jobs.get(job.id).result
    assert result is not None
    return result


def test_two_cores_keep_by_their_own_policies_and_nothing_goes_back_and_forth(house: House) -> None:
    house.protect()
    pairing = house.pair()
    made = _back_up(house, 6)
    assert _roll_up(house, house.source, "all 1d") == 1
    house.source.arrange.add(pairing, ["web"])
    house.settle()
    # What was rolled up before it was sent is never sent.
    assert set(house.at_target()) == set(made[1:])
    machine = house.target.catalog.machines.get("web").id
    assert house.target.catalog.points.orphan_facts(machine) == []

    made += _back_up(house, 3)
    assert _roll_up(house, house.target, "all 1d daily 1d") > 0
    there = set(house.at_target())
    assert _sent(house, pairing)["points_sent"] == 0
    made += _back_up(house, 2)
    assert set(house.at_target()) == there | set(made[-2:])
    assert house.target.catalog.points.orphan_facts(machine) == []
    plan = house.source.replicate.plan(pairing)[0].plan
    assert not plan.steps
    # The source knows by now how the target keeps the machine, and the simulator plays that.
    member = house.source.catalog.members.get(pairing, machine)
    assert member.retention == "all 1d daily 1d"
    courses = house.source.simulate.machine("web", 10).courses
    assert [(course.place, str(course.policy), course.known) for course in courses] == [
        ("", "all 1d", True),
        (house.source.catalog.pairings.get(pairing).name, "all 1d daily 1d", True),
    ]
    # What is gone on both sides need not be remembered any more.
    gone = set(house.target.catalog.retention.removed(machine))
    assert gone & {image.id for p in house.source.catalog.points.all_of(machine) for image in p.images} == gone
    assert _roll_up(house, house.source, "all 1d daily 1d") > 0
    assert _sent(house, pairing)["points_sent"] == 0
    assert set(house.target.catalog.retention.removed(machine)) < gone
    assert set(house.at_target()) == there | set(made[-2:])
    # Both still read what was backed up.
    for core in (house.source, house.target):
        for point in core.catalog.points.all_of(machine):
            image = core.catalog.points.image(point.images[0].id)
            assert contents(core.repositories.open(image.repository), image.image.root)


def test_the_last_common_point_outlives_its_time_while_the_target_is_behind(house: House) -> None:
    house.protect()
    pairing = house.pair()
    house.source.arrange.add(pairing, ["web"])
    house.settle()
    common = _back_up(house, 2)[-1]
    house.source.arrange.pause(pairing)
    _back_up(house, 3, hours=20)
    assert _roll_up(house, house.source, "all 1d") >= 1
    machine = house.source.catalog.machines.get("web").id
    oldest = house.source.catalog.points.all_of(machine)[0]
    assert oldest.id == common
    assert [why.code for why in house.source.rollup.reasons(oldest).kept] == [Keep.LAST_COMMON]
    house.source.arrange.resume(pairing)
    house.settle()
    assert house.target.catalog.points.orphan_facts(machine) == []
    assert _roll_up(house, house.source, "all 1d") == 1


def test_a_target_with_a_held_point_does_not_let_the_source_delete_it(house: House) -> None:
    house.protect()
    pairing = house.pair()
    house.source.arrange.add(pairing, ["web"])
    house.settle()
    point = _back_up(house, 1)[0]
    house.target.retain.hold(point, "law")
    with pytest.raises(Exception, match="point-held"):
        house.source.arrange.ending.end(pairing, ["web"], delete_points=True)
    assert house.at_target() == [point]
    assert house.source.catalog.members.list(pairing)
    assert house.target.catalog.members.list(pairing)


def test_sealed_points_are_rolled_up_by_a_core_without_the_key(house: House) -> None:
    house.source.keys.create("k", "a long passphrase")
    house.source.protect.add("web", [("tree", str(house.tree))], interval_s=0, key="k")
    pairing = house.pair()
    house.source.arrange.add(pairing, ["web"])
    house.settle()
    made = _back_up(house, 8)
    assert _roll_up(house, house.target, "all 1d daily 2d") > 0
    assert _roll_up(house, house.source, "all 1d") > 0
    info = house.target.catalog.repositories.list()[0]
    house.target.reclaim.run(info, dry_run=False, reporter=Silent())
    made += _back_up(house, 1)
    machine = house.target.catalog.machines.get("web").id
    assert house.target.catalog.points.orphan_facts(machine) == []
    report = house.target.check.repository(info, read_data=True, reporter=Silent())
    assert report["damaged"] == []
    # Whoever has the passphrase reads what is left there.
    (key,) = house.target.keys.list()
    house.target.keys.unlock(key.name, "a long passphrase")
    for point in house.target.catalog.points.all_of(machine):
        assert point.images[0].key
        assert contents(house.target.repositories.open(info.id), point.images[0].root)
