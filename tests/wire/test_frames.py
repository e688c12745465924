"""Streams of frames over real TLS: everything arrives once, little waits in memory, both sides notice every end."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.domain.errors import Cancelled, Failed, FailureKind, failed
from console.domain.objects import FRAME_SIZE
from console.domain.replication import Accepted
from console.wire import server as server_module
from console.wire.dialer import Dialer, Dialers, WireTarget
from console.wire.pump import LIMIT
from console.wire.server import TlsServer
from tests.wire.conftest import QUICK, People
from tests.wire.lines import line_to
from tests.wire.peers import MemoryTarget, frame, id_of, pairing_with, serving

PLAINS = [random.Random(n).randbytes(1 + n * 997 % 60_000) for n in range(200)]
FRAMES = [frame(plain) for plain in PLAINS]
IDS = [id_of(plain) for plain in PLAINS]
MACHINE = "a" * 32


@pytest.fixture
def end(dialer: Dialer) -> WireTarget:
    return dialer.target(MACHINE)


def arriving(target: MemoryTarget) -> threading.Event:
    """Set when the first piece of a stream has arrived."""
    begun = threading.Event()
    target.before = lambda call: begun.set() if call == "piece" else None
    return begun


def endless(first: bytes = b"") -> Iterator[bytes]:
    if first:
        yield first
    number = 0
    while True:
        number += 1
        yield frame(number.to_bytes(4, "big") * 25_000)


# ------------------------------------------------------------------------------------------- all is well


def test_everything_arrives(end: WireTarget, target: MemoryTarget) -> None:
    assert end.store(FRAMES) == Accepted(len(FRAMES), sum(map(len, FRAMES)))
    assert target.objects == dict(zip(IDS, FRAMES, strict=True))
    assert target.calls.count("store") == 1


@pytest.mark.parametrize("pieces", [1, 7, 64, 200])
def test_runs_of_frames_of_any_length(end: WireTarget, target: MemoryTarget, pieces: int) -> None:
    runs = [b"".join(FRAMES[n : n + pieces]) for n in range(0, len(FRAMES), pieces)]
    assert end.store(memoryview(run) for run in runs).objects == len(FRAMES)
    assert set(target.objects) == set(IDS)


def test_an_object_of_the_largest_size(end: WireTarget, target: MemoryTarget) -> None:
    plain = os.urandom(8 << 20)
    assert end.store([frame(plain)]) == Accepted(1, len(plain) + FRAME_SIZE)
    assert target.objects[id_of(plain)] == frame(plain)


def test_nothing_to_send_is_not_sent(end: WireTarget, target: MemoryTarget) -> None:
    assert end.store([]) == Accepted(0, 0)
    assert target.calls == []


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lengths=st.lists(st.integers(0, 3000), max_size=30), runs=st.integers(1, 5))
def test_any_objects(end: WireTarget, target: MemoryTarget, lengths: list[int], runs: int) -> None:
    target.objects.clear()
    plains = [bytes([n % 256]) * length + b"%d" % n for n, length in enumerate(lengths)]
    frames = [frame(plain) for plain in plains]
    pieces = [b"".join(frames[n : n + runs]) for n in range(0, len(frames), runs)]
    assert end.store(pieces) == Accepted(len(frames), sum(map(len, frames)))
    assert target.objects == {id_of(plain): whole for plain, whole in zip(plains, frames, strict=True)}


def test_offers_are_answered_while_frames_are_sent(end: WireTarget, target: MemoryTarget) -> None:
    def asked_on_the_way() -> Iterator[bytes]:
        for start in range(0, len(IDS), 50):
            for oid in end.missing(IDS[start : start + 50]):
                yield FRAMES[IDS.index(oid)]

    assert end.store(asked_on_the_way()).objects == len(IDS)
    assert target.calls.count("missing") == 4
    assert target.calls.count("store") == 1


def test_a_source_that_has_nothing_for_a_while_begins_another_call(people: People, target: MemoryTarget) -> None:
    dialers = Dialers(people.source, replace(QUICK, idle=0.05))
    ended = threading.Event()
    store = target.store

    def noted(*given: object) -> Accepted:
        try:
            return store(*given)  # type: ignore[arg-type]
        finally:
            ended.set()

    target.store = noted  # type: ignore[method-assign]

    def slow() -> Iterator[bytes]:
        for number, piece in enumerate(FRAMES[:30]):
            if number in (10, 20):
                assert ended.wait(60), "the call was not ended"
                ended.clear()
            yield piece

    with serving(target) as server:
        end = dialers.to(pairing_with(people.target, server.port)).target(MACHINE)
        assert end.store(slow()) == Accepted(30, sum(map(len, FRAMES[:30])))
    assert target.calls.count("store") == 3
    assert set(target.objects) == set(IDS[:30])
    dialers.close()


# -------------------------------------------------------------------------------------------- flat memory


def test_a_slow_target_slows_the_source_down(people: People, dialers: Dialers, target: MemoryTarget) -> None:
    """While the target's handler does not read, the source may hand over only what buffers are bounded to."""
    gate = threading.Event()
    target.before = lambda call: gate.wait(60) if call == "piece" else None
    piece = b"".join(frame(os.urandom(60_000)) for _ in range(4))
    moved = threading.Event()
    handed = 0

    def counted() -> Iterator[bytes]:
        nonlocal handed
        for _ in range(400):
            yield piece
            handed += len(piece)
            moved.set()

    done: list[Accepted] = []
    with serving(target, waiting_max=1 << 20) as server:
        end = dialers.to(pairing_with(people.target, server.port)).target(MACHINE)
        sending = threading.Thread(target=lambda: done.append(end.store(counted())))
        sending.start()
        assert moved.wait(60)
        while moved.wait(1):  # it stands still when nothing moves for a second
            moved.clear()
        stopped_at = handed
        gate.set()
        sending.join(60)
    assert done == [Accepted(1600, 400 * len(piece))]
    kernel = 16 << 20  # what sockets may hold on loopback, both ends
    assert stopped_at <= LIMIT + (1 << 20) + kernel + 4 * len(piece)
    assert stopped_at < handed / 2


# ------------------------------------------------------------------------------------- the source breaks


@pytest.mark.parametrize("after", [0, 1, 150])
def test_what_the_source_raises_is_raised(end: WireTarget, target: MemoryTarget, after: int) -> None:
    mine = failed("object-damaged", "An object here is damaged.", "", FailureKind.DAMAGE)
    begun = arriving(target)

    def broken() -> Iterator[bytes]:
        yield from FRAMES[:after]
        assert not after or begun.wait(60)
        raise mine

    with pytest.raises(Failed) as raised:
        end.store(broken())
    assert raised.value is mine
    if after:
        assert target.cut.wait(60)
        assert target.cuts[0].failure.code == "transfer-cut"
    assert set(end.missing(IDS)) >= set(IDS[after:])
    rest = end.missing(IDS)
    assert end.store(FRAMES[IDS.index(oid)] for oid in rest).objects == len(rest)
    assert set(target.objects) == set(IDS)


def test_a_bug_of_the_source_is_raised_too(end: WireTarget) -> None:
    def broken() -> Iterator[bytes]:
        yield FRAMES[0]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        end.store(broken())


def test_a_cancelled_job_stops_the_stream(end: WireTarget, target: MemoryTarget) -> None:
    begun = arriving(target)

    def cancelled() -> Iterator[bytes]:
        yield from FRAMES[:5]
        assert begun.wait(60)
        raise Cancelled

    with pytest.raises(Cancelled):
        end.store(cancelled())
    assert target.cut.wait(60)


def test_closing_the_dialers_stops_the_stream(people: People, served: TlsServer, target: MemoryTarget) -> None:
    dialers = Dialers(people.source, QUICK)
    end = dialers.to(pairing_with(people.target, served.port)).target(MACHINE)
    begun = arriving(target)
    ended: list[BaseException] = []

    def send() -> None:
        try:
            end.store(endless())
        except Cancelled as error:
            ended.append(error)

    sending = threading.Thread(target=send)
    sending.start()
    assert begun.wait(60)
    dialers.close()
    sending.join(60)
    assert len(ended) == 1
    assert target.cut.wait(60)


# ------------------------------------------------------------------------------------- the target refuses


def test_damage_on_the_way_is_refused_while_more_is_sent(end: WireTarget, target: MemoryTarget) -> None:
    bad = bytearray(frame(b"will be bent" * 1000))
    bad[FRAME_SIZE + 5] ^= 1
    with pytest.raises(Failed) as raised:
        end.store(endless(FRAMES[0] + bytes(bad)))
    assert (raised.value.failure.code, raised.value.failure.kind) == ("frame-damaged", FailureKind.DAMAGE)
    assert end.missing(IDS[:2]) == [IDS[1]]


@pytest.mark.parametrize("after", [1, 20])
def test_a_full_target_says_so(end: WireTarget, target: MemoryTarget, after: int) -> None:
    seen = 0

    def before(call: str) -> None:
        nonlocal seen
        seen += call == "piece"
        if seen == after:
            seen = 0
            raise failed("repository-full", "The disk of the target is full.", "Make room there.")

    target.before = before
    for _ in range(3):  # and the connection, or the next, is good for the next call
        with pytest.raises(Failed) as raised:
            end.store(endless())
        assert raised.value.failure.code == "repository-full"
        assert end.missing(IDS[:1]) == IDS[:1]


def test_a_refusal_before_the_first_byte(end: WireTarget, target: MemoryTarget) -> None:
    target.pairings.clear()
    with pytest.raises(Failed) as raised:
        end.store(endless())
    assert raised.value.failure.code == "not-paired"


def test_a_stream_that_ends_inside_a_frame(end: WireTarget, target: MemoryTarget) -> None:
    with pytest.raises(Failed, match="frame-damaged"):
        end.store([FRAMES[0] + FRAMES[1][:-1]])
    assert end.missing(IDS[:2]) == [IDS[1]]


def test_a_bug_of_the_target(end: WireTarget, target: MemoryTarget) -> None:
    def before(call: str) -> None:
        if call == "piece":
            raise KeyError("bug")

    target.before = before
    with pytest.raises(Failed, match="internal-error"):
        end.store(endless())


def test_strange_sources_stream_nothing(people: People, served: TlsServer, target: MemoryTarget) -> None:
    dialers = Dialers(people.strange, QUICK)
    with pytest.raises(Failed, match="authentication-failed"):
        dialers.to(pairing_with(people.target, served.port)).target(MACHINE).store(endless())
    assert target.objects == {}
    dialers.close()


# ----------------------------------------------------------------------------------------- the line breaks


@pytest.mark.parametrize("after", [2_000, 300_000, 3_000_000])
def test_a_cut_line(people: People, dialers: Dialers, target: MemoryTarget, after: int) -> None:
    with serving(target) as server, line_to(server.port) as line:
        end = dialers.to(pairing_with(people.target, line.port)).target(MACHINE)
        assert end.missing(IDS) == IDS
        line.cut_after = line.sent + after
        with pytest.raises(Failed) as raised:
            end.store(FRAMES)
        assert (raised.value.failure.code, raised.value.failure.kind) == ("target-unreachable", FailureKind.UNREACHABLE)
        assert f"127.0.0.1:{line.port}" in raised.value.failure.message
        assert target.cut.wait(60)
        kept = set(target.objects)
        assert kept <= set(IDS)
        rest = end.missing(IDS)
        assert set(rest) == set(IDS) - kept
        before = line.sent
        assert end.store(FRAMES[IDS.index(oid)] for oid in rest).objects == len(rest)
        assert line.sent - before < sum(len(FRAMES[IDS.index(oid)]) for oid in rest) * 1.03 + 5_000
    assert target.objects == dict(zip(IDS, FRAMES, strict=True))


def test_a_line_that_is_cut_again_and_again_gets_on(people: People, dialers: Dialers, target: MemoryTarget) -> None:
    with serving(target) as server, line_to(server.port) as line:
        end = dialers.to(pairing_with(people.target, line.port)).target(MACHINE)
        while (rest := end.missing(IDS)) and line.cuts < 100:
            line.cut_after = line.sent + 900_000
            with suppress(Failed):
                end.store(FRAMES[IDS.index(oid)] for oid in rest)
        assert line.cuts >= 3
    assert set(target.objects) == set(IDS)


def test_a_target_that_takes_no_more(people: People, target: MemoryTarget) -> None:
    dialers = Dialers(people.source, replace(QUICK, stall=0.4))
    with serving(target) as server, line_to(server.port) as line:
        end = dialers.to(pairing_with(people.target, line.port)).target(MACHINE)
        begun = arriving(target)

        def held() -> Iterator[bytes]:
            stream = endless()
            yield next(stream)
            assert begun.wait(60)
            line.flowing.clear()
            yield from stream

        with pytest.raises(Failed) as raised:
            end.store(held())
        assert raised.value.failure.kind is FailureKind.UNREACHABLE
        assert "taken no data" in raised.value.failure.message
        line.flowing.set()
    dialers.close()


def test_a_source_that_falls_silent_is_cut_off(
    people: People, dialers: Dialers, target: MemoryTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "SILENCE_S", 0.2)
    with serving(target) as server, line_to(server.port) as line:
        end = dialers.to(pairing_with(people.target, line.port)).target(MACHINE)

        begun = arriving(target)

        def silent() -> Iterator[bytes]:
            yield FRAMES[0]
            assert begun.wait(60)
            line.flowing.clear()
            assert target.cut.wait(60), "the target did not notice"
            line.flowing.set()
            yield from endless()

        with pytest.raises(Failed, match="target-unreachable"):
            end.store(silent())
        assert list(target.objects) == IDS[:1]


def test_a_target_that_stops(people: People, dialers: Dialers, target: MemoryTarget) -> None:
    begun = arriving(target)
    known: list[Failed] = []

    def send() -> None:
        try:
            end.store(endless())
        except Failed as error:
            known.append(error)

    with serving(target) as server:
        end = dialers.to(pairing_with(people.target, server.port)).target(MACHINE)
        sending = threading.Thread(target=send)
        sending.start()
        assert begun.wait(60)
    sending.join(60)
    assert [(error.failure.code, error.failure.kind) for error in known] == [("transfer-cut", FailureKind.UNREACHABLE)]
    assert target.cut.wait(60)
    assert len(target.objects) > 0


PROGRAM = """
import sys
from pathlib import Path
from console.wire.identity import Identity
from tests.wire.peers import MemoryTarget, serving
target = MemoryTarget(Identity.load(Path(sys.argv[1])))
target.take(Identity.load(Path(sys.argv[2])))
pieces = 0
def before(call):
    global pieces
    pieces += call == "piece"
    if pieces == 1:
        print("busy", flush=True)
target.before = before
with serving(target, port=int(sys.argv[3])) as server:
    print(server.port, flush=True)
    sys.stdin.read()
"""


def process(people: People, port: int = 0) -> tuple[subprocess.Popen[str], int]:
    """A target in a process of its own; its port."""
    directories = [str(who.key_path.parent) for who in (people.target, people.source)]
    started = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *directories, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert started.stdout is not None
    return started, int(started.stdout.readline())


def end_of(started: subprocess.Popen[str]) -> None:
    started.kill()
    started.communicate()


def test_a_target_process_that_is_killed(people: People, dialers: Dialers) -> None:
    """kill -9 in the middle of a stream; another process on the same port is simply called again."""
    first, port = process(people)
    end = dialers.to(pairing_with(people.target, port)).target(MACHINE)
    try:
        assert end.missing(IDS) == IDS

        def killing() -> Iterator[bytes]:
            stream = endless()
            for _ in range(5):
                yield next(stream)
            assert first.stdout is not None
            assert first.stdout.readline() == "busy\n"
            first.send_signal(signal.SIGKILL)
            yield from stream

        with pytest.raises(Failed) as raised:
            end.store(killing())
        assert (raised.value.failure.code, raised.value.failure.kind) == ("target-unreachable", FailureKind.UNREACHABLE)
        with pytest.raises(Failed, match="target-unreachable"):
            end.missing(IDS)
    finally:
        end_of(first)
    second, _ = process(people, port)
    try:
        assert end.missing(IDS) == IDS
        assert end.store(FRAMES).objects == len(FRAMES)
        assert end.missing(IDS) == []
    finally:
        end_of(second)


def test_a_strange_certificate_at_a_process_of_its_own(people: People) -> None:
    started, port = process(people)
    dialers = Dialers(people.strange, QUICK)
    try:
        for _ in range(3):
            with pytest.raises(Failed, match="authentication-failed"):
                dialers.to(pairing_with(people.target, port)).holdings(MACHINE)
    finally:
        dialers.close()
        end_of(started)
