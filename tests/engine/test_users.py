"""How the passwords of users are kept."""

from __future__ import annotations

import pytest

from console.engine import users
from tests.support.easy import HARD


def test_a_password_is_kept_as_a_hash_that_is_dear_to_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "HARDNESS", HARD[0])
    kept = users.hash_password("correct horse")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert users.password_matches("correct horse", kept)
    assert not users.password_matches("correct house", kept)


def test_a_hash_says_what_it_cost_and_the_same_password_is_kept_differently() -> None:
    easily = users.hash_password("correct horse")
    assert not easily.startswith("$argon2id$v=19$m=65536,")
    assert users.password_matches("correct horse", easily)
    assert users.hash_password("correct horse") != easily
