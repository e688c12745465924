"""Values of what Cores arrange with each other, with every field filled so that a lost one is noticed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from console.domain.letting_go import Approval, ApprovalState, BinnedPoint
from console.domain.lifecycle import Cluster, LifecyclePolicy, Operation, OperationKind, OperationState
from console.domain.pairing import (
    CertificateState,
    CoreIdentity,
    Departure,
    Direction,
    Keep,
    Member,
    Pairing,
    PairingSettings,
    PeerCertificate,
    Promise,
)
from console.domain.providers import Invitation, Request, RequestState, Tenant, TenantState, Usage
from console.domain.replicas import BaseDecision, BaseHold, Replica, ReplicaState
from console.domain.traffic import Measurement, Sample, Transferred
from tests.support import values
from tests.support.values import NOON, later

DAILY = {"kind": "daily", "from": "22:00", "to": "06:00"}


def pairing(id: str = "pairing-1", **other: Any) -> Pairing:
    """With all that may be set of one."""
    made = values.pairing(
        id,
        paused_since=later(hours=-1),
        paused_by="Ada",
        paused_note="the line is needed",
        there_paused_since=later(hours=-2),
        there_paused_by="Bob",
        link_since=later(minutes=-3),
        schedule=DAILY,
        promise=Promise.RUN,
        speed=({"days": [0, 1], "bps": 1 << 20},),
        settings=PairingSettings(streams=2, sample_share=0.5),
        tenant="tenant-1",
        email="ada@example.org",
        customer_id="c-7",
        comment="pays",
        skew_s=-1.5,
        there={"free": 1 << 40},
        speaks=("inline", "probe"),
    )
    return replace(made, **other)


def member(pairing: str = "pairing-1", machine: str = "machine-1", **other: Any) -> Member:
    """With all that may be set of one."""
    made = values.member(
        pairing,
        machine,
        retention="daily 7",
        priority=9,
        schedule=DAILY,
        promise=Promise.START,
        speed=(),
        paused_since=later(hours=-1),
        paused_by="Ada",
        there_paused=True,
        there_paused_since=later(hours=-2),
        there_paused_by="Bob",
        require_copy=True,
        lag_objective_s=900,
        late_since=later(minutes=-1),
        there={"restorability": "volume"},
        held_digest="d16e57",
        keep=Keep.FIXED,
        keep_fixed="daily 3",
        source_retention="daily 30",
        via=(("core-a", "office"), ("core-b", "north")),
        policy="policy-1",
    )
    return replace(made, **other)


def replica(point: str = "p1", pairing: str = "pairing-1", **other: Any) -> Replica:
    made = Replica(
        point,
        pairing,
        "machine-1",
        NOON,
        ReplicaState.FAILED,
        "for-the-audit",
        "Asked for by the auditor.",
        later(minutes=1),
        "Ada",
        later(minutes=2),
        later(minutes=3),
        "target-full",
        "There is no room.",
        4,
        later(hours=1),
        "policy-1",
    )
    return replace(made, **other)


def base_hold(image: str = "i-1", pairing: str = "pairing-1", **other: Any) -> BaseHold:
    made = BaseHold(image, pairing, "machine-1", NOON, 1 << 40, "key-changed", BaseDecision.DEFER, later(days=1), "Ada")
    return replace(made, **other)


def certificate(fingerprint: str = "EF:01", pairing: str = "pairing-1", **other: Any) -> PeerCertificate:
    made = PeerCertificate(fingerprint, pairing, "PEM", CertificateState.PREVIOUS, NOON, later(days=30))
    return replace(made, **other)


def departure(pairing: str = "pairing-9", machine: str = "machine-1", **other: Any) -> Departure:
    return replace(Departure(pairing, machine, NOON, Direction.INCOMING, True, False, "Ada"), **other)


def sample(day: str = "2026-05-04", **other: Any) -> Sample:
    return replace(Sample("pairing-1", "machine-1", day, 1000, 1 << 33, 1, 2.5), **other)


def transferred(**other: Any) -> Transferred:
    return replace(Transferred("pairing-1", "machine-1", NOON, 1 << 33, 7, 12.5), **other)


def measurement(**other: Any) -> Measurement:
    return replace(Measurement("pairing-1", NOON, 3e6, 42.5, 1 << 24, "probe"), **other)


def cluster(id: str = "c1a57e01", *machines: str, **other: Any) -> Cluster:
    return replace(Cluster(id, f"Cluster {id}", NOON, "core-a", machines or ("machine-1", "machine-2")), **other)


def policy(id: str = "90110001", *machines: str, **other: Any) -> LifecyclePolicy:
    body = {"operations": [{"kind": "replicate", "to": ["pairing-1"]}]}
    made = LifecyclePolicy(id, f"Policy {id}", True, body, NOON, later(days=1), machines or ("machine-1",))
    return replace(made, **other)


def operation(id: str = "operation-1", **other: Any) -> Operation:
    made = Operation(
        id,
        "90110001",
        "p1",
        2,
        OperationKind.FORWARD,
        "pairing-1",
        OperationState.WAITING,
        3,
        later(hours=1),
        "target-unreachable",
        "It is away.",
        NOON,
        later(minutes=1),
    )
    return replace(made, **other)


def request(id: str = "request-1", **other: Any) -> Request:
    made = Request(
        id,
        Direction.INCOMING,
        RequestState.PENDING,
        CoreIdentity("core-c", "shop", "1.2.3", "23:45", 1),
        "PEM",
        NOON,
        later(days=14),
        "shop.example",
        8006,
        "eve@example.org",
        "c-9",
        ({"id": "m", "name": "till"},),
        "invitation-1",
        "n0nce",
        later(days=3),
        later(days=4),
        "Welcome.",
        "pairing-2",
        "pairing-1",
    )
    return replace(made, **other)


def invitation(id: str = "invitation-1", **other: Any) -> Invitation:
    made = Invitation(id, f"hash of {id}", "tenant-1", {"machines": 3}, NOON, "Ada", later(days=7), note="for Eve")
    return replace(made, **other)


def tenant(id: str = "7e4a4701", **other: Any) -> Tenant:
    made = Tenant(id, f"Tenant {id}", NOON, "eve@example.org", "c-9", 1 << 40, 5, TenantState.SUSPENDED, "owes")
    return replace(made, **other)


def usage(day: str = "2026-05-04", **other: Any) -> Usage:
    return replace(Usage("7e4a4701", day, "repo-1", 1 << 40, 12, 3, 1 << 20), **other)


def binned(point: str = "p9", **other: Any) -> BinnedPoint:
    images = ({"id": "p9.0", "here": True},)
    made = BinnedPoint(
        point, "machine-1", "repo-1", "record-p9", images, NOON, later(days=7), "Ada", "too old", 1 << 33
    )
    return replace(made, **other)


def approval(id: str = "approval-1", **other: Any) -> Approval:
    made = Approval(id, "delete", {"points": ["p1"]}, "Delete one point.", "Ada", NOON, later(days=2))
    return replace(made, **other)


def decided(id: str = "approval-2") -> Approval:
    return approval(id, state=ApprovalState.GRANTED, decided_by="Bob", decided=later(hours=1))
