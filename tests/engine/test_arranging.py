"""What travels with machines beside their points: their names, and the Cores they came by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.domain.errors import Failed
from console.domain.machines import Machine, MachineKind
from console.domain.pairing import Direction, Pairing
from console.wire.messages import AddMachines, MachineBacklog, MachinePlacement, StatusRequest
from tests.support.two_cores import PAIRING, TwoCores, finished


@pytest.fixture
def two(tmp_path: Path) -> Iterator[TwoCores]:
    """Paired; “web” is protected at the source, with one point that is replicated."""
    with TwoCores(tmp_path) as two:
        tree = tmp_path / "tree"
        tree.mkdir()
        (tree / "file").write_bytes(b"something to keep")
        two.source.protect.add("web", [("data", str(tree))], interval_s=0)
        two.pair()
        two.back_up("web")
        two.source.arrange.add(PAIRING, ["web"])
        assert two.source.jobs.drain(60)
        yield two


def outgoing(two: TwoCores) -> Pairing:
    return two.source.catalog.pairings.get(PAIRING)


def incoming(two: TwoCores) -> Pairing:
    (found,) = two.target.catalog.pairings.list(Direction.INCOMING)
    return found


def there(two: TwoCores) -> Machine:
    return two.target.catalog.machines.get(two.source.catalog.machines.list()[0].id)


def renamings(two: TwoCores) -> int:
    events, _ = two.target.catalog.events.page(limit=500)
    return [event.code for event in events].count("machine-renamed")


def test_a_new_name_travels_with_the_next_contact(two: TwoCores) -> None:
    two.source.protect.edit("web", name="shop")
    two.source.peers.exchange(outgoing(two))
    assert there(two).name == "shop"
    assert renamings(two) == 1
    two.source.peers.exchange(outgoing(two))
    two.back_up("shop")
    finished(two.source, two.source.replicate.start(PAIRING))
    assert renamings(two) == 1


def test_a_new_name_that_is_taken_there_comes_with_where_it_comes_from(two: TwoCores, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    two.target.protect.add("shop", [("data", str(tmp_path / "own"))])
    two.source.protect.edit("web", name="shop")
    two.source.peers.exchange(outgoing(two))
    assert there(two).name == "shop (source)"
    two.target.protect.edit("shop", name="other")
    two.source.peers.exchange(outgoing(two))
    assert there(two).name == "shop (source)", "a name that is good stays, also when a better one becomes free"
    two.source.protect.edit("shop", name="web")
    two.source.peers.exchange(outgoing(two))
    assert there(two).name == "web"


def test_a_source_names_its_own_machines_only(two: TwoCores, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    own = two.target.protect.add("db", [("data", str(tmp_path / "own"))])
    said = [MachineBacklog(own.id, 0, 0, 0, "stolen", [["x" * 32, "nobody"]])]
    request = StatusRequest(two.source.me, two.clock.now(), machines=said)
    two.target.receive.status(incoming(two), request)
    assert two.target.catalog.machines.get(own.id) == own
    assert two.target.catalog.machines.ways([own.id]) == {}


def test_the_way_is_known_and_follows_names_of_cores(two: TwoCores) -> None:
    machine = there(two)
    me = two.source.me
    assert two.target.catalog.machines.ways([machine.id]) == {machine.id: ((me.id, me.name),)}
    said = [MachineBacklog(machine.id, 0, 0, 0, "web", [["a" * 32, "munich"]])]
    request = StatusRequest(replace(me, name="oslo"), two.clock.now(), machines=said)
    two.target.receive.status(incoming(two), request)
    assert two.target.catalog.machines.ways([machine.id]) == {machine.id: (("a" * 32, "munich"), (me.id, "oslo"))}


def test_what_goes_to_a_core_is_not_taken_back_from_there(two: TwoCores) -> None:
    """A machine whose source is gone went on to another Core; that one, or who has it from there, offers it."""
    pairing = incoming(two)
    far = replace(
        pairing, id="f" * 32, direction=Direction.OUTGOING, name="far", peer=replace(pairing.peer, id="9" * 32)
    )
    machine = replace(there(two), id="7" * 32, name="old", kind=MachineKind.RECOVERY_POINTS_ONLY)
    two.target.catalog.machines.add(machine)
    two.target.catalog.pairings.add(replace(far, peer=replace(far.peer, fingerprint="99")))
    (home,) = two.target.catalog.repositories.list()
    member = two.target.catalog.members.list(pairing.id)[0]
    two.target.catalog.members.put(replace(member, pairing=far.id, machine=machine.id))
    by_far = AddMachines([MachinePlacement(machine, home.id, [["9" * 32, "far"]])])
    with pytest.raises(Failed) as refused:
        two.target.receive.add_machines(pairing, by_far)
    assert refused.value.failure.code == "machine-in-circle"
    assert "far" in refused.value.failure.message
    two.target.receive.add_machines(pairing, AddMachines([MachinePlacement(machine, home.id)]))
    assert two.target.catalog.machines.get(machine.id).kind is MachineKind.REPLICATED
