"""Small readers around the pages, when what they show is gone before the answer comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import shiboken6
from PySide6.QtCore import QObject

from console.client.client import Client
from console.desktop.frame.follow import Follow
from console.domain.events import Changed
from tests.support.bench import Bench
from tests.support.named_worlds import RunningWorld


def test_an_answer_that_comes_too_late_is_shown_nowhere(
    bench: Bench, running_world: Callable[..., RunningWorld]
) -> None:
    running = running_world("empty")
    desk = bench.desk_on(running.connect)
    late: asyncio.Future[str] = bench.loop.create_future()
    shown: list[str] = []

    async def read(_: Client) -> str:
        return await late

    parent = QObject()
    follow = Follow(desk, frozenset({Changed.JOBS}), read, shown.append, parent)
    task = follow._task
    assert task is not None
    shiboken6.delete(parent)
    late.set_result("an answer")
    bench.wait(task.done, "the reader does not end")
    assert shown == []
    assert bench.crashed == []
