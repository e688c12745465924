"""Threads that share work: bounded, helpful, and ending together."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from console.engine.backup.workers import Parts, Workers

WAIT = 120.0


def test_everything_given_is_done() -> None:
    done: list[int] = []
    with Workers("test", count=3, waiting=2) as workers:
        for number in range(100):
            workers.give(lambda number=number: done.append(number))  # type: ignore[misc]
        workers.finish()
        assert sorted(done) == list(range(100))


def test_leaving_waits_for_everything() -> None:
    done: list[int] = []
    with Workers("test", count=2) as workers:
        for number in range(10):
            workers.give(lambda number=number: done.append(number))  # type: ignore[misc]
    assert len(done) == 10


def test_giving_waits_while_enough_wait() -> None:
    go, given = threading.Event(), threading.Event()

    def giver(workers: Workers) -> None:
        for _ in range(4):
            workers.give(lambda: None)
        given.set()

    with Workers("test", count=1, waiting=2) as workers:
        workers.give(lambda: go.wait(WAIT) and None)
        thread = threading.Thread(target=giver, args=(workers,))
        thread.start()
        assert not given.wait(0.1)
        go.set()
        assert given.wait(WAIT)
        thread.join(WAIT)


def _run(*tasks: Callable[[], object], finish: bool) -> None:
    with Workers("test", count=2) as workers:
        for task in tasks:
            workers.give(task)
        if finish:
            workers.finish()


def _fail() -> None:
    raise ValueError("no")


def _nothing() -> None:
    pass


def test_the_first_failure_ends_all_and_is_raised() -> None:
    for tasks in ([_fail], [_fail, *[_nothing] * 10_000]):
        for finish in (False, True):
            with pytest.raises(ValueError, match="no"):
                _run(*tasks, finish=finish)


def test_what_the_giver_raises_ends_the_threads() -> None:
    def give_and_raise() -> None:
        with Workers("test", count=2) as workers:
            workers.give(_nothing)
            raise KeyError

    before = threading.active_count()
    with pytest.raises(KeyError):
        give_and_raise()
    assert threading.active_count() == before


def test_parts_are_done_by_all_and_bounded() -> None:
    flying, most = [0], [0]
    lock = threading.Lock()
    done: list[int] = []

    def part(number: int) -> None:
        with lock:
            done.append(number)
            flying[0] -= 1

    def task(workers: Workers) -> None:
        parts = Parts(workers, room=5)
        for number in range(200):
            with lock:
                flying[0] += 1
                most[0] = max(most[0], flying[0])
            parts.add(lambda number=number: part(number), 1)  # type: ignore[misc]
        parts.finish()
        assert len(done) >= 200

    with Workers("test", count=3) as workers:
        workers.give(lambda: task(workers))
        workers.finish()
    assert sorted(done) == list(range(200))
    assert most[0] <= 5 + 1 + 3


def test_tasks_with_parts_do_not_wait_for_each_other() -> None:
    done: list[int] = []

    def task(workers: Workers) -> None:
        parts = Parts(workers, room=0)
        for number in range(50):
            parts.add(lambda number=number: done.append(number), 1)  # type: ignore[misc]
        parts.finish()

    with Workers("test", count=2) as workers:
        for _ in range(6):
            workers.give(lambda: task(workers))
        workers.finish()
    assert len(done) == 300


def test_a_part_that_fails_ends_its_task() -> None:
    def task(workers: Workers) -> None:
        parts = Parts(workers, room=100)
        for _ in range(10):
            parts.add(_fail, 1)
        parts.finish()

    def give() -> None:
        with Workers("test", count=2) as workers:
            workers.give(lambda: task(workers))

    with pytest.raises(ValueError, match="no"):
        give()


def test_a_task_may_add_more_work() -> None:
    done: list[int] = []
    with Workers("test", count=2) as workers:
        workers.give(lambda: workers.add(lambda: done.append(1)))
        workers.finish()
        assert done == [1]
