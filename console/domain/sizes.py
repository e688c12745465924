"""Sizes, rates and durations: as people write them, and as people read them. Pure."""

from __future__ import annotations

import re

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def parse_size(text: str) -> int | None:
    """`512M`, `4G`, `1.5 GB`, `700 MiB`, `4096` as bytes; None when it is none of these.

    As `dd` and systemd read them: `K`, `M`, `G`, `T` (also with `iB`) are powers of 1024, with a `B` (`MB`, `GB`)
    they are powers of 1000, which is what drives are sold by.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgtp]?)(i?b)?", text.strip().lower())
    if match is None or (match[3] == "ib" and not match[2]):
        return None
    base = 1000 if match[3] == "b" else 1024
    return (
        int(float(match[1]) * base ** _POWERS[match[2]])
        if "." in match[1]
        else int(match[1]) * base ** _POWERS[match[2]]
    )


def format_size(size: float) -> str:
    """Bytes for people, in powers of 1000 with two to three digits: `0 B`, `950 B`, `1.2 GB`, `48 MB`."""
    value = float(size)
    unit = 0
    # 999.5 would round to "1000": it belongs to the next unit.
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value /= 1000
        unit += 1
    if unit == 0:
        return f"{int(size)} B"
    return f"{value:.1f} {_UNITS[unit]}" if value < 9.95 else f"{value:.0f} {_UNITS[unit]}"


def format_rate(rate_bps: float) -> str:
    """Bytes per second for people: `48 MB/s`."""
    return f"{format_size(rate_bps)}/s"


def format_duration(seconds: float) -> str:
    """A span for people, its two largest parts: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    for large, large_name, small, small_name in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= large:
            count, rest = divmod(whole, large)
            return f"{count} {large_name}" + (f" {rest // small} {small_name}" if rest // small else "")
    raise AssertionError("every span of a minute or more has a largest part")


def format_interval(seconds: int) -> str:
    """The interval between backups as it is written on the command line: `60m`, `4h`, `off`."""
    if seconds <= 0:
        return "off"
    for unit, name in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds % unit == 0 and (unit != 3600 or seconds > 3600):
            return f"{seconds // unit}{name}"
    return f"{seconds}s"
