"""What this user remembers of Cores: addresses, pinned fingerprints, passwords; and Cores of this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.errors import PasswordDeleteError

from console.client import passwords
from console.client.cores import Cores, RememberedCore, parse_address
from console.client.local import LocalCore, forget_core, read_core, read_token, write_core
from console.domain.errors import Failed, FailureKind

OFFICE = RememberedCore("office", "https://backup.example.org:8006", ":".join(["AB"] * 32), "admin")


class MemoryKeyring(KeyringBackend):
    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("it is not there")


@pytest.fixture
def memory() -> Iterator[MemoryKeyring]:
    before = keyring.get_keyring()
    backend = MemoryKeyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("backup.example.org", ("backup.example.org", 8006)),
        ("backup.example.org:9000", ("backup.example.org", 9000)),
        ("https://10.0.0.2:8006", ("10.0.0.2", 8006)),
        ("https://10.0.0.2/", ("10.0.0.2", 8006)),
        ("[fd00::1]:8443", ("fd00::1", 8443)),
        ("[fd00::1]", ("fd00::1", 8006)),
    ],
)
def test_addresses_are_read(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", "http://x", "x:port", "x:0", "x:70000", "https://x/path", "user@x", "https://"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Failed) as caught:
        parse_address(text)
    assert caught.value.failure.code == "bad-address"
    assert caught.value.failure.kind is FailureKind.USAGE


def test_cores_are_remembered_in_one_file(tmp_path: Path) -> None:
    cores = Cores(tmp_path / "settings")
    assert cores.list() == []
    cores.add(OFFICE)
    cores.add(RememberedCore("Attic", "https://10.0.0.9:8006", OFFICE.fingerprint, "ann"))
    assert [core.name for core in Cores(tmp_path / "settings").list()] == ["Attic", "office"]
    assert cores.get("OFFICE") == OFFICE
    assert OFFICE.address == ("backup.example.org", 8006)
    assert "password" not in cores.file.read_text()
    assert cores.forget("office") == OFFICE
    assert [core.name for core in cores.list()] == ["Attic"]


def test_a_name_is_remembered_once(tmp_path: Path) -> None:
    cores = Cores(tmp_path)
    cores.add(OFFICE)
    for name, code in [("Office", "name-taken"), ("a/b", "name-forbidden"), ("", "name-forbidden")]:
        with pytest.raises(Failed) as caught:
            cores.add(RememberedCore(name, OFFICE.url, OFFICE.fingerprint, "x"))
        assert caught.value.failure.code == code


def test_an_unknown_core_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(Failed) as caught:
        Cores(tmp_path).get("office")
    assert (caught.value.failure.code, caught.value.failure.kind) == ("no-such-core", FailureKind.NOT_FOUND)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cores": [{"name": "x"}]}', "\xff"])
def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path, content: str) -> None:
    cores = Cores(tmp_path)
    cores.file.write_bytes(content.encode("latin-1"))
    with pytest.raises(Failed) as caught:
        cores.list()
    assert caught.value.failure.code == "cores-unreadable"
    assert str(cores.file) in caught.value.failure.message
    assert cores.file.read_bytes() == content.encode("latin-1")


def test_passwords_are_in_the_keyring(memory: MemoryKeyring) -> None:
    assert passwords.recall("office") is None
    assert passwords.keep("Office", "secret words")
    assert passwords.recall("office") == "secret words"
    passwords.drop("office")
    passwords.drop("office")
    assert passwords.recall("office") is None
    assert memory.kept == {}


def test_without_a_keyring_nothing_is_kept(memory: MemoryKeyring) -> None:
    del memory
    keyring.set_keyring(NoKeyring())
    assert not passwords.keep("office", "secret words")
    assert passwords.recall("office") is None
    passwords.drop("office")


def test_a_local_core_is_found_by_its_file(tmp_path: Path) -> None:
    assert read_core(tmp_path) is None
    core = LocalCore("127.0.0.1", 8006, os.getpid(), "AB:CD")
    write_core(tmp_path, core)
    assert read_core(tmp_path) == core
    assert [path.name for path in tmp_path.iterdir()] == ["core.json"]
    forget_core(tmp_path)
    forget_core(tmp_path)
    assert read_core(tmp_path) is None


@pytest.mark.parametrize("content", ["", "{", "null", json.dumps({"host": "x"}), json.dumps({"port": "x"})])
def test_a_strange_core_file_is_no_core(tmp_path: Path, content: str) -> None:
    (tmp_path / "core.json").write_text(content)
    assert read_core(tmp_path) is None


def test_a_token_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Failed) as caught:
        read_token(tmp_path)
    assert (caught.value.failure.code, caught.value.failure.kind) == ("token-unreadable", FailureKind.FORBIDDEN)
    (tmp_path / "token").write_text("abc\n")
    assert read_token(tmp_path) == "abc"
