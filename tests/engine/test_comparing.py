"""Two Cores side by side: each difference made on purpose is named with why, and what can be mended is mended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.comparison import ComparedPoint, Difference, Fix, Why
from console.domain.errors import Failed
from console.domain.jobs import JobKind
from console.domain.pairing import Direction
from console.engine.core import Core
from console.engine.replicate import inventory, receive
from console.wire.conversation import SPEAKS
from tests.support.two_cores import PAIRING, TwoCores, finished, points_of

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def two(tmp_path: Path) -> Iterator[TwoCores]:
    """Paired; `web` has two points, and both are at the target."""
    with TwoCores(tmp_path) as two:
        tree = tmp_path / "tree"
        tree.mkdir()
        (tree / "file").write_bytes(CONTENT)
        two.source.protect.add("web", [("data", str(tree))], interval_s=3600)
        two.pair()
        two.back_up("web")
        two.source.arrange.add(PAIRING, ["web"])
        assert two.source.jobs.drain(60)
        (tree / "file").write_bytes(CONTENT + b"more")
        two.back_up("web")
        assert two.source.jobs.drain(60)
        yield two


def compared(two: TwoCores) -> list[ComparedPoint]:
    (machine,) = two.source.compare.compare(PAIRING)
    return list(machine.points)


def told(two: TwoCores) -> list[tuple[Difference, Why, Fix]]:
    return [(point.difference, point.why, point.fix) for point in compared(two)]


def images(core: Core, point: str) -> list[str]:
    return [image.id for image in core.catalog.points.get(point).images]


SAME = (Difference.SAME, Why.NONE, Fix.NONE)


def test_two_cores_in_step_are_the_same_and_nothing_is_started(two: TwoCores) -> None:
    assert told(two) == [SAME, SAME]
    assert [point.point for point in compared(two)] == points_of(two.source)
    assert two.source.compare.fix(PAIRING) == []


def test_what_was_not_sent_is_only_here_and_a_fix_sends_it(two: TwoCores) -> None:
    two.source.arrange.pause(PAIRING)
    two.back_up("web")
    assert told(two)[2] == (Difference.ONLY_HERE, Why.PAUSED, Fix.RESUME)
    assert two.source.compare.fix(PAIRING) == [], "a pause is somebody's will"
    member = two.source.catalog.members.list(two.source.catalog.pairings.get(PAIRING).id)[0]
    two.source.catalog.pairings.change(member.pairing, paused_here=False)
    assert told(two)[2] == (Difference.ONLY_HERE, Why.WAITS, Fix.SEND)
    (job,) = two.source.compare.fix(PAIRING, "web")
    finished(two.source, job)
    assert told(two) == [SAME] * 3


def test_a_pause_at_the_target_hides_nothing(two: TwoCores) -> None:
    incoming = two.target.catalog.pairings.list(Direction.INCOMING)[0]
    two.target.catalog.pairings.change(incoming.id, paused_here=True)
    two.back_up("web")
    assert two.source.jobs.drain(60)
    assert told(two) == [SAME, SAME, (Difference.ONLY_HERE, Why.PAUSED, Fix.RESUME)]


def test_damage_at_the_target_is_seen_and_sent_again(two: TwoCores) -> None:
    newest = points_of(two.source)[-1]
    two.target.catalog.points.set_damaged(images(two.target, newest), True)
    assert told(two) == [SAME, (Difference.DAMAGED_THERE, Why.DAMAGED, Fix.SEND)]
    (job,) = two.source.compare.fix(PAIRING)
    assert job.kind is JobKind.REPLICATE
    finished(two.source, job)
    assert told(two) == [SAME, SAME]


def test_damage_here_starts_a_repair_here(two: TwoCores) -> None:
    newest = points_of(two.source)[-1]
    two.source.catalog.points.set_damaged(images(two.source, newest), True)
    assert told(two)[1] == (Difference.DAMAGED_HERE, Why.DAMAGED, Fix.REPAIR_HERE)
    (job,) = two.source.compare.fix(PAIRING)
    assert job.kind is JobKind.REPOSITORY_REPAIR
    finished(two.source, job)
    assert told(two) == [SAME, SAME], "its objects were fine: the repair looks again"


def test_what_one_side_let_go_of_is_said_and_left_alone(two: TwoCores) -> None:
    first, newest = points_of(two.source)
    two.target.retain.delete([newest])
    assert told(two) == [SAME, (Difference.ONLY_HERE, Why.GONE_THERE, Fix.NONE)]
    two.source.retain.delete([newest])
    assert [point.point for point in compared(two)] == [first]


def test_the_retention_of_both_is_told(two: TwoCores) -> None:
    (machine,) = two.source.compare.compare(PAIRING)
    assert machine.policy_here == machine.policy_there
    two.target.catalog.settings.set("retention", "all 1w")
    (machine,) = two.source.compare.compare(PAIRING)
    assert (machine.policy_here, machine.policy_there) == (machine.policy_here, "all 1w")
    assert machine.policy_here != "all 1w"


def test_an_inventory_comes_in_pages(two: TwoCores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory, "PAGE", 1)
    assert told(two) == [SAME, SAME]


def test_an_older_target_says_less_and_so_does_the_comparison(two: TwoCores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive, "SPEAKS", tuple(name for name in SPEAKS if name != "inventory"))
    two.target.catalog.points.set_damaged(images(two.target, points_of(two.source)[-1]), True)
    (machine,) = two.source.compare.compare(PAIRING)
    assert not machine.exact
    assert [point.difference for point in machine.points] == [Difference.SAME, Difference.ONLY_HERE]
    assert machine.points[1].fix is Fix.SEND


def test_machines_of_others_are_refused(two: TwoCores, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    two.source.protect.add("mail", [("data", str(other))], interval_s=0)
    with pytest.raises(Failed) as raised:
        two.source.compare.compare(PAIRING, "mail")
    assert raised.value.failure.code == "not-in-pairing"
    pairing = two.source.catalog.pairings.get(PAIRING)
    mail = two.source.catalog.machines.get("mail").id
    with pytest.raises(Failed) as raised:
        two.source.peers.dialer(pairing).inventory(mail)
    assert raised.value.failure.code == "machine-elsewhere"
    incoming = two.target.catalog.pairings.list(Direction.INCOMING)[0]
    with pytest.raises(Failed) as raised:
        two.target.compare.compare(incoming.id)
    assert raised.value.failure.code == "pairing-is-incoming"
