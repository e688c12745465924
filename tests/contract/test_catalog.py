"""What every catalog promises, asked of the one in a file and the one in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from console.catalog import Catalog
from console.domain.chains import Expected, ImageFact, WaitingKind
from console.domain.errors import Failed, FailureKind
from console.domain.events import Changed, Severity
from console.domain.jobs import JobKind, JobState, JobWarning, LogLine
from console.domain.machines import MachineKind
from console.domain.pairing import Direction, PairingState
from console.domain.replication import Reservation, SourceImage
from console.domain.repositories import DamagedObject
from console.domain.seeds import SeedState
from tests.support import values
from tests.support.clock import FixedClock
from tests.support.values import NOON, hex_id, later


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(params=["file", "memory"])
def catalog(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> Iterator[Catalog]:
    made = Catalog.open(tmp_path / "catalog.sqlite", clock) if request.param == "file" else Catalog.in_memory(clock)
    with made:
        yield made


@pytest.fixture
def changes(catalog: Catalog) -> list[frozenset[Changed]]:
    """What the change feed said, one entry per commit."""
    said: list[frozenset[Changed]] = []
    catalog.on_change(said.append)
    return said


def refusal(call: object, *arguments: object, **named: object) -> tuple[str, FailureKind]:
    assert callable(call)
    with pytest.raises(Failed) as caught:
        call(*arguments, **named)
    assert caught.value.failure.message
    return caught.value.failure.code, caught.value.failure.kind


# ------------------------------------------------------------------------------------------------------------ settings


def test_settings(catalog: Catalog, changes: list[frozenset[Changed]]) -> None:
    assert catalog.settings.get("zone") is None
    assert catalog.settings.get("zone", "UTC") == "UTC"
    catalog.settings.set("zone", "Europe/Berlin")
    catalog.settings.set("zone", "Asia/Kathmandu")
    catalog.settings.set("name", "")
    assert catalog.settings.get("zone", "UTC") == "Asia/Kathmandu"
    assert catalog.settings.all() == {"name": "", "zone": "Asia/Kathmandu"}
    catalog.settings.set("zone", None)
    assert catalog.settings.all() == {"name": ""}
    assert set(changes) == {frozenset({Changed.SETTINGS})}


# --------------------------------------------------------------------------------------------------------------- users


def test_users(catalog: Catalog, changes: list[frozenset[Changed]]) -> None:
    ada, bob = values.user("Ada"), values.user("bob")
    catalog.users.add(bob)
    catalog.users.add(ada)
    assert catalog.users.list() == [ada, bob]
    assert catalog.users.get("ADA") == ada
    assert catalog.users.find("eve") is None
    assert refusal(catalog.users.get, "eve") == ("no-such-user", FailureKind.NOT_FOUND)
    assert refusal(catalog.users.add, replace(bob, id="other", name="BOB")) == ("name-taken", FailureKind.REFUSED)
    changed = replace(ada, name="Ada L.", password_hash="new")
    catalog.users.update(changed)
    assert catalog.users.get("ada l.") == changed
    assert refusal(catalog.users.update, replace(ada, name="Bob"))[0] == "name-taken"
    assert refusal(catalog.users.update, replace(ada, id="x", name="x"))[0] == "no-such-user"
    catalog.users.remove("BOB")
    assert catalog.users.list() == [changed]
    assert refusal(catalog.users.remove, "bob")[0] == "no-such-user"
    assert set(changes) == {frozenset({Changed.USERS})}


def test_names_that_differ_in_case_or_encoding_only_are_the_same(catalog: Catalog) -> None:
    catalog.users.add(values.user("Stra\u00dfe \u00c4"))
    assert refusal(catalog.users.add, values.user("STRASSE A\u0308"))[0] == "name-taken"
    assert catalog.users.find("strasse \u00e4") is not None


# -------------------------------------------------------------------------------------------- repositories and damage


def test_repositories(catalog: Catalog, changes: list[frozenset[Changed]]) -> None:
    assert catalog.repositories.default() is None
    one, two = values.repository("r1", default=True), values.repository("r2")
    catalog.repositories.add(one)
    catalog.repositories.add(two)
    assert catalog.repositories.list() == [one, two]
    assert catalog.repositories.get("r1") == catalog.repositories.get("repository R1") == one
    assert catalog.repositories.find("r") is None
    assert refusal(catalog.repositories.get, "r") == ("no-such-repository", FailureKind.NOT_FOUND)
    assert refusal(catalog.repositories.add, replace(two, id="r3"))[0] == "name-taken"
    assert catalog.repositories.default() == one
    catalog.repositories.update(replace(two, default=True, path="/elsewhere"))
    assert catalog.repositories.default() == replace(two, default=True, path="/elsewhere")
    assert not catalog.repositories.get("r1").default, "there is only one default"
    catalog.repositories.add(values.repository("r4", default=True))
    assert [r.id for r in catalog.repositories.list() if r.default] == ["r4"]
    assert refusal(catalog.repositories.update, replace(one, id="r9", name="r9"))[0] == "no-such-repository"
    catalog.repositories.remove("r4")
    assert catalog.repositories.default() is None
    assert refusal(catalog.repositories.remove, "r4")[0] == "no-such-repository"
    assert set(changes) == {frozenset({Changed.REPOSITORIES})}


def test_a_repository_that_is_needed_stays(catalog: Catalog) -> None:
    catalog.repositories.add(values.repository("r1"))
    catalog.repositories.add(values.repository("r2"))
    catalog.machines.add(values.machine("m1", repository="r1"))
    catalog.points.add(values.point("p1", of="m1"), "r2")
    assert refusal(catalog.repositories.remove, "r1") == ("repository-in-service", FailureKind.REFUSED)
    assert refusal(catalog.repositories.remove, "r2") == ("repository-in-service", FailureKind.REFUSED)
    catalog.points.remove(["p1"])
    catalog.repositories.remove("r2")


def test_damage(catalog: Catalog, changes: list[frozenset[Changed]]) -> None:
    for id in ("r1", "r2"):
        catalog.repositories.add(values.repository(id))
    changes.clear()
    first = DamagedObject("r1", "aa", "pack-1", NOON, "digest")
    second = DamagedObject("r1", "bb", "", later(hours=1), "lost")
    third = DamagedObject("r2", "aa", "pack-2", later(hours=2), "digest")
    catalog.damage.add([first, second, third])
    catalog.damage.add([])
    assert catalog.damage.list() == [first, second, third]
    again = replace(first, found=later(hours=3), why="id")
    catalog.damage.add([first, again])
    assert catalog.damage.list("r1") == [second, again]
    catalog.damage.clear("r1", ["aa", "cc"])
    assert catalog.damage.list() == [second, third]
    catalog.damage.clear("r1", None)
    assert catalog.damage.list() == [third]
    catalog.repositories.remove("r2")
    assert catalog.damage.list() == []
    assert set(changes) == {frozenset({Changed.REPOSITORIES})}


# ------------------------------------------------------------------------------------------------------------ machines


def test_machines(catalog: Catalog, changes: list[frozenset[Changed]]) -> None:
    web = values.machine(hex_id(1), name="Web")
    bare = values.machine(hex_id(2), name="anchor", volumes=(), excludes=(), next_due=None, paused=True)
    guest = values.machine(hex_id(3), name="guest", kind=MachineKind.REPLICATED)
    for each in (web, bare, guest):
        catalog.machines.add(each)
    assert catalog.machines.list() == [bare, guest, web]
    assert catalog.machines.list(MachineKind.REPLICATED) == [guest]
    assert catalog.machines.get(web.id) == catalog.machines.get("wEB") == web
    assert catalog.machines.get(web.id[:4]) == catalog.machines.get(web.id[:9].upper()) == web
    assert catalog.machines.find(web.id[:3]) is None, "three letters are too few"
    assert catalog.machines.find("nothing") is None
    assert refusal(catalog.machines.get, "nothing") == ("no-such-machine", FailureKind.NOT_FOUND)
    assert refusal(catalog.machines.add, values.machine(hex_id(4), name="WEB"))[0] == "name-taken"
    changed = replace(web, name="Web 2", interval_s=0, next_due=None, volumes=web.volumes[:1])
    catalog.machines.update(changed)
    assert catalog.machines.get(web.id) == changed
    assert refusal(catalog.machines.update, replace(web, name="Guest"))[0] == "name-taken"
    assert refusal(catalog.machines.update, values.machine("gone", name="gone"))[0] == "no-such-machine"
    catalog.machines.remove(guest.id)
    assert refusal(catalog.machines.remove, guest.id)[0] == "no-such-machine"
    assert set(changes) == {frozenset({Changed.MACHINES})}


def test_an_ambiguous_id_is_said_to_be_so_and_a_name_goes_before_an_id(catalog: Catalog) -> None:
    one, two = values.machine("abcd1111", name="one"), values.machine("abcd2222", name="two")
    catalog.machines.add(one)
    catalog.machines.add(two)
    assert refusal(catalog.machines.get, "abcd") == ("ambiguous-id", FailureKind.USAGE)
    assert refusal(catalog.machines.find, "ABCD") == ("ambiguous-id", FailureKind.USAGE)
    assert catalog.machines.get("abcd2") == two
    named = values.machine("ffff", name="abcd")
    catalog.machines.add(named)
    assert catalog.machines.get("abcd") == named


def test_a_machine_with_points_stays(catalog: Catalog) -> None:
    catalog.machines.add(values.machine("m1"))
    catalog.points.add(values.point("p1", of="m1"), "repo-1")
    assert refusal(catalog.machines.remove, "m1") == ("machine-has-points", FailureKind.REFUSED)
    catalog.points.remove(["p1"])
    catalog.machines.remove("m1")
    assert catalog.machines.list() == []


def test_machines_that_are_due(catalog: Catalog) -> None:
    def add(id: str, next_due: datetime | None, **other: object) -> None:
        catalog.machines.add(values.machine(id, next_due=next_due, **other))

    add("late", later(hours=-2))
    add("now", NOON)
    add("soon", later(seconds=0.000001))
    add("never", None)
    add("paused", later(hours=-3), paused=True)
    add("guest", later(hours=-3), kind=MachineKind.REPLICATED)
    assert [m.id for m in catalog.machines.due(NOON)] == ["late", "now"]


# -------------------------------------------------------------------------------------------------------------- points


@pytest.fixture
def machines(catalog: Catalog) -> None:
    catalog.repositories.add(values.repository("repo-1"))
    catalog.machines.add(values.machine("machine-1"))
    catalog.machines.add(values.machine("machine-2"))


def stored(catalog: Catalog, image: str) -> tuple[bool, bool, bool]:
    found = catalog.points.image(image)
    return found.here, found.names, found.damaged


@pytest.mark.usefixtures("machines")
def test_points(catalog: Catalog, changes: list[frozenset[Changed]]) -> None:
    base = values.point(hex_id(1), None, None)
    child = values.point(hex_id(2), f"{hex_id(1)}.0", f"{hex_id(1)}.1", time=later(hours=1))
    foreign = values.point(hex_id(3), time=later(hours=2), of="machine-2", record="", duration_s=0.0, warnings=0)
    for each in (base, child, foreign):
        catalog.points.add(each, "repo-1", here={i.id for i in each.images}, names=[each.images[0].id])
    assert catalog.points.get(child.id) == catalog.points.get(child.id[:5]) == child
    assert catalog.points.find("ffff") is None
    assert refusal(catalog.points.get, "ffff") == ("no-such-recovery-point", FailureKind.NOT_FOUND)
    assert catalog.points.latest("machine-1") == child
    assert catalog.points.latest("nobody") is None
    assert catalog.points.all_of("machine-1") == [base, child]
    assert catalog.points.newer_than("machine-1", base.time) == [child]
    assert catalog.points.newer_than("machine-1", None) == [base, child]
    assert (catalog.points.count(), catalog.points.count("machine-1"), catalog.points.count("x")) == (3, 2, 0)
    found = catalog.points.image(child.images[1].id)
    assert (found.image, found.machine, found.repository) == (child.images[1], "machine-1", "repo-1")
    assert [stored(catalog, image.id) for image in child.images] == [(True, True, False), (True, False, False)]
    assert catalog.points.find_image("gone") is None
    assert catalog.points.find_images(["gone", found.image.id]) == {found.image.id: found}
    assert refusal(catalog.points.image, "gone") == ("no-such-volume-image", FailureKind.NOT_FOUND)
    assert {i.image.id for i in catalog.points.images_of("machine-1")} == {
        i.id for p in (base, child) for i in p.images
    }
    assert catalog.points.remove([foreign.id, "gone"]) == 1
    assert catalog.points.find(foreign.id) is None
    assert catalog.points.find_image(foreign.images[0].id) is None, "its images went with it"
    assert set(changes) == {frozenset({Changed.POINTS})}


@pytest.mark.usefixtures("machines")
def test_adding_a_point_again_only_raises_what_is_here(catalog: Catalog, changes: list[frozenset[Changed]]) -> None:
    point = values.point("p1", None, None)
    one, two = (image.id for image in point.images)
    catalog.points.add(point, "repo-1", here={one}, names=set())
    assert (stored(catalog, one), stored(catalog, two)) == ((True, False, False), (False, False, False))
    catalog.points.add(point, "repo-2", here={two}, names={one, two})
    assert (stored(catalog, one), stored(catalog, two)) == ((True, True, False), (True, True, False))
    assert catalog.points.image(one).repository == "repo-1", "it is there, and stays there"
    assert catalog.points.image(two).repository == "repo-2", "it arrived there"
    catalog.points.set_damaged([one], True)
    changes.clear()
    catalog.points.add(point, "repo-1")
    catalog.points.add(point, "repo-1", here={one}, names={one})
    assert changes == [], "nothing rose"
    assert stored(catalog, one) == (True, True, True), "flags do not sink, and damage is healed by a check only"
    assert catalog.points.count() == 1


@pytest.mark.usefixtures("machines")
def test_a_point_that_comes_with_more_images_later(catalog: Catalog) -> None:
    whole = values.point("p1", None, None)
    catalog.points.add(replace(whole, images=whole.images[1:], record=""), "repo-1", here={"p1.1"})
    catalog.points.add(whole, "repo-1", here={"p1.0"})
    assert catalog.points.get("p1").record == "record-p1", "what was not known is filled in"
    assert set(catalog.points.get("p1").images) == set(whole.images)
    assert stored(catalog, "p1.0") == stored(catalog, "p1.1") == (True, False, False)


@pytest.mark.usefixtures("machines")
def test_what_is_known_of_a_point_is_not_overwritten(catalog: Catalog) -> None:
    point = values.point("p1")
    catalog.points.add(point, "repo-1", here={"p1.0"})
    other_root = replace(point, images=(replace(point.images[0], root="other"),))
    assert refusal(catalog.points.add, other_root, "repo-1") == ("point-differs", FailureKind.REFUSED)
    other_machine = values.point("p1", of="machine-2")
    assert refusal(catalog.points.add, other_machine, "repo-1")[0] == "point-differs"
    taken = values.point("p2", images=(replace(point.images[0], point="p2"),))
    assert refusal(catalog.points.add, taken, "repo-1")[0] == "point-differs"
    assert catalog.points.find("p2") is None, "and nothing is left of the attempt"
    catalog.points.add(replace(point, duration_s=99.0, warnings=9, record="other"), "repo-1")
    assert catalog.points.get("p1") == point
    assert refusal(catalog.points.add, values.point("p3", of="nobody"), "repo-1")[0] == "no-such-machine"


@pytest.mark.usefixtures("machines")
def test_no_image_becomes_its_own_ancestor(catalog: Catalog) -> None:
    assert refusal(catalog.points.add, values.point("p1", "p1.0"), "repo-1") == ("chain-loops", FailureKind.REFUSED)
    assert refusal(catalog.points.add, values.point("p1", "p1.1", "p1.0"), "repo-1")[0] == "chain-loops"
    catalog.points.add(values.point("p2", "p1.0"), "repo-1")
    catalog.points.add(values.point("p3", "p2.0"), "repo-1")
    assert refusal(catalog.points.add, values.point("p1", "p3.0"), "repo-1")[0] == "chain-loops"
    catalog.points.add(values.point("p1"), "repo-1")
    assert catalog.points.count() == 3


@pytest.mark.usefixtures("machines")
def test_pages_of_points(catalog: Catalog) -> None:
    points = [values.point(hex_id(n), time=later(hours=n // 2), of=f"machine-{n % 2 + 1}") for n in range(20)]
    with catalog.transaction():
        for point in points:
            catalog.points.add(point, "repo-1")
    in_order = sorted(points, key=lambda p: (p.time, p.id))

    def walk(**how: object) -> list[object]:
        seen: list[object] = []
        cursor = None
        while True:
            found, cursor = catalog.points.page(after=cursor, **how)
            assert len(found) <= how.get("limit", 100)
            seen += found
            if cursor is None:
                return seen

    for limit in (1, 3, 19, 20, 21):
        assert walk(limit=limit) == in_order[::-1]
        assert walk(limit=limit, newest_first=False) == in_order
        assert walk(machine="machine-1", limit=limit) == [p for p in in_order[::-1] if p.machine == "machine-1"]
    assert catalog.points.page(machine="nobody") == ([], None)
    for wrong in ("", "x", "äöü", "MTIz", "a.b", "0" * 500):
        assert refusal(catalog.points.page, after=wrong) == ("bad-cursor", FailureKind.USAGE)


@pytest.mark.usefixtures("machines")
def test_a_cursor_is_not_confused_by_what_comes_and_goes(catalog: Catalog) -> None:
    points = [values.point(f"p{n}", time=later(hours=n)) for n in range(6)]
    for point in points:
        catalog.points.add(point, "repo-1")
    first, cursor = catalog.points.page(limit=2)
    assert [p.id for p in first] == ["p5", "p4"]
    catalog.points.add(values.point("new", time=later(hours=9)), "repo-1")
    catalog.points.add(values.point("between", time=later(hours=2.5)), "repo-1")
    catalog.points.remove(["p4", "p1"])
    second, cursor = catalog.points.page(limit=2, after=cursor)
    assert [p.id for p in second] == ["p3", "between"]
    third, cursor = catalog.points.page(limit=2, after=cursor)
    assert [p.id for p in third] == ["p2", "p0"]
    assert cursor is None


@pytest.mark.usefixtures("machines")
def test_facts_and_source_images(catalog: Catalog) -> None:
    catalog.points.add(values.point("p2", "p1.0", time=later(hours=1)), "repo-1", here={"p2.0"})
    catalog.points.add(values.point("p1"), "repo-1", here={"p1.0"})
    catalog.points.add(values.point("p3", "p2.0", time=later(hours=2)), "repo-1")
    catalog.points.add(values.point("other", of="machine-2"), "repo-1")
    catalog.points.set_damaged(["p2.0", "gone"], True)
    assert catalog.points.facts("machine-1") == [
        ImageFact("p1.0", None, True, False),
        ImageFact("p2.0", "p1.0", True, True),
        ImageFact("p3.0", "p2.0", False, False),
    ]
    us = (NOON - datetime.fromisoformat("1970-01-01T00:00:00+00:00")).days * 86_400_000_000
    us += (12 * 3600) * 1_000_000 + 123_456
    assert catalog.points.source_images("machine-1") == [
        SourceImage("p1", "p1.0", None, us, True),
        SourceImage("p2", "p2.0", "p1.0", us + 3_600_000_000, False),
        SourceImage("p3", "p3.0", "p2.0", us + 7_200_000_000, False),
    ]
    catalog.points.set_damaged(["p2.0"], False)
    assert catalog.points.facts("machine-1")[1] == ImageFact("p2.0", "p1.0", True, False)


@pytest.mark.usefixtures("machines")
def test_damage_is_told_once(catalog: Catalog, changes: list[frozenset[Changed]]) -> None:
    catalog.points.add(values.point("p1"), "repo-1", here={"p1.0"})
    changes.clear()
    catalog.points.set_damaged(["p1.0"], True)
    catalog.points.set_damaged(["p1.0"], True)
    catalog.points.set_damaged([], False)
    assert changes == [frozenset({Changed.POINTS})]


@pytest.mark.usefixtures("machines")
def test_dependents(catalog: Catalog) -> None:
    parents = {"a": None, "b": "a.0", "c": "b.0", "d": "b.0", "x": None, "y": "x.0"}
    for number, (id, parent) in enumerate(parents.items()):
        catalog.points.add(values.point(id, parent, time=later(hours=number)), "repo-1")
    assert catalog.points.dependents(["a.0"]) == ["b.0", "c.0", "d.0"]
    assert catalog.points.dependents(["b.0", "y.0"]) == ["c.0", "d.0"]
    assert catalog.points.dependents(["a.0", "b.0", "c.0"]) == ["d.0"]
    assert catalog.points.dependents([]) == catalog.points.dependents(["gone"]) == []


@pytest.mark.usefixtures("machines")
def test_images_of_a_repository(catalog: Catalog) -> None:
    with catalog.transaction():
        for n in range(1100):
            point = values.point(f"p{n}", time=later(seconds=n), of=f"machine-{n % 2 + 1}")
            catalog.points.add(point, f"repo-{1 + (n % 10 == 0)}")
    found = []
    for image in catalog.points.images_with_roots("repo-1"):
        if not found:
            catalog.points.set_damaged([image.image.id], True)  # nothing is held open meanwhile
        found.append(image)
    order = sorted(found, key=lambda i: (i.machine, int(i.image.point[1:])))
    assert (len(found), found) == (990, order)
    assert [i.image.id for i in catalog.points.images_in("repo-2")] == [f"p{n}.0" for n in range(0, 1100, 10)]
    assert catalog.points.images_in("repo-3") == []


@pytest.mark.usefixtures("machines")
def test_orphans(catalog: Catalog) -> None:
    catalog.points.add(values.point("whole"), "repo-1", here={"whole.0"})
    catalog.points.add(values.point("child", "whole.0", time=later(hours=1)), "repo-1", here={"child.0"})
    catalog.points.add(values.point("lost", "far.0", time=later(hours=2)), "repo-1", here={"lost.0"})
    catalog.points.add(values.point("below", "lost.0", time=later(hours=3)), "repo-1", here={"below.0"})
    catalog.points.add(values.point("foreign", "gone.0", of="machine-2"), "repo-1", here={"foreign.0"})

    def orphans(machine: str | None = None) -> list[str]:
        return [p.id for p in catalog.points.page(machine, orphaned=True)[0]]

    assert orphans() == ["below", "lost", "foreign"]
    assert orphans("machine-1") == ["below", "lost"]
    assert [f.id for f in catalog.points.orphan_facts("machine-1")] == ["lost.0", "below.0"]
    first, cursor = catalog.points.page("machine-1", limit=1, orphaned=True)
    second, end = catalog.points.page("machine-1", limit=1, orphaned=True, after=cursor)
    assert ([p.id for p in first + second], end) == (["below", "lost"], None)
    catalog.points.set_damaged(["child.0"], True)
    assert orphans("machine-1") == ["below", "lost", "child"]
    assert ImageFact("whole.0", None) in catalog.points.orphan_facts("machine-1"), "the whole one above is told"
    catalog.points.set_damaged(["child.0"], False)
    catalog.points.add(values.point("far", time=later(hours=-1)), "repo-1")
    assert orphans("machine-1") == ["below", "lost", "far"], "it is known now, but not here"
    catalog.points.add(values.point("far", time=later(hours=-1)), "repo-1", here={"far.0"})
    assert orphans("machine-1") == []
    catalog.points.remove(["whole"])
    assert orphans("machine-1") == ["child"]


# ------------------------------------------------------------------------------------------------ pairings and members


def test_pairings(catalog: Catalog, changes: list[frozenset[Changed]]) -> None:
    out = values.pairing(hex_id(1), name="North")
    back = values.pairing(
        hex_id(2), name="south", direction=Direction.INCOMING, host="", port=0, last_contact=None, paused_there=True
    )
    catalog.pairings.add(out)
    catalog.pairings.add(back)
    assert catalog.pairings.list() == [out, back]
    assert catalog.pairings.list(Direction.INCOMING) == [back]
    assert catalog.pairings.get("NORTH") == catalog.pairings.get(out.id[:6]) == out
    assert catalog.pairings.find("north", Direction.INCOMING) is None
    assert refusal(catalog.pairings.get, "north", Direction.INCOMING) == ("no-such-pairing", FailureKind.NOT_FOUND)
    assert refusal(catalog.pairings.add, values.pairing(hex_id(3), name="SOUTH"))[0] == "name-taken"
    assert catalog.pairings.by_fingerprint("AB:CD", Direction.INCOMING) == back
    assert catalog.pairings.by_fingerprint("AB:CE", Direction.INCOMING) is None
    changed = replace(out, peer=replace(out.peer, version="2.0", protocol=2), link_text="", last_contact=None)
    catalog.pairings.update(changed)
    assert catalog.pairings.get(out.id) == changed
    assert refusal(catalog.pairings.update, replace(out, name="South"))[0] == "name-taken"
    assert refusal(catalog.pairings.update, values.pairing("gone"))[0] == "no-such-pairing"
    catalog.pairings.remove(out.id)
    assert refusal(catalog.pairings.remove, out.id)[0] == "no-such-pairing"
    assert set(changes) == {frozenset({Changed.PAIRINGS})}


def test_a_removed_pairing_gives_its_name_back(catalog: Catalog) -> None:
    old = values.pairing(hex_id(1), name="North", direction=Direction.INCOMING)
    catalog.pairings.add(old)
    removed = replace(old, state=PairingState.REMOVED)
    catalog.pairings.update(removed)
    assert catalog.pairings.find("north") is None
    assert catalog.pairings.get(old.id) == removed
    assert catalog.pairings.by_fingerprint("AB:CD", Direction.INCOMING) == removed, "so that the source can be told"
    new = values.pairing(hex_id(2), name="North", direction=Direction.INCOMING, created=later(days=-1))
    catalog.pairings.add(new)
    assert catalog.pairings.get("north") == new
    assert catalog.pairings.by_fingerprint("AB:CD", Direction.INCOMING) == new, "the active one"
    assert refusal(catalog.pairings.update, old)[0] == "name-taken"
    assert set(catalog.pairings.list()) == {removed, new}


def test_members(catalog: Catalog, changes: list[frozenset[Changed]]) -> None:
    catalog.pairings.add(values.pairing("p1", name="p1"))
    catalog.pairings.add(values.pairing("p2", name="p2"))
    changes.clear()
    one = values.member("p1", "m1")
    two = values.member("p1", "m2", repository_name="", paused=False, last_point=None, last_sent=None)
    other = values.member("p2", "m1")
    for each in (two, one, other):
        catalog.members.put(each)
    assert catalog.members.list("p1") == [one, two]
    assert catalog.members.of_machine("m1") == [one, other]
    assert catalog.members.get("p1", "m2") == two
    assert catalog.members.find("p2", "m2") is None
    assert refusal(catalog.members.get, "p2", "m2") == ("no-such-member", FailureKind.NOT_FOUND)
    changed = replace(two, paused=True, last_point=NOON)
    catalog.members.put(changed)
    assert catalog.members.list("p1") == [one, changed]
    assert refusal(catalog.members.put, values.member("nothing", "m1"))[0] == "no-such-pairing"
    catalog.members.remove("p1", "m1")
    assert refusal(catalog.members.remove, "p1", "m1")[0] == "no-such-member"
    catalog.pairings.remove("p1")
    assert catalog.members.list("p1") == [], "they went with their pairing"
    assert catalog.members.of_machine("m1") == [other]
    assert set(changes) == {frozenset({Changed.PAIRINGS})}


def test_wishes(catalog: Catalog, changes: list[frozenset[Changed]]) -> None:
    assert refusal(catalog.wishes.add, "pairing-1", ["a"], NOON) == ("no-such-pairing", FailureKind.NOT_FOUND)
    catalog.pairings.add(values.pairing("pairing-1"))
    catalog.pairings.add(values.pairing("pairing-2", direction=Direction.INCOMING))
    del changes[:]
    catalog.wishes.add("pairing-1", ["b", "a", "b"], NOON)
    catalog.wishes.add("pairing-1", ["c", "b"], later(hours=-1))
    catalog.wishes.add("pairing-2", ["a"], NOON)
    assert catalog.wishes.list("pairing-1") == ["c", "a", "b"]
    assert changes == [frozenset({Changed.PAIRINGS})] * 3
    del changes[:]
    catalog.wishes.add("pairing-1", ["a"], NOON)
    catalog.wishes.remove("pairing-1", ["z"])
    assert changes == []
    catalog.wishes.remove("pairing-1", ["a", "c", "z"])
    assert (catalog.wishes.list("pairing-1"), catalog.wishes.list("pairing-2")) == (["b"], ["a"])
    assert changes == [frozenset({Changed.PAIRINGS})]
    catalog.pairings.remove("pairing-1")
    assert catalog.wishes.list("pairing-1") == []


# --------------------------------------------------------------------------------------------------------------- seeds


def test_seeds(catalog: Catalog, changes: list[frozenset[Changed]]) -> None:
    full = values.seed(hex_id(1), "b", "a", "c")
    empty = replace(
        values.seed(hex_id(2)), images=(), segments=(), written=None, oldest=None, newest=None, created=later(days=1)
    )
    theirs = values.seed(hex_id(3), pairing="", direction=Direction.INCOMING, state=SeedState.CONSUMED, ended=NOON)
    for each in (full, empty, theirs):
        catalog.seeds.add(each)
    assert catalog.seeds.get(full.id) == catalog.seeds.get(full.id[:4]) == full
    assert catalog.seeds.get(theirs.id) == theirs
    assert catalog.seeds.find("abcdef") is None
    assert refusal(catalog.seeds.get, "abcdef") == ("no-such-seed-drive", FailureKind.NOT_FOUND)
    assert catalog.seeds.list()[0] == empty, "the newest first"
    assert set(catalog.seeds.list()) == {full, empty, theirs}
    assert catalog.seeds.list(pairing="pairing-1") == [empty, full]
    assert catalog.seeds.list(direction=Direction.INCOMING) == [theirs]
    assert catalog.seeds.list(states=[SeedState.CONSUMED, SeedState.FAILED]) == [theirs]
    assert catalog.seeds.list(states=[]) == []
    changed = replace(full, images=("c", "d", "b"), state=SeedState.ABANDONED, ended=later(hours=5), comment="")
    catalog.seeds.update(changed)
    assert catalog.seeds.get(full.id) == changed
    assert refusal(catalog.seeds.update, values.seed("gone"))[0] == "no-such-seed-drive"
    assert set(changes) == {frozenset({Changed.SEEDS})}


def test_a_seed_is_consumed_when_all_of_it_has_arrived(catalog: Catalog, changes: list[frozenset[Changed]]) -> None:
    clock_now = FixedClock().now()
    catalog.seeds.add(values.seed("5eed0001", "a", "b", "c"))
    changes.clear()
    assert catalog.seeds.arrived("5eed0001", ["a", "b", "stranger"]).state is SeedState.OUTSTANDING
    assert catalog.seeds.outstanding("5eed0001") == ["c"]
    assert changes == [frozenset({Changed.SEEDS})]
    assert catalog.seeds.arrived("5eed0001", ["a", "b"]).state is SeedState.OUTSTANDING
    assert len(changes) == 1, "nothing new"
    catalog.seeds.update(replace(catalog.seeds.get("5eed0001"), state=SeedState.CONSUMING))
    done = catalog.seeds.arrived("5eed0001", ["c"])
    assert (done.state, done.ended) == (SeedState.CONSUMED, clock_now)
    assert catalog.seeds.get("5eed0001") == done
    assert catalog.seeds.outstanding("5eed0001") == []
    assert refusal(catalog.seeds.arrived, "gone", ["a"])[0] == "no-such-seed-drive"


def test_what_is_not_written_is_not_consumed_and_what_stays_remembers(catalog: Catalog) -> None:
    catalog.seeds.add(values.seed("5eed0001", "a", "b", state=SeedState.DEFINED))
    assert catalog.seeds.arrived("5eed0001", ["a", "b"]).state is SeedState.DEFINED
    catalog.seeds.update(replace(catalog.seeds.get("5eed0001"), images=("b", "c", "a", "d")))
    assert catalog.seeds.outstanding("5eed0001") == ["c", "d"]
    catalog.seeds.add(values.seed("5eed0002", state=SeedState.ABANDONED))
    assert catalog.seeds.arrived("5eed0002", ["i-1", "i-2"]).state is SeedState.ABANDONED


@pytest.mark.usefixtures("machines")
def test_reservations(catalog: Catalog) -> None:
    catalog.points.add(values.point("p1"), "repo-1")
    catalog.points.add(values.point("p2"), "repo-1")
    catalog.points.add(values.point("q1", of="machine-2"), "repo-1")
    catalog.seeds.add(values.seed("s1", "p1.0", "q1.0", "p2.0"))
    catalog.seeds.add(values.seed("s2", "p1.0", "far", pairing="pairing-2", created=later(days=1)))
    catalog.seeds.add(values.seed("s3", "p1.0", direction=Direction.INCOMING, created=later(days=2)))
    catalog.seeds.arrived("s1", ["p2.0"])
    one = Reservation("s1", SeedState.OUTSTANDING)
    two = Reservation("s2", SeedState.OUTSTANDING)
    assert catalog.seeds.reservations(["p1.0", "p2.0", "q1.0", "far"]) == {"p1.0": two, "q1.0": one, "far": two}
    assert catalog.seeds.reservations("machine-1") == {"p1.0": two}
    assert catalog.seeds.reservations("machine-1", "pairing-1") == {"p1.0": one}
    assert catalog.seeds.reservations("machine-2", pairing="pairing-2") == {}
    for state in SeedState:
        catalog.seeds.update(replace(catalog.seeds.get("s2"), state=state))
        expected = Reservation("s2", state) if state.reserves else one
        assert catalog.seeds.reservations(["p1.0"]) == {"p1.0": expected}


def test_expectations(catalog: Catalog) -> None:
    incoming = Direction.INCOMING
    catalog.seeds.add(values.seed("1a2b3c4d5e", "a", "b", direction=incoming, written=NOON))
    catalog.seeds.add(
        values.seed("2222222222", "b", "c", direction=incoming, state=SeedState.DEFINED, created=later(days=1))
    )
    catalog.seeds.add(values.seed("3333333333", "a", "d", created=later(days=1)))
    written = Expected(
        WaitingKind.SEED, "1a2b3c4d5e", "seed drive “Blue 1” (1a2b3c4d), written 2026-05-04, not yet consumed"
    )
    unwritten = Expected(WaitingKind.SEED, "", "a seed drive that is not written yet")
    assert catalog.seeds.expected(["a", "b", "c", "d", "e"]) == {"a": written, "b": written, "c": unwritten}
    catalog.seeds.arrived("1a2b3c4d5e", ["a"])
    assert catalog.seeds.expected(["a", "b"]) == {"b": written}
    known = catalog.seeds.get("1a2b3c4d5e")
    catalog.seeds.update(replace(known, state=SeedState.CONSUMING, comment="", written=None))
    assert catalog.seeds.expected(["b"])["b"].text == "seed drive 1a2b3c4d, not yet consumed"
    catalog.seeds.update(replace(known, state=SeedState.ABANDONED))
    assert catalog.seeds.expected(["b"]) == {"b": unwritten}


# ---------------------------------------------------------------------------------------------------------------- jobs


def test_jobs(catalog: Catalog, changes: list[frozenset[Changed]]) -> None:
    done = values.job(hex_id(1))
    fresh = replace(
        values.job(hex_id(2)), state=JobState.QUEUED, started=None, ended=None, result=None, failure=None, warnings=()
    )
    catalog.jobs.add(done)
    catalog.jobs.add(fresh)
    assert catalog.jobs.get(done.id) == catalog.jobs.get(done.id[:7]) == done
    assert catalog.jobs.get(fresh.id) == fresh
    assert refusal(catalog.jobs.get, "abcdef") == ("no-such-job", FailureKind.NOT_FOUND)
    running = replace(fresh, state=JobState.RUNNING, progress=done.progress, result={}, warnings=done.warnings)
    catalog.jobs.update(running)
    assert catalog.jobs.get(fresh.id) == running
    assert refusal(catalog.jobs.update, values.job("gone"))[0] == "no-such-job"
    assert set(changes) == {frozenset({Changed.JOBS})}


def test_pages_of_jobs(catalog: Catalog) -> None:
    states = [JobState.RUNNING, JobState.SUCCEEDED]
    kinds = [JobKind.BACKUP, JobKind.RESTORE, JobKind.REPLICATE]
    jobs = [
        values.job(hex_id(n), created=later(minutes=n), state=states[n % 2], kind=kinds[n % 3], subject=f"s{n % 5}")
        for n in range(30)
    ]
    for job in jobs:
        catalog.jobs.add(job)
    jobs.reverse()
    first, cursor = catalog.jobs.page(limit=12)
    second, cursor = catalog.jobs.page(limit=18, after=cursor)
    assert (first + second, cursor) == (jobs, None)
    assert catalog.jobs.page(state=JobState.RUNNING)[0] == [j for j in jobs if j.state is JobState.RUNNING]
    assert catalog.jobs.page(kind=JobKind.RESTORE)[0] == [j for j in jobs if j.kind is JobKind.RESTORE]
    assert catalog.jobs.page(subject="s3")[0] == [j for j in jobs if j.subject == "s3"]
    both = [j for j in jobs if j.state is JobState.SUCCEEDED and j.kind is JobKind.BACKUP]
    assert catalog.jobs.page(state=JobState.SUCCEEDED, kind=JobKind.BACKUP)[0] == both
    assert refusal(catalog.jobs.page, after="?")[0] == "bad-cursor"


def test_unended_jobs(catalog: Catalog) -> None:
    for number, state in enumerate(JobState):
        catalog.jobs.add(values.job(state.value, state=state, created=later(minutes=-number)))
    found = catalog.jobs.unended()
    assert [job.state for job in found] == [JobState.CANCELLING, JobState.RUNNING, JobState.QUEUED]


def test_job_logs(catalog: Catalog, changes: list[frozenset[Changed]]) -> None:
    catalog.jobs.add(values.job("one"))
    catalog.jobs.add(values.job("two"))
    changes.clear()
    lines = [LogLine(later(seconds=-n), f"line {n}\n{'x' * n}") for n in range(300)]
    catalog.jobs.append_log("one", lines[:100])
    catalog.jobs.append_log("two", lines[:1])
    catalog.jobs.append_log("one", lines[100:])
    assert catalog.jobs.log("one") == lines, "in the order in which they were written"
    assert catalog.jobs.log("two") == lines[:1]
    assert len(changes) == 3
    catalog.jobs.append_log("one", [])
    assert len(changes) == 3
    assert refusal(catalog.jobs.append_log, "gone", lines)[0] == "no-such-job"


def test_a_message_with_a_strange_file_name_is_written_all_the_same(catalog: Catalog) -> None:
    catalog.jobs.add(values.job("one", reason="\udcff", warnings=(JobWarning("gone", "/srv/\udce4"),)))
    catalog.jobs.append_log("one", [LogLine(NOON, "cannot read /srv/\udce4")])
    catalog.events.add(values.event(message="cannot read /srv/\udce4"))
    assert catalog.jobs.log("one") == [LogLine(NOON, "cannot read /srv/\\udce4")]
    assert catalog.jobs.get("one").warnings == (JobWarning("gone", "/srv/\udce4"),)
    assert catalog.events.page()[0][0].message == "cannot read /srv/\\udce4"


# -------------------------------------------------------------------------------------------------------------- events


def test_events(catalog: Catalog, changes: list[frozenset[Changed]]) -> None:
    plain = [values.event(hex_id(n), time=later(minutes=n), severity=list(Severity)[n % 3]) for n in range(30)]
    for event in plain:
        catalog.events.add(event)
    plain.reverse()
    assert catalog.events.page() == (plain, None)
    assert catalog.events.page(severity=Severity.INFO)[0] == plain
    worse = [e for e in plain if e.severity is not Severity.INFO]
    assert catalog.events.page(severity=Severity.WARNING)[0] == worse, "this or worse"
    first, cursor = catalog.events.page(severity=Severity.WARNING, limit=7)
    second, end = catalog.events.page(severity=Severity.WARNING, limit=100, after=cursor)
    assert (first + second, end) == (worse, None)
    assert catalog.events.page(severity=Severity.ERROR)[0] == [e for e in plain if e.severity is Severity.ERROR]
    assert catalog.events.page(since=later(minutes=25))[0] == plain[:5]
    assert catalog.events.page(alerts_only=True) == ([], None)
    assert catalog.events.dismiss() == 0, "only alerts want a person"
    assert refusal(catalog.events.page, alerts_only=True, after="?")[0] == "bad-cursor"
    assert set(changes) == {frozenset({Changed.EVENTS})}


def test_an_alert_that_repeats_is_counted_until_it_is_dismissed(catalog: Catalog) -> None:
    first = values.event("e1", alert=True)
    other = values.event("e2", alert=True, subject="repo-2", time=later(hours=-1))
    catalog.events.add(first)
    catalog.events.add(other)
    catalog.events.add(values.event("e3", time=later(hours=-2)))
    again = values.event("e4", alert=True, time=later(hours=1), message="Fuller.", severity=Severity.ERROR)
    catalog.events.add(again)
    latest = replace(again, id="e1", count=2)
    assert catalog.events.page(alerts_only=True) == ([latest, other], None)
    assert catalog.events.page(alerts_only=True, severity=Severity.ERROR) == ([latest], None)
    assert catalog.events.page(alerts_only=True, since=NOON) == ([latest], None)
    page, cursor = catalog.events.page(alerts_only=True, limit=1)
    assert (page, catalog.events.page(alerts_only=True, after=cursor)) == ([latest], ([other], None))
    assert catalog.events.dismiss("e1") == 1
    assert catalog.events.dismiss("e1") == 0
    assert catalog.events.page(alerts_only=True) == ([other], None)
    assert replace(latest, dismissed=True) in catalog.events.page()[0], "dismissed is not forgotten"
    anew = values.event("e5", alert=True, time=later(hours=2))
    catalog.events.add(anew)
    assert catalog.events.page(alerts_only=True) == ([anew, other], None)
    assert catalog.events.dismiss(None) == 2
    assert catalog.events.page(alerts_only=True) == ([], None)
    assert refusal(catalog.events.dismiss, "gone") == ("no-such-event", FailureKind.NOT_FOUND)


def test_an_alert_is_dismissed_by_the_beginning_of_its_id(catalog: Catalog) -> None:
    catalog.events.add(values.event("abcd1234", alert=True))
    catalog.events.add(values.event("abcd5678", alert=True, code="other"))
    assert refusal(catalog.events.dismiss, "abcd")[0] == "ambiguous-id"
    assert catalog.events.dismiss("abcd1") == 1


# ------------------------------------------------------------------------------------------- transactions and the feed


def test_a_transaction_is_all_or_nothing(catalog: Catalog, changes: list[frozenset[Changed]]) -> None:
    def fail() -> None:
        with catalog.transaction():
            catalog.settings.set("a", "1")
            catalog.users.add(values.user())
            assert catalog.settings.get("a") == "1", "it sees what it wrote"
            raise LookupError("enough")

    with pytest.raises(LookupError):
        fail()
    assert (catalog.settings.all(), catalog.users.list(), changes) == ({}, [], [])
    with catalog.transaction():
        catalog.settings.set("a", "1")
        catalog.users.add(values.user())
        assert changes == [], "nothing is told before the commit"
    assert changes == [frozenset({Changed.SETTINGS, Changed.USERS})]
    assert catalog.settings.all() == {"a": "1"}


def test_nested_transactions_join(catalog: Catalog, changes: list[frozenset[Changed]]) -> None:
    def fail() -> None:
        with catalog.transaction():
            catalog.settings.set("a", "1")
            with catalog.transaction():
                catalog.settings.set("b", "2")
                with catalog.transaction():
                    catalog.settings.set("c", "3")
            raise LookupError("enough")

    with pytest.raises(LookupError):
        fail()
    assert (catalog.settings.all(), changes) == ({}, []), "the outermost decides"
    with catalog.transaction(), catalog.transaction():
        catalog.settings.set("a", "1")
    assert len(changes) == 1


def test_what_fails_inside_and_is_caught_leaves_nothing(catalog: Catalog, changes: list[frozenset[Changed]]) -> None:
    catalog.users.add(values.user("Ada"))
    changes.clear()

    def fail() -> None:
        with catalog.transaction():
            catalog.settings.set("b", "2")
            catalog.users.add(replace(values.user("ada"), id="other"))

    with catalog.transaction():
        catalog.settings.set("a", "1")
        assert refusal(fail)[0] == "name-taken"
        assert catalog.settings.all() == {"a": "1"}
        catalog.jobs.add(values.job())
    assert catalog.settings.all() == {"a": "1"}
    assert changes == [frozenset({Changed.SETTINGS, Changed.JOBS})], "what was undone is not told"


def test_listeners_may_use_the_catalog(catalog: Catalog) -> None:
    told: list[object] = []

    def listener(kinds: frozenset[Changed]) -> None:
        told.append((kinds, catalog.users.list()))
        if Changed.USERS in kinds:
            catalog.settings.set("seen", "yes")

    catalog.on_change(listener)
    catalog.users.add(values.user())
    assert told == [
        (frozenset({Changed.USERS}), [values.user()]),
        (frozenset({Changed.SETTINGS}), [values.user()]),
    ]


def test_no_lock_is_held_while_listeners_are_called(catalog: Catalog) -> None:
    done = threading.Event()

    def listener(kinds: frozenset[Changed]) -> None:
        if Changed.USERS in kinds:
            other = threading.Thread(target=lambda: (catalog.settings.set("from", "another"), done.set()))
            other.start()
            other.join(20)

    catalog.on_change(listener)
    catalog.users.add(values.user())
    assert done.is_set()


def test_a_listener_that_fails_harms_nobody(
    catalog: Catalog, changes: list[frozenset[Changed]], caplog: pytest.LogCaptureFixture
) -> None:
    def bad(kinds: frozenset[Changed]) -> None:
        raise LookupError("a bug")

    changes.clear()
    catalog.on_change(bad)
    heard: list[frozenset[Changed]] = []
    catalog.on_change(heard.append)
    catalog.settings.set("a", "1")
    assert changes == heard == [frozenset({Changed.SETTINGS})]
    assert "a bug" in caplog.text


def test_many_threads(catalog: Catalog) -> None:
    """Counters that would lose counts if two transactions overlapped, and readers that must see both or neither."""
    catalog.settings.set("a", "0")
    catalog.settings.set("b", "0")
    start, stop = threading.Barrier(8), threading.Event()
    problems: list[object] = []

    def write() -> None:
        start.wait()
        for _ in range(25):
            with catalog.transaction():
                count = int(catalog.settings.get("a") or "")
                catalog.settings.set("a", str(count + 1))
                catalog.settings.set("b", str(count + 1))

    def read() -> None:
        start.wait()
        while not stop.is_set():
            seen = catalog.settings.all()
            if seen["a"] != seen["b"]:
                problems.append(seen)

    writers = [threading.Thread(target=write) for _ in range(4)]
    readers = [threading.Thread(target=read) for _ in range(4)]
    for thread in writers + readers:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in readers:
        thread.join()
    assert problems == []
    assert catalog.settings.all() == {"a": "100", "b": "100"}


def test_a_closed_catalog_is_closed(catalog: Catalog) -> None:
    catalog.close()
    with pytest.raises(RuntimeError, match="closed"):
        catalog.settings.get("a")
    with pytest.raises(RuntimeError, match="closed"):
        catalog.settings.set("a", "1")
    catalog.close()
