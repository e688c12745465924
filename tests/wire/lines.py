"""A line between two Cores that can be counted, held and cut."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

HOST = "127.0.0.1"


class Line:
    """Forwards a port. `cut_after`: bytes from the caller after which every connection is reset, once."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._listening = socket.create_server((HOST, 0))
        self.port: int = self._listening.getsockname()[1]
        self.cut_after: int | None = None
        self.cuts = 0
        self.sent = 0
        self.flowing = threading.Event()
        self.flowing.set()
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def cut(self) -> None:
        """Resets every connection; new ones are forwarded again."""
        with self._lock:
            open_now, self._open = self._open, []
        for sock in open_now:
            with suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.shutdown(socket.SHUT_RDWR)
        self.cuts += 1

    def close(self) -> None:
        self.flowing.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()
        for thread in self._threads:
            thread.join(60)

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listening.accept()
            except OSError:
                return
            try:
                called = socket.create_connection((HOST, self._to))
            except OSError:
                caller.close()
                continue
            with self._lock:
                self._open += [caller, called]
            for one, other, up in ((caller, called, True), (called, caller, False)):
                thread = threading.Thread(target=self._forward, args=(one, other, up), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _forward(self, one: socket.socket, other: socket.socket, up: bool) -> None:
        with suppress(OSError):
            while True:
                if up:
                    self.flowing.wait(60)
                piece = one.recv(65536)
                if not piece:
                    break
                other.sendall(piece)
                if up:
                    with self._lock:
                        self.sent += len(piece)
                        over = self.cut_after is not None and self.sent >= self.cut_after
                        if over:
                            self.cut_after = None
                    if over:
                        self.cut()
        for sock in (one, other):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        one.close()


@contextmanager
def line_to(port: int) -> Iterator[Line]:
    line = Line(port)
    try:
        yield line
    finally:
        line.close()
