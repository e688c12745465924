"""The called side: routes of the Core-to-Core protocol, in front of a `Listener` that knows what to answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol, TypeVar

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from console.domain.errors import HTTP_STATUS, Cancelled, Failed, Failure, FailureKind, failed, unreachable, usage
from console.domain.pairing import Pairing
from console.domain.replication import Accepted, Holding
from console.wire import messages
from console.wire.conversation import BASE, BODY_MAX, SEALED, Call, decode_ids, encode_missing
from console.wire.messages import (
    AddMachines,
    Commit,
    Done,
    Hello,
    Holdings,
    HoldingsRequest,
    Inventory,
    InventoryRequest,
    LookAnswer,
    ObjectsRequest,
    PairAnswer,
    PairRequest,
    Removed,
    RemoveMachines,
    StatusAnswer,
    StatusRequest,
)
from console.wire.pump import LIMIT, ToThread

log = logging.getLogger(__name__)

T = TypeVar("T")

THREADS = 16
STREAMS = 256
"""So many calls of Cores, and streams of frames, are worked on at a time; more wait. Streams count apart, because they
last and need the other calls to get on; neither takes threads from consoles and commands."""


class Listener(Protocol):
    """What a target answers. Every method is called in a worker thread, many at a time, and may raise Failed, which
    reaches the caller as it is. Anything else that is raised is logged and reaches it as `internal-error`."""

    def hello(self) -> Hello:
        """Who this Core is. Anybody may ask."""

    def look(self, request: PairRequest, /) -> LookAnswer:
        """What `pair` would answer, with the same rules and refusals; nothing is made and nothing is remembered."""

    def pair(self, request: PairRequest, address: str, /) -> PairAnswer:
        """A source signs in; `address` is where the call came from (`192.0.2.7`). Anybody may call, so credentials are
        looked at first, and wrong ones are slowed down by whoever looks.

        Asked again by a source that has its pairing (same certificate), answers the same again. Before it returns, the
        TLS server has been told to trust the certificate. Raises Failed: the refusals of PROTOCOL.md.
        """

    def pairing_of(self, certificate: bytes, /) -> Pairing:
        """The incoming pairing of the source with this certificate (DER), whatever its state. Asked at every call of a
        paired source, before anything else: the handshake alone proves nothing about today, and lets also pass what a
        paired source signed with its own key.

        Raises Failed (kind FORBIDDEN) when there is none.
        """

    def status(self, pairing: Pairing, request: StatusRequest, /) -> StatusAnswer:
        """Takes note of how the source is; says how we are. Answers removed pairings too, with `removed`."""

    def add_machines(self, pairing: Pairing, request: AddMachines, /) -> None:
        """All of them, or none. Raises Failed `machine-elsewhere`, `no-repository`, `no-such-repository`."""

    def remove_machines(self, pairing: Pairing, request: RemoveMachines, /) -> int:
        """How many points were deleted. Machines that are not in the pairing (any more) count as removed."""

    def unpair(self, pairing: Pairing, /) -> None:
        """The source has ended the pairing."""

    def holdings(self, pairing: Pairing, machine: str, forgotten: Sequence[str], /) -> list[Holding]:
        """What is here of one machine (id) of this pairing; of images that are gone here the source is told no more
        when it has `forgotten` them. Raises Failed `machine-elsewhere` for any other machine."""

    def missing(self, pairing: Pairing, machine: str, ids: Sequence[bytes], /, *, sealed: bool = False) -> list[bytes]:
        """Those of the offered object ids, 8192 at most, that are not here, in any order. Not `sealed`: what is here
        sealed under such an id is not it."""

    def store(self, pairing: Pairing, machine: str, pieces: Iterable[bytes], /) -> Accepted:
        """Takes a stream of frames, cut anywhere into pieces. The iteration blocks until bytes arrive; little is held
        in memory, so that a slow disk slows the source down.

        When the connection is cut the iteration raises Failed `transfer-cut`: what arrived whole is kept and synced.
        Raises Failed `frame-damaged`, `repository-full`, …; it need not take the rest of the pieces then.
        """

    def commit(self, pairing: Pairing, request: Commit, /) -> None:
        """Everything synced, the image's own objects found to be here, then recorded. Can be repeated.

        Raises Failed `objects-missing`, `machine-elsewhere`.
        """

    def give(self, pairing: Pairing, machine: str, image: str, ids: Sequence[bytes], /) -> bytes:
        """The frames of those of `ids` (8192 at most) that belong to this image and are true here, up to the one that
        takes them to `OBJECTS_BYTES`. Raises Failed `machine-elsewhere`, `no-such-volume-image`.
        """

    def inventory(self, pairing: Pairing, request: InventoryRequest, /) -> Inventory:
        """The images of one machine of this pairing, with what is wrong with each; paused or not.

        Raises Failed `machine-elsewhere` for any other machine.
        """


def router(handler: Listener, *, body_max: int = BODY_MAX, waiting_max: int = LIMIT) -> APIRouter:
    """Routes below `/core/v1`, for an application served by a `TlsServer`.

    `body_max`: bytes of a body other than frames; `waiting_max`: bytes of a stream of frames that wait in memory.
    """
    desk = _Desk(handler, body_max, waiting_max)
    # Plain routes: there is nothing in these bodies that FastAPI could validate or describe, and they cost half.
    routes = APIRouter()
    routes.add_route(f"{BASE}/{Call.HELLO}", desk.hello, methods=["GET"], include_in_schema=False)
    for path, endpoint in (
        (Call.LOOK, desk.look),
        (Call.PAIR, desk.pair),
        (Call.STATUS, desk.status),
        (Call.MACHINES, desk.add_machines),
        (Call.REMOVE, desk.remove_machines),
        (Call.UNPAIR, desk.unpair),
        (Call.HOLDINGS, desk.holdings),
        (f"{Call.OFFER}/{{machine}}", desk.offer),
        (f"{Call.OFFER}/{{machine}}/{SEALED}", desk.offer_sealed),
        (f"{Call.FRAMES}/{{machine}}", desk.frames),
        (Call.COMMIT, desk.commit),
        (Call.OBJECTS, desk.objects),
        (Call.INVENTORY, desk.inventory),
    ):
        routes.add_route(f"{BASE}/{path}", endpoint, methods=["POST"], include_in_schema=False)
    routes.add_route(f"{BASE}/{{call:path}}", desk.unknown, methods=["GET", "POST"], include_in_schema=False)
    return routes


class _Desk:
    def __init__(self, handler: Listener, body_max: int, waiting_max: int) -> None:
        self._handler = handler
        self._body_max = body_max
        self._waiting_max = waiting_max
        self._threads = anyio.CapacityLimiter(THREADS)
        self._streams = anyio.CapacityLimiter(STREAMS)

    async def hello(self, request: Request) -> Response:
        return await self._answer(request, lambda: self._work(self._handler.hello))

    async def unknown(self, request: Request) -> Response:
        """A call of a newer Core is refused in words that it can read."""
        call = request.path_params["call"]
        text = f"This Core does not know the call “{call}”; it runs an older release."
        return _refusal(failed("unknown-call", text, "Update it.", FailureKind.NOT_FOUND).failure)

    async def look(self, request: Request) -> Response:
        async def work() -> LookAnswer:
            asked = await self._read(request, PairRequest)
            return await self._work(lambda: self._handler.look(asked))

        return await self._answer(request, work)

    async def pair(self, request: Request) -> Response:
        async def work() -> PairAnswer:
            asked = await self._read(request, PairRequest)
            address = request.client.host if request.client else ""
            return await self._work(lambda: self._handler.pair(asked, address))

        return await self._answer(request, work)

    async def status(self, request: Request) -> Response:
        return await self._paired(request, StatusRequest, lambda p, asked: self._handler.status(p, asked))

    async def add_machines(self, request: Request) -> Response:
        def work(pairing: Pairing, asked: AddMachines) -> Done:
            self._handler.add_machines(pairing, asked)
            return Done()

        return await self._paired(request, AddMachines, work)

    async def remove_machines(self, request: Request) -> Response:
        return await self._paired(
            request, RemoveMachines, lambda p, asked: Removed(self._handler.remove_machines(p, asked))
        )

    async def unpair(self, request: Request) -> Response:
        def work(pairing: Pairing, _: Done) -> Done:
            self._handler.unpair(pairing)
            return Done()

        return await self._paired(request, Done, work)

    async def holdings(self, request: Request) -> Response:
        return await self._paired(
            request,
            HoldingsRequest,
            lambda p, asked: Holdings(self._handler.holdings(p, asked.machine, asked.forgotten)),
        )

    async def inventory(self, request: Request) -> Response:
        return await self._paired(request, InventoryRequest, lambda p, asked: self._handler.inventory(p, asked))

    async def commit(self, request: Request) -> Response:
        def work(pairing: Pairing, asked: Commit) -> Done:
            self._handler.commit(pairing, asked)
            return Done()

        return await self._paired(request, Commit, work)

    async def objects(self, request: Request) -> Response:
        async def work() -> Response:
            certificate = _certificate(request)
            asked = await self._read(request, ObjectsRequest)
            ids = decode_ids(asked.ids)

            def ask() -> bytes:
                return self._handler.give(self._handler.pairing_of(certificate), asked.machine, asked.image, ids)

            return Response(await self._work(ask), media_type=messages.FRAMES_TYPE)

        return await self._answer(request, work)

    async def offer_sealed(self, request: Request) -> Response:
        return await self.offer(request, sealed=True)

    async def offer(self, request: Request, *, sealed: bool = False) -> Response:
        machine: str = request.path_params["machine"]

        async def work() -> bytes:
            certificate = _certificate(request)
            ids = decode_ids(await self._body(request))

            def ask() -> list[bytes]:
                return self._handler.missing(self._handler.pairing_of(certificate), machine, ids, sealed=sealed)

            return encode_missing(ids, await self._work(ask))

        return await self._answer(request, work)

    async def frames(self, request: Request) -> Response:
        machine: str = request.path_params["machine"]

        async def work() -> Accepted:
            certificate = _certificate(request)
            pairing = await self._work(lambda: self._handler.pairing_of(certificate))
            pump = ToThread(self._waiting_max)
            filling = asyncio.get_running_loop().create_task(_fill(pump, request))
            leaving = _when_leaving(request, filling.cancel)
            try:
                return await self._work(lambda: self._handler.store(pairing, machine, pump), self._streams)
            finally:
                # Whatever ended first: nobody waits for the other.
                pump.abandon()
                leaving.cancel()
                filling.cancel()
                await asyncio.wait([filling, leaving])

        return await self._answer(request, work)

    async def _paired(self, request: Request, kind: type[T], work: Callable[[Pairing, T], messages.Body]) -> Response:
        async def ask() -> messages.Body:
            certificate = _certificate(request)
            asked = await self._read(request, kind)
            return await self._work(lambda: work(self._handler.pairing_of(certificate), asked))

        return await self._answer(request, ask)

    async def _answer(
        self, request: Request, work: Callable[[], Awaitable[messages.Body | bytes | Response]]
    ) -> Response:
        try:
            said = await work()
        except Cancelled:
            return _refusal(
                unreachable("target-stopping", "The target Core is stopping.", "Try again when it runs.").failure
            )
        except Failed as known:
            return _refusal(known.failure)
        except ClientDisconnect:
            return Response(status_code=499)  # nobody is there to read it
        except Exception:
            log.exception("A call of another Core ended with an error: %s", request.url.path)
            return _refusal(
                Failure("internal-error", "The target Core met an error of its own.", "Its log says more."), 500
            )
        if isinstance(said, Response):
            return said
        if isinstance(said, bytes):
            return Response(said, media_type=messages.IDS_TYPE)
        return Response(messages.encode(said), media_type=messages.CONTENT_TYPE)

    async def _read(self, request: Request, kind: type[T]) -> T:
        return messages.decode(await self._body(request), kind)

    async def _body(self, request: Request) -> bytes:
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > self._body_max:
                raise usage("message-too-large", f"A message between Cores is larger than {self._body_max} bytes.")
        return bytes(body)

    async def _work(self, work: Callable[[], T], limiter: anyio.CapacityLimiter | None = None) -> T:
        # When the server stops, the call ends; its thread ends by itself, and a stream of frames it reads is cut.
        return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=limiter or self._threads)


async def _fill(pump: ToThread, request: Request) -> None:
    """The body of a request into the pump; a connection that ends too early, or a server that stops, cuts it."""
    try:
        async for piece in request.stream():
            if piece:
                await pump.put(piece)
            if pump.abandoned:
                return
        pump.end()
    except ClientDisconnect:
        return
    finally:
        pump.cut(
            unreachable(
                "transfer-cut",
                "The connection was cut while objects were sent.",
                "Nothing is to be done: the next run sends what is still missing.",
            )
        )


def _when_leaving(request: Request, act: Callable[[], object]) -> asyncio.Task[None]:
    """Acts when the server begins to stop: nobody waits for the end of a stream that may last for hours."""
    leaving = request.scope.get("extensions", {}).get("leaving") or asyncio.Event()

    async def wait() -> None:
        await leaving.wait()
        act()

    return asyncio.get_running_loop().create_task(wait())


def _certificate(request: Request) -> bytes:
    """The caller's certificate (DER). Raises Failed `authentication-failed` when it showed none."""
    shown = request.scope.get("extensions", {}).get("tls", {}).get("client_cert")
    if not isinstance(shown, bytes):
        raise failed(
            "authentication-failed",
            "Only a paired Core, which shows its certificate, may ask for that.",
            "Pair the two Cores first.",
            FailureKind.FORBIDDEN,
        )
    return shown


def _refusal(failure: Failure, status: int | None = None) -> Response:
    return Response(
        messages.encode(failure),
        status_code=status or HTTP_STATUS[failure.kind],
        media_type=messages.CONTENT_TYPE,
    )
