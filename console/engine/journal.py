"""The journal: what happened on this Core, in sentences."""

from __future__ import annotations

import logging
import uuid

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.events import Event, Severity

log = logging.getLogger(__name__)

_LEVELS = {Severity.INFO: logging.INFO, Severity.WARNING: logging.WARNING, Severity.ERROR: logging.ERROR}


class Journal:
    """Writes events into the catalog and the log. A repeated alert is counted, not repeated."""

    def __init__(self, catalog: Catalog, clock: Clock) -> None:
        self._catalog = catalog
        self._clock = clock

    def note(self, severity: Severity, code: str, message: str, subject: str = "", *, alert: bool = False) -> None:
        """`code` is stable kebab-case; `subject` the id of what it is about; `alert`: it wants a person."""
        # What people must see stands in the journal; the program's log repeats it for whoever reads only that.
        log.log(min(_LEVELS[severity], logging.INFO), "%s: %s", code, message)
        self._catalog.events.add(
            Event(uuid.uuid4().hex, self._clock.now(), severity, code, message, subject, alert=alert)
        )

    def settle(self, code: str, subject: str) -> bool:
        """What an alert was about is mended: nobody need look at it any more. Whether there was one."""
        return self._catalog.events.settle(code, subject)
