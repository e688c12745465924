from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from console.domain.errors import Failed
from console.domain.keys import (
    EncryptionKey,
    KeyState,
    KeyType,
    WrappedKey,
    arriving,
    check_passphrase,
    is_key_id,
    locked,
    of_type,
    overdue,
    proof_due,
    require_editable,
    thumbprint,
    unlocked,
)

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
ID = "0123456789abcdef" * 2
UNIVERSAL = EncryptionKey(ID, "office", KeyType.UNIVERSAL, b"wrapped", NOON, NOON, unlocked=True)
ARRIVED = EncryptionKey(ID, "office", KeyType.REPLICATION, b"wrapped", NOON, NOON, origin="core-a")
CAME = WrappedKey(ID, "office", b"wrapped anew", NOON, LATER)


def code(known: pytest.ExceptionInfo[Failed]) -> str:
    return known.value.failure.code


def test_a_universal_key_is_changed_and_never_locked() -> None:
    require_editable(UNIVERSAL)
    with pytest.raises(Failed) as known:
        locked(UNIVERSAL)
    assert code(known) == "key-universal"
    assert unlocked(UNIVERSAL, LATER).until is None


def test_a_replication_key_is_locked_and_never_changed() -> None:
    with pytest.raises(Failed) as known:
        require_editable(ARRIVED)
    assert code(known) == "key-not-universal"
    assert ARRIVED.state(NOON) is KeyState.LOCKED
    open_now = unlocked(ARRIVED, LATER)
    assert open_now.state(NOON) is KeyState.UNLOCKED_UNTIL
    assert open_now.state(LATER) is KeyState.LOCKED
    assert not overdue(open_now, NOON)
    assert overdue(open_now, LATER)
    assert locked(open_now).state(NOON) is KeyState.LOCKED
    assert unlocked(ARRIVED, None).state(LATER) is KeyState.UNLOCKED


def test_to_become_universal_is_to_be_unlocked_for_good() -> None:
    made = of_type(unlocked(ARRIVED, LATER), KeyType.UNIVERSAL)
    assert (made.type, made.state(LATER)) == (KeyType.UNIVERSAL, KeyState.UNLOCKED)
    back = of_type(made, KeyType.REPLICATION)
    assert back.state(LATER) is KeyState.UNLOCKED
    assert locked(back).state(LATER) is KeyState.LOCKED


def test_what_arrives_is_locked() -> None:
    made = arriving(None, CAME, "core-a")
    assert made is not None
    assert (made.type, made.state(NOON), made.origin) == (KeyType.REPLICATION, KeyState.LOCKED, "core-a")


def test_only_who_brought_a_key_may_bring_it_wrapped_anew() -> None:
    newer = arriving(ARRIVED, CAME, "core-a")
    assert newer == replace(ARRIVED, wrapped=b"wrapped anew", changed=LATER)
    assert arriving(ARRIVED, CAME, "core-b") is None
    assert arriving(newer, WrappedKey(ID, "office", b"old", NOON, NOON), "core-a") is None
    assert arriving(UNIVERSAL, CAME, "") is None


@pytest.mark.parametrize("id", ["", "xyz", ID[:-1], ID + "0", ID.upper().replace("0", "G"), "../" + ID[3:]])
def test_what_is_no_id_is_not_taken(id: str) -> None:
    assert not is_key_id(id)
    assert arriving(None, replace(CAME, id=id), "core-a") is None
    assert arriving(None, replace(CAME, wrapped=bytes(513)), "core-a") is None
    assert arriving(None, replace(CAME, wrapped=b""), "core-a") is None


@pytest.mark.parametrize(
    "weak",
    ["", "short", "eleven char", "aaaaaaaaaaaaaaaaaaaa", "abababababababab", "headquarters", "Headquarters 2026!"],
)
def test_weak_passphrases_are_refused(weak: str) -> None:
    with pytest.raises(Failed) as known:
        check_passphrase(weak, "headquarters")
    assert code(known) == "passphrase-weak"
    assert weak == "" or weak not in known.value.failure.message


def test_good_ones_are_taken() -> None:
    for good in ("twelve chars", "correct horse battery staple", "ключи от всех дверей", "headquarters of the bees"):
        check_passphrase(good, "headquarters")


def test_a_thumbprint_is_letters_only_and_differs() -> None:
    prints = {thumbprint(f"{number:032x}") for number in range(1000)}
    assert len(prints) == 1000
    assert all(len(found) == 26 and found.isascii() and found.isalpha() for found in prints)


def test_a_proof_is_due_while_something_depends_on_it() -> None:
    def due(key: EncryptionKey, days: float, points: int = 1) -> bool:
        return proof_due(key, points, NOON + timedelta(days=days))

    assert not due(UNIVERSAL, 13), "it was typed twice a moment ago"
    assert due(UNIVERSAL, 14)
    assert not due(UNIVERSAL, 400, points=0), "nothing is sealed with it"
    proven = replace(UNIVERSAL, tested=NOON, test_passed=True)
    assert not due(proven, 179)
    assert due(proven, 180)
    assert due(replace(proven, test_passed=False), 0), "nobody knows it any more, it seems"
