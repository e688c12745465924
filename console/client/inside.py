"""Calls to a Core in this very process: the same API, the same rights, without the way through a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import quote, unquote, urlencode

from console.client.transport import CALL_S, Answer, core_unreachable, failure_of

Message = MutableMapping[str, Any]
Application = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]
"""An ASGI application."""


class InsideTransport:
    """Hands each call to an ASGI application in the loop that makes the call."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._going: set[asyncio.Task[None]] = set()

    async def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = CALL_S,
    ) -> Answer:
        status = 0
        parts: list[bytes] = []
        asked = asyncio.Event()

        async def receive() -> Message:
            if not asked.is_set():
                asked.set()
                return {"type": "http.request", "body": body or b"", "more_body": False}
            # Whoever waits for the caller to hang up waits until the call is over.
            await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))

        try:
            async with asyncio.timeout(timeout):
                await self._application(_scope(method, path, query, headers, body), receive, send)
        except TimeoutError as error:
            raise core_unreachable("this process", "it did not answer in time.") from error
        except Exception:
            # The service answers with `internal-error` and logs the traceback before it lets the bug rise.
            if not status:
                raise
        return Answer(status, b"".join(parts))

    async def lines(
        self, path: str, *, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> AsyncGenerator[bytes]:
        arrived: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=64)
        left = asyncio.Event()
        asked = asyncio.Event()
        refused: list[int] = []

        async def receive() -> Message:
            if not asked.is_set():
                asked.set()
                return {"type": "http.request", "body": b"", "more_body": False}
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                refused.append(message["status"])
            elif message["type"] == "http.response.body" and message.get("body"):
                await arrived.put(message["body"])

        async def run() -> None:
            try:
                await self._application(_scope("GET", path, query, headers, None), receive, send)
            finally:
                await arrived.put(None)

        task = asyncio.get_running_loop().create_task(run())
        self._going.add(task)
        task.add_done_callback(self._going.discard)
        rest = b""
        try:
            while (piece := await arrived.get()) is not None:
                if refused:
                    raise failure_of(Answer(refused[0], piece))
                *whole, rest = (rest + piece).split(b"\n")
                for line in whole:
                    yield line + b"\n"
        finally:
            left.set()
            task.cancel()

    async def close(self) -> None:
        for task in list(self._going):
            task.cancel()
        await asyncio.gather(*self._going, return_exceptions=True)


def _scope(
    method: str, path: str, query: Mapping[str, str] | None, headers: Mapping[str, str] | None, body: bytes | None
) -> MutableMapping[str, Any]:
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in (headers or {}).items()]
    if body is not None:
        raw.append((b"content-length", str(len(body)).encode()))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "query_string": urlencode(query or {}, quote_via=quote).encode("ascii"),
        "root_path": "",
        "headers": raw,
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 0),
        "extensions": {},
        "state": {},
    }
