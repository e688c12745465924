"""What an administrator may set on a Core, with the defaults that hold until somebody does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from console.domain.errors import Failed, FailureKind, failed, usage
from console.domain.schedules import parse_interval

DEFAULT_PORT = 8006


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


def _bad(what: str, value: str, hint: str) -> Failed:
    return usage("bad-setting", f"“{value}” is not {what}.", hint)


SETTINGS: dict[str, Setting] = {
    setting.key: setting
    for setting in (
        Setting("listen", f"0.0.0.0:{DEFAULT_PORT}", "Where `core run` listens; from its next start on.", _listen),
        Setting("schedules", "on", "Whether backups and contact begin by themselves; from the next start on.", _switch),
        Setting("protect-every", "60m", "How often a machine is backed up when nothing else is said.", _interval),
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
