"""What many threads leave to one is all done, one at a time, and failures come out."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from console.engine.backup.turn import Turn


def test_work_that_is_left_while_nobody_has_the_turn_is_done_at_once() -> None:
    done: list[int] = []
    Turn().leave(partial(done.append, 1))
    assert done == [1]


def test_work_that_is_left_to_another_is_done_when_that_one_ends() -> None:
    turn, done = Turn(), list[str]()
    turn.take()
    other = threading.Thread(target=turn.leave, args=(lambda: done.append(threading.current_thread().name),))
    other.start()
    other.join()
    assert done == []
    turn.end()
    assert done == [threading.current_thread().name]


def test_nothing_that_threads_leave_is_lost_or_done_beside_something_else() -> None:
    turn, done, inside = Turn(), list[int](), list[int]()

    def work(number: int) -> None:
        inside.append(number)
        assert len(inside) == 1
        inside.pop()
        done.append(number)

    def leave(begin: int) -> None:
        for number in range(begin, begin + 500):
            turn.leave(partial(work, number))
            if number % 7 == 0:
                with turn:
                    work(-1)

    threads = [threading.Thread(target=leave, args=(n * 500,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number for number in done if number >= 0) == list(range(2000))


def test_what_the_work_raises_comes_out_where_it_is_done_and_the_turn_is_free_again() -> None:
    turn = Turn()

    def work() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        turn.leave(work)
    turn.take()
    other = threading.Thread(target=turn.leave, args=(work,))
    other.start()
    other.join()
    with pytest.raises(ValueError, match="no"):
        turn.end()
    done: list[int] = []
    turn.leave(partial(done.append, 1))
    assert done == [1]
