"""A key's secret under a passphrase. Paper: `FORMAT.md`, "Wrapped keys"."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

from blake3 import blake3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from console.domain.keys import SECRET_SIZE, normal

_VERSION = 1
_HEAD = struct.Struct("<BIIB16s12s")
"""version, memory (KiB), passes, lanes, salt, nonce."""
WRAPPED_SIZE = _HEAD.size + SECRET_SIZE + 16
_MEMORY_MAX, _PASSES_MAX, _LANES_MAX = 1 << 20, 64, 16


@dataclass(frozen=True, slots=True)
class Hardness:
    """What one guess costs: Argon2id's memory in KiB, passes and lanes."""

    memory_kib: int
    passes: int
    lanes: int


HARDNESS = Hardness(64 << 10, 3, 4)
"""RFC 9106, second recommended option: a small server must be able to open its keys in an emergency, too."""


class NotWrappedError(ValueError):
    """These bytes are no wrapped key. The text is a clause that says why."""


def wrap(secret: bytes, passphrase: str, hardness: Hardness | None = None) -> bytes:
    """The secret of a key, sealed with its passphrase."""
    cost = hardness or HARDNESS
    salt, nonce = os.urandom(16), os.urandom(12)
    head = _HEAD.pack(_VERSION, cost.memory_kib, cost.passes, cost.lanes, salt, nonce)
    return head + _cipher(passphrase, salt, cost).encrypt(nonce, secret, head)


def check_wrapped(wrapped: bytes) -> None:
    """Whether these bytes may be a wrapped key, and one that this Core can afford to try. Raises NotWrappedError."""
    _read(wrapped)


def unwrap(wrapped: bytes, id: str, passphrase: str) -> bytes | None:
    """The secret of the key with this id; None when the passphrase is not the one. Raises NotWrappedError."""
    cost, salt, nonce = _read(wrapped)
    try:
        secret = _cipher(passphrase, salt, cost).decrypt(nonce, wrapped[_HEAD.size :], wrapped[: _HEAD.size])
    except InvalidTag:
        return None
    if id_of(secret) != id:
        raise NotWrappedError("it is another key than it says")
    return secret


def id_of(secret: bytes) -> str:
    """The id of a key, in hex: it follows from the secret and tells nothing of it."""
    return blake3(secret, derive_key_context="replicore 1 key id").hexdigest()[:32]


def _read(wrapped: bytes) -> tuple[Hardness, bytes, bytes]:
    if len(wrapped) != WRAPPED_SIZE:
        raise NotWrappedError("its length is not that of a wrapped key")
    version, memory, passes, lanes, salt, nonce = _HEAD.unpack_from(wrapped)
    if version != _VERSION:
        raise NotWrappedError("it is of a version that is not known here")
    if not (8 * lanes <= memory <= _MEMORY_MAX and 0 < passes <= _PASSES_MAX and 0 < lanes <= _LANES_MAX):
        raise NotWrappedError("it asks for more than a wrapped key needs")
    return Hardness(memory, passes, lanes), salt, nonce


def _cipher(passphrase: str, salt: bytes, cost: Hardness) -> AESGCM:
    kdf = Argon2id(salt=salt, length=32, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory_kib)
    return AESGCM(kdf.derive(normal(passphrase).encode("utf-8", "surrogatepass")))
