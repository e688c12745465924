"""The pumps between loops and threads: all arrives in order, little waits, every end wakes the other side."""

from __future__ import annotations

import asyncio
import threading

import pytest

from console.domain.errors import Failed, failed
from console.host.tasks import spawn
from console.wire.pump import FromThread, ToThread

PIECES = [bytes([n % 251]) * (1 + n * 37 % 900) for n in range(400)]
CUT = failed("transfer-cut", "Cut.")


async def drained(pump: ToThread) -> list[bytes]:
    return await asyncio.to_thread(lambda: list(pump))


@pytest.mark.parametrize("limit", [1, 100, 2_000, 1 << 20])
async def test_to_a_thread_everything_arrives_in_order(limit: int) -> None:
    pump = ToThread(limit)

    async def fill() -> None:
        for piece in PIECES:
            await pump.put(piece)
        pump.end()

    got, _ = await asyncio.gather(drained(pump), fill())
    assert got == PIECES
    assert pump.peak <= max(limit, max(map(len, PIECES)))


async def test_to_a_thread_that_reads_slowly_little_waits() -> None:
    pump = ToThread(1_000)
    asked = threading.Semaphore(0)
    got: list[bytes] = []

    def read() -> None:
        for piece in pump:
            asked.acquire()
            got.append(piece)

    async def fill() -> None:
        for _ in range(50):
            await pump.put(b"x" * 400)
        pump.end()

    reading = asyncio.get_running_loop().run_in_executor(None, read)
    filling = spawn(fill())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not filling.done()
    assert pump.peak <= 1_000
    asked.release(50)
    await asyncio.gather(reading, filling)
    assert len(got) == 50
    assert pump.peak <= 1_000


async def test_a_cut_raises_after_what_had_arrived() -> None:
    pump = ToThread()
    await pump.put(b"one")
    await pump.put(b"two")
    pump.cut(CUT)
    got: list[bytes] = []

    def read() -> None:
        got.extend(pump)

    def read_all() -> None:
        for piece in pump:
            got.append(piece)

    with pytest.raises(Failed, match="transfer-cut"):
        await asyncio.to_thread(read_all)
    assert got == [b"one", b"two"]
    with pytest.raises(Failed, match="transfer-cut"):  # whoever asks again hears the same
        await asyncio.to_thread(read)


async def test_a_cut_after_the_end_is_none() -> None:
    pump = ToThread()
    await pump.put(b"one")
    pump.end()
    pump.cut(CUT)
    assert await drained(pump) == [b"one"]


async def test_a_cut_wakes_a_thread_that_waits() -> None:
    pump = ToThread()
    reading = asyncio.get_running_loop().run_in_executor(None, lambda: list(pump))
    await asyncio.sleep(0)
    pump.cut(CUT)
    with pytest.raises(Failed, match="transfer-cut"):
        await asyncio.wait_for(reading, 60)


async def test_who_gives_up_frees_who_fills() -> None:
    pump = ToThread(10)
    await pump.put(b"x" * 10)
    waiting = spawn(pump.put(b"y"))
    await asyncio.sleep(0)
    assert not waiting.done()
    await asyncio.to_thread(pump.abandon)
    await asyncio.wait_for(waiting, 60)
    await asyncio.wait_for(pump.put(b"z" * 100), 60)


@pytest.mark.parametrize("limit", [1, 100, 2_000, 1 << 20])
async def test_from_a_thread_everything_arrives_in_order(limit: int) -> None:
    pump = FromThread(asyncio.get_running_loop(), limit)

    def fill() -> None:
        for piece in PIECES:
            assert pump.put(piece)
        pump.end()

    filling = asyncio.get_running_loop().run_in_executor(None, fill)
    got = []
    while (piece := await pump.get()) is not None:
        got.append(piece)
    await filling
    assert got == PIECES
    assert pump.peak <= max(limit, max(map(len, PIECES)))


async def test_a_loop_that_ends_frees_the_thread() -> None:
    pump = FromThread(asyncio.get_running_loop(), 10)
    assert pump.put(b"x" * 10)
    answers: list[bool] = []
    filling = asyncio.get_running_loop().run_in_executor(None, lambda: answers.append(pump.put(b"y")))
    await asyncio.sleep(0)
    pump.end()
    await asyncio.wait_for(filling, 60)
    assert answers == [False]
    assert await pump.get() == b"x" * 10
    assert await pump.get() is None


async def test_a_silent_thread_ends_the_pump_and_loses_nothing() -> None:
    pump = FromThread(asyncio.get_running_loop())
    assert await pump.get(within=0.01) is None
    assert not pump.put(b"late")
    assert await pump.get() is None


async def test_a_piece_that_comes_in_time_is_taken() -> None:
    pump = FromThread(asyncio.get_running_loop())
    waiting = spawn(pump.get(within=30))
    await asyncio.sleep(0)
    await asyncio.to_thread(pump.put, b"in time")
    assert await asyncio.wait_for(waiting, 60) == b"in time"
