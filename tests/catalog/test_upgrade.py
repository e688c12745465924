"""What the catalogs of releases before know of what has reached whom, they know after the update."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from console.catalog import Catalog
from console.domain.pairing import CertificateState, Direction
from console.domain.replicas import ReplicaState
from tests.catalog.keep_revision import GOLDEN
from tests.golden.keep_core import CORES
from tests.support.clock import FixedClock
from tests.support.values import hex_id, later


def kept(dump: Path, to: Path) -> Path:
    with closing(sqlite3.connect(to)) as connection:
        connection.executescript(dump.read_text(encoding="utf-8"))
    return to


def test_points_that_were_at_a_target_by_time_are_there_by_name(tmp_path: Path) -> None:
    path = kept(GOLDEN / "0004.sql", tmp_path / "catalog.sqlite")
    with closing(sqlite3.connect(path)) as connection, connection:
        # In the first catalogs the newest point that a target has is older than all points.
        (newest,) = connection.execute("SELECT min(time_us) FROM points WHERE machine = 'machine-1'").fetchone()
        connection.execute("UPDATE members SET last_point_us = ?", (newest,))
    with Catalog.open(path, FixedClock()) as catalog:
        (member,) = catalog.members.list("pairing-1")
        (replica,) = catalog.replicas.list("pairing-1", "machine-1")
        assert (replica.point, replica.state, replica.time) == (hex_id(1), ReplicaState.THERE, member.last_point)
        assert replica.ended == member.last_sent
        assert hex_id(2) not in catalog.replicas.there("pairing-1", "machine-1")
        assert catalog.replicas.list("pairing-2", "machine-2") == [], "that one comes to this Core"
        assert catalog.replicas.newest_there("pairing-1", "machine-1") == later(hours=0)


def test_peers_are_known_by_the_certificates_they_had(tmp_path: Path) -> None:
    with Catalog.open(kept(CORES / "0004" / "catalog.sql", tmp_path / "catalog.sqlite"), FixedClock()) as catalog:
        (pairing,) = catalog.pairings.list(Direction.INCOMING)
        assert catalog.pairings.by_fingerprint(pairing.peer.fingerprint, Direction.INCOMING) == pairing
        (shown,) = catalog.certificates.list(pairing.id)
        assert (shown.pem, shown.state) == (pairing.certificate, CertificateState.CURRENT)
        assert shown.since == pairing.created
