"""Machines in pairings."""

from __future__ import annotations

import builtins
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from console.catalog import replication_rows
from console.catalog.database import Database
from console.catalog.moments import from_us, to_us
from console.catalog.soundness import listed, mapping, sound
from console.domain.errors import FailureKind, failed, not_found
from console.domain.events import Changed
from console.domain.pairing import Keep, Member, Promise

_t = replication_rows.members.c


class Members:
    """Every method takes ids, no names."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, member: Member) -> None:
        """Adds it, or replaces what is known of this machine in this pairing. Raises Failed `no-such-pairing`."""
        row = _to_row(member)
        with self._database.write(Changed.PAIRINGS) as connection:
            this = (_t.pairing == member.pairing) & (_t.machine == member.machine)
            if connection.execute(update(replication_rows.members).where(this).values(row)).rowcount:
                return
            if (
                connection.scalar(
                    select(replication_rows.pairings.c.id).where(replication_rows.pairings.c.id == member.pairing)
                )
                is None
            ):
                raise not_found("pairing", member.pairing)
            connection.execute(insert(replication_rows.members).values(row))

    def change(self, pairing: str, machine: str, **values: Any) -> bool:
        """Fields of a member become these; what others write of it at the same time stays. Whether there is one."""
        this = (_t.pairing == pairing) & (_t.machine == machine)
        with self._database.transaction() as connection:
            before = self.find(pairing, machine)
            if before is None:
                return False
            after = replace(before, **values)
            if after == before:
                return True
            old, new = _to_row(before), _to_row(after)
            said = {name: value for name, value in new.items() if value != old[name]}
            connection.execute(update(replication_rows.members).where(this).values(said))
            self._database.touch(Changed.PAIRINGS)
            return True

    def get(self, pairing: str, machine: str) -> Member:
        """Raises Failed `no-such-member`."""
        found = self.find(pairing, machine)
        if found is None:
            raise failed(
                "no-such-member",
                f"The machine {machine} is not in the pairing {pairing}.",
                "Add it: replicore replication add PAIRING MACHINE",
                FailureKind.NOT_FOUND,
            )
        return found

    def find(self, pairing: str, machine: str) -> Member | None:
        statement = select(replication_rows.members).where(_t.pairing == pairing, _t.machine == machine)
        with self._database.read() as connection:
            row = connection.execute(statement).first()
        return None if row is None else _from_row(row)

    def list(self, pairing: str) -> builtins.list[Member]:
        """All members of a pairing."""
        statement = select(replication_rows.members).where(_t.pairing == pairing).order_by(_t.machine)
        with self._database.read() as connection:
            return [_from_row(row) for row in connection.execute(statement)]

    def of_machine(self, machine: str) -> builtins.list[Member]:
        """What a machine is in each of its pairings."""
        statement = select(replication_rows.members).where(_t.machine == machine).order_by(_t.pairing)
        with self._database.read() as connection:
            return [_from_row(row) for row in connection.execute(statement)]

    def remove(self, pairing: str, machine: str) -> None:
        """Raises Failed `no-such-member`."""
        with self._database.write(Changed.PAIRINGS) as connection:
            statement = delete(replication_rows.members).where(_t.pairing == pairing, _t.machine == machine)
            if not connection.execute(statement).rowcount:
                self.get(pairing, machine)


def _to_row(member: Member) -> dict[str, Any]:
    return {
        "pairing": member.pairing,
        "machine": member.machine,
        "repository": member.repository,
        "repository_name": member.repository_name,
        "paused": member.paused,
        "last_point_us": to_us(member.last_point),
        "last_sent_us": to_us(member.last_sent),
        "retention": member.retention,
        "priority": member.priority,
        "schedule": None if member.schedule is None else dict(member.schedule),
        "promise": member.promise and member.promise.value,
        "speed": None if member.speed is None else list(member.speed),
        "paused_since_us": to_us(member.paused_since),
        "paused_by": member.paused_by,
        "there_paused": member.there_paused,
        "there_paused_since_us": to_us(member.there_paused_since),
        "there_paused_by": member.there_paused_by,
        "require_copy": member.require_copy,
        "lag_objective_s": member.lag_objective_s,
        "late_since_us": to_us(member.late_since),
        "there": dict(member.there),
        "held_digest": member.held_digest,
        "keep": member.keep.value,
        "keep_fixed": member.keep_fixed,
        "source_retention": member.source_retention,
        "via": [list(core) for core in member.via],
        "policy": member.policy,
    }


@sound
def _from_row(row: Row[Any]) -> Member:
    return Member(
        row.pairing,
        row.machine,
        row.repository,
        row.repository_name,
        row.paused,
        from_us(row.last_point_us),
        from_us(row.last_sent_us),
        row.retention,
        priority=row.priority,
        schedule=None if row.schedule is None else mapping(row.schedule),
        promise=None if row.promise is None else Promise(row.promise),
        speed=None if row.speed is None else listed(row.speed),
        paused_since=from_us(row.paused_since_us),
        paused_by=row.paused_by,
        there_paused=row.there_paused,
        there_paused_since=from_us(row.there_paused_since_us),
        there_paused_by=row.there_paused_by,
        require_copy=row.require_copy,
        lag_objective_s=row.lag_objective_s,
        late_since=from_us(row.late_since_us),
        there=mapping(row.there),
        held_digest=row.held_digest,
        keep=Keep(row.keep),
        keep_fixed=row.keep_fixed,
        source_retention=row.source_retention,
        via=tuple((id, name) for id, name in listed(row.via)),
        policy=row.policy,
    )
