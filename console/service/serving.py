"""How this Core is being served, for its own status."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Serving:
    """`mode`: `service` (until it is stopped) or `command` (as long as one command takes). `address`: empty until it
    listens. `started`: ISO 8601."""

    mode: str = "command"
    address: str = ""
    started: str = ""
    schedules: bool = False
