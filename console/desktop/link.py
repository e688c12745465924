"""One Core as the window sees it: a client, its change feed, and whether it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import Enum

from PySide6.QtCore import QObject, Signal

from console.client.client import Client
from console.desktop.tasks import Tasks
from console.domain.answers import CoreStatus
from console.domain.clock import Clock
from console.domain.errors import Failed, Failure, FailureKind, unreachable
from console.domain.events import Changed
from console.domain.roles import Right, Role, may

WAITS_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Between attempts to reach a Core that is gone; the last one for good."""
EVERYTHING = frozenset(Changed)
SIGN_IN_CODES = frozenset({"wrong-credentials", "not-signed-in"})

Connect = Callable[[], Awaitable[Client]]
"""Makes a client that is signed in. Raises Failed."""


class LinkState(Enum):
    CONNECTING = "connecting"
    CONNECTED = "connected"
    LOST = "lost"
    REFUSED = "refused"
    """It answers, but does not let us in: retrying alone does not help."""


class Link(QObject):
    """Connects, listens, reconnects, for as long as it is open.

    `changed` names kinds of things that changed; after a reconnection all of them, because nobody knows what was
    missed. `moved` says that `state`, `failure` or `status` is another one.
    """

    changed = Signal(object)
    moved = Signal()

    def __init__(self, key: str, title: str, connect: Connect, clock: Clock) -> None:
        super().__init__()
        self.key = key
        self.title = title
        self.clock = clock
        self.state = LinkState.CONNECTING
        self.failure: Failure | None = None
        self.status: CoreStatus | None = None
        self.last_seen: datetime | None = None
        self._connect = connect
        self._client: Client | None = None
        self._tasks = Tasks()
        self._again = asyncio.Event()
        self._started = False

    @property
    def client(self) -> Client:
        """Raises Failed `core-unreachable` while there is none."""
        if self._client is None:
            raise (Failed(self.failure) if self.failure else _not_yet(self.title))
        return self._client

    @property
    def connected(self) -> bool:
        return self.state is LinkState.CONNECTED

    @property
    def role(self) -> Role | None:
        return Role(self.status["role"]) if self.status else None

    def may(self, right: Right) -> bool:
        """Whether who is signed in has a right; the Core enforces it, the window only does not offer the rest."""
        return self.role is not None and may(self.role, right)

    def open(self) -> None:
        """Begins to connect; once."""
        if not self._started:
            self._started = True
            self._tasks.start(self._run())

    def try_again(self) -> None:
        """Does not wait for the next attempt."""
        self._again.set()

    async def close(self) -> None:
        await self._tasks.drained()
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def refresh_status(self) -> None:
        """Reads the counts again. Raises Failed."""
        self.status = await self.client.status()
        self.last_seen = self.clock.now()
        self.moved.emit()

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                client = await self._connect()
                try:
                    await self._listen(client)
                finally:
                    self._client = None
                    await client.close()
                failure = _not_yet(self.title).failure
                failures = 0
            except Failed as error:
                if self.connected:
                    failures = 0
                failure = error.failure
            refused = failure.kind in (FailureKind.FORBIDDEN, FailureKind.REFUSED) or failure.code in SIGN_IN_CODES
            self._move(LinkState.REFUSED if refused else LinkState.LOST, failure)
            self._again.clear()
            wait = WAITS_S[min(failures, len(WAITS_S) - 1)]
            failures += 1
            try:
                await asyncio.wait_for(self._again.wait(), wait)
            except TimeoutError:
                continue

    async def _listen(self, client: Client) -> None:
        self.status = await client.status()
        self._client = client
        self._move(LinkState.CONNECTED, None)
        self.changed.emit(EVERYTHING)
        async for line in client.changes():
            self.last_seen = self.clock.now()
            known = {kind.value: kind for kind in Changed}
            kinds = frozenset(known[kind] for kind in line["kinds"] if kind in known)
            if kinds:
                self.changed.emit(kinds)

    def _move(self, state: LinkState, failure: Failure | None) -> None:
        self.state, self.failure = state, failure
        if state is LinkState.CONNECTED:
            self.last_seen = self.clock.now()
        self.moved.emit()


def _not_yet(title: str) -> Failed:
    return unreachable("core-unreachable", f"“{title}” does not answer.", "It is tried again by itself.")
