"""Machines in pairings."""

from __future__ import annotations

import builtins
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from console.catalog import rows
from console.catalog.database import Database
from console.catalog.moments import from_us, to_us
from console.catalog.soundness import sound
from console.domain.errors import FailureKind, failed, not_found
from console.domain.events import Changed
from console.domain.pairing import Member

_t = rows.members.c


class Members:
    """Every method takes ids, no names."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, member: Member) -> None:
        """Adds it, or replaces what is known of this machine in this pairing. Raises Failed `no-such-pairing`."""
        row = _to_row(member)
        with self._database.write(Changed.PAIRINGS) as connection:
            this = (_t.pairing == member.pairing) & (_t.machine == member.machine)
            if connection.execute(update(rows.members).where(this).values(row)).rowcount:
                return
            if connection.scalar(select(rows.pairings.c.id).where(rows.pairings.c.id == member.pairing)) is None:
                raise not_found("pairing", member.pairing)
            connection.execute(insert(rows.members).values(row))

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
        statement = select(rows.members).where(_t.pairing == pairing, _t.machine == machine)
        with self._database.read() as connection:
            row = connection.execute(statement).first()
        return None if row is None else _from_row(row)

    def list(self, pairing: str) -> builtins.list[Member]:
        """All members of a pairing."""
        statement = select(rows.members).where(_t.pairing == pairing).order_by(_t.machine)
        with self._database.read() as connection:
            return [_from_row(row) for row in connection.execute(statement)]

    def of_machine(self, machine: str) -> builtins.list[Member]:
        """What a machine is in each of its pairings."""
        statement = select(rows.members).where(_t.machine == machine).order_by(_t.pairing)
        with self._database.read() as connection:
            return [_from_row(row) for row in connection.execute(statement)]

    def remove(self, pairing: str, machine: str) -> None:
        """Raises Failed `no-such-member`."""
        with self._database.write(Changed.PAIRINGS) as connection:
            statement = delete(rows.members).where(_t.pairing == pairing, _t.machine == machine)
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
    )
