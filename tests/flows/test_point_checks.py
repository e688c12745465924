"""One word for all checks of a point."""

from __future__ import annotations

import pytest

from console.domain.point_checks import PointCheck
from console.flows.point_checks import check_explained, check_word, checks_text, worst


@pytest.mark.parametrize(
    ("checks", "verdict"),
    [
        ({}, None),
        ({"checksum": "good", "mountability": "not-checked"}, "good"),
        ({"checksum": "good", "integrity": "bad"}, "bad"),
        ({"mountability": "not-checked"}, "not-checked"),
    ],
)
def test_the_worst_of_all_checks_is_said(checks: dict[str, str], verdict: str | None) -> None:
    assert worst(checks) == verdict


def test_checks_are_said_in_their_order_and_those_of_a_newer_core_too() -> None:
    told = checks_text({"some-other": "fine", "integrity": "good", "checksum": "bad"})
    assert told.splitlines() == ["Checksums: bad", "Chain: good", "Some other: fine"]


def test_every_check_has_a_name_and_an_explanation() -> None:
    words = {check_word(check) for check in PointCheck}
    assert len(words) == len(PointCheck)
    assert all(check_explained(check).endswith(".") for check in PointCheck)
