"""Threads that share the work of one backup or restore: a bounded queue of tasks, and parts that others may do."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType

Task = Callable[[], None]


def worker_count() -> int:
    """How many threads a backup or restore of this host works with."""
    return max(2, min(4, os.cpu_count() or 2))


class Workers:
    """A few threads taking tasks off one queue. The first task that raises ends them all, and `give` and `finish` raise
    what it raised."""

    def __init__(self, name: str, *, count: int | None = None, waiting: int = 16) -> None:
        """`waiting`: how many tasks may wait in the queue before `give` waits."""
        self._waiting = waiting
        self._changed = threading.Condition()
        self._tasks: deque[Task] = deque()
        self._parts: deque[Task] = deque()
        self._busy = 0
        self._closed = False
        self._failure: BaseException | None = None
        self._threads = [
            threading.Thread(target=self._run, name=f"{name}-{number}", daemon=True)
            for number in range(count or worker_count())
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the threads: after what they are doing where something was raised, else after everything given."""
        with self._changed:
            if problem is not None and self._failure is None:
                self._failure = problem
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        if problem is None and self._failure is not None:
            raise self._failure

    def give(self, task: Task) -> None:
        """Queues a task; waits while enough others wait. Not to be called from within a task (see `add`)."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._tasks) < self._waiting or self._failure is not None)
            self._raise_failure()
            self._tasks.append(task)
            self._changed.notify_all()

    def add(self, part: Task) -> None:
        """Queues what a running task left over: done before the tasks that wait. Never waits."""
        with self._changed:
            self._parts.append(part)
            self._changed.notify_all()

    def finish(self) -> None:
        """Waits until everything given is done."""
        with self._changed:
            self._changed.wait_for(lambda: self._failure is not None or not (self._tasks or self._parts or self._busy))
            self._raise_failure()

    def help(self, until: Callable[[], bool]) -> None:
        """Does waiting parts, from within a task, until `until()` (asked after each, under the lock)."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: until() or bool(self._parts) or self._failure is not None)
                self._raise_failure()
                if until():
                    return
                part = self._parts.popleft()
            part()

    def tell(self, change: Task) -> None:
        """Makes a change that a `help` may be waiting for."""
        with self._changed:
            change()
            self._changed.notify_all()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: (
                        bool(self._parts or self._tasks)
                        or self._failure is not None
                        or (self._closed and not self._busy)
                    )
                )
                if self._failure is not None or not (self._parts or self._tasks):
                    return
                task = self._parts.popleft() if self._parts else self._tasks.popleft()
                self._busy += 1
                self._changed.notify_all()
            try:
                task()
            except BaseException as problem:  # it is raised again where the work was given
                with self._changed:
                    if self._failure is None:
                        self._failure = problem
            finally:
                with self._changed:
                    self._busy -= 1
                    self._changed.notify_all()


class Parts:
    """The parts of one task, done by whichever threads are free, with a bound on the bytes in flight."""

    def __init__(self, workers: Workers, *, room: int) -> None:
        """`room`: bytes that may be in flight before `add` does parts itself."""
        self._workers = workers
        self._room = room
        self._flying = 0
        self._left = 0

    def add(self, part: Task, size: int) -> None:
        """Hands over one part that holds `size` bytes of memory."""

        def begin() -> None:
            self._flying += size
            self._left += 1

        def end() -> None:
            self._flying -= size
            self._left -= 1

        def work() -> None:
            part()
            self._workers.tell(end)

        self._workers.tell(begin)
        self._workers.add(work)
        self._workers.help(lambda: self._flying <= self._room)

    def finish(self) -> None:
        """Does and awaits what is left."""
        self._workers.help(lambda: self._left == 0)
