"""Requests of customers, invitations for them, and customers with what they use."""

from __future__ import annotations

import builtins
from datetime import datetime

from sqlalchemy import func, insert, select, update

from console.catalog import replication_rows
from console.catalog.database import Database
from console.catalog.moments import to_us
from console.catalog.names import find_row, name_key, require_free
from console.catalog.stores import Shape, Store
from console.domain.errors import not_found
from console.domain.events import Changed
from console.domain.pairing import Direction
from console.domain.providers import Invitation, Request, RequestState, Tenant, Usage

_r = replication_rows.requests.c
_i = replication_rows.invitations.c
_t = replication_rows.tenants.c
_u = replication_rows.usage.c
_REQUEST = Shape(replication_rows.requests, Request)
_INVITATION = Shape(replication_rows.invitations, Invitation)
_TENANT = Shape(replication_rows.tenants, Tenant)
_USAGE = Shape(replication_rows.usage, Usage)


class Requests:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._store = Store(database, _REQUEST, Changed.PAIRINGS)

    def put(self, request: Request) -> None:
        self._store.put(request)

    def get(self, id: str) -> Request:
        """Raises Failed `no-such-request`."""
        found = self._store.first(_r.id == id)
        if found is None:
            raise not_found("request", id)
        return found

    def list(self, direction: Direction, state: RequestState | None = None) -> builtins.list[Request]:
        """The oldest first."""
        wanted = [_r.direction == direction.value]
        if state is not None:
            wanted.append(_r.state == state.value)
        return self._store.all(*wanted, order=(_r.created_us, _r.id))

    def pending(self, direction: Direction, host: str | None = None) -> int:
        """How many wait for an answer; from one address, or all."""
        wanted = [_r.direction == direction.value, _r.state == RequestState.PENDING.value]
        if host is not None:
            wanted.append(_r.host == host)
        with self._database.read() as connection:
            counted = connection.scalar(select(func.count()).select_from(replication_rows.requests).where(*wanted))
        return int(counted or 0)


class Invitations:
    def __init__(self, database: Database) -> None:
        self._store = Store(database, _INVITATION, Changed.PAIRINGS)

    def put(self, invitation: Invitation) -> None:
        self._store.put(invitation)

    def by_code(self, code_hash: str) -> Invitation | None:
        return self._store.first(_i.code_hash == code_hash)

    def list(self) -> builtins.list[Invitation]:
        """The oldest first."""
        return self._store.all(order=(_i.created_us, _i.id))

    def use(self, id: str, by: str, at: datetime) -> bool:
        """Only one that is neither used nor revoked nor over, and only once, whoever comes at the same time."""
        good = (_i.used_us.is_(None), _i.revoked_us.is_(None), _i.expires_us > to_us(at))
        return bool(self._store.change(_i.id == id, *good, used=at, used_by=by))


class Tenants:
    """Customers; `usage` are their figures by day."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._store = Store(database, _TENANT, Changed.PAIRINGS)
        self._usage = Store(database, _USAGE)

    def put(self, tenant: Tenant) -> None:
        """Adds it, or replaces what is known of it. Raises Failed `name-taken`."""
        row = {**_TENANT.row(tenant), "name_key": name_key(tenant.name)}
        table = replication_rows.tenants
        with self._database.write(Changed.PAIRINGS) as connection:
            require_free(connection, table, tenant.name, "tenant", but=tenant.id)
            if not connection.execute(update(table).where(_t.id == tenant.id).values(row)).rowcount:
                connection.execute(insert(table).values(row))

    def get(self, name: str) -> Tenant:
        """By id, name or beginning of an id. Raises Failed `no-such-tenant`, `ambiguous-id`."""
        table = replication_rows.tenants
        with self._database.read() as connection:
            row = find_row(connection, select(table), table, name, "tenant", named=True, prefix=True)
        if row is None:
            raise not_found("tenant", name)
        return _TENANT.value(row)

    def list(self) -> builtins.list[Tenant]:
        """By name."""
        return self._store.all(order=(_t.name_key,))

    def remove(self, id: str) -> None:
        """What it used stays in the figures. Raises Failed as `get`."""
        self._store.remove(_t.id == self.get(id).id)

    def used(self, usage: Usage) -> None:
        """Replaces what is known of that day."""
        self._usage.put(usage)

    def usage(self, since: str, until: str, tenant: str | None = None) -> builtins.list[Usage]:
        """Of days (YYYY-MM-DD) from `since` to `until`, both included, by day."""
        wanted = [_u.day >= since, _u.day <= until]
        if tenant is not None:
            wanted.append(_u.tenant == tenant)
        return self._usage.all(*wanted, order=(_u.day, _u.tenant, _u.repository))
