"""Encryption keys: what is known of one, and who may do what with it. Pure rules; the secret itself is never here."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from string import ascii_uppercase

from console.domain.errors import Failed, Failure, FailureKind, failed, refused, usage

SECRET_SIZE = 32
"""Bytes of a key."""
THUMBPRINT_LETTERS = 26
PASSPHRASE_MIN = 12
PASSPHRASE_MAX = 1024
PASSPHRASE_LETTERS = 6
"""A passphrase has at least so many different characters."""
WRAPPED_MAX = 512
"""Bytes of a wrapped key that are taken from others."""
PROOF_LASTS = timedelta(days=180)
FIRST_PROOF = timedelta(days=14)
"""Somebody should prove a passphrase so long after its key came about, and again when the last proof is so old."""


class KeyType(StrEnum):
    """`universal`: made here, or made one by somebody who knew the passphrase; always unlocked. `replication`: arrived
    with points, a drive or a file; locked until somebody unlocks it."""

    UNIVERSAL = "universal"
    REPLICATION = "replication"


class KeyState(StrEnum):
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    UNLOCKED_UNTIL = "unlocked-until"


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A key as it travels: in records, with offers, on seed drives, in files. `wrapped`: the secret under its
    passphrase; `changed`: when it was wrapped so."""

    id: str
    name: str
    wrapped: bytes
    created: datetime
    changed: datetime
    description: str = ""


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    """A key as this Core knows it. `id` (hex) follows from the secret, so a key is the same everywhere.

    `unlocked`, `until`: None is for good. `origin`: id of the Core that brought it, empty for our own. `tested`,
    `test_passed`: when somebody last proved a passphrase against it, and whether it was right.
    """

    id: str
    name: str
    type: KeyType
    wrapped: bytes
    created: datetime
    changed: datetime
    description: str = ""
    unlocked: bool = False
    until: datetime | None = None
    origin: str = ""
    tested: datetime | None = None
    test_passed: bool = False

    @property
    def thumbprint(self) -> str:
        return thumbprint(self.id)

    def state(self, now: datetime) -> KeyState:
        if not self.unlocked or (self.until is not None and self.until <= now):
            return KeyState.LOCKED
        return KeyState.UNLOCKED if self.until is None else KeyState.UNLOCKED_UNTIL

    def travelling(self) -> WrappedKey:
        return WrappedKey(self.id, self.name, self.wrapped, self.created, self.changed, self.description)


def thumbprint(id: str) -> str:
    """26 letters to compare by eye; they follow from the key's id, so nobody can claim another's."""
    rest = int(id, 16)
    letters = []
    for _ in range(THUMBPRINT_LETTERS):
        rest, letter = divmod(rest, len(ascii_uppercase))
        letters.append(ascii_uppercase[letter])
    return "".join(letters)


def is_key_id(text: str) -> bool:
    """Whether this may be the id of a key: 32 hex digits."""
    return len(text) == 32 and set(text) <= set("0123456789abcdef")


def normal(passphrase: str) -> str:
    """The form of a passphrase that counts: the same letters typed on another keyboard open the same key."""
    return unicodedata.normalize("NFC", passphrase)


def check_passphrase(passphrase: str, name: str = "") -> None:
    """Whether a passphrase may protect a key: whoever finds a seed drive has all the time to guess.

    Raises Failed `passphrase-weak`.
    """
    hint = "A sentence of several words that nobody would guess is good. Write it down where the backups are not."
    text = normal(passphrase)
    if not PASSPHRASE_MIN <= len(text) <= PASSPHRASE_MAX:
        raise usage("passphrase-weak", f"A passphrase has at least {PASSPHRASE_MIN} characters.", hint)
    if len(set(text.casefold())) < PASSPHRASE_LETTERS:
        raise usage("passphrase-weak", f"A passphrase has at least {PASSPHRASE_LETTERS} different characters.", hint)
    if name and text.casefold().replace(name.casefold(), "").strip("0123456789 ._-!") == "":
        raise usage("passphrase-weak", "A passphrase is not the name of its key.", hint)


def wrong_passphrase(name: str) -> Failed:
    return failed(
        "wrong-passphrase",
        f"This is not the passphrase of the key “{name}”.",
        "Check it; upper and lower case matter. Without the passphrase nobody can open what is sealed with the key.",
    )


def require_editable(key: EncryptionKey) -> None:
    """Name and passphrase are changed where the key is universal. Raises Failed `key-not-universal`."""
    if key.type is not KeyType.UNIVERSAL:
        raise refused(
            "key-not-universal",
            f"“{key.name}” came from another Core; its name and passphrase are changed there.",
            f"To change them here, make it universal first: replicore key set-type {key.name} universal",
        )


def require_lockable(key: EncryptionKey) -> None:
    """Raises Failed `key-universal`: a universal key is always unlocked."""
    if key.type is KeyType.UNIVERSAL:
        raise refused(
            "key-universal",
            f"“{key.name}” is a universal key, which is always unlocked.",
            f"Change its type first: replicore key set-type {key.name} replication",
        )


def locked(key: EncryptionKey) -> EncryptionKey:
    """Raises Failed `key-universal`."""
    require_lockable(key)
    return replace(key, unlocked=False, until=None)


def unlocked(key: EncryptionKey, until: datetime | None) -> EncryptionKey:
    """The passphrase was right. `until`: None for good, which a universal key always is."""
    return replace(key, unlocked=True, until=None if key.type is KeyType.UNIVERSAL else until)


def of_type(key: EncryptionKey, type: KeyType) -> EncryptionKey:
    """To become universal takes the passphrase, which was right; the key is unlocked for good then. As a replication
    key it stays unlocked until somebody locks it."""
    if type is KeyType.UNIVERSAL:
        return replace(key, type=type, unlocked=True, until=None)
    return replace(key, type=type)


def key_locked(which: str, hint: str = "Unlock it: replicore key unlock NAME", *, key: str = "") -> Failed:
    """`which`: the key, as part of a sentence; `key`: its id, empty where it is not known here."""
    text = f"This is sealed with {which}, which is locked on this Core."
    return Failed(Failure("key-locked", text, hint, FailureKind.REFUSED, key))


def named_key_locked(id: str, name: str) -> Failed:
    """The same, for a key that is known here."""
    return key_locked(
        f"the key “{name}” ({thumbprint(id)[:8]}…)",
        f"Unlock it with its passphrase: replicore key unlock {name}",
        key=id,
    )


def unknown_key_locked(begins: str) -> Failed:
    """The same, for a key that this Core has not got. `begins`: the first digits of its id."""
    return key_locked(
        f"a key that is not known here ({begins}…)",
        "Import it: replicore key import FILE, or rebuild the catalog, which brings keys back.",
    )


def overdue(key: EncryptionKey, now: datetime) -> bool:
    """Whether its time is up and it is to be locked again."""
    return key.unlocked and key.until is not None and key.until <= now


def proof_due(key: EncryptionKey, points: int, now: datetime) -> bool:
    """Whether somebody should show again that the passphrase is still known: `points` need it, and the last time it was
    not right, or is long ago, or never was."""
    if not points:
        return False
    if key.tested is None:
        return now - key.created >= FIRST_PROOF
    return not key.test_passed or now - key.tested >= PROOF_LASTS


def arriving(known: EncryptionKey | None, came: WrappedKey, origin: str) -> EncryptionKey | None:
    """What becomes of a key that came with points of the Core `origin`: new ones are locked, of type replication. One
    that is known changes only when the Core that brought it has wrapped it anew. None: nothing changes."""
    if not is_key_id(came.id) or not 0 < len(came.wrapped) <= WRAPPED_MAX:
        return None
    if known is None:
        return EncryptionKey(
            came.id,
            came.name,
            KeyType.REPLICATION,
            came.wrapped,
            came.created,
            came.changed,
            came.description[:1000],
            origin=origin,
        )
    if known.type is not KeyType.REPLICATION or known.origin != origin or came.changed <= known.changed:
        return None
    return replace(known, wrapped=came.wrapped, changed=came.changed)
