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
from console.domain.errors import usage
from console.domain.events import Severity
from console.engine.core import Core
from console.service import present
from console.service.access import JobKeeper, Reader
from console.service.routing import After, Limit, Offset, not_both, noun, zoned

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
    subject: str | None = None,
    text: str | None = None,
    descending: bool = True,
    offset: Offset = None,
    limit: Limit = 100,
    after: After = None,
) -> EventPage:
    """Newest first. `alerts`: only what wants a person and was not dismissed. `subject`: id or name of a machine, a
    pairing, a repository or a seed drive. `text`: part of the message. With `offset` a window, which has the total;
    only windows run the other way, or look for a subject or a text."""
    catalog = by.core.catalog.events
    if offset is not None:
        not_both(offset, after)
        found, total = catalog.window(
            zoned(since),
            severity,
            alerts,
            _subjects(by.core, subject) if subject else None,
            text,
            descending=descending,
            offset=offset,
            limit=limit,
        )
        return {"events": [present.event(event) for event in found], "next": None, "total": total}
    if not descending or subject or text:
        raise usage("order-needs-offset", "Pages by cursor are newest first, about anything.", "Give an offset.")
    found, more = catalog.page(since=zoned(since), severity=severity, alerts_only=alerts, limit=limit, after=after)
    return {"events": [present.event(event) for event in found], "next": more}


@router.post("/events/dismiss")
def dismiss(body: WantedDismissal, by: JobKeeper) -> Dismissed:
    """The alert was seen by a person."""
    return {"dismissed": by.core.catalog.events.dismiss(body.event)}


def _subjects(core: Core, name: str) -> set[str]:
    """What a word of a person may be the id of."""
    catalog = core.catalog
    finders = (catalog.machines.find, catalog.pairings.find, catalog.repositories.find, catalog.seeds.find)
    found = {name}
    for find in finders:
        thing = find(name)
        if thing is not None:
            found.add(thing.id)
    return found


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
