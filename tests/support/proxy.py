"""A line that can be cut: a TCP proxy in a thread that ends a connection after so many bytes, and counts them all."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class CuttingProxy:
    """Forwards connections on loopback to `port`, until a cut that `cut_after` has armed.

    `carried`: bytes that went from caller to server since the beginning.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._left: int | None = None
        self._coming: list[int] = []
        self._open: set[socket.socket] = set()
        self.carried = 0
        self.cuts = 0
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def cut_after(self, *counts: int) -> None:
        """Arms cuts: each after so many more bytes from the caller, over all connections together. All connections are
        cut at once; new ones work."""
        with self._lock:
            self._coming = list(counts)
            self._left = self._coming.pop(0) if self._coming else None

    def close(self) -> None:
        self._listener.close()
        self._cut()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                return
            with self._lock:
                self._open |= {caller, server}
            for a, b, counted in ((caller, server, True), (server, caller, False)):
                threading.Thread(target=self._carry, args=(a, b, counted), daemon=True).start()

    def _carry(self, a: socket.socket, b: socket.socket, counted: bool) -> None:
        with suppress(OSError):
            while piece := a.recv(65536):
                if counted and not self._count(len(piece)):
                    self._cut()
                    return
                b.sendall(piece)
        for end in (a, b):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _count(self, size: int) -> bool:
        with self._lock:
            if self._left is not None:
                self._left -= size
                if self._left < 0:
                    self._left = self._coming.pop(0) if self._coming else None
                    self.cuts += 1
                    return False
            self.carried += size
            return True

    def _cut(self) -> None:
        with self._lock:
            ends, self._open = self._open, set()
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
