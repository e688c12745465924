"""Looking at a target before pairing: what is told, what is refused, and that neither Core remembers it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.domain.errors import Failed
from console.engine.core import Core
from console.worlds import PASSWORDS
from console.worlds.story import StoryClock, listening, living

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@dataclass
class Two:
    source: Core
    target: Core
    port: int

    def look(self, user: str = "admin", password: str | None = None, fingerprint: str | None = None) -> list[str]:
        """Names of the repositories that the target showed."""
        found = self.source.pair.look(
            "127.0.0.1",
            self.port,
            user,
            PASSWORDS[user] if password is None else password,
            self.target.identity.fingerprint if fingerprint is None else fingerprint,
        )
        assert found.found.identity.id == self.target.identity.core_id
        return [offer.name for offer in found.repositories]

    def remembered(self) -> list[object]:
        """Whatever either Core keeps of the other."""
        return [
            (core.catalog.pairings.list(), core.catalog.machines.list(), core.catalog.events.page())
            for core in (self.source, self.target)
        ]


@contextmanager
def two_cores(directory: Path) -> Iterator[Two]:
    clock = StoryClock(NOW)
    with (
        living(directory / "office", clock, "Office") as source,
        living(directory / "vault", clock, "Vault") as target,
        listening(target) as port,
    ):
        yield Two(source, target, port)


def test_repositories_are_shown_and_nothing_is_remembered(tmp_path: Path) -> None:
    with two_cores(tmp_path) as two:
        two.target.repositories.create("big", tmp_path / "big")
        before = two.remembered()
        assert sorted(two.look()) == ["big", "default"]
        assert two.look() == two.look()
        assert two.remembered() == before
        fingerprint = two.target.identity.fingerprint
        two.source.pair.pair("127.0.0.1", two.port, "admin", PASSWORDS["admin"], fingerprint, "vault")
        assert two.remembered() != before


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"password": "not this one"}, "wrong-credentials"),
        ({"user": "technician"}, "not-administrator"),
        ({"fingerprint": "00:11"}, "wrong-fingerprint"),
    ],
)
def test_what_pairing_would_refuse_is_refused(tmp_path: Path, changed: dict[str, str], code: str) -> None:
    with two_cores(tmp_path) as two:
        with pytest.raises(Failed) as caught:
            two.look(**changed)
        assert caught.value.failure.code == code
        assert two.source.catalog.pairings.list() == two.target.catalog.pairings.list() == []


def test_a_known_target_is_an_existing_one(tmp_path: Path) -> None:
    with two_cores(tmp_path) as two:
        fingerprint = two.target.identity.fingerprint
        two.source.pair.pair("127.0.0.1", two.port, "admin", PASSWORDS["admin"], fingerprint, "vault")
        with pytest.raises(Failed) as caught:
            two.look()
        assert caught.value.failure.code == "already-paired"
        assert "vault" in caught.value.failure.message


def test_a_target_without_a_repository_warns(tmp_path: Path) -> None:
    with two_cores(tmp_path) as two:
        two.target.repositories.remove("default")
        found = two.source.pair.look(
            "127.0.0.1", two.port, "admin", PASSWORDS["admin"], two.target.identity.fingerprint
        )
        assert found.repositories == ()
        assert found.warnings
