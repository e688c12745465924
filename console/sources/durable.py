"""Everything that was written to a file system made durable at once: one call instead of one for every file."""

from __future__ import annotations

import ctypes
import errno
import os
import threading
from types import TracebackType
from typing import Any

EVERY_S = 2.0
"""So often what was written until then is sent to the disks, so that little is left to do in the end."""
_NOT_HERE = (errno.ENOSYS, errno.EOPNOTSUPP)


def sync_file_system(descriptor: int) -> None:
    """Durable is all that was written to the file system of an open file or directory; OSError also for what it could
    not keep since that was opened. Where only everything can be synced, everything is; Windows has neither."""
    if _syncfs is not None:
        if _syncfs(descriptor) == 0:
            return
        number = ctypes.get_errno()
        if number not in _NOT_HERE:
            raise OSError(number, os.strerror(number))
    if hasattr(os, "sync"):
        os.sync()


def _found() -> Any:
    try:
        return ctypes.CDLL(None, use_errno=True).syncfs
    except (AttributeError, OSError, TypeError):
        return None


_syncfs = _found()


class Durable:
    """The file systems that one restore writes to. Thread-safe. What is met is synced now and then from a thread of its
    own; `finish` syncs the rest, and raises OSError for what any of them could not keep."""

    def __init__(self, every: float = EVERY_S) -> None:
        self._every = every
        self._lock = threading.Lock()
        self._held: dict[int, int] = {}
        self._problem: OSError | None = None
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Durable:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        with self._lock:
            while self._held:
                os.close(self._held.popitem()[1])

    def meet(self, device: int, descriptor: int) -> None:
        """Something is going to be written to the file system `device`, where `descriptor` is open. Cheap."""
        if device in self._held:
            return
        with self._lock:
            if device not in self._held:
                self._held[device] = os.dup(descriptor)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="durable", daemon=True)
                self._thread.start()

    def finish(self) -> None:
        """Durable is all that was written to what was met, or OSError."""
        self._stop()
        self._sync()
        if self._problem is not None:
            raise self._problem

    def _run(self) -> None:
        while not self._over.wait(self._every):
            self._sync()

    def _sync(self) -> None:
        with self._lock:
            descriptors = list(self._held.values())
        for descriptor in descriptors:
            try:
                sync_file_system(descriptor)
            except OSError as problem:  # it is told once only, so it is kept
                self._problem = self._problem or problem

    def _stop(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
