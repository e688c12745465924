"""Choosing files and directories: the fewest paths that say what is meant."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.desktop.widgets.file_choice import Chosen, FileChoice, above

TREE = {
    "srv:": ["srv:etc", "srv:readme"],
    "srv:etc": ["srv:etc/passwd", "srv:etc/ssh"],
    "srv:etc/ssh": ["srv:etc/ssh/config", "srv:etc/ssh/keys"],
    "home:": ["home:ada"],
}
FILES = sorted({*TREE, *(child for children in TREE.values() for child in children)})
LEAVES = [path for path in FILES if path not in TREE]


def known(path: str) -> Sequence[str] | None:
    return TREE.get(path)


def test_a_directory_brings_what_lies_in_it() -> None:
    choice = FileChoice(["srv:etc/passwd"])
    choice.choose("srv:etc", known)
    assert choice.value == ("srv:etc",)
    assert choice.state("srv:etc/ssh/keys") is Chosen.YES
    assert choice.state("srv:") is Chosen.PARTLY
    assert choice.state("srv:readme") is Chosen.NO
    assert choice.carrier("srv:etc/ssh/keys") == "srv:etc"


def test_leaving_one_out_keeps_what_lies_beside_it() -> None:
    choice = FileChoice(["srv:"])
    assert choice.drop("srv:etc/ssh/keys", known)
    assert choice.value == ("srv:etc/passwd", "srv:etc/ssh/config", "srv:readme")


def test_the_last_one_of_a_directory_makes_it_the_directory() -> None:
    choice = FileChoice(["srv:etc/passwd", "srv:etc/ssh/config", "srv:readme"])
    choice.choose("srv:etc/ssh/keys", known)
    assert choice.value == ("srv:",)


def test_a_directory_whose_names_are_not_known_cannot_be_split() -> None:
    choice = FileChoice(["srv:etc"])
    assert not choice.drop("srv:etc/passwd", lambda _: None)
    assert choice.value == ("srv:etc",)


def test_dropping_a_directory_drops_what_was_chosen_in_it() -> None:
    choice = FileChoice(["srv:etc/passwd", "srv:readme"])
    choice.drop("srv:etc", known)
    assert choice.value == ("srv:readme",)


@pytest.mark.parametrize(
    ("path", "directories"),
    [("a", []), ("a/b/c", ["a/b", "a"]), ("srv:a/b", ["srv:a", "srv:"]), ("srv:a", ["srv:"]), ("srv:", [])],
)
def test_the_directories_above(path: str, directories: list[str]) -> None:
    assert above(path) == directories


@given(st.lists(st.sampled_from(FILES), max_size=30))
def test_any_clicks_leave_what_single_files_would(clicks: list[str]) -> None:
    choice = FileChoice()
    chosen: set[str] = set()
    for path in clicks:
        below = {leaf for leaf in LEAVES if leaf == path or path in above(leaf)}
        if choice.state(path) is Chosen.YES:
            assert choice.drop(path, known)
            chosen -= below
        else:
            choice.choose(path, known)
            chosen |= below
        assert {leaf for leaf in LEAVES if choice.state(leaf) is Chosen.YES} == chosen
        assert not any(path in above(other) for path in choice.value for other in choice.value)
