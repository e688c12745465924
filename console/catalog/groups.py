"""Clusters and lifecycle policies, with their machines, and what policies have done with points."""

from __future__ import annotations

import builtins
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar, cast

from sqlalchemy import Column, Connection, Table, delete, insert, or_, select, update

from console.catalog import replication_rows
from console.catalog.database import Database
from console.catalog.moments import to_us
from console.catalog.names import find_row, name_key, require_free
from console.catalog.stores import Shape, Store
from console.domain.errors import not_found, refused
from console.domain.events import Changed
from console.domain.lifecycle import Cluster, LifecyclePolicy, Operation, OperationState

_o = replication_rows.operations.c
_OPERATION = Shape(replication_rows.operations, Operation)


class _Group(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def machines(self) -> tuple[str, ...]: ...


G = TypeVar("G", bound=_Group)


class Groups(Generic[G]):
    """Named groups of machines (ids). A machine is in one of a kind at most."""

    def __init__(self, database: Database, shape: Shape[G], machines: Table, noun: str) -> None:
        self._database = database
        self._shape = shape
        self._table = shape.table
        self._machines = machines
        self._owner: Column[str] = machines.c[noun]
        self._noun = noun

    def put(self, group: G) -> None:
        """Adds it, or replaces what is known of it. Raises Failed `name-taken`, `machine-taken`."""
        row = {**self._shape.row(group), "name_key": name_key(group.name)}
        with self._database.write(Changed.MACHINES) as connection:
            require_free(connection, self._table, group.name, self._noun, but=group.id)
            self._require_free(connection, group)
            if not connection.execute(update(self._table).where(self._table.c.id == group.id).values(row)).rowcount:
                connection.execute(insert(self._table).values(row))
            connection.execute(delete(self._machines).where(self._owner == group.id))
            members = [{self._owner.name: group.id, "machine": machine} for machine in dict.fromkeys(group.machines)]
            if members:
                connection.execute(insert(self._machines), members)

    def get(self, name: str) -> G:
        """By id, name or beginning of an id. Raises Failed `no-such-cluster` or `no-such-policy`, `ambiguous-id`."""
        with self._database.read() as connection:
            statement = select(self._table)
            row = find_row(connection, statement, self._table, name, self._noun, named=True, prefix=True)
            if row is None:
                raise not_found(self._noun, name)
            return self._with_machines(connection, self._shape.value(row))

    def list(self) -> builtins.list[G]:
        """By name."""
        with self._database.read() as connection:
            found = connection.execute(select(self._table).order_by(self._table.c.name_key)).all()
            return [self._with_machines(connection, self._shape.value(row)) for row in found]

    def of_machine(self, machine: str) -> G | None:
        """The one that a machine (id) is in."""
        with self._database.read() as connection:
            owner = connection.scalar(select(self._owner).where(self._machines.c.machine == machine))
        return None if owner is None else self.get(owner)

    def remove(self, id: str) -> None:
        """Its machines stay. Raises Failed as `get`."""
        with self._database.write(Changed.MACHINES) as connection:
            connection.execute(delete(self._table).where(self._table.c.id == self.get(id).id))

    def _require_free(self, connection: Connection, group: G) -> None:
        wanted = self._machines.c.machine.in_(group.machines)
        taken = connection.execute(select(self._owner).where(wanted, self._owner != group.id)).first()
        if taken is not None:
            raise refused(
                "machine-taken",
                f"A machine is in the {self._noun} “{self.get(taken[0]).name}” already.",
                "Take it out there first.",
            )

    def _with_machines(self, connection: Connection, group: G) -> G:
        mine = select(self._machines.c.machine).where(self._owner == group.id).order_by(self._machines.c.machine)
        whole: G = replace(cast(Any, group), machines=tuple(connection.scalars(mine)))
        return whole


def clusters(database: Database) -> Groups[Cluster]:
    """Machines that are selected together."""
    shape = Shape(replication_rows.clusters, Cluster)
    return Groups(database, shape, replication_rows.cluster_machines, "cluster")


def policies(database: Database) -> Groups[LifecyclePolicy]:
    """What becomes of the points of which machines."""
    shape = Shape(replication_rows.policies, LifecyclePolicy)
    return Groups(database, shape, replication_rows.policy_machines, "policy")


class Operations:
    """Every method takes ids, no names. Rows end with their policy."""

    def __init__(self, database: Database) -> None:
        self._store = Store(database, _OPERATION, Changed.POINTS)

    def put(self, operation: Operation) -> None:
        """Adds it, or replaces what is known of it. Its policy is there."""
        self._store.put(operation)

    def get(self, id: str) -> Operation:
        """Raises Failed `no-such-operation`."""
        found = self._store.first(_o.id == id)
        if found is None:
            raise not_found("operation", id)
        return found

    def of_point(self, point: str) -> builtins.list[Operation]:
        """In the order in which they are done."""
        return self._store.all(_o.point == point, order=(_o.policy, _o.position, _o.id))

    def due(self, now: datetime) -> builtins.list[Operation]:
        """Those that wait and whose time has come, the longest waiting first."""
        waiting = _o.state == OperationState.WAITING.value
        order = (_o.next_us, _o.position, _o.id)
        return self._store.all(waiting, or_(_o.next_us.is_(None), _o.next_us <= to_us(now)), order=order)

    def incomplete(self, states: Collection[OperationState], limit: int) -> builtins.list[Operation]:
        """At most `limit` in one of these states."""
        return self._store.all(_o.state.in_([state.value for state in states]), limit=limit)

    def remove_of_point(self, point: str) -> int:
        """Returns how many they were."""
        return self._store.remove(_o.point == point)
