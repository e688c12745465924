"""Points that can be had back, and deletions that want a second person."""

from __future__ import annotations

import builtins
from datetime import datetime

from console.catalog import replication_rows
from console.catalog.database import Database
from console.catalog.moments import to_us
from console.catalog.stores import Shape, Store
from console.domain.errors import not_found
from console.domain.events import Changed
from console.domain.letting_go import Approval, ApprovalState, BinnedPoint

_b = replication_rows.bin.c
_a = replication_rows.approvals.c
_BINNED = Shape(replication_rows.bin, BinnedPoint, user="by_user")
_APPROVAL = Shape(replication_rows.approvals, Approval)


class Bin:
    """Every method takes ids, no names."""

    def __init__(self, database: Database) -> None:
        self._store = Store(database, _BINNED, Changed.POINTS)

    def put(self, binned: BinnedPoint) -> None:
        self._store.put(binned)

    def get(self, point: str) -> BinnedPoint:
        """Raises Failed `no-such-point` for one that is not in the bin."""
        found = self._store.first(_b.point == point)
        if found is None:
            raise not_found("point", point)
        return found

    def list(self, machine: str | None = None) -> builtins.list[BinnedPoint]:
        """Of a machine, or all: those that go first, first."""
        wanted = [] if machine is None else [_b.machine == machine]
        return self._store.all(*wanted, order=(_b.until_us, _b.point))

    def due(self, now: datetime) -> builtins.list[BinnedPoint]:
        """Those whose time is over, the oldest first."""
        return self._store.all(_b.until_us <= to_us(now), order=(_b.until_us, _b.point))

    def remove(self, point: str) -> None:
        """One that is not there is passed over."""
        self._store.remove(_b.point == point)


class Approvals:
    def __init__(self, database: Database) -> None:
        self._store = Store(database, _APPROVAL, Changed.EVENTS)

    def put(self, approval: Approval) -> None:
        self._store.put(approval)

    def get(self, id: str) -> Approval:
        """Raises Failed `no-such-approval`."""
        found = self._store.first(_a.id == id)
        if found is None:
            raise not_found("approval", id)
        return found

    def list(self, state: ApprovalState | None = None) -> builtins.list[Approval]:
        """The oldest first."""
        wanted = [] if state is None else [_a.state == state.value]
        return self._store.all(*wanted, order=(_a.asked_us, _a.id))

    def decide(self, id: str, state: ApprovalState, by: str, at: datetime) -> bool:
        """Only one that is open. Whether it was."""
        values = {"state": state, "decided_by": by, "decided": at}
        return bool(self._store.change(_a.id == id, _a.state == ApprovalState.OPEN.value, **values))
