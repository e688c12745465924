"""Which point has reached which target, and base images that are held back."""

from __future__ import annotations

import builtins
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from console.catalog import replication_rows, rows
from console.catalog.batches import batches
from console.catalog.database import Database
from console.catalog.moments import from_us, to_us
from console.catalog.stores import Shape, Store
from console.domain.events import Changed
from console.domain.replicas import BaseHold, Replica, ReplicaState

_t = replication_rows.replicas.c
_p = rows.points.c
_i = rows.images.c
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

    def at(self, points: Collection[str]) -> dict[str, frozenset[str]]:
        """The targets (pairings) that have each of these points; of points that none has, nothing."""
        found: dict[str, set[str]] = defaultdict(set)
        with self._database.read() as connection:
            for part in batches(points):
                statement = select(_t.point, _t.pairing).where(_t.point.in_(part), _t.state == _THERE)
                for point, pairing in connection.execute(statement):
                    found[point].add(pairing)
        return {point: frozenset(pairings) for point, pairings in found.items()}

    def waiting(self, pairing: str, machine: str) -> builtins.list[str]:
        """Points of a machine that a target has not got, nor has let go of, and that can be sent: none of their images
        is damaged, or not here. The oldest first.

        Costs what waits, not what is there: of what is not newer than the newest point there, `known` and `reached`
        have noted what is missing.
        """
        mine = (_t.machine == machine) & (_t.pairing == pairing)
        unsound = (
            select(_i.point)
            .join(rows.flaws, rows.flaws.c.image == _i.id)
            .where(rows.flaws.c.machine == machine, or_(~_i.here, _i.damaged))
        )
        sound = _p.id.not_in(unsound)
        newest = func.coalesce(select(func.max(_t.time_us)).where(mine, _t.state == _THERE).scalar_subquery(), -1)
        held_back = select(_t.point).where(mine, _t.state.in_(_SETTLED), _t.time_us > newest)
        holes = (
            select(_p.time_us, _p.id)
            .join(replication_rows.replicas, _t.point == _p.id)
            .where(mine, _t.state.not_in(_SETTLED), sound)
        )
        newer = select(_p.time_us, _p.id).where(
            _p.machine == machine, _p.time_us > newest, _p.id.not_in(held_back), sound
        )
        with self._database.read() as connection:
            found = {tuple(row) for statement in (holes, newer) for row in connection.execute(statement)}
        return [id for _, id in sorted(found)]

    def known(self, pairing: str, machine: str, said: Mapping[str, ReplicaState], at: datetime) -> bool:
        """A target's whole answer: these points of a machine are there, or were and are `deleted`; no other one is.

        What else is known of points that it has not got (wishes, failures) stays. Those between what it has are noted
        as `waiting`. Returns whether anything was new; False too when the pairing has ended.
        """
        mine = (_t.machine == machine) & (_t.pairing == pairing)
        with self._database.transaction() as connection:
            if not self._is_paired(connection, pairing):
                return False
            before = {point: state for point, state in connection.execute(select(_t.point, _t.state).where(mine))}
            times = {id: us for id, us in connection.execute(select(_p.id, _p.time_us).where(_p.machine == machine))}
            states = {point: state.value for point, state in said.items() if point in times}
            newest = max((times[point] for point, state in states.items() if state == _THERE), default=-1)
            # Wishes of people stay until somebody has answered them.
            asked = set(connection.scalars(select(_t.point).where(mine, _t.asked_us.is_not(None))))
            for point, time_us in times.items():
                lost = before.get(point, _THERE) in _SETTLED and (time_us <= newest or point in asked)
                if point not in states and lost:
                    states[point] = _WAITING
            gone = [p for p, state in before.items() if p not in states and (state in _SETTLED or p not in times)]
            for part in batches(set(gone) - asked):
                connection.execute(delete(replication_rows.replicas).where(mine, _t.point.in_(part)))
            new = {point: state for point, state in states.items() if before.get(point) != state}
            self._write(connection, pairing, machine, new, {p for p in new if p in before}, times, at)
            if new or set(gone) - asked:
                self._database.touch(Changed.PAIRINGS)
                return True
            return False

    def reached(self, pairing: str, machine: str, points: Collection[str], at: datetime) -> None:
        """These points of a machine are at a target now; those between them and what was the newest there are noted as
        `waiting`. Nothing when the pairing has ended."""
        mine = (_t.machine == machine) & (_t.pairing == pairing)
        with self._database.transaction() as connection:
            if not points or not self._is_paired(connection, pairing):
                return
            newest = connection.scalar(select(func.max(_t.time_us)).where(mine, _t.state == _THERE))
            times: dict[str, int] = {}
            for part in batches(points):
                found = connection.execute(select(_p.id, _p.time_us).where(_p.machine == machine, _p.id.in_(part)))
                times.update((id, time_us) for id, time_us in found)
            states = dict.fromkeys(times, _THERE)
            last = max(times.values(), default=-1)
            between = select(_p.id, _p.time_us).where(_p.machine == machine, _p.time_us < last)
            noted = select(_t.point, _t.state).where(mine, _t.time_us <= last)
            if newest is not None:
                between, noted = between.where(_p.time_us > newest), noted.where(_t.time_us > newest)
            known: dict[str, str] = {point: state for point, state in connection.execute(noted)}
            for part in batches(times):
                theirs = select(_t.point, _t.state).where(mine, _t.point.in_(part))
                known.update((point, state) for point, state in connection.execute(theirs))
            for id, time_us in connection.execute(between):
                if id not in states and id not in known:
                    states[id], times[id] = _WAITING, time_us
            new = {point: state for point, state in states.items() if known.get(point) != state}
            self._write(connection, pairing, machine, new, new.keys() & known.keys(), times, at)
            if new:
                self._database.touch(Changed.PAIRINGS)

    def remove(self, pairing: str, machine: str) -> int:
        """All of a machine at a target. Returns how many they were."""
        return self._store.remove(_t.machine == machine, _t.pairing == pairing)

    def forget_points(self, points: Collection[str]) -> None:
        """Of points that are no more, nothing is known at any target."""
        for part in batches(points):
            self._store.remove(_t.point.in_(part))

    def _is_paired(self, connection: Connection, pairing: str) -> bool:
        pairings = replication_rows.pairings
        return connection.scalar(select(pairings.c.id).where(pairings.c.id == pairing)) is not None

    def _write(
        self,
        connection: Connection,
        pairing: str,
        machine: str,
        states: Mapping[str, str],
        known: Collection[str],
        times: Mapping[str, int],
        at: datetime,
    ) -> None:
        """`known`: points that have a row; those keep what else is said of them, but for a failure that is over."""
        for state in sorted(set(states.values())):
            ended = None if state == _WAITING else to_us(at)
            over = {"state": state, "ended_us": ended, "code": "", "message": "", "next_us": None}
            for part in batches(point for point in known if states[point] == state):
                wanted = (_t.pairing == pairing, _t.point.in_(part))
                connection.execute(update(replication_rows.replicas).where(*wanted).values(over))
        new = [
            _REPLICA.row(
                Replica(
                    point,
                    pairing,
                    machine,
                    from_us(times[point]),
                    ReplicaState(state),
                    ended=None if state == _WAITING else at,
                )
            )
            for point, state in states.items()
            if point not in known
        ]
        if new:
            connection.execute(insert(replication_rows.replicas), new)


_THERE, _WAITING = ReplicaState.THERE.value, ReplicaState.WAITING.value
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
