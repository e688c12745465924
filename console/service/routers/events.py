"""The journal, and the change feed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime

from fastapi import Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from console.domain.answers import Changes, Dismissed, EventPage
from console.domain.events import Severity
from console.service import present
from console.service.access import JobKeeper, Reader
from console.service.routing import After, Limit, noun

router = noun("events")

KEEP_ALIVE_S = 15.0


class WantedDismissal(BaseModel):
    """None: all alerts."""

    event: str | None


@router.get("/events")
def events(
    by: Reader,
    since: datetime | None = None,
    severity: Severity | None = None,
    alerts: bool = False,
    limit: Limit = 100,
    after: After = None,
) -> EventPage:
    """Newest first. `alerts`: only what wants a person and was not dismissed."""
    found, more = by.core.catalog.events.page(
        since=since, severity=severity, alerts_only=alerts, limit=limit, after=after
    )
    return {"events": [present.event(event) for event in found], "next": more}


@router.post("/events/dismiss")
def dismiss(body: WantedDismissal, by: JobKeeper) -> Dismissed:
    """The alert was seen by a person."""
    return {"dismissed": by.core.catalog.events.dismiss(body.event)}


@router.get("/changes")
async def changes(request: Request, by: Reader) -> StreamingResponse:
    """JSON lines, each with the kinds of things that changed; an empty one at least every 15 seconds."""
    subscription = by.core.feed.subscribe()
    waiters = request.app.state.waiters

    async def lines() -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        try:
            yield _line([])
            while not subscription.closed:
                kinds = await loop.run_in_executor(waiters, subscription.get, KEEP_ALIVE_S)
                yield _line(sorted(kind.value for kind in kinds))
        finally:
            subscription.close()

    return StreamingResponse(lines(), media_type="application/x-ndjson")


def _line(kinds: list[str]) -> bytes:
    changed: Changes = {"kinds": kinds}
    return json.dumps(changed).encode() + b"\n"
