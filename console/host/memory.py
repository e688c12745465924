"""Memory that a job frees and takes again all the time: kept by the process while the job runs. Fresh memory has to be
found and cleared by the system, page by page, which costs more than much of what is done with it."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

KEPT = 32 << 20
"""So much freed memory at the end of what a thread has is kept (bytes)."""
USUAL = 128 << 10
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_AT_ONCE = 1 << 20

_lock = threading.Lock()
_jobs = 0


def _found() -> Any:
    try:
        system = ctypes.CDLL(None)
        return system if hasattr(system, "mallopt") and hasattr(system, "malloc_trim") else None
    except (OSError, TypeError):
        return None


_system = _found()


@contextmanager
def kept() -> Iterator[None]:
    """Freed memory is kept for what is to come, until the last of those who asked for that is done: then the system
    gets it back. Does nothing where the C library is not glibc."""
    global _jobs  # it is one process's memory
    with _lock:
        _jobs += 1
        _set(KEPT, _AT_ONCE)
    try:
        yield
    finally:
        with _lock:
            _jobs -= 1
            if not _jobs:
                _set(USUAL, USUAL)
                if _system is not None:
                    _system.malloc_trim(0)


def _set(trim: int, pad: int) -> None:
    if _system is not None:
        _system.mallopt(_MMAP_THRESHOLD, KEPT)
        _system.mallopt(_TRIM_THRESHOLD, trim)
        _system.mallopt(_TOP_PAD, pad)
