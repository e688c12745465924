"""How long a caller waits for the other side."""

from __future__ import annotations

from dataclasses import dataclass

from console.wire.tls import CONNECT_S


@dataclass(frozen=True, slots=True)
class Limits:
    """In seconds. `connect`: name, connection and handshake. `read`: silence of a target that owes an answer; `work`:
    the same for calls that make it work (sync, delete). `stall`: a target that takes no more bytes. `idle`: with
    nothing to send for so long, a stream of frames is ended, and another begun when there is."""

    connect: float = CONNECT_S
    read: float = 60.0
    work: float = 900.0
    stall: float = 180.0
    idle: float = 20.0
