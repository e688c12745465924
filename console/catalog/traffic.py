"""What went between this Core and others, how fast, and what was looked at again."""

from __future__ import annotations

import builtins
from datetime import datetime

from console.catalog import replication_rows
from console.catalog.database import Database
from console.catalog.moments import to_us
from console.catalog.stores import Shape, Store
from console.domain.traffic import Measurement, Sample, Transferred

_t = replication_rows.transfers.c
_m = replication_rows.measurements.c
_s = replication_rows.samples.c
_TRANSFER = Shape(replication_rows.transfers, Transferred)
_MEASUREMENT = Shape(replication_rows.measurements, Measurement)
_SAMPLE = Shape(replication_rows.samples, Sample)


class Traffic:
    """Figures. No screen is told of each of them: they are asked for. Rows end with their pairing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._transfers = Store(database, _TRANSFER)
        self._measurements = Store(database, _MEASUREMENT)
        self._samples = Store(database, _SAMPLE)

    def add(self, more: Transferred) -> None:
        """To what is known of that half hour. Raises Failed `no-such-pairing`."""
        this = (_t.pairing == more.pairing, _t.machine == more.machine, _t.bucket_us == to_us(more.bucket))
        with self._database.transaction():
            known = self._transfers.first(*this) or Transferred(more.pairing, more.machine, more.bucket)
            sent, received = known.sent + more.sent, known.received + more.received
            seconds = known.seconds + more.seconds
            self._transfers.put(Transferred(more.pairing, more.machine, more.bucket, sent, received, seconds))

    def since(self, pairing: str, moment: datetime) -> builtins.list[Transferred]:
        """Half hours of a pairing that begin at a moment or later, the oldest first."""
        order = (_t.bucket_us, _t.machine)
        return self._transfers.all(_t.pairing == pairing, _t.bucket_us >= to_us(moment), order=order)

    def measured(self, measurement: Measurement) -> None:
        """Raises Failed `no-such-pairing`."""
        self._measurements.put(measurement)

    def latest(self, pairing: str) -> Measurement | None:
        """The newest measurement of a link."""
        found = self._measurements.all(_m.pairing == pairing, order=(_m.time_us.desc(),), limit=1)
        return found[0] if found else None

    def sampled(self, sample: Sample) -> None:
        """Replaces what is known of that day. Raises Failed `no-such-pairing`."""
        self._samples.put(sample)

    def samples(self, pairing: str, machine: str) -> builtins.list[Sample]:
        """The oldest day first."""
        return self._samples.all(_s.pairing == pairing, _s.machine == machine, order=(_s.day,))

    def forget(self, before: datetime) -> int:
        """Half hours and measurements of before a moment go. Returns how many they were."""
        with self._database.transaction():
            gone = self._transfers.remove(_t.bucket_us < to_us(before))
            return gone + self._measurements.remove(_m.time_us < to_us(before))
