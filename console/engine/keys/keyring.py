"""The keys that are unlocked on this Core, for whoever seals and whoever reads."""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import Failed
from console.domain.events import Changed
from console.domain.keys import SECRET_SIZE, EncryptionKey, KeyState, named_key_locked, unknown_key_locked

if TYPE_CHECKING:
    from console.repository.sealing import SealingKey
    from console.vault import Vault


class Keyring:
    """Implements `repository.sealing.Keys`. What it found stays in memory until some key changes, or its time is up.

    Secrets are in the vault, under `key:ID`; the vault is opened when the first one is asked for. Thread-safe.
    """

    def __init__(self, catalog: Catalog, clock: Clock, vault: Callable[[], Vault]) -> None:
        self._catalog = catalog
        self._clock = clock
        self._open_vault = vault
        self._vault: Vault | None = None
        self._lock = threading.Lock()
        self._known: dict[bytes, tuple[SealingKey | None, datetime | None]] = {}
        catalog.on_change(lambda changed: self.forget() if Changed.KEYS in changed else None)

    def find(self, tag: bytes) -> SealingKey | None:
        """See `repository.sealing.Keys`. Raises Failed `vault-unavailable`."""
        known = self._known.get(tag)
        if known is None:
            with self._lock:
                known = self._known[tag] = self._look(tag)
        key, until = known
        return key if until is None or self._clock.now() < until else None

    def refusal(self, tag: bytes) -> Failed:
        """See `repository.sealing.Keys`."""
        key = self._of_tag(tag)
        if key is None:
            return unknown_key_locked(tag.hex())
        return named_key_locked(key.id, key.name)

    def sealer(self, key: str) -> SealingKey:
        """The key (id) to seal with. Raises Failed `key-locked`, `no-such-key`."""
        from console.repository.sealing import tag_of

        known = self._catalog.keys.get(key)
        found = self.find(tag_of(known.id))
        if found is None or found.id != known.id:
            raise named_key_locked(known.id, known.name)
        return found

    def keep(self, key: str, secret: bytes) -> None:
        """Puts the secret of a key (id) into the vault."""
        self._secrets().set(_name(key), base64.b64encode(secret).decode("ascii"))
        self.forget()

    def drop(self, key: str) -> None:
        """Takes the secret of a key (id) out of the vault."""
        self.forget()
        self._secrets().delete(_name(key))
        self.forget()

    def forget(self) -> None:
        """What was found in the vault or not there is looked for again."""
        with self._lock:
            self._known = {}

    def _look(self, tag: bytes) -> tuple[SealingKey | None, datetime | None]:
        key = self._of_tag(tag)
        if key is None or key.state(self._clock.now()) is KeyState.LOCKED:
            return None, None
        kept = self._secrets().get(_name(key.id))
        try:
            secret = base64.b64decode(kept or "", validate=True)
        except binascii.Error:
            return None, None
        if len(secret) != SECRET_SIZE:
            return None, None
        from console.repository.sealing import SealingKey

        found = SealingKey(secret)
        return (found, key.until) if found.id == key.id else (None, None)

    def _of_tag(self, tag: bytes) -> EncryptionKey | None:
        from console.repository.sealing import tag_of

        return next((key for key in self._catalog.keys.list() if tag_of(key.id) == tag), None)

    def _secrets(self) -> Vault:
        if self._vault is None:
            self._vault = self._open_vault()
        return self._vault


def _name(key: str) -> str:
    return f"key:{key}"
