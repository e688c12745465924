"""Pack storage that fails, or is looked at, at a chosen call."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from console.repository.storage import PackFile, PackSink, PackStorage


@dataclass
class Faults:
    """What goes wrong, from now on until it is taken back. `error`: errno of the calls in `only`; `before` is told of
    every call first; `capacity`: bytes that may be written in all before the disk is full.
    """

    error: int | None = None
    only: frozenset[str] = frozenset({"begin", "write", "finish"})
    capacity: int | None = None
    before: Callable[[str], None] | None = None
    calls: list[str] = field(default_factory=list)
    gate: threading.Event | None = None
    """While set to an event, `finish` waits for it."""
    sink: int | None = None
    """Only the pack that was begun as the so manieth (from 1) has errors; None: all."""

    def met(self, call: str, sink: int = 0) -> None:
        self.calls.append(call)
        if self.before is not None:
            self.before(call)
        if call == "finish" and self.gate is not None:
            assert self.gate.wait(60)
        if self.error is not None and call in self.only and self.sink in (None, sink):
            raise OSError(self.error, os.strerror(self.error))


class FaultyStorage:
    """Any storage, with faults."""

    def __init__(self, inner: PackStorage, faults: Faults) -> None:
        self._inner = inner
        self.faults = faults
        self.place = inner.place
        self.written = 0
        self._begun = 0

    def begin(self) -> PackSink:
        self._begun += 1
        self.faults.met("begin", self._begun)
        return _FaultySink(self._inner.begin(), self, self._begun)

    def names(self) -> Iterator[str]:
        return self._inner.names()

    def parities(self) -> Iterator[str]:
        return self._inner.parities()

    def open(self, name: str, *, parity: bool = False) -> AbstractContextManager[PackFile]:
        self.faults.met("open")
        return self._inner.open(name, parity=parity)

    def size(self, name: str, *, parity: bool = False) -> int:
        return self._inner.size(name, parity=parity)

    def delete(self, name: str) -> None:
        self.faults.met("delete")
        self._inner.delete(name)

    def delete_parity(self, name: str) -> None:
        self.faults.met("delete")
        self._inner.delete_parity(name)

    def clear(self) -> int:
        self.faults.met("clear")
        return self._inner.clear()

    def free(self) -> int:
        return self._inner.free()


class _FaultySink:
    def __init__(self, inner: PackSink, storage: FaultyStorage, number: int) -> None:
        self._inner = inner
        self._storage = storage
        self._number = number

    def write(self, offset: int, pieces: Sequence[bytes | memoryview]) -> None:
        faults = self._storage.faults
        faults.met("write", self._number)
        self._storage.written += sum(map(len, pieces))
        if faults.capacity is not None and self._storage.written > faults.capacity:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._inner.write(offset, pieces)

    def finish(self, name: str, *, parity: bool = False) -> None:
        self._storage.faults.met("finish", self._number)
        self._inner.finish(name, parity=parity)
        self._storage.faults.met("finished", self._number)

    def abandon(self) -> None:
        self._storage.faults.met("abandon")
        self._inner.abandon()
