"""What a vault is, and the one for tests."""

from __future__ import annotations

import threading
from typing import Protocol

NAME_MAX = 200


class Vault(Protocol):
    """Secrets by name. Names are no secrets themselves; say what a secret is for: `core:office:admin`.

    Any thread may call. Every method raises Failed `vault-unavailable` when the place cannot be reached (no keyring, a
    locked one, no permission), and `vault-damaged` when it is not what was written; ValueError for a name that is
    empty, longer than 200 characters or not printable.
    """

    def get(self, name: str) -> str | None:
        """The secret; None when there is none of that name."""

    def set(self, name: str, secret: str) -> None:
        """Keeps a secret, instead of the one there was. Durable when it returns."""

    def delete(self, name: str) -> None:
        """Forgets a secret; one that is not there is forgotten already."""


class MemoryVault:
    """For tests, and for what shall not outlive the process."""

    def __init__(self) -> None:
        self._secrets: dict[str, str] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> str | None:
        """See `Vault`."""
        with self._lock:
            return self._secrets.get(checked(name))

    def set(self, name: str, secret: str) -> None:
        """See `Vault`."""
        with self._lock:
            self._secrets[checked(name)] = secret

    def delete(self, name: str) -> None:
        """See `Vault`."""
        with self._lock:
            self._secrets.pop(checked(name), None)


def checked(name: str) -> str:
    """The name, when it may be one. Raises ValueError."""
    if not name or len(name) > NAME_MAX or not name.isprintable():
        raise ValueError("not a name of a secret")
    return name
