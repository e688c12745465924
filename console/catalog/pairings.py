"""Pairings with other Cores."""

from __future__ import annotations

import builtins
from dataclasses import asdict, replace
from typing import Any

import msgspec
from sqlalchemy import Row, delete, insert, select, update

from console.catalog import replication_rows
from console.catalog.database import Database
from console.catalog.moments import from_us, to_us
from console.catalog.names import find_row, name_key, require_free
from console.catalog.soundness import listed, mapping, sound
from console.domain.errors import not_found
from console.domain.events import Changed
from console.domain.pairing import (
    CertificateState,
    CoreIdentity,
    Direction,
    Link,
    Pairing,
    PairingSettings,
    PairingState,
    Promise,
)

_t = replication_rows.pairings.c
_NOUN = "pairing"


class Pairings:
    """A removed pairing has given its name back: it is found by its id only, and named in lists."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, pairing: Pairing) -> None:
        """Raises Failed `name-taken`."""
        with self._database.write(Changed.PAIRINGS) as connection:
            if pairing.state is PairingState.ACTIVE:
                require_free(connection, replication_rows.pairings, pairing.name, _NOUN, but=pairing.id)
            connection.execute(insert(replication_rows.pairings).values(_to_row(pairing)))
            shown = {
                "fingerprint": pairing.peer.fingerprint,
                "pairing": pairing.id,
                "pem": pairing.certificate,
                "state": CertificateState.CURRENT.value,
                "since_us": to_us(pairing.created),
            }
            connection.execute(insert(replication_rows.certificates).values(shown))

    def get(self, name: str, direction: Direction | None = None) -> Pairing:
        """By id, name or beginning of an id. Raises Failed `no-such-pairing`, `ambiguous-id`."""
        found = self.find(name, direction)
        if found is None:
            raise not_found(_NOUN, name)
        return found

    def find(self, name: str, direction: Direction | None = None) -> Pairing | None:
        """As `get`, but None when there is none."""
        statement = select(replication_rows.pairings)
        if direction is not None:
            statement = statement.where(_t.direction == direction.value)
        with self._database.read() as connection:
            row = find_row(connection, statement, replication_rows.pairings, name, _NOUN, named=True, prefix=True)
        return None if row is None else _from_row(row)

    def list(self, direction: Direction | None = None) -> builtins.list[Pairing]:
        """By name, removed ones included."""
        statement = select(replication_rows.pairings)
        if direction is not None:
            statement = statement.where(_t.direction == direction.value)
        with self._database.read() as connection:
            found = [_from_row(row) for row in connection.execute(statement)]
        return sorted(found, key=lambda pairing: (name_key(pairing.name), pairing.id))

    def update(self, pairing: Pairing) -> None:
        """The pairing with this id becomes this. Raises Failed `no-such-pairing`, `name-taken`."""
        with self._database.write(Changed.PAIRINGS) as connection:
            if pairing.state is PairingState.ACTIVE:
                require_free(connection, replication_rows.pairings, pairing.name, _NOUN, but=pairing.id)
            statement = update(replication_rows.pairings).where(_t.id == pairing.id).values(_to_row(pairing))
            if not connection.execute(statement).rowcount:
                raise not_found(_NOUN, pairing.name)

    def change(self, id: str, **values: Any) -> Pairing:
        """Fields of the pairing with this id become these; what others write of it at the same time stays. Returns it
        as it is now. Raises Failed `no-such-pairing`, `name-taken`."""
        with self._database.transaction() as connection:
            before = self.get(id)
            after = replace(before, **values)
            old, new = _to_row(before), _to_row(after)
            said = {name: value for name, value in new.items() if value != old[name]}
            if not said:
                return before
            if after.state is PairingState.ACTIVE:
                require_free(connection, replication_rows.pairings, after.name, _NOUN, but=id)
            connection.execute(update(replication_rows.pairings).where(_t.id == before.id).values(said))
            self._database.touch(Changed.PAIRINGS)
            return after

    def remove(self, id: str) -> None:
        """Forgets it and its members; its seeds stay. Raises Failed `no-such-pairing`."""
        with self._database.write(Changed.PAIRINGS) as connection:
            connection.execute(delete(replication_rows.pairings).where(_t.id == self.get(id).id))

    def by_fingerprint(self, fingerprint: str, direction: Direction) -> Pairing | None:
        """The pairing with the Core of this certificate (unless that was revoked); of several the active one, else the
        newest."""
        shown = replication_rows.certificates.c
        statement = (
            select(replication_rows.pairings)
            .join(replication_rows.certificates, shown.pairing == _t.id)
            .where(
                shown.fingerprint == fingerprint,
                shown.state != CertificateState.REVOKED.value,
                _t.direction == direction.value,
            )
            .order_by(_t.created_us.desc(), _t.id)
        )
        with self._database.read() as connection:
            found = [_from_row(row) for row in connection.execute(statement)]
        active = [pairing for pairing in found if pairing.state is PairingState.ACTIVE]
        return next(iter(active or found), None)


def _to_row(pairing: Pairing) -> dict[str, Any]:
    return {
        "id": pairing.id,
        "direction": pairing.direction.value,
        "name": pairing.name,
        "name_key": name_key(pairing.name) if pairing.state is PairingState.ACTIVE else None,
        "peer_id": pairing.peer.id,
        "peer_name": pairing.peer.name,
        "peer_version": pairing.peer.version,
        "peer_fingerprint": pairing.peer.fingerprint,
        "peer_protocol": pairing.peer.protocol,
        "certificate": pairing.certificate,
        "created_us": to_us(pairing.created),
        "host": pairing.host,
        "port": pairing.port,
        "state": pairing.state.value,
        "paused_here": pairing.paused_here,
        "paused_there": pairing.paused_there,
        "link": pairing.link.value,
        "link_text": pairing.link_text,
        "last_contact_us": to_us(pairing.last_contact),
        "paused_since_us": to_us(pairing.paused_since),
        "paused_by": pairing.paused_by,
        "paused_note": pairing.paused_note,
        "there_paused_since_us": to_us(pairing.there_paused_since),
        "there_paused_by": pairing.there_paused_by,
        "link_since_us": to_us(pairing.link_since),
        "schedule": dict(pairing.schedule),
        "promise": pairing.promise.value,
        "speed": list(pairing.speed),
        "settings": _settings(pairing.settings),
        "tenant": pairing.tenant,
        "email": pairing.email,
        "customer_id": pairing.customer_id,
        "comment": pairing.comment,
        "skew_s": pairing.skew_s,
        "there": dict(pairing.there),
        "speaks": list(pairing.speaks),
    }


def _settings(settings: PairingSettings) -> dict[str, Any]:
    """What is not at its default."""
    said, usual = asdict(settings), asdict(PairingSettings())
    return {name: value for name, value in said.items() if value != usual[name]}


@sound
def _from_row(row: Row[Any]) -> Pairing:
    return Pairing(
        id=row.id,
        direction=Direction(row.direction),
        name=row.name,
        peer=CoreIdentity(row.peer_id, row.peer_name, row.peer_version, row.peer_fingerprint, row.peer_protocol),
        certificate=row.certificate,
        created=from_us(row.created_us),
        host=row.host,
        port=row.port,
        state=PairingState(row.state),
        paused_here=row.paused_here,
        paused_there=row.paused_there,
        link=Link(row.link),
        link_text=row.link_text,
        last_contact=from_us(row.last_contact_us),
        paused_since=from_us(row.paused_since_us),
        paused_by=row.paused_by,
        paused_note=row.paused_note,
        there_paused_since=from_us(row.there_paused_since_us),
        there_paused_by=row.there_paused_by,
        link_since=from_us(row.link_since_us),
        schedule=mapping(row.schedule),
        promise=Promise(row.promise),
        speed=listed(row.speed),
        settings=msgspec.convert(row.settings, PairingSettings),
        tenant=row.tenant,
        email=row.email,
        customer_id=row.customer_id,
        comment=row.comment,
        skew_s=row.skew_s,
        there=mapping(row.there),
        speaks=listed(row.speaks),
    )
