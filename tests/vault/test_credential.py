"""The encrypted file with a key that is handed to the service."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.domain.errors import Failed
from console.vault import FileVault, open_vault
from console.vault.choice import credential_file

KEY = bytes(range(32))


@pytest.fixture
def credential(tmp_path: Path) -> Path:
    path = tmp_path / "handed"
    path.write_bytes(KEY)
    return path


def code(known: pytest.ExceptionInfo[Failed]) -> str:
    return known.value.failure.code


def test_the_directory_alone_is_worth_nothing(tmp_path: Path, credential: Path) -> None:
    place = tmp_path / "vault"
    FileVault(place, credential).set("key:1", "the secret of a key")
    assert not (place / "vault.key").exists()
    assert KEY not in b"".join(path.read_bytes() for path in place.iterdir())
    with pytest.raises(Failed) as known:
        FileVault(place).get("key:1")
    assert code(known) == "vault-damaged"
    assert FileVault(place, credential).get("key:1") == "the secret of a key"


def test_hex_digits_are_the_same_key(tmp_path: Path, credential: Path) -> None:
    FileVault(tmp_path / "vault", credential).set("name", "secret")
    credential.write_text(KEY.hex().upper() + "\n")
    assert FileVault(tmp_path / "vault", credential).get("name") == "secret"


@pytest.mark.parametrize("wrong", [b"", b"short", b"x" * 33, b"g" * 64, KEY + b"\n"])
def test_what_is_no_key_is_refused(tmp_path: Path, credential: Path, wrong: bytes) -> None:
    credential.write_bytes(wrong)
    with pytest.raises(Failed) as known:
        FileVault(tmp_path / "vault", credential).set("name", "secret")
    assert code(known) == "vault-unavailable"
    assert wrong == b"" or wrong.decode("latin-1") not in known.value.failure.message


def test_another_key_opens_nothing_and_nothing_is_lost(tmp_path: Path, credential: Path) -> None:
    FileVault(tmp_path / "vault", credential).set("name", "secret")
    before = (tmp_path / "vault" / "vault.bin").read_bytes()
    credential.write_bytes(bytes(32))
    vault = FileVault(tmp_path / "vault", credential)
    for change in (lambda: vault.get("name"), lambda: vault.set("other", "x"), lambda: vault.delete("name")):
        with pytest.raises(Failed) as known:
            change()
        assert code(known) == "vault-damaged"
    assert (tmp_path / "vault" / "vault.bin").read_bytes() == before


def test_a_credential_that_is_gone_is_named(tmp_path: Path, credential: Path) -> None:
    FileVault(tmp_path / "vault", credential).set("name", "secret")
    credential.unlink()
    with pytest.raises(Failed) as known:
        FileVault(tmp_path / "vault", credential).get("name")
    assert code(known) == "vault-unavailable"
    assert str(credential) in known.value.failure.message


def test_a_vault_with_its_key_beside_it_goes_over(tmp_path: Path, credential: Path) -> None:
    place = tmp_path / "vault"
    FileVault(place).set("old", "secret")
    vault = FileVault(place, credential)
    assert vault.get("old") == "secret"
    assert (place / "vault.key").exists()
    vault.set("new", "other")
    assert not (place / "vault.key").exists()
    assert (vault.get("old"), vault.get("new")) == ("secret", "other")


def test_which_file_is_the_credential(tmp_path: Path, credential: Path) -> None:
    assert credential_file({}) is None
    assert credential_file({"REPLICORE_VAULT_KEY_FILE": str(credential)}) == credential
    assert credential_file({"CREDENTIALS_DIRECTORY": str(tmp_path)}) is None
    (tmp_path / "replicore-vault-key").write_bytes(KEY)
    assert credential_file({"CREDENTIALS_DIRECTORY": str(tmp_path)}) == tmp_path / "replicore-vault-key"


def test_who_is_handed_a_key_uses_it(tmp_path: Path, credential: Path) -> None:
    opened = open_vault(tmp_path / "vault", "core", {"REPLICORE_VAULT_KEY_FILE": str(credential)})
    assert isinstance(opened, FileVault)
    assert opened.has_credential
