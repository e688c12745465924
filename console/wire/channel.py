"""HTTP calls to one Core over pinned TLS, in an event loop; what goes wrong on the way, in known words."""

from __future__ import annotations

import asyncio
import io
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from yarl import URL

from console.domain.errors import Cancelled, Failed, Failure, FailureKind, failed, unreachable
from console.wire import messages
from console.wire.conversation import ANSWER_MAX, BASE, Call
from console.wire.identity import Identity
from console.wire.limits import Limits
from console.wire.pump import PIECE, FromThread
from console.wire.sockets import watched_socket
from console.wire.tls import address_of, client_context, digest_of, no_answer, wrong_fingerprint

POOL_S = 30
"""Connections not used for so long are closed; the other side keeps them longer."""
WHOLE = 256 << 10
"""A body of more bytes is given to the socket in pieces."""


class Channel:
    """Calls to one Core. Everything runs in one event loop; connections are kept and shared.

    Calls raise Failed: what the target refused, `wrong-fingerprint`, `authentication-failed`, `target-unreachable`;
    Cancelled when the channel is closed.
    """

    def __init__(self, host: str, port: int, fingerprint: str, identity: Identity | None, limits: Limits) -> None:
        """Pins `fingerprint`; shows `identity` when there is one. Raises Failed `bad-fingerprint`."""
        self.host = host
        self.port = port
        self.fingerprint = fingerprint
        self.limits = limits
        self._identity = identity
        self._pin = _Pin(digest_of(fingerprint))
        self._opened: tuple[aiohttp.ClientSession, ssl.SSLContext] | None = None
        self._closed = False

    @property
    def address(self) -> str:
        return address_of(self.host, self.port)

    async def call(self, call: Call, body: bytes | None, within: float, *, rest: str = "") -> bytes:
        """One call and its answer, which may be silent for `within` seconds. `rest` of the path begins with a slash.

        A call whose connection was cut is made once more where the protocol lets calls be repeated.
        """
        try:
            try:
                return await self._once(call, rest, body, within)
            except _Lost as lost:
                if not (lost.had_connection and call.repeatable) or self._closed:
                    raise
            # The target may have restarted, or just have closed a kept connection; others that are kept may be as dead.
            async with self._another(self._identity) as fresh:
                return await fresh._once(call, rest, body, within)
        except _Lost as lost:
            raise await self._explain(lost) from lost.cause

    async def stream(self, machine: str, pump: FromThread) -> bytes:
        """One call of frames, fed by `pump`. Whatever comes of it, the pump has ended then, and nothing is sent on."""
        body = _Body(pump, self.limits.idle)
        asking = asyncio.get_running_loop().create_task(
            self._once(Call.FRAMES, f"/{machine}", body, self.limits.work), name="frames"
        )
        try:
            while not asking.done():
                await asyncio.wait([asking], timeout=self.limits.stall / 4)
                if not asking.done() and body.stalled(self.limits.stall):
                    raise unreachable(
                        "target-unreachable",
                        f"The Core at {self.address} has taken no data for {self.limits.stall:.0f} seconds.",
                        "Check the target and the line; the next run sends what is still missing.",
                    )
            return asking.result()
        except _Lost as lost:
            raise await self._explain(lost) from lost.cause
        finally:
            pump.end()
            asking.cancel()
            await asyncio.wait([asking])

    async def close(self) -> None:
        """Cuts the connections, and with them the calls under way. For good; may be called twice."""
        self._closed = True
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened[0].close()
        self._pin.cut()

    async def _once(self, call: Call, rest: str, body: bytes | _Body | None, within: float) -> bytes:
        url = URL.build(scheme="https", host=self.host, port=self.port, path=f"{BASE}/{call}{rest}")
        session, context = self._open()
        try:
            async with session.request(
                "GET" if body is None else "POST",
                url,
                data=_data(body),
                headers=None if body is None else {"Content-Type": _content_type(call)},
                timeout=aiohttp.ClientTimeout(total=None, connect=self.limits.connect, sock_read=within),
                allow_redirects=False,
                ssl=context,
            ) as answer:
                said = await _read(answer)
                if isinstance(body, _Body) and not body.finished:
                    answer.close()  # it has heard enough; the rest is not sent
        except aiohttp.ServerFingerprintMismatch as error:
            raise wrong_fingerprint(self.address, self.fingerprint, error.got.hex(":").upper()) from error
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError and ssl.SSLError are OSErrors
            raise _Lost(error) from error
        if answer.status >= 400:
            raise Failed(self._refusal(answer, said))
        return said

    def _refusal(self, answer: aiohttp.ClientResponse, said: bytes) -> Failure:
        if answer.content_type == messages.CONTENT_TYPE:
            try:
                return Failure.from_dict(messages.decode(said, dict[str, Any]))
            except (Failed, KeyError):
                pass  # said below
        return unreachable(
            "target-unreachable",
            f"Something at {self.address} answers, with status {answer.status}, but not as a Core does.",
            "Check the address and the port; an older release may not know this call.",
        ).failure

    async def _explain(self, lost: _Lost) -> Failed:
        """The known failure for a call without an answer. TLS 1.3 lets a server refuse our certificate when the
        handshake is finished for us, so a connection that was cut is looked into."""
        if self._closed:
            return Cancelled()
        alert = _alert(lost.cause)
        if "UNKNOWN_CA" in alert or "CERTIFICATE" in alert:
            return self._not_taken()
        if lost.had_connection and self._identity is not None and await self._refuses_certificate():
            return self._not_taken()
        return no_answer(self.host, self.port, lost.cause)

    async def _refuses_certificate(self) -> bool:
        """Whether the target answers `hello` to anybody but not to us."""
        for identity, expected in ((self._identity, False), (None, True)):
            async with self._another(identity) as fresh:
                try:
                    await fresh._once(Call.HELLO, "", None, self.limits.connect)
                    answered = True
                except (_Lost, Failed):
                    answered = False
            if answered is not expected:
                return False
        return True

    @asynccontextmanager
    async def _another(self, identity: Identity | None) -> AsyncIterator[Channel]:
        """A channel to the same Core without any connection yet."""
        fresh = Channel(self.host, self.port, self.fingerprint, identity, self.limits)
        try:
            yield fresh
        finally:
            await fresh.close()

    def _not_taken(self) -> Failed:
        return failed(
            "authentication-failed",
            f"The Core at {self.address} does not take the certificate of this Core.",
            "Pair again with an administrator of the target.",
            FailureKind.FORBIDDEN,
        )

    def _open(self) -> tuple[aiohttp.ClientSession, ssl.SSLContext]:
        """The session, whose connector has the pin, and the context with our certificate for each request."""
        if self._closed:
            raise Cancelled
        if self._opened is None:
            connector = aiohttp.TCPConnector(
                ssl=self._pin,
                limit=0,
                keepalive_timeout=POOL_S,
                socket_factory=watched_socket,
            )
            session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,  # a proxy would make the pin its own business
                headers={"User-Agent": "Replicore"},
            )
            self._opened = session, client_context(self._identity)
        return self._opened


class _Pin(aiohttp.Fingerprint):
    """Sees every new connection before anything is sent on it."""

    def __init__(self, digest: bytes) -> None:
        super().__init__(digest)
        self._seen: deque[asyncio.Transport] = deque(maxlen=64)

    def check(self, transport: asyncio.Transport) -> None:
        self._seen.append(transport)
        super().check(transport)

    def cut(self) -> None:
        """Ends the connections at once: a polite end would wait for a peer that may be gone."""
        while self._seen:
            self._seen.pop().abort()


class _Lost(Exception):
    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        connecting = isinstance(error, aiohttp.ClientConnectorError)
        self.cause: Exception = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
        self.had_connection = not connecting and not isinstance(error, TimeoutError)


class _Body:
    """The body of one call of frames, and how it is getting on."""

    def __init__(self, pump: FromThread, idle: float) -> None:
        self._pump = pump
        self._idle = idle
        self._giving: float | None = None
        self.finished = False

    async def pieces(self) -> AsyncIterator[memoryview]:
        clock = asyncio.get_running_loop().time
        while (piece := await self._pump.get(self._idle)) is not None:
            view = memoryview(piece).cast("B")
            for start in range(0, len(view), PIECE):
                self._giving = clock()
                yield view[start : start + PIECE]
                self._giving = None
        self.finished = True

    def stalled(self, seconds: float) -> bool:
        """Whether a piece was given so long ago and has not been taken."""
        return self._giving is not None and asyncio.get_running_loop().time() - self._giving > seconds


def _data(body: bytes | _Body | None) -> bytes | io.BytesIO | AsyncIterator[memoryview] | None:
    if isinstance(body, _Body):
        return body.pieces()
    return io.BytesIO(body) if body is not None and len(body) > WHOLE else body


def _content_type(call: Call) -> str:
    return {Call.OFFER: messages.IDS_TYPE, Call.FRAMES: messages.FRAMES_TYPE}.get(call, messages.CONTENT_TYPE)


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    said = bytearray()
    async for piece in answer.content.iter_any():
        said += piece
        if len(said) > ANSWER_MAX:
            answer.close()
            raise messages.bad_message(f"an answer is larger than {ANSWER_MAX} bytes")
    return bytes(said)


def _alert(error: BaseException | None) -> str:
    """The reason in the peer's TLS alert, if one ended the connection."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
            return error.reason
        error = error.__cause__ or error.__context__
    return ""
