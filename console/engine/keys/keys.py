"""Encryption keys of this Core: made, locked and unlocked, handed out and taken in, proven and removed."""

from __future__ import annotations

import builtins
import os
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import Failed, damage, refused, usage
from console.domain.events import Severity
from console.domain.keys import (
    SECRET_SIZE,
    WRAPPED_MAX,
    EncryptionKey,
    KeyType,
    WrappedKey,
    arriving,
    check_passphrase,
    locked,
    of_type,
    overdue,
    require_editable,
    require_lockable,
    unlocked,
    wrong_passphrase,
)
from console.domain.machines import MachineKind, name_problem
from console.domain.objects import FRAME_SIZE, id_of_hex
from console.engine.journal import Journal
from console.engine.keys.keyring import Keyring
from console.engine.repositories import Repositories
from console.repository.codec import FrameError, decode, read_header
from console.repository.sealing import NoKeys, SealingKey
from console.repository.wrapping import NotWrappedError, check_wrapped, id_of, unwrap, wrap

TESTED = 20
"""So many of the newest images are opened when a passphrase is proven."""


@dataclass(frozen=True, slots=True)
class KeyLoss:
    """What removing a key takes: `machines` (names) that seal with it, points and bytes of files that need it."""

    machines: tuple[str, ...]
    points: int
    bytes: int


class Keys:
    """Every method takes a key by id or name. A passphrase that is not the one: Failed `wrong-passphrase`."""

    def __init__(
        self, catalog: Catalog, repositories: Repositories, journal: Journal, clock: Clock, keyring: Keyring
    ) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._journal = journal
        self._clock = clock
        self.ring = keyring
        # One change at a time: a vault and a catalog have no transaction in common.
        self._turn = threading.Lock()

    def create(self, name: str, passphrase: str, description: str = "") -> EncryptionKey:
        """A new universal key. Raises Failed `name-forbidden`, `name-taken`, `passphrase-weak`, `vault-unavailable`."""
        self._check_name(name)
        check_passphrase(passphrase, name)
        secret = os.urandom(SECRET_SIZE)
        now = self._clock.now()
        key = EncryptionKey(
            id_of(secret), name, KeyType.UNIVERSAL, wrap(secret, passphrase), now, now, description, unlocked=True
        )
        with self._turn:
            # The secret first: a row that says unlocked must be true.
            self.ring.keep(key.id, secret)
            self._catalog.keys.add(key)
        self.ring.forget()
        self._note("key-created", f"The key “{name}” ({key.thumbprint}) was made.", key)
        return key

    def get(self, name: str) -> EncryptionKey:
        return self._catalog.keys.get(name)

    def list(self) -> builtins.list[EncryptionKey]:
        """By name."""
        return self._catalog.keys.list()

    def edit(self, name: str, *, rename: str | None = None, description: str | None = None) -> EncryptionKey:
        """Changes what is given. Raises Failed `key-not-universal`, `name-forbidden`, `name-taken`."""
        key = self._catalog.keys.get(name)
        require_editable(key)
        if rename is not None and rename != key.name:
            self._check_name(rename, but=key.id)
            key = replace(key, name=rename)
        if description is not None:
            key = replace(key, description=description)
        self._catalog.keys.update(key)
        return key

    def change_passphrase(self, name: str, old: str, new: str) -> EncryptionKey:
        """Raises Failed `key-not-universal`, `wrong-passphrase`, `passphrase-weak`."""
        key = self._catalog.keys.get(name)
        require_editable(key)
        check_passphrase(new, key.name)
        secret = self._secret(key, old)
        key = replace(key, wrapped=wrap(secret, new), changed=self._clock.now())
        self._catalog.keys.update(key)
        self._note("key-passphrase-changed", f"The passphrase of the key “{key.name}” was changed.", key)
        return key

    def lock(self, name: str) -> EncryptionKey:
        """Raises Failed `key-universal`."""
        key = self._catalog.keys.get(name)
        require_lockable(key)
        with self._turn:
            return self._lock(key)

    def unlock(self, name: str, passphrase: str, for_s: int | None = None) -> EncryptionKey:
        """`for_s`: seconds from now until it is locked again; None: for good, which a universal key always is."""
        key = self._catalog.keys.get(name)
        if for_s is not None and not 0 < for_s <= 3650 * 86400:
            raise usage("bad-duration", "A key is unlocked for a time above zero.", "Write 48h, 7d, or leave it out.")
        secret = self._secret(key, passphrase)
        until = None if for_s is None else self._clock.now() + timedelta(seconds=for_s)
        key = unlocked(key, until)
        with self._turn:
            self.ring.keep(key.id, secret)
            self._catalog.keys.update(key)
        self.ring.forget()
        how = "for good" if key.until is None else f"until {key.until:%Y-%m-%d %H:%M} UTC"
        self._note("key-unlocked", f"The key “{key.name}” was unlocked {how}.", key)
        return key

    def set_type(self, name: str, type: KeyType, passphrase: str | None) -> EncryptionKey:
        """To become universal takes the passphrase. Raises Failed `passphrase-required`, `wrong-passphrase`."""
        key = self._catalog.keys.get(name)
        if type is key.type:
            return key
        key = replace(of_type(key, type), origin="" if type is KeyType.UNIVERSAL else key.origin)
        if type is KeyType.UNIVERSAL:
            if passphrase is None:
                raise usage("passphrase-required", "To make a key universal takes its passphrase.", "Give it.")
            secret = self._secret(key, passphrase)
            with self._turn:
                self.ring.keep(key.id, secret)
                self._catalog.keys.update(key)
        else:
            self._catalog.keys.update(key)
        self.ring.forget()
        self._note("key-type-changed", f"The key “{key.name}” is of type {type.value} now.", key)
        return key

    def export(self, name: str, passphrase: str) -> WrappedKey:
        """The key under its passphrase, for a file. Raises Failed `wrong-passphrase`."""
        key = self._catalog.keys.get(name)
        self._secret(key, passphrase)
        self._note("key-exported", f"The key “{key.name}” was exported, under its passphrase.", key)
        return key.travelling()

    def take(self, came: WrappedKey, name: str | None = None) -> EncryptionKey:
        """From a file: locked, of type replication. Raises Failed `key-known`, `key-damaged`, `name-taken`."""
        known = self._catalog.keys.find(came.id)
        if known is not None and known.id == came.id:
            raise refused("key-known", f"This key is here already, as “{known.name}”.", "Nothing has to be done.")
        self._check_name(name or came.name)
        key = arriving(None, replace(came, name=name or came.name), "")
        try:
            if key is None or len(came.wrapped) > WRAPPED_MAX:
                raise NotWrappedError("its id is none")
            check_wrapped(came.wrapped)
        except NotWrappedError as error:
            raise damage("key-damaged", f"This is no key that can be used: {error}.", "Export it again.") from error
        self._catalog.keys.add(key)
        self.ring.forget()
        self._note("key-imported", f"The key “{key.name}” ({key.thumbprint}) was imported. It is locked.", key)
        return key

    def test(self, name: str, passphrase: str) -> dict[str, Any]:
        """Proves now that a passphrase opens what is here, without unlocking anything: the key itself, and with it the
        roots of the newest images. The result is kept with its date.

        {"key", "passed", "tested", "images_opened", "images", "points"}; a wrong passphrase does not fail it.
        """
        key = self._catalog.keys.get(name)
        opened = 0
        problem = ""
        try:
            secret = self._secret(key, passphrase)
            for repository, root in self._catalog.keys.newest_roots(key.id, TESTED):
                self._open(repository, id_of_hex(root), SealingKey(secret))
                opened += 1
        except (Failed, FrameError) as error:
            problem = (
                error.failure.message if isinstance(error, Failed) else f"A sealed image cannot be opened: {error}."
            )
            if isinstance(error, Failed) and error.failure.code not in ("wrong-passphrase", "key-locked"):
                raise
        now = self._clock.now()
        self._catalog.keys.update(replace(self._catalog.keys.get(key.id), tested=now, test_passed=not problem))
        sealed = self._catalog.keys.sealed(key.id)
        severity = Severity.WARNING if problem else Severity.INFO
        said = "does not open" if problem else "opens"
        self._journal.note(
            severity, "key-tested", f"The passphrase that was tried {said} what “{key.name}” seals.", key.id
        )
        return {
            "key": key.name,
            "passed": not problem,
            "tested": now,
            "why": problem,
            "images_opened": opened,
            "images": sealed.images,
            "points": sealed.points,
        }

    def loss(self, name: str) -> KeyLoss:
        """What removing it takes."""
        key = self._catalog.keys.get(name)
        users = [m.name for m in self._catalog.machines.list(MachineKind.PROTECTED) if m.key == key.id]
        sealed = self._catalog.keys.sealed(key.id)
        return KeyLoss(tuple(users), sealed.points, sealed.bytes)

    def remove(self, name: str, *, points: bool = False) -> EncryptionKey:
        """Forgets a key; decrypts nothing. `points`: although points need it. Raises Failed `key-in-use`,
        `key-needed`."""
        key = self._catalog.keys.get(name)
        loss = self.loss(key.id)
        if loss.machines:
            raise refused(
                "key-in-use",
                f"“{key.name}” seals the images of {', '.join(loss.machines[:5])}.",
                "Take it from them first: replicore machine edit MACHINE --no-key. Their next image is a base then.",
            )
        if loss.points and not points:
            raise refused(
                "key-needed",
                f"{loss.points} recovery point(s) on this Core can be opened with “{key.name}” only.",
                "Export it first. To remove it all the same, say so: they stay, and nobody can open them here.",
            )
        with self._turn:
            self.ring.drop(key.id)
            self._catalog.keys.remove(key.id)
        self.ring.forget()
        self._note("key-removed", f"The key “{key.name}” ({key.thumbprint}) was removed.", key)
        return key

    def relock(self, now: datetime) -> None:
        """A duty: locks what was unlocked for a time that is up."""
        for key in self._catalog.keys.list():
            if overdue(key, now):
                with self._turn:
                    self._lock(key)

    def _lock(self, key: EncryptionKey) -> EncryptionKey:
        # The row first: who reads it from now on finds the key locked, whatever the vault says.
        key = locked(key)
        self._catalog.keys.update(key)
        self.ring.drop(key.id)
        self._note("key-locked", f"The key “{key.name}” was locked.", key)
        return key

    def _secret(self, key: EncryptionKey, passphrase: str) -> bytes:
        try:
            secret = unwrap(key.wrapped, key.id, passphrase)
        except NotWrappedError as error:
            raise damage(
                "key-damaged",
                f"The key “{key.name}” cannot be unwrapped: {error}.",
                "Remove it here and take it from another Core, a record or a file: replicore core rebuild-catalog",
            ) from error
        if secret is None:
            raise wrong_passphrase(key.name)
        return secret

    def _open(self, repository: str, oid: bytes, key: SealingKey) -> None:
        """Opens one sealed object with a key that nobody else sees."""
        raw = b"".join(self._repositories.open(repository).frames([oid]))
        decode(read_header(raw), memoryview(raw)[FRAME_SIZE:], _One(key))

    def _check_name(self, name: str, but: str = "") -> None:
        problem = name_problem(name)
        if problem is not None:
            raise usage("name-forbidden", problem.message, problem.hint)
        known = self._catalog.keys.find(name)
        if known is not None and known.id != but and known.name.casefold() == name.casefold():
            raise refused("name-taken", f"There is a key “{known.name}” already.", "Choose another name.")

    def _note(self, code: str, text: str, key: EncryptionKey) -> None:
        self._journal.note(Severity.INFO, code, text, key.id)


class _One(NoKeys):
    """One key, whatever is locked."""

    def __init__(self, key: SealingKey) -> None:
        self._key = key

    def find(self, tag: bytes) -> SealingKey | None:
        return self._key if tag == self._key.tag else None
