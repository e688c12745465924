"""Work that one thread at a time does: nobody waits for it but when much of it stands in the line."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from console.engine.restore.line import STANDING, Line


def test_one_thread_does_what_others_add_meanwhile() -> None:
    begun, go_on = threading.Event(), threading.Event()
    did: list[tuple[int, int]] = []

    def do(work: int) -> None:
        begun.set()
        assert go_on.wait(30)
        did.append((work, threading.get_ident()))

    line: Line[int] = Line(do)
    with ThreadPoolExecutor(1) as other:
        first = other.submit(line.add, 0)
        assert begun.wait(30)
        for work in range(1, STANDING + 1):
            line.add(work)  # comes back although nothing is done yet
        go_on.set()
        first.result(30)
    assert [work for work, _ in did] == list(range(STANDING + 1))
    assert threading.get_ident() not in {thread for _, thread in did}


def test_who_adds_to_a_full_line_waits_until_there_is_room() -> None:
    begun, allowed = threading.Event(), threading.Semaphore(0)
    did: list[int] = []

    def do(work: int) -> None:
        begun.set()
        assert allowed.acquire(timeout=30)
        did.append(work)

    line: Line[int] = Line(do)
    with ThreadPoolExecutor(2) as others:
        first = others.submit(line.add, 0)
        assert begun.wait(30)
        for work in range(1, STANDING + 1):
            line.add(work)
        late = others.submit(line.add, STANDING + 1)
        assert not late.done()
        allowed.release()
        late.result(30)
        assert not first.done()
        allowed.release(STANDING + 2)
        first.result(30)
    assert sorted(did) == list(range(STANDING + 2))


def test_what_fails_ends_the_line_and_lets_those_go_who_wait() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def do(work: int) -> None:
        begun.set()
        assert go_on.wait(30)
        raise ValueError(work)

    line: Line[int] = Line(do)
    with ThreadPoolExecutor(2) as others:
        first = others.submit(line.add, 0)
        assert begun.wait(30)
        for work in range(1, STANDING + 1):
            line.add(work)
        late = others.submit(line.add, 9)
        go_on.set()
        with pytest.raises(ValueError, match="0"):
            first.result(30)
        late.exception(30)  # it came in time to be let go, or too late and failed by itself
