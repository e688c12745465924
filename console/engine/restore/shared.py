"""A large file while several threads write to it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable

from console.domain.errors import Failed
from console.domain.objects import ZERO_ID
from console.domain.progress import Reporter
from console.engine.restore.spots import wrong_length
from console.repository import Repository
from console.sources import creating
from console.sources.direct import DirectFile, Memory, Runs, room

WHOLE = 1 << 20
"""Files up to this size are made from memory; larger ones are written in windows (bytes)."""
WINDOW = 4 << 20
"""So much of a large file is read and written together, by one thread (bytes)."""

Window = list[tuple[int, bytes, int]]
"""Offset, id and length of chunks that are read and written together."""


class Shared:
    """A descriptor that several threads write to: closed when the last of them is out, never under one of them."""

    def __init__(self, descriptor: int, direct: DirectFile, memory: Memory) -> None:
        self.descriptor = descriptor
        self._direct = direct
        self._memory = memory
        self.problem: OSError | Failed | None = None
        self._inside = 0
        self._closing = False
        self._changed = threading.Condition()

    def enter(self) -> bool:
        with self._changed:
            if self._closing or self.problem is not None:
                return False
            self._inside += 1
            return True

    def leave(self) -> None:
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    def spoil(self, problem: OSError | Failed) -> None:
        """The first problem ends the writing."""
        with self._changed:
            self.problem = self.problem or problem

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.wait_for(lambda: not self._inside)
        self._direct.close()
        os.close(self.descriptor)

    def write(self, repository: Repository, window: Window, reporter: Reporter) -> None:
        """Reads the chunks of one window and writes each where it belongs."""
        if not self.enter():
            return
        try:
            where: dict[bytes, list[tuple[int, int]]] = {}
            for at, oid, length in window:
                where.setdefault(oid, []).append((at, length))
            runs: Runs | None = None
            if self._direct.past:
                pieces = [(at, length) for at, _, length in window]
                runs = Runs(self._memory.of(room(pieces)), pieces)
            for oid, plain in repository.read_many(list(where)):
                for at, length in where[oid]:
                    if len(plain) != length:
                        raise wrong_length(oid)
                    if runs is not None:
                        runs.put(plain, at)
                    else:
                        creating.write(self.descriptor, plain, at)
            if runs is not None:
                runs.write(self._direct)
            reporter.advance(bytes=sum(length for _, _, length in window))
        except (OSError, Failed) as problem:
            self.spoil(problem)
        finally:
            self.leave()


def windows(extents: Iterable[tuple[bytes, int]]) -> Iterable[tuple[Window, int]]:
    """Runs of (offset, id, length) of at most about `WINDOW` bytes, without holes; and their bytes."""
    window: Window = []
    at = size = 0
    for oid, length in extents:
        if oid != ZERO_ID:
            if window and size + length > WINDOW:
                yield window, size
                window, size = [], 0
            window.append((at, oid, length))
            size += length
        at += length
    if window:
        yield window, size
