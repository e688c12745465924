"""What went between two Cores, how fast, and what was found when it was looked at again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Transferred:
    """Of one machine in one pairing in one half hour, that begins at `bucket`. `seconds`: spent on it."""

    pairing: str
    machine: str
    bucket: datetime
    sent: int = 0
    received: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """Of a link. `up_bps`: bytes per second from source to target. `how`: what was measured with."""

    pairing: str
    time: datetime
    up_bps: float
    rtt_ms: float
    bytes: int
    how: str


@dataclass(frozen=True, slots=True)
class Sample:
    """Objects at the target that were looked at again on one day (YYYY-MM-DD). `bad`: not as they should be."""

    pairing: str
    machine: str
    day: str
    objects: int = 0
    bytes: int = 0
    bad: int = 0
    seconds: float = 0.0
