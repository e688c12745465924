"""Which point has reached which target, and base images that are held back."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update

from console.catalog import replication_rows, rows
from console.catalog.batches import batches
from console.catalog.database import Database
from console.catalog.moments import from_us, to_us
from console.catalog.stores import Shape, Store
from console.domain.events import Changed
from console.domain.replicas import BaseHold, Replica, ReplicaState

_t = replication_rows.replicas.c
_p = rows.points.c
_REPLICA = Shape(replication_rows.replicas, Replica)
_HOLD = Shape(replication_rows.base_holds, BaseHold, user="by_user")
_h = replication_rows.base_holds.c


class Replicas:
    """Every method takes ids, no names. Rows end with their pairing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._store = Store(database, _REPLICA, Changed.PAIRINGS)

    def put(self, replica: Replica) -> None:
        """Adds it, or replaces what is known of this point at this target. Raises Failed `no-such-pairing`."""
        self._store.put(replica)

    def find(self, point: str, pairing: str) -> Replica | None:
        return self._store.first(_t.point == point, _t.pairing == pairing)

    def of_point(self, point: str) -> builtins.list[Replica]:
        """At all its targets."""
        return self._store.all(_t.point == point, order=(_t.pairing,))

    def list(self, pairing: str, machine: str, state: ReplicaState | None = None) -> builtins.list[Replica]:
        """Of a machine at a target, the oldest point first."""
        wanted = [_t.machine == machine, _t.pairing == pairing]
        if state is not None:
            wanted.append(_t.state == state.value)
        return self._store.all(*wanted, order=(_t.time_us, _t.point))

    def in_state(self, pairing: str, state: ReplicaState, limit: int | None = None) -> builtins.list[Replica]:
        """Of all machines at a target, the oldest point first."""
        return self._store.all(
            _t.pairing == pairing, _t.state == state.value, order=(_t.time_us, _t.point), limit=limit
        )

    def there(self, pairing: str, machine: str) -> frozenset[str]:
        """Points of a machine that a target has."""
        statement = select(_t.point).where(_t.machine == machine, _t.pairing == pairing, _t.state == _THERE)
        with self._database.read() as connection:
            return frozenset(connection.scalars(statement))

    def newest_there(self, pairing: str, machine: str) -> datetime | None:
        """The time of the newest point of a machine that a target has."""
        statement = select(func.max(_t.time_us)).where(_t.machine == machine, _t.pairing == pairing, _t.state == _THERE)
        with self._database.read() as connection:
            newest: int | None = connection.scalar(statement)
        return from_us(newest)

    def missing(self, pairing: str, machine: str) -> builtins.list[str]:
        """Points of a machine that are here and that a target has not got, nor has let go of; the oldest first."""
        settled = select(_t.point).where(
            _t.machine == machine,
            _t.pairing == pairing,
            _t.state.in_([_THERE, ReplicaState.DELETED.value]),
        )
        statement = select(_p.id).where(_p.machine == machine, _p.id.not_in(settled)).order_by(_p.time_us, _p.id)
        with self._database.read() as connection:
            return builtins.list(connection.scalars(statement))

    def known(self, pairing: str, machine: str, said: Mapping[str, ReplicaState], at: datetime) -> bool:
        """What a target's answer says of points of a machine: these are in this state; of no other one it has all.

        Points that were there, and of which nothing is said now, are not there any more; what else is known of them
        (wishes, failures) stays. Returns whether anything was new.
        """
        mine = (_t.machine == machine) & (_t.pairing == pairing)
        with self._database.transaction() as connection:
            pairings = replication_rows.pairings
            if connection.scalar(select(pairings.c.id).where(pairings.c.id == pairing)) is None:
                return False
            before = {point: state for point, state in connection.execute(select(_t.point, _t.state).where(mine))}
            gone = [p for p, state in before.items() if state in _SETTLED and p not in said]
            for part in batches(gone):
                connection.execute(delete(replication_rows.replicas).where(mine, _t.point.in_(part)))
            for state in set(said.values()):
                points = [p for p, one in said.items() if one is state and before.get(p) != state.value]
                known = [p for p in points if p in before]
                ended = {"state": state.value, "ended_us": to_us(at), "code": "", "message": "", "next_us": None}
                for part in batches(known):
                    connection.execute(update(replication_rows.replicas).where(mine, _t.point.in_(part)).values(ended))
                self._add(pairing, machine, [p for p in points if p not in before], state, at)
            changed = bool(gone) or any(before.get(p) != state.value for p, state in said.items())
            if changed:
                self._database.touch(Changed.PAIRINGS)
            return changed

    def remove(self, pairing: str, machine: str) -> int:
        """All of a machine at a target. Returns how many they were."""
        return self._store.remove(_t.machine == machine, _t.pairing == pairing)

    def forget_points(self, points: Collection[str]) -> None:
        """Of points that are no more, nothing is known at any target."""
        for part in batches(points):
            self._store.remove(_t.point.in_(part))

    def _add(self, pairing: str, machine: str, points: Collection[str], state: ReplicaState, at: datetime) -> None:
        with self._database.transaction() as connection:
            for part in batches(points):
                found = connection.execute(select(_p.id, _p.time_us).where(_p.id.in_(part))).all()
                new = [
                    _REPLICA.row(Replica(id, pairing, machine, from_us(time_us), state, ended=at))
                    for id, time_us in found
                ]
                if new:
                    connection.execute(insert(replication_rows.replicas), new)


_THERE = ReplicaState.THERE.value
_SETTLED = (_THERE, ReplicaState.DELETED.value)


class BaseHolds:
    """Base images that nobody expected, held back for a target."""

    def __init__(self, database: Database) -> None:
        self._store = Store(database, _HOLD, Changed.PAIRINGS)

    def put(self, hold: BaseHold) -> None:
        """Adds it, or replaces what is known. Raises Failed `no-such-pairing`."""
        self._store.put(hold)

    def find(self, image: str, pairing: str) -> BaseHold | None:
        return self._store.first(_h.image == image, _h.pairing == pairing)

    def list(self, pairing: str) -> builtins.list[BaseHold]:
        """Those of a target, the oldest first."""
        return self._store.all(_h.pairing == pairing, order=(_h.noticed_us, _h.image))

    def remove(self, image: str, pairing: str) -> None:
        """One that is not there is passed over."""
        self._store.remove(_h.image == image, _h.pairing == pairing)
