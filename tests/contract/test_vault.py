"""What every vault must do, whoever keeps the secrets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from console.vault import FileVault, KeyringVault, MemoryVault, Vault


class KeyringOfTests(KeyringBackend):
    """A keyring in memory that behaves as those of desktops do."""

    priority = 5  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("not found")


@pytest.fixture(params=["memory", "keyring", "file", "handed"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Vault]]:
    """Opens the vault under test; a vault that outlives the process is opened anew each time."""
    before = keyring.get_keyring()
    memory = MemoryVault()
    (tmp_path / "credential").write_bytes(bytes(range(32)))
    if request.param == "keyring":
        keyring.set_keyring(KeyringOfTests())
    made: dict[str, Callable[[], Vault]] = {
        "memory": lambda: memory,
        "keyring": lambda: KeyringVault("core"),
        "file": lambda: FileVault(tmp_path / "secrets"),
        "handed": lambda: FileVault(tmp_path / "secrets", tmp_path / "credential"),
    }
    yield made[request.param]
    keyring.set_keyring(before)


def test_nothing_is_there_at_first(reopen: Callable[[], Vault]) -> None:
    assert reopen().get("core:office") is None


def test_what_is_kept_is_found_again(reopen: Callable[[], Vault]) -> None:
    reopen().set("core:office", "s3cret")
    reopen().set("core:büro", "ü\n\0 " * 500)
    assert reopen().get("core:office") == "s3cret"
    assert reopen().get("core:büro") == "ü\n\0 " * 500
    assert reopen().get("core") is None


def test_the_last_one_counts(reopen: Callable[[], Vault]) -> None:
    vault = reopen()
    vault.set("name", "one")
    vault.set("name", "two")
    vault.set("name", "two")
    assert reopen().get("name") == "two"


def test_an_empty_secret_is_one(reopen: Callable[[], Vault]) -> None:
    reopen().set("name", "")
    assert reopen().get("name") == ""


def test_forgetting(reopen: Callable[[], Vault]) -> None:
    vault = reopen()
    vault.set("one", "1")
    vault.set("two", "2")
    vault.delete("one")
    vault.delete("one")
    vault.delete("never")
    assert reopen().get("one") is None
    assert reopen().get("two") == "2"


@pytest.mark.parametrize("name", ["", "a\0b", "a\nb", "x" * 201])
def test_names_that_are_none(reopen: Callable[[], Vault], name: str) -> None:
    for call in (reopen().get, reopen().delete, lambda it: reopen().set(it, "x")):
        with pytest.raises(ValueError, match="not a name"):
            call(name)


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kept=st.dictionaries(
        st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=20),
        st.text(max_size=50),
        max_size=5,
    )
)
def test_any_secrets(reopen: Callable[[], Vault], kept: dict[str, str]) -> None:
    for name, secret in kept.items():
        reopen().set(name, secret)
    assert {name: reopen().get(name) for name in kept} == kept


def test_many_at_once(reopen: Callable[[], Vault]) -> None:
    def keep(number: int) -> None:
        reopen().set(f"name {number}", str(number))

    threads = [threading.Thread(target=keep, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [reopen().get(f"name {number}") for number in range(8)] == [str(number) for number in range(8)]


def test_no_secret_is_shown(reopen: Callable[[], Vault]) -> None:
    vault = reopen()
    vault.set("name", "s3cret")
    assert "s3cret" not in f"{vault} {vault!r}"
