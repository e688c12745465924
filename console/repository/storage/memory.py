"""Packs in memory, for tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class MemoryStorage:
    """`finished` is what would be on the medium: name → bytes; `parity` likewise."""

    def __init__(self, place: str = "in memory", capacity: int = 1 << 40) -> None:
        self.place = place
        self.finished: dict[str, bytes] = {}
        self.parity: dict[str, bytes] = {}
        self._capacity = capacity
        self._aside: set[_MemorySink] = set()
        self._lock = threading.Lock()

    def begin(self) -> _MemorySink:
        """See `PackStorage`."""
        sink = _MemorySink(self)
        with self._lock:
            self._aside.add(sink)
        return sink

    def names(self) -> Iterator[str]:
        """See `PackStorage`."""
        return iter(list(self.finished))

    def parities(self) -> Iterator[str]:
        """See `PackStorage`."""
        return iter(list(self.parity))

    @contextmanager
    def open(self, name: str, *, parity: bool = False) -> Iterator[_MemoryFile]:
        """See `PackStorage`."""
        yield _MemoryFile(self._get(name, parity))

    def size(self, name: str, *, parity: bool = False) -> int:
        """See `PackStorage`."""
        return len(self._get(name, parity))

    def delete(self, name: str) -> None:
        """See `PackStorage`."""
        self._get(name)
        self.parity.pop(name, None)
        del self.finished[name]

    def delete_parity(self, name: str) -> None:
        """See `PackStorage`."""
        self._get(name, parity=True)
        del self.parity[name]

    def clear(self) -> int:
        """See `PackStorage`."""
        with self._lock:
            count = len(self._aside)
            self._aside.clear()
        return count

    def free(self) -> int:
        """See `PackStorage`."""
        return self._capacity - sum(map(len, (*self.finished.values(), *self.parity.values())))

    def _get(self, name: str, parity: bool = False) -> bytes:
        try:
            return (self.parity if parity else self.finished)[name]
        except KeyError:
            raise FileNotFoundError(name) from None

    def _finish(self, sink: _MemorySink, name: str | None, data: bytes, parity: bool = False) -> None:
        with self._lock:
            self._aside.discard(sink)
            if name is not None:
                (self.parity if parity else self.finished)[name] = data


class _MemoryFile:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read(self, offset: int, length: int) -> bytes:
        return self._data[offset : offset + length]


class _MemorySink:
    def __init__(self, storage: MemoryStorage) -> None:
        self._storage = storage
        self._data = bytearray()
        self._lock = threading.Lock()

    def write(self, offset: int, pieces: Sequence[bytes | memoryview]) -> None:
        data = b"".join(pieces)
        with self._lock:
            end = offset + len(data)
            if len(self._data) < end:
                self._data.extend(bytes(end - len(self._data)))
            self._data[offset:end] = data

    def finish(self, name: str, *, parity: bool = False) -> None:
        self._storage._finish(self, name, bytes(self._data), parity)

    def abandon(self) -> None:
        self._storage._finish(self, None, b"")
