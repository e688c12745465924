"""A source calls a target over real TLS: what is said arrives, and each known failure arrives as itself."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.client import HTTPSConnection
from typing import Any

import pytest
from fastapi import FastAPI

from console.domain.errors import HTTP_STATUS, Cancelled, Failed, Failure, FailureKind, failed
from console.domain.replication import TargetEnd
from console.wire import messages
from console.wire.conversation import BASE
from console.wire.dialer import Dialer, Dialers, Limits
from console.wire.identity import Identity
from console.wire.listener import router
from console.wire.messages import (
    MachineBacklog,
    MachinePlacement,
    PairRequest,
    SeedAnnouncement,
    StatusRequest,
)
from console.wire.server import ServerThread, TlsServer
from console.wire.tls import client_context
from tests.wire.conftest import QUICK, People
from tests.wire.peers import (
    NOW,
    PASSWORD,
    MemoryTarget,
    core_of,
    frame,
    id_of,
    machine,
    offer_of,
    pairing_with,
    point,
    serving,
)
from tests.wire.samples import SAMPLES

HOST = "127.0.0.1"


def refused(raised: pytest.ExceptionInfo[Failed]) -> tuple[str, FailureKind]:
    return raised.value.failure.code, raised.value.failure.kind


def request(of: Identity, **changes: Any) -> PairRequest:
    said = {"user": "admin", "password": PASSWORD, "source": core_of(of), "certificate": of.certificate}
    return PairRequest(**(said | {"name": of.name} | changes))


def http(port: int, identity: Identity | None, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    """One call by other means than the dialer: status and body."""
    connection = HTTPSConnection(HOST, port, timeout=10, context=client_context(identity))
    with closing(connection):
        connection.request("GET" if body is None else "POST", f"{BASE}/{path}", body)
        answer = connection.getresponse()
        return answer.status, answer.read()


# ----------------------------------------------------------------------------------------------- pairing


def test_a_target_is_looked_at_without_credentials(dialers: Dialers, served: TlsServer, people: People) -> None:
    hello, certificate = dialers.probe(HOST, served.port)
    assert hello.core == core_of(people.target)
    assert hello.time == NOW
    assert certificate == people.target.certificate


def test_two_cores_pair_and_talk(people: People) -> None:
    target = MemoryTarget(people.target)
    dialers = Dialers(people.source, QUICK)
    with serving(target) as server:
        hello, _ = dialers.probe(HOST, server.port)
        answer = dialers.pair(HOST, server.port, hello.core.fingerprint, request(people.source))
        assert answer.target.fingerprint == people.target.fingerprint
        assert [offer.name for offer in answer.repositories] == ["main"]
        assert target.addresses == [HOST]
        again = dialers.pair(HOST, server.port, hello.core.fingerprint, request(people.source))
        assert again == answer
        assert dialers.to(pairing_with(people.target, server.port)).holdings("a" * 32) == []
    dialers.close()


def test_looking_pairs_nobody(people: People, dialers: Dialers) -> None:
    target = MemoryTarget(people.target)
    with serving(target) as server:
        found = dialers.look(HOST, server.port, people.target.fingerprint, request(people.source))
        assert (found.target, [offer.name for offer in found.repositories]) == (core_of(people.target), ["main"])
        assert target.pairings == {}
        for changes, code in (({"password": "wrong"}, "wrong-credentials"), ({"user": "tech"}, "not-administrator")):
            with pytest.raises(Failed) as raised:
                dialers.look(HOST, server.port, people.target.fingerprint, request(people.source, **changes))
            assert refused(raised)[0] == code
        with pytest.raises(Failed) as raised:
            dialers.to(pairing_with(people.target, server.port)).holdings("a" * 32)
        assert refused(raised)[0] == "authentication-failed"


def test_before_pairing_only_the_pairing_calls_answer(people: People) -> None:
    target = MemoryTarget(people.target)
    dialers = Dialers(people.source, QUICK)
    with serving(target) as server:
        dialer = dialers.to(pairing_with(people.target, server.port))
        for call in everything_paired(dialer, people):
            with pytest.raises(Failed) as raised:
                call()
            assert refused(raised) == ("authentication-failed", FailureKind.FORBIDDEN)
            assert f"{HOST}:{server.port}" in raised.value.failure.message
    assert target.calls == ["hello"] * len(target.calls)
    dialers.close()


def test_without_a_certificate_only_the_pairing_calls_answer(served: TlsServer, target: MemoryTarget) -> None:
    for path in (
        "status",
        "machines",
        "machines/remove",
        "unpair",
        "holdings",
        "inventory",
        "offer/x",
        "frames/x",
        "commit",
    ):
        status, body = http(served.port, None, path, b"\x80")
        assert (status, messages.decode(body, Failure).code) == (403, "authentication-failed")
    assert target.calls == []


def test_a_pairing_that_has_ended_is_refused_at_once(dialer: Dialer, target: MemoryTarget, people: People) -> None:
    assert dialer.holdings("a" * 32) == []
    dialer.unpair()
    with pytest.raises(Failed) as raised:
        dialer.holdings("a" * 32)
    assert refused(raised) == ("not-paired", FailureKind.FORBIDDEN)
    dialer.unpair()
    target.take(people.source)
    target.before = raising(failed("disk-full", "The disk is full."))
    with pytest.raises(Failed, match="disk-full"):
        dialer.unpair()


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"password": "guess"}, "wrong-credentials"), ({"user": "anna"}, "not-administrator"),
     ({"certificate": "rubbish"}, "bad-certificate")],
)  # fmt: skip
def test_refusals_of_pairing(people: People, dialers: Dialers, changes: dict[str, Any], code: str) -> None:
    with serving(MemoryTarget(people.target)) as server, pytest.raises(Failed) as raised:
        dialers.pair(HOST, server.port, people.target.fingerprint, request(people.source, **changes))
    assert refused(raised)[0] == code


def test_refusals_that_depend_on_versions(people: People, dialers: Dialers) -> None:
    core = core_of(people.source)
    with serving(MemoryTarget(people.target)) as server:
        for source, code in (
            (replace(core, version="9.0"), "target-older"),
            (replace(core, protocol=99), "incompatible"),
            (core_of(people.target), "target-is-this-core"),
        ):
            with pytest.raises(Failed) as raised:
                dialers.pair(HOST, server.port, people.target.fingerprint, request(people.source, source=source))
            assert refused(raised)[0] == code


# ------------------------------------------------------------------------------------------- fingerprints


def test_another_certificate_than_the_pinned_one(
    people: People, dialers: Dialers, served: TlsServer, target: MemoryTarget
) -> None:
    target.calls.clear()
    dialer = dialers.to(pairing_with(people.other, served.port))
    for call in (*everything_paired(dialer, people), dialer.hello):
        with pytest.raises(Failed) as raised:
            call()
        assert refused(raised) == ("wrong-fingerprint", FailureKind.REFUSED)
        assert people.other.fingerprint in raised.value.failure.message
        assert people.target.fingerprint in raised.value.failure.message
    assert target.calls == []


def test_a_password_goes_to_the_confirmed_core_only(people: People, dialers: Dialers, target: MemoryTarget) -> None:
    with serving(target) as server, pytest.raises(Failed, match="wrong-fingerprint"):
        dialers.pair(HOST, server.port, people.other.fingerprint, request(people.source))
    assert target.calls == []


def test_who_claims_a_fingerprint_that_is_not_its_own(people: People, dialers: Dialers) -> None:
    target = MemoryTarget(people.strange)
    target.core = core_of(people.target)  # somebody in between says what the target would say
    with serving(target) as server, pytest.raises(Failed) as raised:
        dialers.probe(HOST, server.port)
    assert refused(raised)[0] == "wrong-fingerprint"


def test_fingerprints_are_understood_however_they_are_written(
    people: People, served: TlsServer, dialers: Dialers
) -> None:
    written = people.target.fingerprint.replace(":", "").lower()
    assert dialers.pair(HOST, served.port, written, request(people.source)).target.id == people.target.core_id
    with pytest.raises(Failed) as raised:
        dialers.pair(HOST, served.port, "AB:CD", request(people.source))
    assert refused(raised) == ("bad-fingerprint", FailureKind.REFUSED)


# -------------------------------------------------------------------------------------------- every call


def test_status(dialer: Dialer, target: MemoryTarget, people: People) -> None:
    seeds = SAMPLES["status-request"]
    assert isinstance(seeds, StatusRequest)
    said = StatusRequest(core_of(people.source), NOW, True, [MachineBacklog("a" * 32, 2, 99)], seeds.seeds)
    answer = dialer.status(said)
    assert target.statuses == [said]
    assert isinstance(target.statuses[0].seeds[0], SeedAnnouncement)
    assert answer.core == core_of(people.target)
    assert not answer.removed
    target.removed = True
    assert dialer.status(said).removed


def test_machines(dialer: Dialer, target: MemoryTarget) -> None:
    dialer.add_machines([(machine("web", "1" * 32), "d" * 32), (machine("db", "2" * 32), "e" * 32)])
    assert target.machines == {"1" * 32: "d" * 32, "2" * 32: "e" * 32}
    assert dialer.remove_machines(["1" * 32]) == 0
    assert dialer.remove_machines(["2" * 32], delete_points=True) == 3
    assert target.machines == {}


def test_holdings_and_commit(dialer: Dialer, target: MemoryTarget) -> None:
    kept, made = machine(), point()
    end: TargetEnd = dialer.target(kept.id)
    end.commit(offer_of(kept, made))
    end.commit(offer_of(kept, made))
    assert [c.machine for c in target.commits] == [kept]
    assert target.commits[0].point == made
    assert [h.image for h in dialer.holdings(kept.id)] == [made.images[0].id]
    assert dialer.holdings("f" * 32) == []
    page = dialer.inventory(kept.id)
    assert ([one.image for one in page.images], page.more, page.policy) == ([made.images[0].id], False, "all 1d")
    assert dialer.inventory(kept.id, made.images[0].id).images == []


def test_objects_are_given_back_as_the_target_has_them(dialer: Dialer, target: MemoryTarget) -> None:
    there, gone = frame(b"a lost object"), id_of(b"never seen")
    target.objects[id_of(b"a lost object")] = there
    image = point().images[0].id
    assert dialer.objects("a" * 32, image, [gone, id_of(b"a lost object")]) == there
    assert dialer.objects("a" * 32, image, [gone]) == b""
    with pytest.raises(Failed) as raised:
        dialer.objects("a" * 32, "9" * 32, [gone])
    assert refused(raised) == ("no-such-volume-image", FailureKind.NOT_FOUND)


@pytest.mark.parametrize(("ids", "code"), [(b"x" * 33, "bad-message"), (b"\0" * 32, "bad-message")])
def test_what_are_no_ids_is_refused(
    served: TlsServer, people: People, target: MemoryTarget, ids: bytes, code: str
) -> None:
    target.take(people.source)
    body = messages.encode(messages.ObjectsRequest("a" * 32, "2" * 32, ids))
    status, said = http(served.port, people.source, "objects", body)
    assert (status, messages.decode(said, dict[str, Any])["code"]) == (400, code)
    status, said = http(served.port, None, "objects", body)
    assert messages.decode(said, dict[str, Any])["code"] == "authentication-failed"
    assert target.calls == []


def test_offers_of_any_length(dialer: Dialer, target: MemoryTarget) -> None:
    ids = [id_of(b"%d" % n) for n in range(8192 * 2 + 5)]
    target.objects = dict.fromkeys(ids[::3], b"")
    end = dialer.target("a" * 32)
    assert end.missing(ids) == [oid for n, oid in enumerate(ids) if n % 3]
    assert target.calls.count("missing") == 3
    assert end.missing([]) == []
    assert target.calls.count("missing") == 3
    with pytest.raises(Failed, match="offer-too-long"):
        dialer.offer("a" * 32, ids)


def test_calls_share_connections_and_run_side_by_side(dialer: Dialer, target: MemoryTarget) -> None:
    both = threading.Barrier(4, timeout=60)
    target.before = lambda call: both.wait() if call == "holdings" else None
    answers: list[object] = []
    threads = [threading.Thread(target=lambda: answers.append(dialer.holdings("a" * 32))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [[]] * 4


def test_many_waiting_calls_do_not_stop_streams_and_the_rest(dialer: Dialer, target: MemoryTarget) -> None:
    """Streams of frames have threads of their own: however many there are, offers are answered."""
    gate = threading.Event()
    begun = threading.Semaphore(0)

    def before(call: str) -> None:
        if call == "store":
            begun.release()
            gate.wait(60)

    target.before = before
    ends = [dialer.target("a" * 32) for _ in range(40)]
    threads = [threading.Thread(target=end.store, args=([b""],)) for end in ends]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert begun.acquire(timeout=60)
    assert dialer.offer("a" * 32, [id_of(b"x")]) == [id_of(b"x")]
    gate.set()
    for thread in threads:
        thread.join(60)


# ---------------------------------------------------------------------------------------------- failures


@pytest.mark.parametrize("kind", list(FailureKind))
def test_known_failures_arrive_as_they_are(dialer: Dialer, target: MemoryTarget, kind: FailureKind) -> None:
    failure = Failure("some-code", "A sentence.", "What to do.", kind)
    target.before = raising(Failed(failure))
    with pytest.raises(Failed) as raised:
        dialer.commit(SAMPLES["commit"])  # type: ignore[arg-type]
    assert raised.value.failure == failure


@pytest.mark.parametrize("kind", list(FailureKind))
def test_known_failures_have_their_status(served: TlsServer, target: MemoryTarget, kind: FailureKind) -> None:
    target.before = raising(Failed(Failure("some-code", "A sentence.", "", kind)))

    assert http(served.port, None, "hello")[0] == HTTP_STATUS[kind]


def test_a_bug_is_logged_there_and_named_here(
    dialer: Dialer, target: MemoryTarget, caplog: pytest.LogCaptureFixture
) -> None:
    target.before = raising(KeyError("not meant to be read by others"))
    with caplog.at_level(logging.ERROR, "console.wire.listener"), pytest.raises(Failed) as raised:
        dialer.holdings("a" * 32)
    assert refused(raised)[0] == "internal-error"
    assert "not meant" not in raised.value.failure.message
    assert "not meant to be read by others" in caplog.text
    assert "Traceback" in caplog.text


def test_a_target_that_is_stopping_is_not_a_cancelled_source(dialer: Dialer, target: MemoryTarget) -> None:
    target.before = raising(Cancelled())
    with pytest.raises(Failed) as raised:
        dialer.holdings("a" * 32)
    assert refused(raised) == ("target-stopping", FailureKind.UNREACHABLE)
    assert not isinstance(raised.value, Cancelled)


def test_messages_have_a_limit(people: People, dialers: Dialers) -> None:
    target = MemoryTarget(people.target)
    target.take(people.source)
    app = FastAPI(openapi_url=None)
    app.include_router(router(target, body_max=1000))
    server = TlsServer(app, people.target, port=0, trusted=[people.source.certificate], stop_within=2)
    with ServerThread(server):
        dialer = dialers.to(pairing_with(people.target, server.port))
        assert dialer.holdings("a" * 900) == []
        for size in (1001, 2_000_000):
            with pytest.raises(Failed) as raised:
                dialer.holdings("a" * size)
            assert refused(raised) == ("message-too-large", FailureKind.USAGE)


def test_what_is_not_understood_there(served: TlsServer, target: MemoryTarget, people: People) -> None:
    for path, body in (
        ("holdings", b""),
        ("holdings", b"\xc1"),
        ("commit", b"\x80"),
        ("pair", b"{}"),
        ("offer/x", b"abc"),
        ("machines", messages.encode(SAMPLES["hello"])),
    ):
        status, answer = http(served.port, people.source, path, body)
        assert (status, messages.decode(answer, Failure).code) == (400, "bad-message")
    assert not set(target.calls) - {"hello"}


def test_nobody_listens(people: People, dialers: Dialers) -> None:
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        port = sock.getsockname()[1]
    dialer = dialers.to(pairing_with(people.target, port))
    for call in (*everything_paired(dialer, people), dialer.hello, lambda: dialers.probe(HOST, port)):
        with pytest.raises(Failed) as raised:
            call()
        assert refused(raised) == ("target-unreachable", FailureKind.UNREACHABLE)
        assert f"{HOST}:{port}" in raised.value.failure.message
        assert "nothing listens there" in raised.value.failure.message


def test_a_name_that_is_none(dialers: Dialers) -> None:
    with pytest.raises(Failed) as raised:
        dialers.probe("no-such-host.invalid", 8006)
    assert refused(raised) == ("target-unreachable", FailureKind.UNREACHABLE)
    assert "no-such-host.invalid:8006" in raised.value.failure.message


@contextmanager
def speaking(answer: bytes | None, identity: Identity | None = None) -> Iterator[int]:
    """A port that says something to everybody who connects (None: nothing at all), over TLS with an identity."""
    with socket.create_server((HOST, 0)) as listening:
        over = threading.Event()
        kept: list[socket.socket] = []

        def talk(conn: socket.socket) -> None:
            try:
                if identity is not None:
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    context.load_cert_chain(identity.certificate_path, identity.key_path)
                    conn = context.wrap_socket(conn, server_side=True)
                    conn.recv(65536)
                kept.append(conn)
                if answer is not None:
                    conn.sendall(answer)
                    conn.close()
            except OSError:
                conn.close()

        def accept() -> None:
            while not over.is_set():
                try:
                    conn, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=talk, args=(conn,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(60)
        for conn in kept:
            conn.close()


@pytest.mark.parametrize("says", [b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
def test_something_else_listens_there(dialers: Dialers, says: bytes, people: People) -> None:
    with speaking(says) as port:
        for call in (lambda: dialers.probe(HOST, port), dialers.to(pairing_with(people.target, port)).hello):
            with pytest.raises(Failed) as raised:
                call()
            assert refused(raised) == ("target-unreachable", FailureKind.UNREACHABLE)


@pytest.mark.parametrize(
    "says",
    [
        b"rubbish\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 500 Oops\r\nContent-Type: application/msgpack\r\nContent-Length: 1\r\n\r\n\xc1",
        b"HTTP/1.1 301 Moved\r\nLocation: https://example.org/\r\nContent-Length: 0\r\n\r\n",
        b"",
    ],
)
def test_a_web_server_is_not_a_core(people: People, dialers: Dialers, says: bytes) -> None:
    with speaking(says, people.target) as port:
        dialer = dialers.to(pairing_with(people.target, port))
        with pytest.raises(Failed) as raised:
            dialer.holdings("a" * 32)
        code = "bad-message" if b"301" in says else "target-unreachable"
        assert refused(raised)[0] == code


def test_a_target_that_never_answers(people: People) -> None:
    dialers = Dialers(people.source, replace(QUICK, read=0.2, work=0.2))
    with speaking(None, people.target) as port:
        dialer = dialers.to(pairing_with(people.target, port))
        for call in (lambda: dialer.holdings("a" * 32), lambda: dialer.commit(SAMPLES["commit"])):  # type: ignore[arg-type]
            with pytest.raises(Failed) as raised:
                call()
            assert refused(raised) == ("target-unreachable", FailureKind.UNREACHABLE)
            assert "did not answer in time" in raised.value.failure.message
    dialers.close()


def test_a_handshake_that_never_ends(people: People) -> None:
    dialers = Dialers(people.source, Limits(connect=0.2))
    with speaking(None) as port:
        for call in (lambda: dialers.probe(HOST, port), dialers.to(pairing_with(people.target, port)).hello):
            with pytest.raises(Failed) as raised:
                call()
            assert refused(raised) == ("target-unreachable", FailureKind.UNREACHABLE)
            assert "in time" in raised.value.failure.message
    dialers.close()


def test_a_restarted_target_is_simply_called_again(people: People, dialers: Dialers, target: MemoryTarget) -> None:
    with serving(target) as server:
        port = server.port
        dialer = dialers.to(pairing_with(people.target, port))
        assert dialer.holdings("a" * 32) == []
    with serving(target, port=port):
        assert dialer.holdings("a" * 32) == []
        dialer.commit(SAMPLES["commit"])  # type: ignore[arg-type]
    assert len(target.commits) == 1


# ----------------------------------------------------------------------------------------------- dialers


def test_one_dialer_for_each_pairing_until_it_moves(people: People, dialers: Dialers, served: TlsServer) -> None:
    pairing = pairing_with(people.target, served.port)
    first = dialers.to(pairing)
    assert first.hello().core.id == people.target.core_id
    assert dialers.to(replace(pairing, name="renamed")) is first
    assert dialers.to(replace(pairing, id="9" * 32)) is not first
    moved = dialers.to(replace(pairing, port=served.port + 1))
    assert moved is not first
    with pytest.raises(Cancelled):
        first.hello()
    dialers.drop(pairing)
    dialers.drop(pairing)
    assert dialers.to(pairing) not in (first, moved)


def test_closing_ends_what_is_under_way(people: People, served: TlsServer, target: MemoryTarget) -> None:
    gate, begun = threading.Event(), threading.Event()

    def before(call: str) -> None:
        if call == "holdings":
            begun.set()
            gate.wait(60)

    target.before = before
    dialers = Dialers(people.source, QUICK)
    dialer = dialers.to(pairing_with(people.target, served.port))
    ended: list[BaseException] = []

    def call() -> None:
        try:
            dialer.holdings("a" * 32)
        except Cancelled as error:
            ended.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    assert begun.wait(60)
    dialers.close()
    thread.join(60)
    gate.set()
    assert len(ended) == 1
    dialers.close()
    with pytest.raises(Cancelled):
        dialer.hello()


def test_nothing_starts_before_the_first_call(people: People) -> None:
    before = threading.active_count()
    dialers = Dialers(people.source, QUICK)
    dialers.to(pairing_with(people.target, 1))
    assert threading.active_count() == before
    dialers.close()


def test_ipv6(people: People, dialers: Dialers) -> None:
    target = MemoryTarget(people.target)
    target.take(people.source)
    app = FastAPI(openapi_url=None)
    app.include_router(router(target))
    server = TlsServer(app, people.target, host="::1", port=0, trusted=[people.source.certificate], stop_within=1)
    thread = ServerThread(server)
    try:
        thread.start()
    except Failed:
        pytest.skip("this machine has no IPv6")
    with contextlib.ExitStack() as stack:
        stack.callback(thread.stop)
        pairing = pairing_with(people.target, server.port, host="::1")
        assert dialers.to(pairing).holdings("a" * 32) == []
        assert dialers.to(pairing).address == f"[::1]:{server.port}"


def everything_paired(dialer: Dialer, people: People) -> list[Any]:
    """Every call that needs a pairing."""
    status = StatusRequest(core_of(people.source), NOW)
    end = dialer.target("a" * 32)
    return [
        lambda: dialer.status(status),
        lambda: dialer.add_machines([(machine(), "d" * 32)]),
        lambda: dialer.remove_machines(["a" * 32]),
        dialer.unpair,
        lambda: dialer.holdings("a" * 32),
        lambda: end.missing([id_of(b"x")]),
        lambda: end.store([b"x" * 100]),
        lambda: end.commit(offer_of(machine(), point())),
    ]


def raising(error: Exception) -> Any:
    def before(call: str) -> None:
        raise error

    return before


def test_a_call_that_the_target_does_not_know_is_refused_in_words(people: People, served: TlsServer) -> None:
    """Else a newer source would take an older target for something that is no Core, and the link for broken."""
    status, said = http(served.port, people.source, "of-next-year/machine", b"x")
    failure = Failure.from_dict(messages.decode(said, dict[str, Any]))
    assert (status, failure.code, failure.kind) == (404, "unknown-call", FailureKind.NOT_FOUND)


def test_placements_keep_the_machine() -> None:
    placed = SAMPLES["add-machines"]
    assert isinstance(placed, messages.AddMachines)
    assert isinstance(placed.machines[0], MachinePlacement)
    assert json.dumps(placed.machines[0].machine.volumes[0].path)
