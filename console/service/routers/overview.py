"""What screens show of many things at once, and one point explained."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query

from console.domain.machines import MachineKind
from console.domain.overview_answers import (
    ChainMap,
    Days,
    FoundFiles,
    Hits,
    Home,
    OrphanAnswer,
    SafetyPage,
    Throughput,
    Topology,
)
from console.domain.safety import Verdict
from console.service import present
from console.service.access import Reader
from console.service.routing import After, Limit, noun, zoned

router = noun("overview")


@router.get("/home")
def home(by: Reader) -> Home:
    """How everything is, in a few numbers."""
    tiles, alerts = by.core.overview.home()
    return {**tiles, "newest_alerts": [present.event(alert) for alert in alerts]}


@router.get("/safety")
def safety(
    by: Reader,
    text: str | None = None,
    kind: MachineKind | None = None,
    verdict: Verdict | None = None,
    sort: Literal["verdict", "name", "last_point", "points", "next_due", "lag"] = "verdict",
    descending: bool = False,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Limit = 100,
) -> SafetyPage:
    """Machines, the worst first, each with what is wrong with it. `text`: part of the name or origin."""
    return by.core.safety.page(text, kind, verdict, sort, descending=descending, offset=offset, limit=limit)


@router.get("/throughput")
def throughput(by: Reader, span: Literal["24h", "7d", "30d"] = "24h", machine: str | None = None) -> Throughput:
    """Bytes moved in spans of time, from what ended jobs say. Of one machine: by its backups and restores."""
    return by.core.throughput.over(span, machine)


@router.get("/topology")
def topology(by: Reader) -> Topology:
    """This Core, those it is paired with, and what goes on between them."""
    return by.core.topology.show()


@router.get("/search")
def search(by: Reader, text: str, limit: Limit = 20) -> Hits:
    """Whatever has the text in its name, its message, its day or its id."""
    return by.core.search.find(text, limit)


@router.get("/machines/{machine}/chain-map")
def chain_map(
    machine: str, by: Reader, until: datetime | None = None, limit: Limit = 500, point: str | None = None
) -> ChainMap:
    """The newest images of each volume, up to a time; with `point`, those around it."""
    return by.core.chains.map(machine, zoned(until), limit, point)


@router.get("/machines/{machine}/days")
def days(machine: str, by: Reader) -> Days:
    """On which days there are points, and whether they are whole."""
    return by.core.chains.days(machine)


@router.get("/points/{point}/orphan")
def orphan(point: str, by: Reader) -> OrphanAnswer:
    """Why a point is not whole, in words, and what repairs it."""
    return by.core.explain.point(point)


@router.get("/points/{point}/find-files")
def find_files(
    point: str, by: Reader, text: str = "", here: bool | None = None, limit: Limit = 200, after: After = None
) -> FoundFiles:
    """Files of a point in order of their paths. `text`: part of the path, case ignored. `here`: only those whose bytes
    are (not) all on this Core. A page that would take long is shorter, and has a `next`."""
    found = by.core.find_files.page(point, text, here, limit, after)
    files = [present.file(view) for view in found.files]
    return {"point": found.point, "files": files, "next": found.next, "complete": found.complete}
