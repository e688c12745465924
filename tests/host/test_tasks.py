"""Spawned tasks live until they end, and tell when they fail."""

import asyncio
import gc
import logging

import pytest

from console.host import tasks


async def test_a_task_nobody_holds_is_not_collected():
    gate = asyncio.Event()
    done = asyncio.Event()

    async def work() -> None:
        await gate.wait()
        done.set()

    tasks.spawn(work(), name="kept")
    for _ in range(3):
        await asyncio.sleep(0)
        gc.collect()
    assert "kept" in {task.get_name() for task in tasks.running()}
    gate.set()
    await asyncio.wait_for(done.wait(), 60)
    await asyncio.sleep(0)
    assert "kept" not in {task.get_name() for task in tasks.running()}


async def test_the_result_can_be_awaited():
    async def work() -> int:
        return 7

    assert await tasks.spawn(work()) == 7


async def test_what_it_raises_is_logged(caplog: pytest.LogCaptureFixture):
    async def work() -> None:
        raise ValueError("broken on purpose")

    with caplog.at_level(logging.ERROR, "console.host.tasks"):
        task = tasks.spawn(work(), name="faulty")
        await asyncio.wait([task])
        await asyncio.sleep(0)
    assert "faulty" in caplog.text
    assert "broken on purpose" in caplog.text


async def test_being_cancelled_is_no_error(caplog: pytest.LogCaptureFixture):
    async def forever() -> None:
        await asyncio.Event().wait()

    with caplog.at_level(logging.DEBUG, "console.host.tasks"):
        task = tasks.spawn(forever())
        await asyncio.sleep(0)
        assert await tasks.settle(5)
    assert task.cancelled()
    assert caplog.records == []
    assert await tasks.settle(0)


async def test_settling_is_bounded_in_time():
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    task = tasks.spawn(stubborn())
    await asyncio.sleep(0)
    assert not await tasks.settle(0.01)
    release.set()
    await task


def test_there_must_be_a_loop():
    async def work() -> None: ...

    coroutine = work()
    with pytest.raises(RuntimeError):
        tasks.spawn(coroutine)
    coroutine.close()
