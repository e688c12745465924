"""Secrets in a file: sealed, private, whole whenever it is looked at, loud when it is damaged."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from filelock import FileLock

from console.domain.errors import Failed, FailureKind
from console.vault import FileVault, encrypted_file


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "secrets"


@pytest.fixture
def vault(place: Path) -> FileVault:
    made = FileVault(place)
    made.set("core:office", "correct horse")
    return made


def test_nothing_is_written_before_the_first_secret(place: Path) -> None:
    vault = FileVault(place)
    assert not vault.exists
    assert vault.get("name") is None
    vault.delete("name")
    assert not place.exists()


def test_secrets_are_not_in_the_file(vault: FileVault, place: Path) -> None:
    raw = (place / "vault.bin").read_bytes()
    assert vault.exists
    assert b"horse" not in raw
    assert b"office" not in raw
    vault.set("other", "x")
    assert (place / "vault.bin").read_bytes()[:50] != raw[:50]  # another nonce each time


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX")
def test_both_files_are_their_owners_alone(vault: FileVault, place: Path) -> None:
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    for name in ("vault.bin", "vault.key"):
        assert stat.S_IMODE((place / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("file", ["vault.bin", "vault.key"])
@pytest.mark.parametrize("harm", ["empty", "bent", "cut", "longer"])
def test_damage_is_named_and_nothing_overwritten(vault: FileVault, place: Path, file: str, harm: str) -> None:
    path = place / file
    content = path.read_bytes()
    bent = bytearray(content)
    bent[-1] ^= 1
    path.write_bytes({"empty": b"", "bent": bytes(bent), "cut": content[:-1], "longer": content + b"x"}[harm])
    for call in (lambda: vault.get("core:office"), lambda: vault.set("new", "x"), lambda: vault.delete("core:office")):
        with pytest.raises(Failed) as raised:
            call()
        assert (raised.value.failure.code, raised.value.failure.kind) == ("vault-damaged", FailureKind.DAMAGE)
        assert str(place) in raised.value.failure.message
    path.write_bytes(content)
    assert vault.get("core:office") == "correct horse"


def test_a_key_that_is_gone_is_damage_and_no_new_one_is_made(vault: FileVault, place: Path) -> None:
    (place / "vault.key").unlink()
    for call in (lambda: vault.get("core:office"), lambda: vault.set("new", "x")):
        with pytest.raises(Failed, match="vault-damaged"):
            call()
    assert not (place / "vault.key").exists()


def test_a_core_that_died_while_it_wrote(vault: FileVault, place: Path) -> None:
    (place / "vault.bin.new").write_bytes(b"half")
    vault.set("other", "x")
    assert vault.get("core:office") == "correct horse"
    assert sorted(path.name for path in place.iterdir() if path.suffix != ".lock") == ["vault.bin", "vault.key"]


def test_a_key_without_secrets_is_used(place: Path) -> None:
    place.mkdir()
    (place / "vault.key").write_bytes(bytes(32))
    FileVault(place).set("name", "x")
    assert (place / "vault.key").read_bytes() == bytes(32)
    assert FileVault(place).get("name") == "x"


def test_another_program_that_does_not_end(vault: FileVault, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encrypted_file, "LOCK_S", 0.05)
    with FileLock(place / "vault.lock"), pytest.raises(Failed) as raised:
        vault.set("name", "x")
    assert raised.value.failure.code == "vault-unavailable"
    assert vault.get("core:office") == "correct horse"


def test_a_place_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    vault = FileVault(tmp_path / "file")
    for call in (lambda: vault.get("name"), lambda: vault.set("name", "x"), lambda: vault.delete("name")):
        with pytest.raises(Failed, match="vault-unavailable"):
            call()
