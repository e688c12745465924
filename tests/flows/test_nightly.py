"""The nightly jobs as they are set, and what a night did in words."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from console.domain.answers import SettingAnswer
from console.domain.point_checks import PointCheck
from console.flows.nightly import draft_of, known_values, result_text


def known(**values: str | None) -> dict[str, str]:
    defaults = {
        "nightly-at": "00:00",
        "nightly-jobs": "rollup reclaim clear",
        "nightly-checks": "off",
        "keep-jobs": "30",
        "keep-events": "30",
        "listen": "0.0.0.0:8006",
    }
    settings = [
        cast(SettingAnswer, {"key": key, "value": values.get(key.replace("-", "_")), "default": default, "text": ""})
        for key, default in defaults.items()
    ]
    return known_values(settings)


def test_nothing_differs_until_something_is_changed() -> None:
    values = known(nightly_at="2:05")
    assert "listen" not in values
    draft = draft_of(values)
    assert (draft.on, draft.at) == (True, "02:05")
    assert draft.changes(values) == {}, "2:05 and 02:05 are the same time"
    changed = replace(draft, on=False, jobs=(), checks=(PointCheck.INTEGRITY,), keep_events="")
    assert changed.changes(values) == {
        "nightly-at": "off",
        "nightly-jobs": "off",
        "nightly-checks": "integrity",
        "keep-events": "off",
    }


def test_what_is_off_comes_back_with_a_time_to_begin_with() -> None:
    draft = draft_of(known(nightly_at="off", keep_jobs="off"))
    assert (draft.on, draft.at, draft.keep_jobs) == (False, "00:00", "")
    assert replace(draft, on=True).values()["nightly-at"] == "00:00"


@pytest.mark.parametrize("typed", ["0", "-3", "ten", "12345"])
def test_days_that_cannot_be_are_told(typed: str) -> None:
    draft = replace(draft_of(known()), keep_jobs=typed)
    assert set(draft.problems()) == {"keep-jobs"}
    assert typed in draft.problems()["keep-jobs"]


def test_a_core_of_before_has_not_got_all_settings() -> None:
    draft = draft_of({"nightly-at": "03:00"})
    assert draft.jobs == ("rollup", "reclaim", "clear")
    assert not draft.checks


def test_what_a_night_did_is_said() -> None:
    told = result_text({"points_removed": 1, "bytes_freed": -5, "failed": []})
    assert told == "1 point rolled up, 0 B given back"
    more = result_text(
        {"points_removed": 2, "bytes_freed": 10**9, "points_checked": 3, "points_bad": 1, "failed": ["x"]}
    )
    assert more == "2 points rolled up, 1.0 GB given back, 3 points checked, 1 of them is bad, 1 job did not succeed"
