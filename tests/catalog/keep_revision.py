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
from console.domain.repositories import DamagedObject
from console.domain.roles import Role
from console.domain.seeds import SeedState
from tests.support import values
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
    }
    plain: dict[str, Any] = json.loads(msgspec.json.encode(said))
    return plain


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
            said = contents(catalog)
        with closing(sqlite3.connect(path)) as connection:
            dump = "\n".join(connection.iterdump())
    (GOLDEN / f"{HEAD}.sql").write_text(dump + "\n", encoding="utf-8")
    (GOLDEN / f"{HEAD}.json").write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
