"""Threads that share the work of one backup or restore: a bounded queue of tasks, and parts that others may do."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType

Task = Callable[[], object]


def worker_count() -> int:
    """How many threads a backup or restore of this host works with."""
    return max(2, min(4, os.cpu_count() or 2))


class Workers:
    """A few threads taking tasks off one queue. The first task that raises ends them all, and `give` and `finish` raise
    what it raised."""

    def __init__(self, name: str, *, count: int | None = None, waiting: int = 16) -> None:
        """`waiting`: how many tasks may wait in the queue before `give` waits."""
        self._waiting = waiting
        self._lock = threading.Lock()
        # One condition per kind of waiting, so that a change wakes only whom it concerns.
        self._work = threading.Condition(self._lock)
        self._room = threading.Condition(self._lock)
        self._helped = threading.Condition(self._lock)
        self._idle = threading.Condition(self._lock)
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
        with self._lock:
            self._closed = True
            if problem is not None:
                self._fail(problem)
            self._work.notify_all()
        for thread in self._threads:
            thread.join()
        if problem is None and self._failure is not None:
            raise self._failure

    def give(self, task: Task) -> None:
        """Queues a task; waits while enough others wait. Not to be called from within a task (see `add`)."""
        with self._lock:
            while len(self._tasks) >= self._waiting and self._failure is None:
                self._room.wait()
            self._raise_failure()
            self._tasks.append(task)
            self._work.notify()

    def add(self, part: Task, change: Task | None = None) -> None:
        """Queues what a running task left over: done before the tasks that wait. Never waits.

        `change` is made under the lock that `help` asks its question under.
        """
        with self._lock:
            if change is not None:
                change()
            self._parts.append(part)
            self._work.notify()
            self._helped.notify()

    def finish(self) -> None:
        """Waits until everything given is done."""
        with self._lock:
            while self._failure is None and (self._tasks or self._parts or self._busy):
                self._idle.wait()
            self._raise_failure()

    def help(self, until: Callable[[], bool]) -> None:
        """Does waiting parts, from within a task, until `until()` (asked after each, under the lock)."""
        while True:
            with self._lock:
                while not (self._parts or self._failure is not None or until()):
                    self._helped.wait()
                self._raise_failure()
                if until():
                    return
                part = self._parts.popleft()
            part()

    def tell(self, change: Task) -> None:
        """Makes a change that a `help` may be waiting for."""
        with self._lock:
            change()
            self._helped.notify_all()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _fail(self, problem: BaseException) -> None:
        if self._failure is None:
            self._failure = problem
        for condition in (self._work, self._room, self._helped, self._idle):
            condition.notify_all()

    def _run(self) -> None:
        while (task := self._next()) is not None:
            problem: BaseException | None = None
            try:
                task()
            except BaseException as raised:  # it is raised again where the work was given
                problem = raised
            # What a task held (buffers, a tree of callers) must not live until the next one comes.
            del task
            with self._lock:
                self._busy -= 1
                if problem is not None:
                    self._fail(problem)
                if not (self._busy or self._tasks or self._parts):
                    self._idle.notify_all()
                    self._work.notify_all()

    def _next(self) -> Task | None:
        """The next thing to do; None: this thread is done."""
        with self._lock:
            while self._failure is None:
                if self._parts or self._tasks:
                    self._busy += 1
                    if self._parts:
                        return self._parts.popleft()
                    self._room.notify()
                    return self._tasks.popleft()
                if self._closed and not self._busy:
                    return None
                self._work.wait()
            return None


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

        def end() -> None:
            self._flying -= size
            self._left -= 1

        def work() -> None:
            part()
            self._workers.tell(end)

        def begin() -> None:
            self._flying += size
            self._left += 1

        self._workers.add(work, begin)
        if self._flying > self._room:
            self._workers.help(lambda: self._flying <= self._room)

    def finish(self) -> None:
        """Does and awaits what is left."""
        self._workers.help(lambda: self._left == 0)
