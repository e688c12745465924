"""Writes `tests/golden/catalog/REVISION.{sql,json}`, a catalog of today's revision and what it says.

`python -m tests.catalog.keep_revision`: once for each new revision, never for a released one.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from console.catalog import Catalog
from console.catalog.revision import HEAD
from console.domain.jobs import JobState, LogLine
from console.domain.machines import MachineKind
from console.domain.pairing import Direction, PairingState
from console.domain.replicas import Replica, ReplicaState
from console.domain.repositories import DamagedObject
from console.domain.roles import Role
from console.domain.seeds import SeedState
from tests.support import between, values
from tests.support.clock import FixedClock
from tests.support.values import NOON, hex_id, later

GOLDEN = Path(__file__).parents[1] / "golden" / "catalog"


def contents(catalog: Catalog) -> dict[str, Any]:
    """Everything a catalog says, as plain JSON values."""
    machines = catalog.machines.list()
    jobs = catalog.jobs.page()[0]
    pairings = catalog.pairings.list()
    seeds = catalog.seeds.list()
    said = {
        "settings": catalog.settings.all(),
        "users": catalog.users.list(),
        "repositories": catalog.repositories.list(),
        "damage": catalog.damage.list(),
        "machines": machines,
        "points": [catalog.points.all_of(machine.id) for machine in machines],
        "images": [catalog.points.images_of(machine.id) for machine in machines],
        "orphans": [catalog.points.orphan_facts(machine.id) for machine in machines],
        "pairings": pairings,
        "members": [catalog.members.list(pairing.id) for pairing in pairings],
        "seeds": seeds,
        "outstanding": [catalog.seeds.outstanding(seed.id) for seed in seeds],
        "wishes": [catalog.wishes.list(pairing.id) for pairing in pairings],
        "jobs": jobs,
        "logs": [catalog.jobs.log(job.id) for job in jobs],
        "events": catalog.events.page()[0],
        **between_cores(catalog, [pairing.id for pairing in pairings], [machine.id for machine in machines]),
    }
    plain: dict[str, Any] = json.loads(msgspec.json.encode(said))
    return plain


def between_cores(catalog: Catalog, pairings: list[str], machines: list[str]) -> dict[str, Any]:
    return {
        "replicas": [catalog.replicas.list(pairing, machine) for pairing in pairings for machine in machines],
        "base_holds": [catalog.base_holds.list(pairing) for pairing in pairings],
        "certificates": [catalog.certificates.list(pairing) for pairing in pairings],
        "departures": catalog.departures.untold(),
        "samples": [catalog.traffic.samples(pairing, machine) for pairing in pairings for machine in machines],
        "transfers": [catalog.traffic.since(pairing, NOON) for pairing in pairings],
        "measurements": [catalog.traffic.latest(pairing) for pairing in pairings],
        "clusters": catalog.clusters.list(),
        "policies": catalog.policies.list(),
        "operations": catalog.operations.of_point(hex_id(1)),
        "requests": catalog.requests.list(Direction.INCOMING),
        "invitations": catalog.invitations.list(),
        "tenants": catalog.tenants.list(),
        "usage": catalog.tenants.usage("2026-01-01", "2026-12-31"),
        "bin": catalog.bin.list(),
        "approvals": catalog.approvals.list(),
    }


def fill_between(catalog: Catalog) -> None:
    """What Cores arrange with each other."""
    catalog.pairings.add(between.pairing("pairing-3"))
    catalog.members.put(between.member("pairing-3", "machine-1"))
    catalog.replicas.put(between.replica(hex_id(1), "pairing-3"))
    catalog.replicas.put(
        Replica(hex_id(2), "pairing-3", "machine-1", later(hours=1), ReplicaState.THERE, ended=later(hours=2))
    )
    catalog.base_holds.put(between.base_hold(pairing="pairing-3"))
    catalog.certificates.put(between.certificate(pairing="pairing-3"))
    catalog.departures.put(between.departure())
    catalog.traffic.sampled(between.sample(pairing="pairing-3"))
    catalog.traffic.add(between.transferred(pairing="pairing-3"))
    catalog.traffic.measured(between.measurement(pairing="pairing-3"))
    catalog.clusters.put(between.cluster())
    catalog.policies.put(between.policy())
    catalog.operations.put(between.operation(point=hex_id(1)))
    catalog.requests.put(between.request())
    catalog.invitations.put(between.invitation())
    catalog.tenants.put(between.tenant())
    catalog.tenants.used(between.usage())
    catalog.bin.put(between.binned())
    catalog.approvals.put(between.approval())
    catalog.approvals.put(between.decided())


def fill(catalog: Catalog) -> None:
    """A little of everything, with every sentinel of SCHEMA.md."""
    catalog.settings.set("zone", "Europe/Berlin")
    catalog.users.add(values.user("Ada"))
    catalog.users.add(values.user("Straße", role=Role.ADMINISTRATOR))
    catalog.repositories.add(values.repository("repo-1", default=True))
    catalog.repositories.add(values.repository("repo-2"))
    catalog.damage.add([DamagedObject("repo-1", "ab" * 32, "", NOON, "lost"), DamagedObject("repo-2", "cd", "p", NOON)])
    catalog.machines.add(values.machine("machine-1"))
    catalog.machines.add(
        values.machine("machine-2", kind=MachineKind.REPLICATED, volumes=(), excludes=(), next_due=None, interval_s=0)
    )
    base = values.point(hex_id(1), None, None)
    child = values.point(hex_id(2), base.images[0].id, base.images[1].id, time=later(hours=1))
    orphan = values.point(hex_id(3), "far", time=later(hours=2), of="machine-2", record="")
    catalog.points.add(base, "repo-1", here={i.id for i in base.images}, names={i.id for i in base.images})
    catalog.points.add(child, "repo-1", here={child.images[0].id})
    catalog.points.add(orphan, "repo-2", here={orphan.images[0].id}, names={orphan.images[0].id})
    catalog.points.set_damaged([base.images[1].id], True)
    catalog.pairings.add(values.pairing("pairing-1"))
    catalog.pairings.add(
        values.pairing(
            "pairing-2", direction=Direction.INCOMING, host="", port=0, state=PairingState.REMOVED, last_contact=None
        )
    )
    catalog.members.put(values.member("pairing-1", "machine-1"))
    catalog.members.put(values.member("pairing-2", "machine-2", last_point=None, last_sent=None))
    catalog.seeds.add(values.seed("5eed0001", "b", "a", "c"))
    catalog.seeds.arrived("5eed0001", ["a"])
    catalog.seeds.add(
        replace(
            values.seed("5eed0002", pairing="", direction=Direction.INCOMING, state=SeedState.DEFINED),
            images=(),
            segments=(),
            written=None,
            oldest=None,
            newest=None,
        )
    )
    catalog.wishes.add("pairing-2", ["far", "b"], NOON)
    catalog.jobs.add(values.job("j0b00001"))
    catalog.jobs.add(
        values.job("j0b00002", state=JobState.QUEUED, started=None, ended=None, result=None, failure=None, warnings=())
    )
    catalog.jobs.append_log("j0b00001", [LogLine(NOON, "first"), LogLine(later(hours=-1), "second\nline")])
    catalog.events.add(values.event("event-1"))
    catalog.events.add(values.event("event-2", alert=True))
    catalog.events.add(values.event("event-3", alert=True, time=later(minutes=1)))
    catalog.events.add(values.event("event-4", alert=True, code="other", subject="", dismissed=True))


def main() -> None:
    GOLDEN.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "catalog.sqlite"
        with Catalog.open(path, FixedClock()) as catalog:
            fill(catalog)
            fill_between(catalog)
            said = contents(catalog)
        with closing(sqlite3.connect(path)) as connection:
            dump = "\n".join(connection.iterdump())
    (GOLDEN / f"{HEAD}.sql").write_text(dump + "\n", encoding="utf-8")
    (GOLDEN / f"{HEAD}.json").write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
