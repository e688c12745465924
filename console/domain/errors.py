"""Failures people can meet, as values: a sentence, what to do next, a stable code."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class FailureKind(StrEnum):
    """What sort of failure it is; decides the exit code of a command and the HTTP status of an answer."""

    FAILED = "failed"
    USAGE = "usage"
    NOT_FOUND = "not-found"
    REFUSED = "refused"
    DAMAGE = "damage"
    UNREACHABLE = "unreachable"
    CANCELLED = "cancelled"
    FORBIDDEN = "forbidden"


EXIT_CODES: dict[FailureKind, int] = {
    FailureKind.FAILED: 1,
    FailureKind.USAGE: 2,
    FailureKind.NOT_FOUND: 4,
    FailureKind.REFUSED: 5,
    FailureKind.FORBIDDEN: 5,
    FailureKind.DAMAGE: 6,
    FailureKind.UNREACHABLE: 10,
    FailureKind.CANCELLED: 130,
}
EXIT_WARNINGS = 3

HTTP_STATUS: dict[FailureKind, int] = {
    FailureKind.FAILED: 422,
    FailureKind.USAGE: 400,
    FailureKind.NOT_FOUND: 404,
    FailureKind.REFUSED: 409,
    FailureKind.FORBIDDEN: 403,
    FailureKind.DAMAGE: 422,
    FailureKind.UNREACHABLE: 502,
    FailureKind.CANCELLED: 409,
}


OBJECT_DAMAGE = frozenset({"object-missing", "object-damaged", "node-invalid"})
"""Codes that say an object cannot be had as it was stored: it is gone, its bytes are wrong, or they make no sense."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One known failure.

    `code` is a stable kebab-case word, `message` a sentence for people, `hint` what to do next (may be empty).
    `about`: id of what stands in the way, where a screen can offer to take it away (the key of `key-locked`).
    """

    code: str
    message: str
    hint: str = ""
    kind: FailureKind = FailureKind.FAILED
    about: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Without `about` where that is empty."""
        return {name: value for name, value in asdict(self).items() if name != "about" or value}

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> Failure:
        try:
            kind = FailureKind(raw.get("kind", FailureKind.FAILED))
        except ValueError:
            kind = FailureKind.FAILED
        return cls(str(raw["code"]), str(raw["message"]), str(raw.get("hint", "")), kind, str(raw.get("about", "")))


class Failed(Exception):
    """Carries a known `Failure` up to whoever ends the work. Anything else that is raised is a bug."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.message} [{failure.code}]")
        self.failure = failure

    def __reduce__(self) -> tuple[Any, ...]:
        return (Failed, (self.failure,))


class Cancelled(Failed):
    """The person who started the work, or the Core that stops, asked it to end."""

    def __init__(self, failure: Failure | None = None) -> None:
        super().__init__(failure or Failure("cancelled", "The work was cancelled.", "", FailureKind.CANCELLED))


def failed(code: str, message: str, hint: str = "", kind: FailureKind = FailureKind.FAILED) -> Failed:
    """Short for `Failed(Failure(...))`: `raise failed("medium-full", "...", "...")`."""
    return Failed(Failure(code, message, hint, kind))


_LISTED = {
    "machine": "machine",
    "repository": "repository",
    "recovery point": "point",
    "volume image": "point",
    "pairing": "replication",
    "seed drive": "seed",
    "job": "job",
    "event": "event",
    "user": "user",
    "key": "key",
}
"""What can be asked for by name or id → the noun of the command that lists it."""


def not_found(noun: str, name: str, hint: str = "") -> Failed:
    """`noun` as people call it ("machine"); the code becomes `no-such-machine`."""
    code = "no-such-" + noun.replace(" ", "-")
    if not hint and noun in _LISTED:
        hint = f"See what there is: replicore {_LISTED[noun]} list"
    return failed(code, f"There is no {noun} “{name}” on this Core.", hint, FailureKind.NOT_FOUND)


def refused(code: str, message: str, hint: str = "") -> Failed:
    return failed(code, message, hint, FailureKind.REFUSED)


def usage(code: str, message: str, hint: str = "") -> Failed:
    return failed(code, message, hint, FailureKind.USAGE)


def damage(code: str, message: str, hint: str = "") -> Failed:
    return failed(code, message, hint, FailureKind.DAMAGE)


def unreachable(code: str, message: str, hint: str = "") -> Failed:
    return failed(code, message, hint, FailureKind.UNREACHABLE)
