"""The retention simulator as people use it: what to play, judged while it is typed, and what came out in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from console.domain.retention_answers import CourseAnswer, SimulationAnswer
from console.domain.schedules import parse_interval
from console.domain.sizes import format_interval, format_size, parse_size
from console.flows.wording import count, say

HORIZONS = (30, 90, 365, 3 * 365, 10 * 365)
"""Days that can be played."""
LEAST_INTERVAL_S = 60


class Habits(TypedDict):
    """As `Client.simulate_retention` takes them."""

    days: int
    interval_s: int | None
    change: int | None


@dataclass(frozen=True, slots=True)
class Wish:
    """`every`, `change`: as typed; empty: as the machine's history says."""

    days: int = 365
    every: str = ""
    change: str = ""

    def problems(self) -> dict[str, str]:
        """Field → a sentence."""
        found = {}
        seconds = parse_interval(self.every) if self.every.strip() else LEAST_INTERVAL_S
        if seconds is None or seconds < LEAST_INTERVAL_S:
            found["every"] = say("“{text}” is no interval: write 60m, 4h or 1d.", text=self.every.strip())
        if self.change.strip() and parse_size(self.change) is None:
            found["change"] = say("“{text}” is no size: write 500 MB or 2 GB.", text=self.change.strip())
        return found

    def habits(self) -> Habits:
        """Without problems only."""
        return {
            "days": self.days,
            "interval_s": parse_interval(self.every) if self.every.strip() else None,
            "change": parse_size(self.change) if self.change.strip() else None,
        }


def horizon_text(days: int) -> str:
    if days < 365:
        return count("{n} day", "{n} days", days)
    return count("{n} year", "{n} years", days // 365)


def place_text(course: CourseAnswer) -> str:
    """Where a course is played."""
    return course["place"] or say("Here")


def habit_text(found: SimulationAnswer) -> str:
    """What was played."""
    return say(
        "Played: a backup every {interval}, {change} new in each, {size} for a base.",
        interval=format_interval(found["interval_s"]),
        change=format_size(found["change"]),
        size=format_size(found["size"]),
    )


def day_text(found: SimulationAnswer, at: int) -> str:
    """How it stands at the end of a day, everywhere."""
    date = found["courses"][0]["days"][at]["date"]
    parts = [
        say(
            "{place} {points}, {size}",
            place=place_text(course),
            points=count("{n} point", "{n} points", course["days"][at]["points"]),
            size=format_size(course["days"][at]["bytes"]),
        )
        for course in found["courses"]
    ]
    return say("{date}: {amounts}", date=date, amounts=" · ".join(parts))


def summary(found: SimulationAnswer) -> str:
    """All of it in sentences, for those who do not see the lines."""
    lines = []
    for course in found["courses"]:
        days = course["days"]
        if not days:
            continue
        most = max(days, key=lambda day: day["bytes"])
        lines.append(
            say(
                "{place}: {first} on {begin}, {last} on {end}; at most {size}, on {when}.",
                place=place_text(course),
                first=count("{n} point", "{n} points", days[0]["points"]),
                begin=days[0]["date"],
                last=count("{n} point", "{n} points", days[-1]["points"]),
                end=days[-1]["date"],
                size=format_size(most["bytes"]),
                when=most["date"],
            )
        )
    return " ".join([*lines, *assumed(found)])


def assumed(found: SimulationAnswer) -> list[str]:
    """What is not known, and taken to be as here."""
    return [
        say("How long “{place}” keeps points is not known; the policy from here is assumed.", place=course["place"])
        for course in found["courses"]
        if not course["known"]
    ]
