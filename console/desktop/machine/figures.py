"""How a machine changes and grows, from its chain map. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from console.desktop.theme.tokens import Tone
from console.desktop.widgets.chart_data import DAY_S, ChartData, Series
from console.domain.clock import from_iso, iso
from console.domain.overview_answers import ChainMap
from console.flows.wording import say

DAYS = 30


@dataclass(frozen=True, slots=True)
class Growth:
    """`size`: of its newest images together. `new_per_day`, `stored_per_day`: averages over `days`, without bases for
    the former; None while less than a day is known. `stored`: of all images that were looked at. Bytes."""

    size: int
    stored: int
    days: float
    new_per_day: float | None
    stored_per_day: float | None


def growth(chain: ChainMap, now: datetime) -> Growth:
    """Over the last 30 days, or as many of them as there are images of."""
    since = now - timedelta(days=DAYS)
    size = sum(volume["images"][-1]["size"] for volume in chain["volumes"] if volume["images"])
    images = [image for volume in chain["volumes"] for image in volume["images"]]
    recent = [image for image in images if from_iso(image["time"]) >= since]
    stored = sum(image["bytes_stored"] for image in images)
    oldest = min((from_iso(image["time"]) for image in recent), default=now)
    days = (now - oldest).total_seconds() / DAY_S
    if days < 1:
        return Growth(size, stored, days, None, None)
    new = sum(image["bytes_new"] for image in recent if image["kind"] != "base")
    kept = sum(image["bytes_stored"] for image in recent if image["kind"] != "base")
    return Growth(size, stored, days, new / days, kept / days)


def change_chart(chain: ChainMap, now: datetime) -> ChartData:
    """New bytes per day of local time, the last 30 days; fewer where older images are not on the map."""
    here = now.astimezone()
    images = [image for volume in chain["volumes"] for image in volume["images"]]
    days = DAYS
    if any(volume["earlier"] for volume in chain["volumes"]) and images:
        oldest = min(from_iso(image["time"]) for image in images).astimezone()
        # The oldest day on the map may be half of one.
        days = max(1, min(DAYS, (here.date() - oldest.date()).days))
    dates = [here.date() - timedelta(days=days - 1 - number) for number in range(days)]
    place = {date: number for number, date in enumerate(dates)}
    bases, increments = [0] * days, [0] * days
    for image in images:
        number = place.get(from_iso(image["time"]).astimezone().date())
        if number is not None:
            (bases if image["kind"] == "base" else increments)[number] += image["bytes_new"]
    midnights = tuple(iso(datetime.combine(date, time()).astimezone()) for date in dates)
    return ChartData(
        midnights,
        DAY_S,
        (
            Series(say("Incrementals"), Tone.INFO, tuple(increments)),
            Series(say("Base images"), Tone.OFF, tuple(bases)),
        ),
    )
