"""Protected, replicated and recovery-points-only machines."""

from __future__ import annotations

import builtins
from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, delete, exists, insert, select, update

from console.catalog import rows
from console.catalog.database import Database
from console.catalog.moments import from_us, to_us
from console.catalog.names import find_row, name_key, require_free
from console.catalog.soundness import listed, sound
from console.domain.errors import not_found, refused
from console.domain.events import Changed
from console.domain.machines import Machine, MachineKind, MachineOptions, Volume
from console.domain.ways import Way

_t = rows.machines.c
_NOUN = "machine"


class Machines:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, machine: Machine) -> None:
        """Raises Failed `name-taken`."""
        with self._database.write(Changed.MACHINES) as connection:
            require_free(connection, rows.machines, machine.name, _NOUN, but=machine.id)
            connection.execute(insert(rows.machines).values(_to_row(machine)))

    def get(self, name: str) -> Machine:
        """By id, name or beginning of an id. Raises Failed `no-such-machine`, `ambiguous-id`."""
        found = self.find(name)
        if found is None:
            raise not_found(_NOUN, name)
        return found

    def find(self, name: str) -> Machine | None:
        """As `get`, but None when there is none."""
        with self._database.read() as connection:
            row = find_row(connection, select(rows.machines), rows.machines, name, _NOUN, named=True, prefix=True)
        return None if row is None else _from_row(row)

    def list(self, kind: MachineKind | None = None) -> builtins.list[Machine]:
        """By name."""
        statement = select(rows.machines).order_by(_t.name_key)
        if kind is not None:
            statement = statement.where(_t.kind == kind.value)
        with self._database.read() as connection:
            return [_from_row(row) for row in connection.execute(statement)]

    def update(self, machine: Machine) -> None:
        """The machine with this id becomes this. Raises Failed `no-such-machine`, `name-taken`."""
        with self._database.write(Changed.MACHINES) as connection:
            require_free(connection, rows.machines, machine.name, _NOUN, but=machine.id)
            statement = update(rows.machines).where(_t.id == machine.id).values(_to_row(machine))
            if not connection.execute(statement).rowcount:
                raise not_found(_NOUN, machine.name)

    def remove(self, id: str) -> None:
        """Raises Failed `no-such-machine`, and `machine-has-points` while it has any."""
        with self._database.write(Changed.MACHINES) as connection:
            found = self.get(id)
            if connection.scalar(select(exists().where(rows.points.c.machine == found.id))):
                raise refused(
                    "machine-has-points",
                    f"“{found.name}” still has recovery points.",
                    "Delete those first, or keep the machine for them.",
                )
            connection.execute(delete(rows.machines).where(_t.id == found.id))

    def ways(self, ids: Collection[str]) -> dict[str, Way]:
        """By machine (id): the Cores that each of these came by; those that are our own are left out."""
        statement = select(_t.id, _t.via).where(_t.id.in_(ids), _t.kind != MachineKind.PROTECTED.value)
        with self._database.read() as connection:
            found = {row.id: _way(row.via) for row in connection.execute(statement)}
        return {id: way for id, way in found.items() if way}

    def came_by(self, id: str, way: Way) -> None:
        """Remembers it. A machine that is not there is passed over."""
        if self.ways([id]).get(id, ()) == way:
            return
        values = {"via": [list(core) for core in way]}
        with self._database.write(Changed.MACHINES) as connection:
            connection.execute(update(rows.machines).where(_t.id == id).values(values))

    def due(self, now: datetime) -> builtins.list[Machine]:
        """Protected machines whose scheduled backup is due, the longest waiting first; not those that are paused."""
        statement = (
            select(rows.machines)
            .where(_t.next_due_us <= to_us(now), _t.kind == MachineKind.PROTECTED.value, ~_t.paused)
            .order_by(_t.next_due_us, _t.id)
        )
        with self._database.read() as connection:
            return [_from_row(row) for row in connection.execute(statement)]


@sound
def _way(value: Any) -> Way:
    return tuple((id, name) for id, name in listed(value))


def _to_row(machine: Machine) -> dict[str, Any]:
    return {
        "id": machine.id,
        "name": machine.name,
        "name_key": name_key(machine.name),
        "kind": machine.kind.value,
        "origin_core": machine.origin_core,
        "origin_name": machine.origin_name,
        "repository": machine.repository,
        "volumes": msgspec.to_builtins(machine.volumes),
        "created_us": to_us(machine.created),
        "interval_s": machine.interval_s,
        "excludes": list(machine.excludes),
        "paused": machine.paused,
        "next_due_us": to_us(machine.next_due),
        "key": machine.key,
        "options": msgspec.to_builtins(machine.options),
    }


@sound
def _from_row(row: Row[Any]) -> Machine:
    return Machine(
        id=row.id,
        name=row.name,
        kind=MachineKind(row.kind),
        origin_core=row.origin_core,
        repository=row.repository,
        volumes=tuple(Volume(**volume) for volume in row.volumes),
        created=from_us(row.created_us),
        interval_s=row.interval_s,
        excludes=tuple(row.excludes),
        paused=row.paused,
        next_due=from_us(row.next_due_us),
        origin_name=row.origin_name,
        key=row.key,
        options=msgspec.convert(row.options, MachineOptions),
    )
