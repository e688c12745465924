"""Keys for tests: unlocked, never random, and nowhere but in memory."""

from __future__ import annotations

from itertools import count

from console.domain.errors import Failed
from console.repository.sealing import NoKeys, SealingKey


class Ring:
    """Some keys that are unlocked; all others are not."""

    def __init__(self, *keys: SealingKey) -> None:
        self._keys = {key.tag: key for key in keys}

    def find(self, tag: bytes) -> SealingKey | None:
        return self._keys.get(tag)

    def refusal(self, tag: bytes) -> Failed:
        return NoKeys().refusal(tag)


def secret(number: int = 1) -> bytes:
    return bytes((number,)) * 32


def sealing_key(number: int = 1) -> SealingKey:
    """The same key for the same number; its nonces are counted, so that what it seals is the same each time."""
    numbers = count(1)
    return SealingKey(secret(number), nonce=lambda size: next(numbers).to_bytes(size, "big"))
