from __future__ import annotations

import struct

import pytest

from console.repository.wrapping import (
    WRAPPED_SIZE,
    Hardness,
    NotWrappedError,
    check_wrapped,
    id_of,
    unwrap,
    wrap,
)
from tests.support.easy import EASY, HARD
from tests.support.sealing import sealing_key, secret


def test_the_passphrase_gives_the_secret_back_and_no_other_does() -> None:
    wrapped = wrap(secret(), "a good long passphrase", EASY)
    assert len(wrapped) == WRAPPED_SIZE
    assert secret() not in wrapped
    assert unwrap(wrapped, id_of(secret()), "a good long passphrase") == secret()
    for wrong in ("A good long passphrase", "a good long passphrase ", ""):
        assert unwrap(wrapped, id_of(secret()), wrong) is None
    assert wrap(secret(), "a good long passphrase", EASY) != wrapped


def test_the_same_letters_typed_otherwise_are_the_same_passphrase() -> None:
    wrapped = wrap(secret(), "caf\u00e9 au lait", EASY)
    assert unwrap(wrapped, id_of(secret()), "cafe\u0301 au lait") == secret()


def test_a_wrapped_key_is_not_taken_for_another() -> None:
    wrapped = wrap(secret(), "passphrase", EASY)
    with pytest.raises(NotWrappedError, match="another key"):
        unwrap(wrapped, id_of(secret(2)), "passphrase")
    assert id_of(secret()) == sealing_key().id


def test_every_byte_counts() -> None:
    wrapped = wrap(secret(), "passphrase", EASY)
    for at in range(len(wrapped)):
        bent = bytearray(wrapped)
        bent[at] ^= 0x40
        try:
            check_wrapped(bytes(bent))
        except NotWrappedError:
            continue
        if at >= 10:  # what an attempt would cost stands in front
            assert unwrap(bytes(bent), id_of(secret()), "passphrase") is None


def test_what_costs_too_much_is_not_tried() -> None:
    wrapped = wrap(secret(), "passphrase", EASY)
    for memory, passes, lanes in ((2**31, 1, 1), (64, 10_000, 1), (64, 1, 200), (64, 0, 1), (4, 1, 1), (64, 1, 0)):
        dear = wrapped[:1] + struct.pack("<IIB", memory, passes, lanes) + wrapped[10:]
        with pytest.raises(NotWrappedError):
            unwrap(dear, id_of(secret()), "passphrase")
    for other in (b"", wrapped[:-1], wrapped + b"x", b"\2" + wrapped[1:]):
        with pytest.raises(NotWrappedError):
            check_wrapped(other)


def test_what_a_guess_costs_is_written_down() -> None:
    assert (Hardness(64 << 10, passes=3, lanes=4),) * 2 == HARD, "of users' passwords and of passphrases"
    assert wrap(secret(), "passphrase", EASY)[:10] == struct.pack("<BIIB", 1, 64, 1, 1)
