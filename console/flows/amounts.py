"""Amounts and moments as screens say them. Sizes, rates and spans are those of `domain.sizes`."""

from __future__ import annotations

from datetime import datetime, timedelta

from console.domain.clock import from_iso
from console.domain.sizes import format_duration
from console.flows.wording import count, say

NOTHING = "–"


def local(moment: str | None) -> str:
    """An ISO moment in the time of this machine, to the second."""
    return from_iso(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S") if moment else NOTHING


def ago(moment: str | None, now: datetime) -> str:
    """How far an ISO moment lies from `now`: “3 minutes ago”, “in 2 hours”, “yesterday 14:05”, then the date."""
    if not moment:
        return NOTHING
    then = from_iso(moment)
    seconds = (now - then).total_seconds()
    if abs(seconds) < 5:
        return say("just now")
    if seconds < 0:
        return _ahead(then, -seconds)
    if seconds < 60:
        return count("{n} second ago", "{n} seconds ago", int(seconds))
    if seconds < 3600:
        return count("{n} minute ago", "{n} minutes ago", int(seconds // 60))
    if seconds < 12 * 3600:
        return count("{n} hour ago", "{n} hours ago", int(seconds // 3600))
    here, today = then.astimezone(), now.astimezone().date()
    if here.date() == today:
        return say("today {time}", time=here.strftime("%H:%M"))
    if here.date() == today - timedelta(days=1):
        return say("yesterday {time}", time=here.strftime("%H:%M"))
    if seconds < 30 * 86400:
        return count("{n} day ago", "{n} days ago", (today - here.date()).days)
    return here.strftime("%Y-%m-%d")


def takes(seconds: float) -> str:
    """How long something is thought to take; nobody counts below a second."""
    return format_duration(round(seconds)) if seconds >= 1 else say("less than a second")


def _ahead(then: datetime, seconds: float) -> str:
    if seconds < 60:
        return count("in {n} second", "in {n} seconds", int(seconds))
    if seconds < 3600:
        return count("in {n} minute", "in {n} minutes", int(seconds // 60))
    if seconds < 48 * 3600:
        return count("in {n} hour", "in {n} hours", int(seconds // 3600))
    return then.astimezone().strftime("%Y-%m-%d %H:%M")
