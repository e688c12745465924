"""The one TLS port: who gets in, what the application learns of them, how it starts and stops."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from console.domain.errors import Failed
from console.wire import server as server_module
from console.wire.identity import Identity, fingerprint_of
from console.wire.server import ServerThread, TlsServer, listen
from console.wire.tls import client_context, fetch_certificate, server_context
from tests.wire.conftest import People

Scope = dict[str, Any]


class App:
    """Answers with what it sees of the caller. `gate`: calls of /slow wait for it."""

    def __init__(self) -> None:
        self.seen: list[Scope] = []
        self.gate = asyncio.Event()
        self.begun = asyncio.Event()
        self.life: list[str] = []

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                said = (await receive())["type"]
                self.life.append(said)
                await send({"type": f"{said}.complete"})
                if said == "lifespan.shutdown":
                    return
        self.seen.append(scope)
        if scope["path"] == "/slow":
            self.begun.set()
            await self.gate.wait()
        certificate = scope["extensions"]["tls"]["client_cert"]
        body = json.dumps([fingerprint_of(certificate) if certificate else None, scope["client"][0]]).encode()
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture
def app() -> App:
    return App()


def ask(port: int, identity: Identity | None, path: str = "/", *, context: ssl.SSLContext | None = None) -> Any:
    """One call with plain sockets. Raises what the socket raises."""
    with (
        socket.create_connection(("127.0.0.1", port), 5) as plain,
        (context or client_context(identity)).wrap_socket(plain) as sock,
    ):
        sock.settimeout(5)
        sock.sendall(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n".encode()
        )
        got = b""
        while piece := sock.recv(65536):
            got += piece
    if not got:
        raise ConnectionResetError("closed without a word")  # as loops do it: no alert is sent
    return json.loads(got.partition(b"\r\n\r\n")[2])


@pytest.fixture
def running(app: App, people: People) -> Iterator[TlsServer]:
    server = TlsServer(app, people.target, port=0, trusted=[people.source.certificate], stop_within=1)
    with ServerThread(server):
        yield server


def test_a_free_port_is_taken_and_told(app: App, people: People) -> None:
    server = TlsServer(app, people.target, port=0)
    assert server.port == 0
    with ServerThread(server):
        assert server.port > 0
        assert server.address == f"127.0.0.1:{server.port}"
        assert ask(server.port, None) == [None, "127.0.0.1"]


def test_a_caller_without_a_certificate_is_nobody(running: TlsServer) -> None:
    assert ask(running.port, None) == [None, "127.0.0.1"]


def test_a_trusted_certificate_is_handed_on(running: TlsServer, people: People) -> None:
    assert ask(running.port, people.source)[0] == people.source.fingerprint


def test_a_strange_certificate_fails_in_the_handshake(
    running: TlsServer, app: App, people: People, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), pytest.raises((ssl.SSLError, OSError)):
        ask(running.port, people.strange)
    assert app.seen == []
    assert caplog.records == []


def test_a_new_certificate_is_learned_while_running(running: TlsServer, people: People) -> None:
    running.trust(people.other.certificate)
    assert ask(running.port, people.other)[0] == people.other.fingerprint
    assert ask(running.port, people.source)[0] == people.source.fingerprint
    with pytest.raises(OSError):  # noqa: PT011 - an alert or a reset, as the kernel has it
        ask(running.port, people.strange)


def test_what_is_no_certificate_cannot_be_trusted(running: TlsServer) -> None:
    with pytest.raises(Failed, match="bad-certificate"):
        running.trust("rubbish")


def test_what_a_paired_source_signed_is_not_the_source(running: TlsServer, people: People, tmp_path: Path) -> None:
    """The handshake may let it pass, since the source is its own authority; the application sees who it is."""
    forged = issue(people.source, tmp_path)
    assert ask(running.port, None, context=forged)[0] != people.source.fingerprint


def test_an_expired_certificate_is_refused(app: App, people: People, tmp_path: Path) -> None:
    class Past:
        def now(self) -> datetime:
            return datetime(1990, 1, 1, tzinfo=UTC)

        def monotonic(self) -> float:
            return 0.0

    old = Identity.create(tmp_path / "old", "old", Past())
    with ServerThread(TlsServer(app, people.target, port=0, trusted=[old.certificate])) as thread:
        with pytest.raises(OSError):  # noqa: PT011
            ask(thread.server.port, old)
        assert app.seen == []


def test_only_tls_1_3(running: TlsServer) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        ask(running.port, None, context=old)


def test_plain_http_gets_nothing(running: TlsServer, app: App) -> None:
    with socket.create_connection(("127.0.0.1", running.port), 5) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        sock.settimeout(5)
        with contextlib.suppress(ConnectionResetError):
            assert b"HTTP" not in sock.recv(1000)
    assert app.seen == []


async def test_the_certificate_of_whoever_listens(running: TlsServer, people: People) -> None:
    assert await fetch_certificate("127.0.0.1", running.port) == people.target.certificate
    with pytest.raises(Failed, match="target-unreachable"):
        await fetch_certificate("127.0.0.1", free_port())


def test_a_port_that_is_taken(app: App, people: People, running: TlsServer) -> None:
    second = ServerThread(TlsServer(app, people.target, port=running.port))
    with pytest.raises(Failed) as raised:
        second.start()
    assert raised.value.failure.code == "port-in-use"
    assert str(running.port) in raised.value.failure.message


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.name.invalid"])
def test_an_address_that_is_not_ours(app: App, people: People, host: str) -> None:
    with pytest.raises(Failed, match="cannot-listen"):
        ServerThread(TlsServer(app, people.target, host=host, port=0)).start()


def test_all_addresses_have_one_port() -> None:
    bound = listen("", 0)
    try:
        assert len({sock.getsockname()[1] for sock in bound}) == 1
    finally:
        for sock in bound:
            sock.close()


async def test_in_a_loop_that_is_there_already(app: App, people: People) -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    async with TlsServer(app, people.target, port=0, stop_within=1) as server:
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
        assert await asyncio.to_thread(ask, server.port, None) == [None, "127.0.0.1"]
    assert app.life == ["lifespan.startup", "lifespan.shutdown"]
    with pytest.raises(ConnectionRefusedError):
        await asyncio.to_thread(ask, server.port, None)


async def test_its_port_is_free_again_after_it_stopped(app: App, people: People) -> None:
    async with TlsServer(app, people.target, port=0) as first:
        port = first.port
        await asyncio.to_thread(ask, port, None)
    async with TlsServer(App(), people.target, port=port):
        assert await asyncio.to_thread(ask, port, None) == [None, "127.0.0.1"]


async def test_stopping_lets_calls_end(app: App, people: People) -> None:
    server = TlsServer(app, people.target, port=0, stop_within=5)
    await server.start()
    asking = asyncio.get_running_loop().run_in_executor(None, ask, server.port, None, "/slow")
    await asyncio.wait_for(app.begun.wait(), 60)
    stopping = asyncio.get_running_loop().create_task(server.stop())
    await asyncio.sleep(0)
    app.gate.set()
    assert await asyncio.wait_for(asking, 60) == [None, "127.0.0.1"]
    await asyncio.wait_for(stopping, 60)
    await server.stop()


async def test_stopping_cuts_what_does_not_end(app: App, people: People) -> None:
    server = TlsServer(app, people.target, port=0, stop_within=1)
    await server.start()
    asking = asyncio.get_running_loop().run_in_executor(None, ask, server.port, None, "/slow")
    await asyncio.wait_for(app.begun.wait(), 60)
    await asyncio.wait_for(server.stop(), 60)
    with pytest.raises((OSError, ValueError)):  # cut: no answer, or none that is whole
        await asyncio.wait_for(asking, 60)


@pytest.mark.parametrize(
    "says",
    [
        b"",
        b"GET / HT",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
        b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["nothing", "half a request", "half a body", "and takes no answer"],
)
async def test_stopping_does_not_wait_for_callers_who_hang(
    people: People, monkeypatch: pytest.MonkeyPatch, says: bytes
) -> None:
    monkeypatch.setattr(server_module, "PATIENCE_S", 0.05)
    ended = asyncio.Event()
    come = asyncio.Event()

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        come.set()
        if scope["path"] == "/much":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for _ in range(100):
                await send({"type": "http.response.body", "body": bytes(1 << 20), "more_body": True})
        else:
            while (await receive())["type"] != "http.disconnect":
                pass
        ended.set()

    # It would wait an hour, which no test has.
    server = TlsServer(app, people.target, port=0, stop_within=3600)
    await server.start()
    _, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=client_context(None), limit=1024)
    writer.write(says)
    await writer.drain()
    if says.endswith((b"half", b"\r\n\r\n")):
        await come.wait()
    await server.stop()
    if come.is_set():
        await ended.wait()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def test_what_goes_on_for_ever_is_told_to_end(people: People) -> None:
    begun = asyncio.Event()

    async def feed(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        begun.set()
        await scope["extensions"]["leaving"].wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})

    async with TlsServer(feed, people.target, port=0, stop_within=60) as server:
        asking = asyncio.get_running_loop().run_in_executor(None, ask, server.port, None)
        await asyncio.wait_for(begun.wait(), 60)
        await asyncio.wait_for(server.stop(), 60)
        assert await asyncio.wait_for(asking, 60) == {}


async def test_an_application_that_does_not_start(people: People) -> None:
    async def broken(scope: Scope, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no"})

    port = free_port()
    with pytest.raises(RuntimeError, match="did not start"):
        await TlsServer(broken, people.target, port=port).start()
    for sock in listen("127.0.0.1", port):
        sock.close()


@pytest.mark.parametrize("says", [b"", b"GET / HT", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"])
def test_who_says_nothing_more_is_cut_off(running: TlsServer, monkeypatch: pytest.MonkeyPatch, says: bytes) -> None:
    monkeypatch.setattr(server_module, "SILENCE_S", 0.05)
    with socket.create_connection(("127.0.0.1", running.port), 5) as plain:
        sock = client_context(None).wrap_socket(plain)
        sock.settimeout(10)
        if says:
            sock.sendall(says)
        with contextlib.suppress(ConnectionResetError, ssl.SSLEOFError):  # a TimeoutError fails the test
            while sock.recv(1000):
                continue
        sock.close()


def test_an_identity_that_went_missing_is_named(people: People, tmp_path: Path) -> None:
    lost = Identity.create(tmp_path / "lost", "lost")
    lost.key_path.unlink()
    with pytest.raises(Failed, match="identity-damaged"):
        server_context(lost)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def issue(authority: Identity, place: Path) -> ssl.SSLContext:
    """A client context with a certificate that `authority`'s key has signed for somebody else."""
    signer = x509.load_pem_x509_certificate(authority.certificate.encode())
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)  # noqa: TID251 - a real certificate, for a real handshake
    public = x509.SubjectKeyIdentifier.from_public_key(signer.public_key())  # type: ignore[arg-type]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "forged")]))
        .issuer_name(signer.subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(public), critical=False)
        .sign(serialization.load_pem_private_key(authority.key_path.read_bytes(), None), hashes.SHA256())  # type: ignore[arg-type]
    )
    (place / "c.pem").write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + signer.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = client_context(None)
    context.load_cert_chain(place / "c.pem")
    return context
