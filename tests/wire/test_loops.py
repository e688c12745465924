"""A loop in a thread: results and errors come back, and closing wakes everybody."""

from __future__ import annotations

import asyncio
import threading

import pytest

from console.domain.errors import Cancelled
from console.wire.loops import LoopThread


async def answer() -> int:
    return 7


async def forever() -> None:
    await asyncio.Event().wait()


def test_results_and_errors() -> None:
    thread = LoopThread("t")

    async def broken() -> None:
        raise KeyError("mine")

    assert thread.run(answer()) == 7
    with pytest.raises(KeyError, match="mine"):
        thread.run(broken())
    thread.close()


def test_nothing_starts_before_it_is_needed() -> None:
    before = threading.active_count()
    thread = LoopThread("t")
    assert threading.active_count() == before
    thread.close()


def test_closing_cancels_what_runs() -> None:
    thread = LoopThread("t")
    begun = threading.Event()
    ended: list[BaseException] = []

    async def work() -> None:
        begun.set()
        await asyncio.Event().wait()

    def wait() -> None:
        try:
            thread.run(work())
        except Cancelled as error:
            ended.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert begun.wait(60)
    thread.close()
    waiting.join(60)
    assert len(ended) == 1


def test_after_closing_nothing_starts() -> None:
    thread = LoopThread("t")
    thread.run(answer())
    thread.close()
    thread.close()
    with pytest.raises(Cancelled):
        thread.run(answer())
    with pytest.raises(Cancelled):
        thread.submit(forever())


def test_nobody_waits_for_ever_when_it_closes_that_very_moment() -> None:
    for _ in range(20):
        thread = LoopThread("t")
        thread.run(answer())
        ended = threading.Event()

        def wait(thread: LoopThread = thread, ended: threading.Event = ended) -> None:
            try:
                thread.run(forever())
            except Cancelled:
                ended.set()

        waiting = threading.Thread(target=wait)
        waiting.start()
        thread.close()
        assert ended.wait(60)
        waiting.join(60)
