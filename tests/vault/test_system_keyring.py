"""The system's keyring: what happens where there is none, where it is locked, and where it only pretends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import InitError, KeyringLocked, NoKeyringError, PasswordDeleteError

from console.domain.errors import Failed
from console.vault import FileVault, KeyringVault, open_vault


class Broken(KeyringBackend):
    """Raises the same whatever it is asked."""

    priority = 5  # type: ignore[assignment]

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def get_password(self, service: str, username: str) -> str | None:
        raise self.error

    def set_password(self, service: str, username: str, password: str) -> None:
        raise self.error

    def delete_password(self, service: str, username: str) -> None:
        raise self.error


class Stubborn(KeyringBackend):
    """Keeps what it has been asked to delete."""

    priority = 5  # type: ignore[assignment]

    def get_password(self, service: str, username: str) -> str | None:
        return "still here"

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None:
        raise PasswordDeleteError("the keyring said no")


@pytest.fixture
def use() -> Iterator[Callable[[KeyringBackend], None]]:
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


@pytest.mark.parametrize(
    "backend",
    [
        fail.Keyring(),
        Broken(NoKeyringError("No recommended backend was available. Install one.\nSee the documentation.")),
        Broken(KeyringLocked("Failed to unlock the collection!")),
        Broken(InitError("Failed to create the collection")),
        Broken(ConnectionRefusedError("the message bus is gone")),
        Broken(RuntimeError()),
    ],
)
def test_without_one_every_call_says_so(use: Callable[[KeyringBackend], None], backend: KeyringBackend) -> None:
    use(backend)
    vault = KeyringVault("core")
    for call in (lambda: vault.get("name"), lambda: vault.set("name", "s3cret"), lambda: vault.delete("name")):
        with pytest.raises(Failed) as raised:
            call()
        failure = raised.value.failure
        assert failure.code == "vault-unavailable"
        assert failure.message.endswith(".")
        assert "\n" not in failure.message
        assert failure.hint
        assert "s3cret" not in str(raised.value)


def test_one_that_keeps_nothing_is_noticed(use: Callable[[KeyringBackend], None]) -> None:
    use(null.Keyring())
    with pytest.raises(Failed, match="vault-unavailable"):
        KeyringVault("core").set("name", "s3cret")


def test_one_that_does_not_delete_is_noticed(use: Callable[[KeyringBackend], None]) -> None:
    use(Stubborn())
    with pytest.raises(Failed, match="vault-unavailable"):
        KeyringVault("core").delete("name")


def test_a_bug_of_a_keyring_rises(use: Callable[[KeyringBackend], None]) -> None:
    use(Broken(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        KeyringVault("core").get("name")


def test_which_vault_a_machine_gets(use: Callable[[KeyringBackend], None], tmp_path: Path) -> None:
    use(fail.Keyring())
    assert isinstance(open_vault(tmp_path, "core"), FileVault)
    use(null.Keyring())
    assert isinstance(open_vault(tmp_path, "core"), FileVault)
    use(Stubborn())
    assert isinstance(open_vault(tmp_path, "core"), KeyringVault)
    FileVault(tmp_path).set("name", "x")
    assert isinstance(open_vault(tmp_path, "core"), FileVault)


def test_a_keyring_that_cannot_even_be_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> KeyringBackend:
        raise OSError("no message bus")

    monkeypatch.setattr(keyring, "get_keyring", broken)
    assert not KeyringVault.usable()
