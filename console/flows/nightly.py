"""The nightly jobs as people set them: when, which, what is checked, and how long the journal is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.domain.answers import SettingAnswer
from console.domain.errors import Failed
from console.domain.point_checks import PointCheck
from console.domain.settings import (
    CLEAR,
    KEEP_EVENTS,
    KEEP_JOBS,
    NIGHTLY_AT,
    NIGHTLY_CHECKS,
    NIGHTLY_JOBS,
    RECLAIM,
    ROLLUP,
    parse_checks,
    parse_days,
    parse_nightly,
    parse_wall,
)
from console.domain.sizes import format_size
from console.flows.wording import count, say

KEYS = frozenset({NIGHTLY_AT, NIGHTLY_JOBS, NIGHTLY_CHECKS, KEEP_JOBS, KEEP_EVENTS})
OFF = "off"


@dataclass(frozen=True, slots=True)
class NightlyDraft:
    """`at`: HH:MM, kept while it is not `on`. `keep_jobs`, `keep_events`: days as typed; empty or `off`: for ever."""

    on: bool
    at: str
    jobs: tuple[str, ...]
    checks: tuple[PointCheck, ...]
    keep_jobs: str
    keep_events: str

    def problems(self) -> dict[str, str]:
        """Setting → a sentence that says what is wrong with it."""
        found = {}
        for key, text in ((KEEP_JOBS, self.keep_jobs), (KEEP_EVENTS, self.keep_events)):
            try:
                parse_days(_days(text))
            except Failed:
                found[key] = say(
                    "“{text}” is no number of days from 1 to 9999; leave it empty for ever.", text=text.strip()
                )
        return found

    def values(self) -> dict[str, str]:
        """Setting → its value. Without problems only."""
        return {
            NIGHTLY_AT: self.at if self.on else OFF,
            NIGHTLY_JOBS: " ".join(self.jobs) or OFF,
            NIGHTLY_CHECKS: " ".join(self.checks) or OFF,
            KEEP_JOBS: _days(self.keep_jobs),
            KEEP_EVENTS: _days(self.keep_events),
        }

    def changes(self, known: Mapping[str, str]) -> dict[str, str]:
        """What differs from what the Core has (`known_values`). Without problems only."""
        before = draft_of(known).values()
        return {key: value for key, value in self.values().items() if value != before[key]}


def known_values(settings: Sequence[SettingAnswer]) -> dict[str, str]:
    """What holds now, of these settings; a Core of before has not got all of them."""
    return {one["key"]: one["value"] or one["default"] for one in settings if one["key"] in KEYS}


def draft_of(known: Mapping[str, str]) -> NightlyDraft:
    at = known.get(NIGHTLY_AT, "00:00")
    wall = parse_wall(at)
    hour, minute = wall or (0, 0)
    return NightlyDraft(
        wall is not None,
        f"{hour:02}:{minute:02}",
        parse_nightly(known.get(NIGHTLY_JOBS, f"{ROLLUP} {RECLAIM} {CLEAR}")),
        parse_checks(known.get(NIGHTLY_CHECKS, OFF)),
        _shown(known.get(KEEP_JOBS, OFF)),
        _shown(known.get(KEEP_EVENTS, OFF)),
    )


def job_word(job: str) -> str:
    """Of one of the nightly jobs; with a letter to reach it by."""
    known = {
        ROLLUP: say("&Roll up aged points, by the retention of each machine"),
        RECLAIM: say("&Give back the room that nobody needs, in every repository"),
        CLEAR: say("&Forget old jobs and events"),
    }
    return known.get(job) or job


def result_text(result: Mapping[str, Any]) -> str:
    """What a night did, in a sentence."""
    removed = count("{n} point rolled up", "{n} points rolled up", result.get("points_removed", 0))
    freed = say("{size} given back", size=format_size(max(0, result.get("bytes_freed", 0))))
    said = [removed, freed]
    if result.get("points_checked"):
        said.append(count("{n} point checked", "{n} points checked", result["points_checked"]))
    if result.get("points_bad"):
        said.append(count("{n} of them is bad", "{n} of them are bad", result["points_bad"]))
    if result.get("failed"):
        said.append(count("{n} job did not succeed", "{n} jobs did not succeed", len(result["failed"])))
    return ", ".join(said)


def _days(text: str) -> str:
    text = text.strip()
    return text or OFF


def _shown(value: str) -> str:
    return "" if value == OFF else value
