"""Repositories in places and of sizes that will not do: refused with a sentence, and nothing is left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.domain.errors import Failed, not_found
from console.domain.progress import Silent
from console.engine.core import Core
from tests.support.clock import FixedClock


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    core = Core(tmp_path / "core", clock=FixedClock(), name="here")
    yield core
    core.stop()


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(Failed) as known:
        call()
    assert known.value.failure.message
    assert known.value.failure.hint, "it says what to do next"
    return known.value.failure.code


@pytest.mark.parametrize("limit", [1, 1000, 1 << 61, 10**30])
def test_absurd_limits_are_refused_before_anything_is_made(core: Core, tmp_path: Path, limit: int) -> None:
    place = tmp_path / "big"
    assert refused(lambda: core.repositories.create("big", place, limit=limit)) == "bad-limit"
    assert not place.exists()
    assert refused(lambda: core.repositories.edit("default", limit=limit)) == "bad-limit"
    assert core.repositories.info("default").limit is None


def test_what_is_no_directory(core: Core, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    info = core.repositories.info("default")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        assert refused(lambda at=place: core.repositories.create("big", at)) == "not-a-directory"  # type: ignore[misc]
        assert refused(lambda at=place: core.move.run(info, at, Silent())) == "not-a-directory"  # type: ignore[misc]
    assert (tmp_path / "file").read_text() == "mine"
    assert refused(lambda: core.repositories.adopt("big", tmp_path / "file")) == "repository-gone"


def test_inside_a_repository_of_another_core(core: Core, tmp_path: Path) -> None:
    other = Core(tmp_path / "other", clock=FixedClock(), name="there")
    try:
        inside = Path(other.repositories.info("default").path) / "in" / "here"
        code = "repository-inside-repository"
        assert refused(lambda: core.repositories.create("big", inside)) == code
        assert refused(lambda: core.repositories.adopt("big", inside)) == code
        assert refused(lambda: core.move.start("default", inside)) == code
        assert not inside.parent.exists()
    finally:
        other.stop()


def test_who_names_what_is_not_there_is_told_where_to_look() -> None:
    assert not_found("recovery point", "x").failure.hint == "See what there is: replicore point list"
    assert not_found("machine", "x", "Elsewhere.").failure.hint == "Elsewhere."
