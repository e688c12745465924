"""Secrets in the keyring of the desktop or the operating system."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TypeVar

from console.domain.errors import failed
from console.vault.vaults import checked

T = TypeVar("T")

HINT = "Unlock it or install one (GNOME Keyring, KWallet); on servers secrets go into an encrypted file."


class KeyringVault:
    """Implements `Vault`. A keyring that is locked may ask the person at the screen, and waits for the answer."""

    def __init__(self, service: str = "") -> None:
        """`service`: what the entries are filed under, below “replicore”."""
        self._service = f"replicore {service}".strip()

    @staticmethod
    def usable() -> bool:
        """Whether this machine has a keyring that keeps what it is given. It may still be locked."""
        keyring = _keyring()
        try:
            priority: float = keyring.get_keyring().priority
        except (keyring.errors.KeyringError, OSError, RuntimeError):
            return False
        return priority > 0

    def get(self, name: str) -> str | None:
        """See `Vault`."""
        checked(name)

        def look_up(keyring: ModuleType) -> str | None:
            secret: str | None = keyring.get_password(self._service, name)
            return secret

        return self._ask(look_up)

    def set(self, name: str, secret: str) -> None:
        """See `Vault`. What was kept is read back: some keyrings only pretend."""
        checked(name)

        def keep(keyring: ModuleType) -> str | None:
            keyring.set_password(self._service, name, secret)
            kept: str | None = keyring.get_password(self._service, name)
            return kept

        if self._ask(keep) != secret:
            raise failed("vault-unavailable", "The system's keyring did not keep a secret it was given.", HINT)

    def delete(self, name: str) -> None:
        """See `Vault`."""
        checked(name)

        def forget(keyring: ModuleType) -> None:
            try:
                keyring.delete_password(self._service, name)
            except keyring.errors.PasswordDeleteError:
                # Keyrings say so also when there was none; one that is still there was not deleted.
                if keyring.get_password(self._service, name) is not None:
                    raise

        self._ask(forget)

    def _ask(self, ask: Callable[[ModuleType], T]) -> T:
        keyring = _keyring()
        try:
            return ask(keyring)
        except (keyring.errors.KeyringError, OSError, RuntimeError) as error:  # backends let those of D-Bus through
            raise failed("vault-unavailable", f"The system's keyring cannot be used: {_why(error)}.", HINT) from error


def _keyring() -> ModuleType:
    """Imported when it is needed: looking for backends costs a tenth of a second that most commands need not pay."""
    import keyring
    import keyring.errors

    return keyring


def _why(error: Exception) -> str:
    first = str(error).strip().splitlines()[:1]
    text = first[0].split(". ")[0].rstrip(".") if first else type(error).__name__
    return text[:1].lower() + text[1:]
