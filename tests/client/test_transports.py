"""One suite for both ways to a Core, and what only the network can do wrong."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from console.client.https import HttpsTransport, digest_of, fingerprint_text, shown_fingerprint
from console.client.inside import InsideTransport
from console.client.transport import Transport, failure_of
from console.domain.errors import Failed, FailureKind
from console.wire.identity import Identity
from console.wire.server import TlsServer

Message = MutableMapping[str, Any]


async def echo(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Says what was asked; `/lines` streams until the caller leaves, `/broken` crashes, `/slow` never answers."""
    if scope["type"] != "http":
        return
    path = scope["path"]
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    if path == "/broken":
        raise RuntimeError("a bug")
    if path == "/slow":
        while (await receive())["type"] != "http.disconnect":
            continue
        return
    status = 404 if path == "/nothing" else 200
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    if path == "/lines":
        for piece in (b"one\ntw", b"o\n", b"three\n"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            continue
        LEFT.set()
        return
    if path == "/nothing":
        error = {"code": "no-such-thing", "message": "It is not there.", "hint": "Look.", "kind": "not-found"}
        await send({"type": "http.response.body", "body": json.dumps({"error": error}).encode()})
        return
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    said = {
        "method": scope["method"],
        "path": path,
        "query": scope["query_string"].decode(),
        "body": body.decode(),
        "token": headers.get("authorization"),
    }
    await send({"type": "http.response.body", "body": json.dumps(said).encode()})


LEFT = asyncio.Event()


@asynccontextmanager
async def opened(kind: str, directory: Path) -> AsyncIterator[Transport]:
    LEFT.clear()
    if kind == "inside":
        inside = InsideTransport(echo)
        yield inside
        await inside.close()
        return
    identity = Identity.create(directory / "identity", "here")
    async with TlsServer(echo, identity, port=0) as server:
        transport = HttpsTransport("127.0.0.1", server.port, identity.fingerprint)
        yield transport
        await transport.close()


both = pytest.mark.parametrize("kind", ["inside", "https"])


@both
async def test_a_call_arrives_as_it_was_made(kind: str, tmp_path: Path) -> None:
    async with opened(kind, tmp_path) as transport:
        answer = await transport.call(
            "PUT",
            "/a%20b/c%2Fd",
            query={"path": "x y/ü&=?", "limit": "5"},
            headers={"Authorization": "Bearer t"},
            body=b'{"a": 1}',
        )
    assert answer.status == 200
    said = json.loads(answer.body)
    assert said["method"] == "PUT"
    assert said["path"] == "/a b/c/d"
    assert said["body"] == '{"a": 1}'
    assert said["token"] == "Bearer t"
    from urllib.parse import parse_qs

    assert parse_qs(said["query"]) == {"path": ["x y/ü&=?"], "limit": ["5"]}


@both
async def test_a_refusal_is_an_answer(kind: str, tmp_path: Path) -> None:
    async with opened(kind, tmp_path) as transport:
        answer = await transport.call("GET", "/nothing")
    assert answer.status == 404
    failure = failure_of(answer).failure
    assert (failure.code, failure.kind, failure.hint) == ("no-such-thing", FailureKind.NOT_FOUND, "Look.")


@both
async def test_lines_come_as_they_are_sent_and_the_listener_may_leave(kind: str, tmp_path: Path) -> None:
    async with opened(kind, tmp_path) as transport:
        lines = transport.lines("/lines")
        assert [await anext(lines) for _ in range(3)] == [b"one\n", b"two\n", b"three\n"]
        await lines.aclose()
        async with asyncio.timeout(10):
            if kind == "https":
                await LEFT.wait()


@both
async def test_refused_lines_raise_the_refusal(kind: str, tmp_path: Path) -> None:
    async with opened(kind, tmp_path) as transport:
        with pytest.raises(Failed) as caught:
            await anext(transport.lines("/nothing"))
    assert caught.value.failure.code == "no-such-thing"


@both
async def test_who_does_not_answer_in_time_is_unreachable(kind: str, tmp_path: Path) -> None:
    async with opened(kind, tmp_path) as transport:
        with pytest.raises(Failed) as caught:
            await transport.call("GET", "/slow", timeout=0.2)
    assert (caught.value.failure.code, caught.value.failure.kind) == ("core-unreachable", FailureKind.UNREACHABLE)


async def test_another_certificate_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    identity = Identity.create(tmp_path / "identity", "here")
    asked: list[str] = []

    async def listening(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            asked.append(scope["path"])
        await echo(scope, receive, send)

    async with TlsServer(listening, identity, port=0) as server:
        wrong = ":".join(["AB"] * 32)
        transport = HttpsTransport("127.0.0.1", server.port, wrong)
        with pytest.raises(Failed) as caught:
            await transport.call("POST", "/sign-in", body=b'{"password": "secret"}')
        with pytest.raises(Failed):
            await anext(transport.lines("/lines"))
        await transport.close()
        assert await shown_fingerprint("127.0.0.1", server.port) == identity.fingerprint
    assert (caught.value.failure.code, caught.value.failure.kind) == ("wrong-fingerprint", FailureKind.REFUSED)
    assert identity.fingerprint in caught.value.failure.message
    assert asked == []


async def test_nobody_there_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        transport = HttpsTransport("127.0.0.1", port, ":".join(["AB"] * 32))
        with pytest.raises(Failed) as caught:
            await transport.call("GET", "/")
        with pytest.raises(Failed) as looked:
            await shown_fingerprint("127.0.0.1", port)
        await transport.close()
    for failed in (caught, looked):
        assert (failed.value.failure.code, failed.value.failure.kind) == ("core-unreachable", FailureKind.UNREACHABLE)
        assert f"127.0.0.1:{port}" in failed.value.failure.message


async def test_what_is_no_core_is_told_apart() -> None:
    from console.client.transport import Answer

    for body in (b"<html>404</html>", b"{}", b'{"error": 5}', b'{"error": {"code": 5}}', b""):
        assert failure_of(Answer(502, body)).failure.code == "not-a-core"


def test_fingerprints_are_read_however_they_are_written() -> None:
    digest = bytes(range(32))
    assert digest_of(fingerprint_text(digest)) == digest
    assert digest_of(digest.hex()) == digest
    for bad in ("", "AB:CD", "xy" * 32):
        with pytest.raises(ValueError, match=r".+"):
            digest_of(bad)
