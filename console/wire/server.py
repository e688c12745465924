"""Serves an ASGI application on a Core's one TLS port: consoles, commands and other Cores."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from console.domain.errors import Failed, failed
from console.wire.identity import Identity
from console.wire.loops import LoopThread
from console.wire.tls import address_of, server_context
from console.wire.tls import trust as teach

log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Application = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]
"""An ASGI application."""

DEFAULT_PORT = 8006
SILENCE_S = 60
"""Somebody who has begun a connection or a request and then says nothing for so many seconds is cut off."""
KEEP_ALIVE_S = 75
"""An unused connection is kept so long; callers give up theirs earlier."""
STOP_S = 10
"""Calls under way get so long to end when the server stops."""
PATIENCE_S = 1.0
"""… but not those whose caller has done nothing for so long: it neither sends what is awaited, nor takes its answer."""


class TlsServer:
    """One listening port. It lives in the event loop that calls `start`, or in a thread of its own (`ServerThread`).

    It installs no signal handlers, writes no access log, and believes no `X-Forwarded-…` header. The certificate (DER)
    that a caller proved to have stands in `scope["extensions"]["tls"]["client_cert"]`; None without one. What goes on
    and on should end when the server stops: then the asyncio.Event in `scope["extensions"]["leaving"]` is set.
    """

    def __init__(
        self,
        app: Application,
        identity: Identity,
        *,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        trusted: Iterable[str] = (),
        stop_within: float = STOP_S,
    ) -> None:
        """`port` 0 takes a free one. `trusted`: certificates (PEM) of the paired sources. `stop_within` in seconds.

        Raises Failed `identity-damaged`.
        """
        self.host = host
        self._wanted = port
        self._stop_within = stop_within
        self._context = server_context(identity, trusted)
        self._server = _Server(_Config(app, self._context, stop_within))
        self._sockets: list[socket.socket] = []
        self._port = 0
        self._ticking: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port it listens on; 0 before `start`."""
        return self._port

    @property
    def address(self) -> str:
        """`host:port` as a person would write it."""
        return address_of(self.host, self._port)

    def trust(self, certificate: str) -> None:
        """Takes callers with this certificate (PEM) from now on. Any thread may call it. Raises Failed."""
        teach(self._context, certificate)

    async def start(self) -> None:
        """Listens. Raises Failed `port-in-use` or `cannot-listen`; then nothing is left open."""
        self._sockets = listen(self.host, self._wanted)
        try:
            await self._server.begin(self._sockets)
        except BaseException:
            for sock in self._sockets:
                sock.close()
            raise
        self._port = int(self._sockets[0].getsockname()[1])
        self._ticking = asyncio.get_running_loop().create_task(self._server.main_loop(), name="tls server")

    async def stop(self) -> None:
        """Takes no new calls, lets those under way end, `stop_within` seconds at most, then cuts them. Callers who hang
        are cut at once."""
        ticking, self._ticking = self._ticking, None
        if ticking is None:
            return
        self._server.leaving.set()
        await ticking
        cutting = asyncio.get_running_loop().create_task(self._server.cut_the_silent(), name="cutting the silent")
        with contextlib.suppress(TimeoutError):
            # uvicorn bounds the wait for calls, not that for the application's own shutdown.
            async with asyncio.timeout(self._stop_within * 2 + 1):
                await self._server.shutdown(sockets=self._sockets)
        cutting.cancel()
        self._server.abort()

    async def __aenter__(self) -> TlsServer:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


class ServerThread:
    """A `TlsServer` in a loop and a thread of its own, for callers that have no loop, or one that is busy."""

    def __init__(self, server: TlsServer) -> None:
        self.server = server
        self._thread = LoopThread("tls server")

    def start(self) -> None:
        """Listens when it returns. Raises what `TlsServer.start` raises."""
        try:
            self._thread.run(self.server.start())
        except BaseException:
            self._thread.close()
            raise

    def stop(self) -> None:
        """See `TlsServer.stop`. May be called twice."""
        try:
            self._thread.run(self.server.stop())
        except Failed:
            return  # the loop is closed already
        finally:
            self._thread.close()

    def __enter__(self) -> ServerThread:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def listen(host: str, port: int) -> list[socket.socket]:
    """Bound sockets for every address that `host` stands for ("" for all), on one port.

    Raises Failed `port-in-use` when somebody has it, `cannot-listen` for an address that is not this machine's.
    """
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise _cannot_listen(host, port, error) from error
    bound: list[socket.socket] = []
    problem: OSError | None = None
    for family, kind, protocol, _, address in dict.fromkeys(found):
        try:
            if bound and port == 0:
                address = (address[0], bound[0].getsockname()[1], *address[2:])
            bound.append(_bind(family, kind, protocol, address))
        except OSError as error:
            # A machine without IPv6 still has a name for its addresses; one address is enough.
            if problem is None or error.errno == errno.EADDRINUSE:
                problem = error
    if problem is None or (bound and problem.errno != errno.EADDRINUSE):
        return bound
    for sock in bound:
        sock.close()
    if problem.errno == errno.EADDRINUSE:
        raise failed(
            "port-in-use",
            f"Port {port} on {host or 'this machine'} is used by another program.",
            "Stop it, or choose another port with --listen HOST:PORT.",
        ) from problem
    raise _cannot_listen(host, port, problem) from problem


def _bind(family: int, kind: int, protocol: int, address: tuple[Any, ...]) -> socket.socket:
    sock = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":  # there it would let two programs have one port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
        sock.listen(128)  # now, so that a taken port is known now
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


def _cannot_listen(host: str, port: int, error: OSError) -> Failed:
    return failed(
        "cannot-listen",
        f"This Core cannot listen on {address_of(host or 'this machine', port)}: {error.strerror or error}.",
        "Choose an address of this machine, and a port from 1024 on, with --listen HOST:PORT.",
    )


class _Config(uvicorn.Config):
    def __init__(self, app: Application, context: ssl.SSLContext, stop_within: float) -> None:
        super().__init__(
            app,
            http=_Protocol,
            ws="none",
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=max(1, round(stop_within)),
        )
        self.leaving = asyncio.Event()
        self._context = context

    def load(self) -> None:
        super().load()
        self.ssl = self._context


class _Server(uvicorn.Server):
    """uvicorn's server in pieces, so that it can be one of several things in a loop: no signals, no exit."""

    def __init__(self, config: _Config) -> None:
        super().__init__(config)
        self.leaving = config.leaving

    async def begin(self, sockets: list[socket.socket]) -> None:
        if not self.config.loaded:
            self.config.load()
        self.lifespan = self.config.lifespan_class(self.config)
        try:
            await self.startup(sockets=sockets)
        except SystemExit as error:  # uvicorn's word for: the application's lifespan failed; it has logged why
            raise RuntimeError("the application did not start") from error
        if not self.started:
            raise RuntimeError("the application did not start")

    async def main_loop(self) -> None:
        while not self.leaving.is_set():
            await self.on_tick(0)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self.leaving.wait()

    async def cut_the_silent(self) -> None:
        """Until it is cancelled: cuts connections whose callers hang."""
        while True:
            for connection in list(self.server_state.connections):
                if isinstance(connection, _Protocol):
                    connection.cut_if_silent()
            await asyncio.sleep(PATIENCE_S / 4)

    def abort(self) -> None:
        """Cuts what did not end by itself."""
        for task in list(self.server_state.tasks):
            task.cancel()
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()


class _Protocol(HttpToolsProtocol):
    """Puts the caller's certificate where ASGI keeps such things, and does not wait for ever for a caller's bytes."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        self._certificate: bytes | None = tls.getpeercert(binary_form=True) if tls is not None else None
        self._silence: asyncio.TimerHandle | None = None
        self._stuck: tuple[int, float] | None = None
        self._expect()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        leaving = self.config.leaving if isinstance(self.config, _Config) else asyncio.Event()
        extensions: dict[str, Any] = {"tls": {"client_cert": self._certificate}, "leaving": leaving}
        self.scope["extensions"] = extensions
        self._expect()

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._expect()

    def on_message_complete(self) -> None:
        self._expect_nothing()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_nothing()
        super().connection_lost(exc)

    def cut_if_silent(self) -> None:
        """For a server that stops. Called again and again."""
        now, waiting = self.loop.time(), self.transport.get_write_buffer_size()
        ours = self._silence is None and not waiting and not self.transport.is_closing()
        if ours or self.flow.read_paused:
            self._stuck = None
        elif self._silence is not None and not self.transport.is_closing():
            if now - self._heard > PATIENCE_S:
                self.transport.abort()
        elif self._stuck is None or self._stuck[0] != waiting:
            self._stuck = waiting, now
        elif now - self._stuck[1] > PATIENCE_S:
            self.transport.abort()

    def _expect(self) -> None:
        self._expect_nothing()
        self._heard = self.loop.time()
        self._silence = self.loop.call_later(SILENCE_S, self._silent)

    def _expect_nothing(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None

    def _silent(self) -> None:
        if self.flow.read_paused:  # it is us who do not listen: the application is still busy with what came before
            self._expect()
        else:
            self.transport.abort()
