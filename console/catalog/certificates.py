"""Certificates that peers show, and peers and machines that have left."""

from __future__ import annotations

import builtins

from console.catalog import replication_rows
from console.catalog.database import Database
from console.catalog.stores import Shape, Store
from console.domain.events import Changed
from console.domain.pairing import Departure, PeerCertificate

_c = replication_rows.certificates.c
_d = replication_rows.departures.c
_CERTIFICATE = Shape(replication_rows.certificates, PeerCertificate)
_DEPARTURE = Shape(replication_rows.departures, Departure, user="user_name")


class Certificates:
    """Every method takes ids, no names. Rows end with their pairing; `Pairings.add` writes the first one."""

    def __init__(self, database: Database) -> None:
        self._store = Store(database, _CERTIFICATE, Changed.PAIRINGS)

    def put(self, certificate: PeerCertificate) -> None:
        """Raises Failed `no-such-pairing`."""
        self._store.put(certificate)

    def list(self, pairing: str) -> builtins.list[PeerCertificate]:
        """Those that a peer has shown, the oldest first."""
        return self._store.all(_c.pairing == pairing, order=(_c.since_us, _c.fingerprint))

    def remove(self, fingerprint: str, pairing: str) -> None:
        """One that is not there is passed over."""
        self._store.remove(_c.fingerprint == fingerprint, _c.pairing == pairing)


class Departures:
    """They outlive their pairing: the peer may be away for long."""

    def __init__(self, database: Database) -> None:
        self._store = Store(database, _DEPARTURE, Changed.PAIRINGS)

    def put(self, departure: Departure) -> None:
        self._store.put(departure)

    def list(self, pairing: str) -> builtins.list[Departure]:
        """Of a pairing and its machines, the oldest first."""
        return self._store.all(_d.pairing == pairing, order=(_d.at_us, _d.machine))

    def untold(self) -> builtins.list[Departure]:
        """Those that a peer has not heard of, the oldest first."""
        return self._store.all(_d.told.is_(False), order=(_d.at_us, _d.pairing, _d.machine))

    def remove(self, pairing: str, machine: str) -> None:
        """One that is not there is passed over."""
        self._store.remove(_d.pairing == pairing, _d.machine == machine)
