"""Sealed objects come back from a paired Core only into the hands of who can open them."""

from __future__ import annotations

from blake3 import blake3

from console.domain.chains import ChainState
from console.domain.keys import KeyType
from console.domain.objects import FRAME, FRAME_SIZE, Kind
from tests.engine.test_repair import check, hurt, repository_of, states
from tests.engine.test_sealed_points import PASSPHRASE, Row, finished, row

__all__ = ["row"]


def test_a_source_takes_sealed_objects_back_when_it_can_open_them(row: Row) -> None:
    row.a.keys.create("office", PASSPHRASE)
    row.protect()
    row.back_up()
    row.replicate()
    ids = [*hurt(row.a, Kind.CHUNK), *hurt(row.a, Kind.ROOT)]
    assert len(check(row.a)["damaged"]) == 2

    row.a.keys.set_type("office", KeyType.REPLICATION, None)
    row.a.keys.lock("office")
    job = row.a.repair.start(None)
    assert row.a.jobs.drain(30)
    assert [warning.code for warning in row.a.catalog.jobs.get(job.id).warnings] == ["key-locked"]
    assert repository_of(row.a).missing(ids) == ids

    row.a.keys.unlock("office", PASSPHRASE)
    true = row.b.receive.give

    def lie(*args: object) -> bytes:
        """The stored bytes changed, under a digest that is true of them."""
        forged = bytearray(true(*args))  # type: ignore[arg-type]
        size = FRAME_SIZE + FRAME.unpack_from(forged)[0]
        forged[size - 20] ^= 1
        forged[44:60] = blake3(bytes(forged[:44]) + bytes(forged[60:size])).digest(16)
        return bytes(forged)

    row.b.receive.give = lie  # type: ignore[method-assign]
    job = row.a.repair.start(None)
    assert row.a.jobs.drain(30)
    assert [warning.code for warning in row.a.catalog.jobs.get(job.id).warnings] == ["frame-damaged"]
    row.b.receive.give = true  # type: ignore[method-assign]

    assert finished(row.a, row.a.repair.start(None))["repaired"] == 2
    assert states(row.a) == {ChainState.WHOLE}
    assert check(row.a)["damaged"] == []


def test_a_target_without_the_key_is_sent_again_what_it_lost(row: Row) -> None:
    row.a.keys.create("office", PASSPHRASE)
    row.protect()
    row.back_up()
    row.replicate()
    hurt(row.b, Kind.TREE)
    hurt(row.b, Kind.CHUNK)
    assert len(check(row.b)["damaged"]) == 2
    finished(row.a, row.a.replicate.start("B"))
    assert check(row.b)["damaged"] == []
    assert states(row.b) == {ChainState.WHOLE}
