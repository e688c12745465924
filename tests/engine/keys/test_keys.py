from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from console.catalog import Catalog
from console.domain.errors import Failed, failed
from console.domain.keys import KeyState, KeyType, WrappedKey
from console.engine.journal import Journal
from console.engine.keys.keyring import Keyring
from console.engine.keys.keys import Keys
from console.engine.keys.travel import Arrivals
from console.engine.repositories import Repositories
from console.repository import wrapping
from console.repository.sealing import tag_of
from console.vault import MemoryVault
from tests.support.clock import FixedClock

PASSPHRASE = "seven brave otters swim at dawn"


class Shaky(MemoryVault):
    """A keyring that may be out of reach."""

    def __init__(self) -> None:
        super().__init__()
        self.gone = False

    def get(self, name: str) -> str | None:
        self._check()
        return super().get(name)

    def set(self, name: str, secret: str) -> None:
        self._check()
        super().set(name, secret)

    def delete(self, name: str) -> None:
        self._check()
        super().delete(name)

    def _check(self) -> None:
        if self.gone:
            raise failed("vault-unavailable", "It is locked.")


class Desk:
    """Keys without a Core around them."""

    def __init__(self, place: Path) -> None:
        self.clock = FixedClock()
        self.catalog = Catalog.in_memory(self.clock)
        self.vault = Shaky()
        self.journal = Journal(self.catalog, self.clock)
        self.ring = Keyring(self.catalog, self.clock, lambda: self.vault)
        repositories = Repositories(self.catalog, self.clock, place)
        self.keys = Keys(self.catalog, repositories, self.journal, self.clock, self.ring)
        self.arrivals = Arrivals(self.catalog, self.journal)

    def state(self, name: str) -> KeyState:
        return self.keys.get(name).state(self.clock.now())

    def sealed_with(self, name: str) -> bool:
        return self.ring.find(tag_of(self.keys.get(name).id)) is not None


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.catalog.close()


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(Failed) as known:
        yield
    assert known.value.failure.code == code


def test_a_new_key_is_universal_and_seals_at_once(desk: Desk) -> None:
    made = desk.keys.create("office", PASSPHRASE, "a note")
    assert (made.type, desk.state("office"), made.description) == (KeyType.UNIVERSAL, KeyState.UNLOCKED, "a note")
    assert desk.keys.list() == [made]
    assert desk.ring.sealer(made.id).id == made.id
    assert desk.keys.get(made.id[:6]) == made
    with refused("name-taken"):
        desk.keys.create("Office", PASSPHRASE)
    with refused("name-forbidden"):
        desk.keys.create("a/b", PASSPHRASE)
    with refused("passphrase-weak"):
        desk.keys.create("other", "short")
    with refused("no-such-key"):
        desk.keys.get("other")


def test_when_the_vault_is_out_of_reach_nothing_is_made(desk: Desk) -> None:
    desk.vault.gone = True
    with refused("vault-unavailable"):
        desk.keys.create("office", PASSPHRASE)
    assert desk.keys.list() == []


def test_locked_for_a_time(desk: Desk) -> None:
    made = desk.keys.create("office", PASSPHRASE)
    with refused("key-universal"):
        desk.keys.lock("office")
    desk.keys.set_type("office", KeyType.REPLICATION, None)
    assert desk.sealed_with("office"), "it stays unlocked until somebody locks it"
    desk.keys.lock("office")
    assert not desk.sealed_with("office")
    assert desk.vault.get(f"key:{made.id}") is None
    with refused("key-locked"):
        desk.ring.sealer(made.id)
    with refused("wrong-passphrase"):
        desk.keys.unlock("office", PASSPHRASE + " ")
    for wrong in (0, -5, 10**12):
        with refused("bad-duration"):
            desk.keys.unlock("office", PASSPHRASE, for_s=wrong)
    desk.keys.unlock("office", PASSPHRASE, for_s=60)
    assert (desk.state("office"), desk.sealed_with("office")) == (KeyState.UNLOCKED_UNTIL, True)
    desk.keys.relock(desk.clock.now())
    assert desk.sealed_with("office")
    desk.clock.forward(60)
    assert not desk.sealed_with("office"), "also before the calendar has come to it"
    desk.keys.relock(desk.clock.now())
    assert desk.vault.get(f"key:{made.id}") is None


def test_names_and_passphrases_change_where_a_key_is_universal(desk: Desk) -> None:
    made = desk.keys.create("office", PASSPHRASE)
    desk.keys.edit("office", rename="headquarters", description="new")
    assert desk.keys.get("headquarters").id == made.id
    with refused("wrong-passphrase"):
        desk.keys.change_passphrase("headquarters", "not the old one at all", "a fresh one, and long")
    desk.keys.change_passphrase("headquarters", PASSPHRASE, "a fresh one, and long")
    with refused("wrong-passphrase"):
        desk.keys.export("headquarters", PASSPHRASE)
    assert desk.keys.export("headquarters", "a fresh one, and long").id == made.id
    desk.keys.set_type("headquarters", KeyType.REPLICATION, None)
    with refused("key-not-universal"):
        desk.keys.edit("headquarters", rename="office")
    with refused("key-not-universal"):
        desk.keys.change_passphrase("headquarters", "a fresh one, and long", PASSPHRASE)
    with refused("passphrase-required"):
        desk.keys.set_type("headquarters", KeyType.UNIVERSAL, None)
    with refused("wrong-passphrase"):
        desk.keys.set_type("headquarters", KeyType.UNIVERSAL, PASSPHRASE)
    assert desk.keys.set_type("headquarters", KeyType.UNIVERSAL, "a fresh one, and long").type is KeyType.UNIVERSAL


def test_out_to_a_file_and_in_again(desk: Desk, tmp_path: Path) -> None:
    made = desk.keys.create("office", PASSPHRASE)
    file = desk.keys.export("office", PASSPHRASE)
    with refused("key-known"):
        desk.keys.take(file)
    other = Desk(tmp_path / "other")
    taken = other.keys.take(file, "branch")
    assert (taken.id, taken.name, taken.type, other.state("branch")) == (
        made.id, "branch", KeyType.REPLICATION, KeyState.LOCKED,
    )  # fmt: skip
    other.keys.unlock("branch", PASSPHRASE)
    assert other.sealed_with("branch")
    for bad in (replace(file, id="0" * 31), replace(file, wrapped=file.wrapped[:-1]), replace(file, wrapped=b"")):
        with refused("key-damaged"):
            Desk(tmp_path / "third").keys.take(bad)
    # Bytes that are another key's are found when somebody gives the passphrase.
    third = Desk(tmp_path / "fourth")
    third.keys.take(replace(file, id="ab" * 16))
    with refused("key-damaged"):
        third.keys.unlock("office", PASSPHRASE)
    other.catalog.close()


def test_a_proof_is_kept_with_its_date(desk: Desk) -> None:
    desk.keys.create("office", PASSPHRASE)
    assert desk.keys.get("office").tested is None
    found = desk.keys.test("office", "this is not the one")
    assert (found["passed"], found["images_opened"]) == (False, 0)
    assert (desk.keys.get("office").tested, desk.keys.get("office").test_passed) == (desk.clock.now(), False)
    desk.clock.forward(10)
    assert desk.keys.test("office", PASSPHRASE)["passed"]
    assert (desk.keys.get("office").tested, desk.keys.get("office").test_passed) == (desk.clock.now(), True)


def test_removing(desk: Desk) -> None:
    made = desk.keys.create("office", PASSPHRASE)
    desk.keys.remove("office")
    assert desk.keys.list() == []
    assert desk.vault.get(f"key:{made.id}") is None
    assert desk.ring.find(tag_of(made.id)) is None


def test_keys_that_come_with_points(desk: Desk) -> None:
    other = desk.keys.create("office", PASSPHRASE)
    now = desk.clock.now()
    wrapped = wrapping.wrap(bytes(32), PASSPHRASE)
    came = WrappedKey(wrapping.id_of(bytes(32)), "office", wrapped, now, now)
    desk.arrivals.take([came, came], "core-a")
    [arrived] = [key for key in desk.keys.list() if key.id != other.id]
    assert (arrived.name, arrived.type, arrived.origin) == ("office 2", KeyType.REPLICATION, "core-a")
    # Neither another source nor nonsense changes it; what is ours nobody changes at all.
    later = now + timedelta(days=1)
    nonsense = replace(came, wrapped=b"x" * len(wrapped), changed=later)
    desk.arrivals.take([nonsense], "core-b")
    desk.arrivals.take([nonsense], "core-a")
    mine = replace(other.travelling(), wrapped=wrapping.wrap(bytes(32), "a passphrase of theirs"), changed=later)
    desk.arrivals.take([mine], "core-a")
    assert sorted(desk.keys.list(), key=lambda key: key.id) == sorted([other, arrived], key=lambda key: key.id)
    again = replace(came, wrapped=wrapping.wrap(bytes(32), "a fresh one, and long"), changed=later)
    desk.arrivals.take([again], "core-a")
    desk.keys.unlock("office 2", "a fresh one, and long")
    strange = replace(came, id=wrapping.id_of(bytes([1]) * 32), name="../../etc", wrapped=wrapped)
    desk.arrivals.take([strange], "core-a")
    [named] = [key for key in desk.keys.list() if key.id == strange.id]
    assert named.name.startswith("key ")


def test_a_key_whose_secret_the_vault_has_lost_is_locked(desk: Desk) -> None:
    made = desk.keys.create("office", PASSPHRASE)
    desk.vault.delete(f"key:{made.id}")
    desk.ring.forget()
    with refused("key-locked"):
        desk.ring.sealer(made.id)
    desk.keys.unlock("office", PASSPHRASE)
    assert desk.sealed_with("office")
    for wrong in ("no base64!", "c2hvcnQ=", "A" * 43 + "="):
        desk.vault.set(f"key:{made.id}", wrong)
        desk.ring.forget()
        assert not desk.sealed_with("office")
