"""What every catalog promises of what Cores arrange with each other; asked of the one in a file and one in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.catalog import Catalog
from console.domain.errors import Failed
from console.domain.events import Changed
from console.domain.letting_go import ApprovalState
from console.domain.lifecycle import OperationState
from console.domain.pairing import CertificateState, Direction, Link, PairingState
from console.domain.providers import RequestState
from console.domain.replicas import ReplicaState
from tests.support import between, values
from tests.support.clock import FixedClock
from tests.support.values import NOON, later


@pytest.fixture(params=["file", "memory"])
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalog]:
    clock = FixedClock()
    made = Catalog.open(tmp_path / "catalog.sqlite", clock) if request.param == "file" else Catalog.in_memory(clock)
    with made:
        yield made


@pytest.fixture
def paired(catalog: Catalog) -> Catalog:
    """With a pairing, a machine in it, and three points of that."""
    catalog.pairings.add(between.pairing())
    catalog.repositories.add(values.repository())
    catalog.machines.add(values.machine())
    for number in range(3):
        catalog.points.add(values.point(f"p{number}", time=later(hours=number)), "repo-1", here={f"p{number}.0"})
    return catalog


def code(call: object, *arguments: object) -> str:
    assert callable(call)
    with pytest.raises(Failed) as caught:
        call(*arguments)
    return caught.value.failure.code


# ------------------------------------------------------------------------------------------------- pairings, field-wise


def test_all_that_may_be_said_of_a_pairing_and_a_member(catalog: Catalog) -> None:
    pairing, member = between.pairing(), between.member()
    catalog.pairings.add(pairing)
    catalog.members.put(member)
    assert catalog.pairings.get("pairing-1") == pairing
    assert catalog.members.get("pairing-1", "machine-1") == member
    plain = replace(member, schedule=None, promise=None, speed=None, late_since=None)
    catalog.members.put(plain)
    assert catalog.members.get("pairing-1", "machine-1") == plain


def test_a_pairing_is_changed_field_by_field(catalog: Catalog) -> None:
    catalog.pairings.add(between.pairing())
    catalog.pairings.add(values.pairing("pairing-2"))
    said: list[frozenset[Changed]] = []
    catalog.on_change(said.append)
    changed = catalog.pairings.change("pairing-1", paused_here=False, link=Link.ONLINE)
    assert changed == catalog.pairings.get("pairing-1") == between.pairing(paused_here=False, link=Link.ONLINE)
    catalog.pairings.change("pairing-1", link=Link.ONLINE)
    assert said == [frozenset({Changed.PAIRINGS})], "what changes nothing is not told"
    assert code(lambda: catalog.pairings.change("pairing-1", name="PAIRING PAIRING-2")) == "name-taken"
    assert code(lambda: catalog.pairings.change("gone", link=Link.ONLINE)) == "no-such-pairing"
    catalog.pairings.change("pairing-1", state=PairingState.REMOVED)
    catalog.pairings.change("pairing-2", name="Pairing pairing-1")


def test_two_who_change_a_pairing_at_once_do_not_undo_each_other(paired: Catalog) -> None:
    """One pauses it and goes on doing so while the other writes down what calls to the peer bring."""
    paired.members.put(between.member())
    times = 25

    def people() -> None:
        for number in range(times):
            paired.pairings.change("pairing-1", paused_note=str(number))
            paired.members.change("pairing-1", "machine-1", priority=number)

    def calls() -> None:
        for number in range(times):
            paired.pairings.change("pairing-1", link_text=str(number))
            paired.members.change("pairing-1", "machine-1", held_digest=str(number))

    threads = [threading.Thread(target=work) for work in (people, calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last = str(times - 1)
    assert paired.pairings.get("pairing-1") == between.pairing(paused_note=last, link_text=last)
    assert paired.members.get("pairing-1", "machine-1") == between.member(priority=times - 1, held_digest=last)


def test_a_member_is_changed_field_by_field(catalog: Catalog) -> None:
    catalog.pairings.add(between.pairing())
    catalog.members.put(between.member())
    assert catalog.members.change("pairing-1", "machine-1", paused=False, schedule=None)
    assert catalog.members.get("pairing-1", "machine-1") == between.member(paused=False, schedule=None)
    assert not catalog.members.change("pairing-1", "machine-2", paused=False)


# ------------------------------------------------------------------------------------------------------------ replicas


def test_replicas(paired: Catalog) -> None:
    first, second = between.replica("p0"), between.replica("p1", time=later(hours=1), state=ReplicaState.THERE)
    for each in (second, first):
        paired.replicas.put(each)
    assert paired.replicas.find("p0", "pairing-1") == first
    assert paired.replicas.find("p0", "pairing-2") is None
    assert paired.replicas.list("pairing-1", "machine-1") == [first, second]
    assert paired.replicas.list("pairing-1", "machine-1", ReplicaState.THERE) == [second]
    assert paired.replicas.in_state("pairing-1", ReplicaState.FAILED) == paired.replicas.of_point("p0") == [first]
    assert paired.replicas.newest_there("pairing-1", "machine-1") == later(hours=1)
    assert paired.replicas.newest_there("pairing-1", "machine-2") is None
    assert code(paired.replicas.put, between.replica("p0", "pairing-2")) == "no-such-pairing"
    paired.replicas.forget_points(["p0"])
    assert paired.replicas.list("pairing-1", "machine-1") == [second]
    paired.pairings.remove("pairing-1")
    assert paired.replicas.of_point("p1") == []


def test_what_a_target_says_it_has_is_what_counts(paired: Catalog) -> None:
    replicas, there = paired.replicas, ReplicaState.THERE
    wish = between.replica("p1", time=later(hours=1))
    replicas.put(wish)
    assert replicas.waiting("pairing-1", "machine-1") == ["p0", "p1", "p2"]
    assert replicas.known("pairing-1", "machine-1", {"p0": there, "p2": there, "elsewhere": there}, NOON)
    assert replicas.there("pairing-1", "machine-1") == {"p0", "p2"}
    assert replicas.waiting("pairing-1", "machine-1") == ["p1"], "a hole, although a newer one is there"
    assert replicas.find("p1", "pairing-1") == wish, "what is known of it otherwise stays"
    assert not replicas.known("pairing-1", "machine-1", {"p0": there, "p2": there}, later(hours=3))
    assert replicas.known("pairing-1", "machine-1", {"p0": ReplicaState.DELETED, "p1": there}, later(hours=4))
    assert replicas.there("pairing-1", "machine-1") == {"p1"}
    assert replicas.waiting("pairing-1", "machine-1") == ["p2"], "it has lost this one: it is to be sent again"
    kept = replicas.find("p1", "pairing-1")
    assert kept == replace(wish, state=there, code="", message="", next=None, ended=later(hours=4))
    assert replicas.at(["p0", "p1", "p2"]) == {"p1": frozenset({"pairing-1"})}
    assert not replicas.known("gone", "machine-1", {"p0": there}, NOON)
    assert replicas.remove("pairing-1", "machine-1") == 2


def test_a_hole_is_noticed_when_a_newer_point_goes_first(paired: Catalog) -> None:
    replicas = paired.replicas
    replicas.reached("pairing-1", "machine-1", ["p0"], NOON)
    paired.points.add(values.point("p3", time=later(hours=3)), "repo-1", here={"p3.0"})
    replicas.reached("pairing-1", "machine-1", ["p2"], later(hours=2))
    assert replicas.waiting("pairing-1", "machine-1") == ["p1", "p3"]
    assert [(r.point, r.state.value) for r in replicas.list("pairing-1", "machine-1")] == [
        ("p0", "there"),
        ("p1", "waiting"),
        ("p2", "there"),
    ]
    replicas.reached("pairing-1", "machine-1", ["p1"], later(hours=3))
    replicas.reached("gone", "machine-1", ["p1"], later(hours=3))
    assert replicas.waiting("pairing-1", "machine-1") == ["p3"]
    assert replicas.newest_there("pairing-1", "machine-1") == later(hours=2)


def test_what_cannot_be_sent_does_not_wait(paired: Catalog) -> None:
    """It would be tried again for ever."""
    paired.points.set_damaged(["p1.0"], True)
    paired.points.add(values.point("p3", time=later(hours=3)), "repo-1")
    assert paired.replicas.waiting("pairing-1", "machine-1") == ["p0", "p2"]
    paired.points.set_damaged(["p1.0"], False)
    assert paired.replicas.waiting("pairing-1", "machine-1") == ["p0", "p1", "p2"]


def test_what_was_rolled_up_here_is_forgotten_with_the_next_answer(paired: Catalog) -> None:
    replicas, there = paired.replicas, ReplicaState.THERE
    replicas.known("pairing-1", "machine-1", {"p0": there, "p2": there}, NOON)
    paired.points.remove(["p0", "p1"])
    assert replicas.waiting("pairing-1", "machine-1") == []
    replicas.known("pairing-1", "machine-1", {"p2": there}, NOON)
    assert [replica.point for replica in replicas.list("pairing-1", "machine-1")] == ["p2"]


def test_base_holds(paired: Catalog) -> None:
    hold = between.base_hold()
    paired.base_holds.put(hold)
    assert paired.base_holds.find("i-1", "pairing-1") == hold
    assert paired.base_holds.list("pairing-1") == [hold]
    paired.base_holds.remove("i-1", "pairing-1")
    assert paired.base_holds.list("pairing-1") == []


# -------------------------------------------------------------------------------------------- certificates, departures


def test_a_peer_is_known_by_every_certificate_but_a_revoked_one(catalog: Catalog) -> None:
    catalog.pairings.add(between.pairing(direction=Direction.INCOMING))
    (first,) = catalog.certificates.list("pairing-1")
    assert (first.fingerprint, first.state) == ("AB:CD", CertificateState.CURRENT)
    catalog.certificates.put(between.certificate())
    for fingerprint in ("AB:CD", "EF:01"):
        known = catalog.pairings.by_fingerprint(fingerprint, Direction.INCOMING)
        assert known == between.pairing(direction=Direction.INCOMING)
        assert catalog.pairings.by_fingerprint(fingerprint, Direction.OUTGOING) is None
    catalog.certificates.put(replace(first, state=CertificateState.REVOKED))
    assert catalog.pairings.by_fingerprint("AB:CD", Direction.INCOMING) is None
    catalog.certificates.remove("EF:01", "pairing-1")
    assert [each.fingerprint for each in catalog.certificates.list("pairing-1")] == ["AB:CD"]
    assert code(catalog.certificates.put, between.certificate(pairing="gone")) == "no-such-pairing"


def test_departures_outlive_their_pairing(catalog: Catalog) -> None:
    one, whole = between.departure(), between.departure(machine="", at=later(hours=1), told=True)
    for each in (whole, one):
        catalog.departures.put(each)
    assert catalog.departures.list("pairing-9") == [one, whole]
    assert catalog.departures.untold() == [one]
    catalog.departures.remove("pairing-9", "machine-1")
    assert catalog.departures.untold() == []


# ------------------------------------------------------------------------------------------------------------- figures


def test_traffic(paired: Catalog) -> None:
    paired.traffic.add(between.transferred())
    paired.traffic.add(between.transferred(sent=1, received=2, seconds=0.5))
    paired.traffic.add(between.transferred(bucket=later(minutes=30)))
    assert paired.traffic.since("pairing-1", NOON) == [
        between.transferred(sent=(1 << 33) + 1, received=9, seconds=13.0),
        between.transferred(bucket=later(minutes=30)),
    ]
    assert paired.traffic.latest("pairing-1") is None
    for moment in (later(hours=1), NOON):
        paired.traffic.measured(between.measurement(time=moment))
    assert paired.traffic.latest("pairing-1") == between.measurement(time=later(hours=1))
    for day in ("2026-05-05", "2026-05-04"):
        paired.traffic.sampled(between.sample(day))
    assert paired.traffic.samples("pairing-1", "machine-1") == [between.sample(), between.sample("2026-05-05")]
    assert paired.traffic.forget(later(minutes=10)) == 2
    assert len(paired.traffic.since("pairing-1", NOON)) == 1


# -------------------------------------------------------------------------------------------------------------- groups


def test_clusters_and_policies(catalog: Catalog) -> None:
    cluster, policy = between.cluster(), between.policy()
    catalog.clusters.put(cluster)
    catalog.policies.put(policy)
    assert catalog.clusters.get("CLUSTER c1a57e01") == catalog.clusters.get("c1a5") == cluster
    assert catalog.policies.list() == [policy]
    assert catalog.clusters.of_machine("machine-2") == cluster
    assert catalog.clusters.of_machine("machine-3") is None
    other = between.cluster("c1a57e02", "machine-2")
    assert code(catalog.clusters.put, other) == "machine-taken"
    assert code(catalog.clusters.put, replace(other, name=cluster.name, machines=())) == "name-taken"
    catalog.clusters.put(replace(cluster, machines=("machine-1",)))
    catalog.clusters.put(other)
    assert [each.machines for each in catalog.clusters.list()] == [("machine-1",), ("machine-2",)]
    catalog.clusters.remove("c1a57e01")
    assert catalog.clusters.of_machine("machine-1") is None
    assert code(catalog.policies.get, "nothing") == "no-such-policy"


def test_operations(catalog: Catalog) -> None:
    catalog.policies.put(between.policy())
    first, second = between.operation(position=1, next=None), between.operation("operation-2")
    done = between.operation("operation-3", state=OperationState.DONE, point="p2")
    for each in (second, first, done):
        catalog.operations.put(each)
    assert catalog.operations.of_point("p1") == [first, second]
    assert catalog.operations.due(NOON) == [first]
    assert catalog.operations.due(later(hours=1)) == [first, second]
    assert catalog.operations.incomplete([OperationState.DONE], 5) == [done]
    assert catalog.operations.get("operation-3") == done
    assert catalog.operations.remove_of_point("p1") == 2
    catalog.policies.remove("90110001")
    assert code(catalog.operations.get, "operation-3") == "no-such-operation"


# ---------------------------------------------------------------------------------------------------- a provider's side


def test_requests(catalog: Catalog) -> None:
    asked = between.request()
    catalog.requests.put(asked)
    catalog.requests.put(between.request("request-2", state=RequestState.DENIED))
    assert catalog.requests.get("request-1") == asked
    assert catalog.requests.list(Direction.INCOMING, RequestState.PENDING) == [asked]
    assert catalog.requests.list(Direction.OUTGOING) == []
    assert (catalog.requests.pending(Direction.INCOMING), catalog.requests.pending(Direction.INCOMING, "x")) == (1, 0)
    assert code(catalog.requests.get, "request-9") == "no-such-request"


def test_an_invitation_is_good_for_one(catalog: Catalog) -> None:
    fresh, over = between.invitation(), between.invitation("invitation-2", expires=NOON)
    revoked = between.invitation("invitation-3", revoked=NOON)
    for each in (fresh, over, revoked):
        catalog.invitations.put(each)
    assert catalog.invitations.by_code("hash of invitation-1") == fresh
    assert catalog.invitations.by_code("another") is None
    uses = [catalog.invitations.use(each.id, "core-c", later(hours=1)) for each in (fresh, fresh, over, revoked)]
    assert uses == [True, False, False, False]
    assert catalog.invitations.list()[0] == replace(fresh, used=later(hours=1), used_by="core-c")


def test_tenants(catalog: Catalog) -> None:
    tenant = between.tenant()
    catalog.tenants.put(tenant)
    assert catalog.tenants.get("TENANT 7e4a4701") == catalog.tenants.get("7e4a") == tenant
    assert code(catalog.tenants.put, between.tenant("7e4a4702", name=tenant.name)) == "name-taken"
    catalog.tenants.put(replace(tenant, quota_bytes=None, machines_max=None))
    assert catalog.tenants.list() == [replace(tenant, quota_bytes=None, machines_max=None)]
    for day in ("2026-05-05", "2026-05-04"):
        catalog.tenants.used(between.usage(day))
    catalog.tenants.remove("7e4a4701")
    assert catalog.tenants.usage("2026-05-01", "2026-05-04") == [between.usage()], "bills outlive the customer"
    assert catalog.tenants.usage("2026-05-01", "2026-05-31", "another") == []
    assert code(catalog.tenants.get, "7e4a4701") == "no-such-tenant"


# ------------------------------------------------------------------------------------------------------ deleting slowly


def test_the_bin(catalog: Catalog) -> None:
    soon, late = between.binned(), between.binned("p8", until=later(days=9), machine="machine-2")
    for each in (late, soon):
        catalog.bin.put(each)
    assert catalog.bin.list() == [soon, late]
    assert catalog.bin.list("machine-2") == [late]
    assert catalog.bin.due(later(days=7)) == [soon]
    assert catalog.bin.get("p8") == late
    catalog.bin.remove("p8")
    assert code(catalog.bin.get, "p8") == "no-such-point"


def test_approvals_are_decided_once(catalog: Catalog) -> None:
    catalog.approvals.put(between.approval())
    catalog.approvals.put(between.decided())
    assert catalog.approvals.list(ApprovalState.GRANTED) == [between.decided()]
    assert catalog.approvals.decide("approval-1", ApprovalState.REFUSED, "Bob", later(hours=1))
    assert not catalog.approvals.decide("approval-1", ApprovalState.GRANTED, "Ada", later(hours=2))
    decided = between.approval(state=ApprovalState.REFUSED, decided_by="Bob", decided=later(hours=1))
    assert catalog.approvals.get("approval-1") == decided
    assert code(catalog.approvals.get, "approval-9") == "no-such-approval"
