"""The safety table: each machine with its verdict, its points and its replicas."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from console.catalog import Catalog
from console.domain.clock import Clock, iso
from console.domain.events import Changed
from console.domain.keys import KeyState
from console.domain.machines import Machine, MachineKind
from console.domain.overview_answers import ReplicaAnswer, SafetyAnswer, SafetyPage
from console.domain.pairing import Direction, PairingState
from console.domain.safety import RANK, SafetyFacts, Verdict, judge
from console.engine.overview.kept import Kept
from console.engine.overview.point_list import PointList
from console.engine.overview.standings import Standings
from console.engine.points import PointView
from console.engine.replicate.lag import MemberView, PairingView, view

MOVES = frozenset({Changed.POINTS, Changed.SEEDS, Changed.PAIRINGS, Changed.MACHINES})


class Safety:
    def __init__(self, catalog: Catalog, points: PointList, standings: Standings, clock: Clock, name: str) -> None:
        self._catalog = catalog
        self._points = points
        self._standings = standings
        self._clock = clock
        self._name = name
        self._newest = Kept(catalog, frozenset({Changed.POINTS, Changed.MACHINES}), catalog.points.newest)
        self._paused = Kept(catalog, frozenset({Changed.PAIRINGS}), self._pauses)
        self._pairings = Kept(catalog, MOVES, self._outgoing)

    def page(
        self,
        text: str | None,
        kind: MachineKind | None,
        verdict: Verdict | None,
        sort: str,
        *,
        descending: bool,
        offset: int,
        limit: int,
    ) -> SafetyPage:
        """Machines from `offset` on, and how many match. `text`: part of the name or origin. Sorted by `verdict` (the
        worst first), `name`, `last_point`, `points`, `next_due` or `lag`; what has none stands last."""
        wanted = (text or "").casefold()
        found = [
            row
            for row in self.rows()
            if (kind is None or row["kind"] == kind.value)
            and (verdict is None or row["verdict"] == verdict.value)
            and (wanted in row["machine"].casefold() or wanted in row["origin"].casefold())
        ]
        some = [row for row in found if _key(row, sort) is not None]
        none = [row for row in found if _key(row, sort) is None]
        some.sort(key=lambda row: _key(row, sort), reverse=descending)  # type: ignore[arg-type,return-value]
        return {"machines": (some + none)[offset : offset + limit], "total": len(found)}

    def rows(self) -> list[SafetyAnswer]:
        """Every machine, by name."""
        now = self._clock.now()
        counts = self._catalog.point_windows.totals()
        orphaned: dict[str, int] = {}
        for orphan in self._standings.orphans().points.values():
            orphaned[orphan.place.machine] = orphaned.get(orphan.place.machine, 0) + 1
        views = {view.machine.id: view for view in self._points.views([*self._newest().values()])}
        replicas = self._replicas(now)
        opens = {key.id for key in self._catalog.keys.list() if key.state(now) is not KeyState.LOCKED}
        return [
            self._row(
                machine,
                views.get(machine.id),
                counts.get(machine.id, 0),
                orphaned.get(machine.id, 0),
                replicas.get(machine.id, []),
                opens,
                now,
            )
            for machine in self._standings.machines().values()
        ]

    def pairings(self) -> list[PairingView]:
        """Outgoing pairings with the lag of their machines as of this moment. Without their jobs."""
        at, found = self._pairings()
        passed = (self._clock.now() - at).total_seconds()
        return [replace(one, machines=tuple(_aged(member, passed) for member in one.machines)) for one in found]

    def _row(
        self,
        machine: Machine,
        newest: PointView | None,
        points: int,
        orphaned: int,
        replicas: list[ReplicaAnswer],
        opens: Collection[str],
        now: datetime,
    ) -> SafetyAnswer:
        """`opens`: keys (ids) that are not locked."""
        ours = machine.kind is MachineKind.PROTECTED
        paused = "a person" if machine.paused else ""
        facts = SafetyFacts(
            machine.kind,
            machine.interval_s,
            machine.next_due,
            newest.point.time if newest else None,
            newest.state if newest else None,
            newest.why if newest else "",
            orphaned,
            paused or ("" if ours else self._paused().get(machine.id, "")),
            "" if ours else machine.origin_name,
        )
        verdict, why = judge(facts, now)
        return {
            "machine": machine.name,
            "machine_id": machine.id,
            "kind": machine.kind.value,
            "origin": self._name if ours else machine.origin_name,
            "verdict": verdict.value,
            "why": why,
            "points": points,
            "orphaned": orphaned,
            "last_point": iso(newest.point.time) if newest else None,
            "restorability": newest.restorability.value if newest else None,
            "locked": newest is not None and any(i.key and i.key not in opens for i in newest.point.images),
            "next_due": iso(machine.next_due) if machine.next_due else None,
            "replicas": replicas,
        }

    def _replicas(self, now: datetime) -> dict[str, list[ReplicaAnswer]]:
        found: dict[str, list[ReplicaAnswer]] = {}
        for pairing in self.pairings():
            for member in pairing.machines:
                found.setdefault(member.machine.id, []).append(_replica(pairing, member))
        return found

    def _outgoing(self) -> tuple[datetime, list[PairingView]]:
        now = self._clock.now()
        pairings = self._catalog.pairings.list(Direction.OUTGOING)
        active = [pairing for pairing in pairings if pairing.state is PairingState.ACTIVE]
        return now, [view(self._catalog, pairing, now, None) for pairing in active]

    def _pauses(self) -> dict[str, str]:
        """Who paused what brings the points of each machine (id) that comes from elsewhere."""
        found: dict[str, str] = {}
        for pairing in self._catalog.pairings.list(Direction.INCOMING):
            for member in self._catalog.members.list(pairing.id):
                if pairing.state is PairingState.ACTIVE and (pairing.paused_here or member.paused):
                    found[member.machine] = "this Core"
                elif pairing.state is PairingState.ACTIVE and pairing.paused_there:
                    found[member.machine] = f"“{pairing.peer.name}”"
        return found


def _aged(member: MemberView, seconds: float) -> MemberView:
    return replace(member, lag_s=member.lag_s + seconds) if member.lag_s and member.lag_points else member


def _replica(pairing: PairingView, member: MemberView) -> ReplicaAnswer:
    last = member.member.last_point
    return {
        "pairing": pairing.pairing.id,
        "name": pairing.pairing.name,
        "peer": pairing.pairing.peer.name,
        "state": member.state.value,
        "last_replicated": iso(last) if last else None,
        "lag_s": member.lag_s,
        "lag_points": member.lag_points,
        "lag_bytes": member.lag_bytes,
        "images_on_seed": member.images_on_seed,
        "paused_by": member.paused_by,
    }


def _key(row: SafetyAnswer, sort: str) -> tuple[float | str, str] | None:
    """Where a row stands; None: last, whatever the direction."""
    name = row["machine"].casefold()
    match sort:
        case "name":
            return name, row["machine_id"]
        case "points":
            return row["points"], name
        case "last_point":
            return (row["last_point"], name) if row["last_point"] else None
        case "next_due":
            return (row["next_due"], name) if row["next_due"] else None
        case "lag":
            lags = [replica["lag_s"] for replica in row["replicas"] if replica["lag_s"] is not None]
            return (max(lags), name) if lags else None
        case _:
            return RANK[Verdict(row["verdict"])], name
