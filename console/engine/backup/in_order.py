"""Work for a few threads whose results are wanted one after the other, without keeping more than a few of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def in_order(threads: ThreadPoolExecutor, tasks: Iterable[Callable[[], T]], *, ahead: int) -> Iterator[T]:
    """What each task returns, in the order of the tasks; at most `ahead` are begun before their turn. What a task
    raises is raised in its turn; those behind it that were not begun are dropped then."""
    waiting: deque[Future[T]] = deque()
    try:
        for task in tasks:
            waiting.append(threads.submit(task))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
