"""A job's result as names and values people read. Keys nobody has a word for are left out: they are for scripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.domain.point_checks import Verdict
from console.domain.sizes import format_duration, format_size
from console.flows.point_checks import check_word, verdict_word
from console.flows.wording import say

MOST_CHECKS = 20
"""Results of checks that a report lists."""


def report_facts(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name, value) of what a result says, in a settled order."""
    facts = []
    for key, name in _names().items():
        value = result.get(key)
        if value is None or isinstance(value, (dict, list)):
            continue
        facts.append((name, _value(key, value)))
    return facts + _checks(result)


def _checks(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What checks of points showed, the bad ones first."""
    points = result.get("points")
    found = [one for point in points for one in point.get("results", ())] if isinstance(points, list) else []
    found.sort(key=lambda one: one["verdict"] != Verdict.BAD)
    facts = [
        (
            check_word(one["check"]),
            say("{verdict}. {message}", verdict=verdict_word(one["verdict"]), message=one["message"]),
        )
        for one in found[:MOST_CHECKS]
    ]
    if len(found) > MOST_CHECKS:
        facts.append((say("More results"), say("{n}; each point has its own", n=len(found) - MOST_CHECKS)))
    return facts


def _names() -> dict[str, str]:
    return {
        "files": say("Files"),
        "directories": say("Directories"),
        "files_new": say("New files"),
        "files_changed": say("Changed files"),
        "files_restored": say("Files restored"),
        "files_unreadable": say("Files that could not be read"),
        "points": say("Recovery points"),
        "points_imported": say("Points imported"),
        "points_skipped": say("Points that were here already"),
        "points_removed": say("Points rolled up"),
        "points_kept": say("Points kept"),
        "images_reparented": say("Images on another base"),
        "points_checked": say("Points checked"),
        "points_bad": say("Points that are bad"),
        "jobs_removed": say("Jobs forgotten"),
        "events_removed": say("Events forgotten"),
        "images": say("Volume images"),
        "images_imported": say("Images imported"),
        "orphans_repaired": say("Orphans made whole"),
        "orphans_left": say("Orphans left"),
        "objects": say("Objects"),
        "objects_sent": say("Objects sent"),
        "damaged": say("Damaged objects"),
        "missing": say("Missing objects"),
        "bytes": say("Size"),
        "bytes_read": say("Read"),
        "bytes_new": say("New"),
        "bytes_stored": say("Stored"),
        "bytes_sent": say("Sent"),
        "bytes_written": say("Written"),
        "bytes_freed": say("Given back"),
        "bytes_restored": say("Restored"),
        "segments": say("Segments"),
        "duration_s": say("Took"),
    }


def _value(key: str, value: Any) -> str:
    if key.startswith("bytes"):
        return format_size(value)
    if key == "duration_s":
        return format_duration(value)
    return f"{value:,}" if isinstance(value, int) else str(value)
