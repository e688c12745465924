"""The client of the Core in front, also of one that is just coming back."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from console.client.client import Client
from console.desktop.link import Link

RECONNECT_S = 10.0
"""How long *Try again* waits for a Core that is just coming back."""


async def client_of(link: Link, *, waits: bool) -> Client:
    """The one that is connected now: after a Core went away and came back it is another one. `waits`: a moment, for a
    Core that does not answer yet. Raises Failed `core-unreachable`."""
    if waits and not link.connected:
        moved = asyncio.Event()
        link.moved.connect(moved.set)
        link.try_again()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(RECONNECT_S):
                    while not link.connected:
                        await moved.wait()
                        moved.clear()
        finally:
            link.moved.disconnect(moved.set)
    return link.client
