"""What an administrator may set on a Core, with the defaults that hold until somebody does."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from console.domain.errors import Failed, FailureKind, failed, usage
from console.domain.point_checks import PointCheck
from console.domain.retention import DEFAULT, parse_policy
from console.domain.schedules import parse_interval

DEFAULT_PORT = 8006
RETENTION = "retention"
ZONE = "zone"
NIGHTLY_AT = "nightly-at"
NIGHTLY_JOBS = "nightly-jobs"
NIGHTLY_CHECKS = "nightly-checks"
KEEP_JOBS = "keep-jobs"
KEEP_EVENTS = "keep-events"
LOCAL_ZONE = "local"
ROLLUP, RECLAIM, CLEAR = "rollup", "reclaim", "clear"


@dataclass(frozen=True, slots=True)
class Setting:
    """`check` raises Failed `bad-setting` for a value that cannot be."""

    key: str
    default: str
    text: str
    check: Callable[[str], None]


def parse_listen(text: str) -> tuple[str, int]:
    """`HOST:PORT`, `:PORT`, `[v6]:PORT` or `HOST` as (host, port); port 0: a free one. Raises Failed `bad-address`."""
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        host, port = text, str(DEFAULT_PORT)
    host = host.removeprefix("[").removesuffix("]") or "0.0.0.0"
    if not port.isdecimal() or int(port) > 65535 or any(ch.isspace() or ch in "/@" for ch in host):
        raise usage("bad-address", f"“{text}” is not an address to listen on.", "Write HOST:PORT, as in 0.0.0.0:8006")
    return host, int(port)


def _listen(value: str) -> None:
    parse_listen(value)


def _interval(value: str) -> None:
    if parse_interval(value) is None:
        raise _bad("an interval", value, "Write 30m, 4h, 1d or off")


def _switch(value: str) -> None:
    if value not in ("on", "off"):
        raise _bad("a switch", value, "Write on or off")


def _zone(value: str) -> None:
    if value != LOCAL_ZONE:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise _bad("a time zone", value, f"Write a name as in Europe/Berlin, or {LOCAL_ZONE}") from None


def parse_wall(text: str) -> tuple[int, int] | None:
    """`HH:MM` as (hour, minute); None for `off`. Raises Failed `bad-setting`."""
    if text == "off":
        return None
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text)
    if match is None:
        raise _bad("a time of day", text, "Write HH:MM, as in 00:00, or off")
    return int(match.group(1)), int(match.group(2))


def _wall(value: str) -> None:
    parse_wall(value)


def parse_nightly(text: str) -> tuple[str, ...]:
    """Names of nightly jobs (`rollup`, `reclaim`, `clear`), in the order they run in; none for `off`. Raises Failed
    `bad-setting`."""
    return _names(text, (ROLLUP, RECLAIM, CLEAR), "a list of nightly jobs")


def parse_checks(text: str) -> tuple[PointCheck, ...]:
    """Names of checks of points; none for `off`. Raises Failed `bad-setting`."""
    return tuple(PointCheck(name) for name in _names(text, tuple(PointCheck), "a list of checks"))


def _names(text: str, known: Sequence[str], what: str) -> tuple[str, ...]:
    words = text.replace(",", " ").split()
    if words == ["off"]:
        return ()
    if not words or not set(words) <= set(known):
        raise _bad(what, text, f"Write some of {', '.join(known)}; or off")
    return tuple(name for name in known if name in words)


def parse_days(text: str) -> int | None:
    """A number of days; None for `off`. Raises Failed `bad-setting`."""
    if text == "off":
        return None
    if not re.fullmatch(r"[1-9]\d{0,3}", text):
        raise _bad("a number of days", text, "Write 30, or off to keep everything")
    return int(text)


def _days(value: str) -> None:
    parse_days(value)


def _nightly(value: str) -> None:
    parse_nightly(value)


def _checks(value: str) -> None:
    parse_checks(value)


def _policy(value: str) -> None:
    parse_policy(value)


def _bad(what: str, value: str, hint: str) -> Failed:
    return usage("bad-setting", f"“{value}” is not {what}.", hint)


SETTINGS: dict[str, Setting] = {
    setting.key: setting
    for setting in (
        Setting("listen", f"0.0.0.0:{DEFAULT_PORT}", "Where `core run` listens; from its next start on.", _listen),
        Setting("schedules", "on", "Whether backups and contact begin by themselves; from the next start on.", _switch),
        Setting("protect-every", "60m", "How often a machine is backed up when nothing else is said.", _interval),
        Setting(
            RETENTION, str(DEFAULT), "How long recovery points stay when a machine has no policy of its own.", _policy
        ),
        Setting(
            ZONE, LOCAL_ZONE, "The zone of days, weeks and times of day: a name as Europe/Berlin, or local.", _zone
        ),
        Setting(NIGHTLY_AT, "00:00", "When the nightly jobs start, in that zone; off: never by themselves.", _wall),
        Setting(
            NIGHTLY_JOBS,
            f"{ROLLUP} {RECLAIM} {CLEAR}",
            "Which nightly jobs run: rollup of aged points, reclaim of every repository, clear of old jobs and events.",
            _nightly,
        ),
        Setting(
            NIGHTLY_CHECKS,
            "off",
            "Which checks the newest point of each machine gets every night: checksum, integrity, mountability, "
            "attachability; off: none.",
            _checks,
        ),
        Setting(KEEP_JOBS, "30", "Days that jobs which ended stay in the list; off: for ever.", _days),
        Setting(KEEP_EVENTS, "30", "Days that events stay in the journal, but for open alerts; off: for ever.", _days),
    )
}


def setting(key: str) -> Setting:
    """Raises Failed `no-such-setting`."""
    found = SETTINGS.get(key)
    if found is None:
        raise failed(
            "no-such-setting",
            f"A Core has no setting “{key}”.",
            f"There are: {', '.join(sorted(SETTINGS))}.",
            FailureKind.NOT_FOUND,
        )
    return found
