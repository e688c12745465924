"""Sockets that notice when the other side has gone without a word (a pulled cable, a lost line)."""

from __future__ import annotations

import socket
from typing import Any

IDLE_S, BETWEEN_S, TRIES = 30, 10, 3
"""A silent connection is asked after so many seconds, so often; then it is lost."""
UNACKNOWLEDGED_MS = 180_000
"""Bytes that nobody has taken for so long end the connection. Linux counts a peer whose window stays shut too, so this
is no less than a target with a slow disk may need."""


def watched_socket(address: Any) -> socket.socket:
    """A socket for an entry of `getaddrinfo`, with TCP keepalive as tight as the platform lets us set it."""
    family, kind, protocol = address[0], address[1], address[2]
    sock = socket.socket(family, kind, protocol)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", IDLE_S),
        ("TCP_KEEPINTVL", BETWEEN_S),
        ("TCP_KEEPCNT", TRIES),
        ("TCP_USER_TIMEOUT", UNACKNOWLEDGED_MS),
    ):
        option = getattr(socket, name, None)
        if option is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
    return sock
