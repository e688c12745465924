"""Secrets in one encrypted file, for machines without a keyring.

`vault.bin` is `RPLVAULT1`, a nonce (12 bytes) and the sealed MessagePack map of names and secrets (AES-256-GCM, the
first nine bytes as associated data). The key's 32 bytes are handed to the process in a file of its own (a service's
credential), as they are or as 64 hex digits: then copies of the directory are worth nothing. Without one `vault.key`
holds them, readable by its owner alone, and whoever can read both files can read the secrets. A vault that had its key
beside it goes over to one that is handed in with the next secret that is written.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from filelock import FileLock, Timeout

from console.domain.errors import Failed, damage, failed
from console.vault.vaults import checked

MAGIC = b"RPLVAULT1"
NONCE_SIZE = 12
KEY_SIZE = 32
LOCK_S = 10.0


class FileVault:
    """Implements `Vault`. Nothing is written before the first secret. Processes that share it take turns."""

    def __init__(self, directory: Path, credential: Path | None = None) -> None:
        """`directory` is made when it is needed, for its owner alone. `credential`: the file with the key that was
        handed to this process; it is only read."""
        self._credential = credential
        self._file = directory / "vault.bin"
        self._key_file = directory / "vault.key"
        self._lock_file = directory / "vault.lock"
        self._lock = threading.Lock()

    @property
    def exists(self) -> bool:
        """Whether something was ever kept here."""
        return self._file.exists()

    @property
    def has_credential(self) -> bool:
        """Whether its key was handed to this process."""
        return self._credential is not None

    def get(self, name: str) -> str | None:
        """See `Vault`."""
        checked(name)
        with self._lock, _reachable(self._file):
            return self._read().get(name)

    def set(self, name: str, secret: str) -> None:
        """See `Vault`."""
        checked(name)
        with self._turn():
            secrets = self._read()
            if secrets.get(name) != secret:
                self._write({**secrets, name: secret})

    def delete(self, name: str) -> None:
        """See `Vault`."""
        checked(name)
        with self._lock, _reachable(self._file):
            if name not in self._read():
                return
        with self._turn():
            secrets = self._read()
            secrets.pop(name, None)
            self._write(secrets)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One writer at a time, in this process and others."""
        with self._lock, _reachable(self._file):
            if not self.exists:
                _make(self._file.parent)
            try:
                with FileLock(self._lock_file, timeout=LOCK_S):
                    yield
            except Timeout as error:
                raise failed(
                    "vault-unavailable",
                    f"Another program has been using {self._file} for {LOCK_S:.0f} seconds.",
                    "Try again when it has ended.",
                ) from error

    def _read(self) -> dict[str, str]:
        try:
            raw = self._file.read_bytes()
        except FileNotFoundError:
            return {}
        head = len(MAGIC) + NONCE_SIZE
        if not raw.startswith(MAGIC) or len(raw) < head:
            raise self._damaged("it does not begin as such a file does")
        for key in self._keys():
            try:
                plain = AESGCM(key).decrypt(raw[len(MAGIC) : head], raw[head:], MAGIC)
            except InvalidTag:
                continue
            return msgspec.msgpack.decode(plain, type=dict[str, str])
        raise self._damaged("its key does not open it")

    def _write(self, secrets: dict[str, str]) -> None:
        if self._credential is not None:
            key = self._handed(self._credential)
        else:
            key = self._key() if self._key_file.exists() or self._file.exists() else self._new_key()
        nonce = os.urandom(NONCE_SIZE)
        sealed = AESGCM(key).encrypt(nonce, msgspec.msgpack.encode(secrets), MAGIC)
        _replace(self._file, MAGIC + nonce + sealed)
        if self._credential is not None:
            self._key_file.unlink(missing_ok=True)

    def _keys(self) -> Iterator[bytes]:
        """Those that may open the file, the right one first."""
        if self._credential is not None:
            yield self._handed(self._credential)
            if not self._key_file.exists():
                return
        yield self._key()

    def _handed(self, credential: Path) -> bytes:
        try:
            given = credential.read_bytes()
        except OSError as error:
            raise failed(
                "vault-unavailable",
                f"The key of the secrets in {self._file} cannot be read from {credential}: {error.strerror or error}.",
                "Hand it to the service again, as it was when the secrets were written.",
            ) from error
        text = given.strip()
        if len(given) == KEY_SIZE:
            return given
        if len(text) == 2 * KEY_SIZE and set(text) <= set(b"0123456789abcdefABCDEF"):
            return bytes.fromhex(text.decode("ascii"))
        raise failed(
            "vault-unavailable",
            f"{credential} is not a key of {KEY_SIZE} bytes, nor {2 * KEY_SIZE} hex digits.",
            "Make one: openssl rand -hex 32 > FILE, and keep it where the secrets are not.",
        )

    def _key(self) -> bytes:
        try:
            key = self._key_file.read_bytes()
        except FileNotFoundError as error:
            raise self._damaged(f"{self._key_file.name} is missing") from error
        if len(key) != KEY_SIZE:
            raise self._damaged(f"{self._key_file.name} is not a key")
        return key

    def _new_key(self) -> bytes:
        key = AESGCM.generate_key(KEY_SIZE * 8)
        _replace(self._key_file, key)
        return key

    def _damaged(self, why: str) -> Failed:
        return damage(
            "vault-damaged",
            f"The secrets in {self._file} cannot be read: {why}.",
            f"Put {self._file.name} and its key ({self._credential or self._key_file.name}) back; without a copy "
            "remove both, and enter the secrets again.",
        )


@contextmanager
def _reachable(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise failed(
            "vault-unavailable",
            f"The secrets in {file} cannot be reached: {error.strerror or error}.",
            "Check the disk, and that the directory belongs to the user who runs this.",
        ) from error


def _replace(path: Path, content: bytes) -> None:
    """Durable, for its owner alone, and whole whenever it is looked at."""
    aside = path.with_name(path.name + ".new")
    aside.unlink(missing_ok=True)
    with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    _sync(path.parent)


def _make(directory: Path) -> None:
    """Durable, with those above it that are missing: what is kept in it would be lost with its name."""
    if not directory.parent.is_dir():
        _make(directory.parent)
    directory.mkdir(exist_ok=True, mode=0o700)
    _sync(directory.parent)


def _sync(directory: Path) -> None:
    if os.name == "posix":  # elsewhere directories cannot be opened, and renames are durable by themselves
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
