"""Who may do what. Enforced by the API; the Console and commands only show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    TECHNICIAN = "technician"
    HELPDESK = "helpdesk"


class Right(StrEnum):
    """What a call needs. `read` is everything that changes nothing."""

    READ = "read"
    BACK_UP = "back-up"
    RESTORE = "restore"
    SEED = "seed"
    JOBS = "jobs"
    CHECK = "check"
    ADMINISTER = "administer"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.ADMINISTRATOR: frozenset(Right),
    Role.TECHNICIAN: frozenset({Right.READ, Right.RESTORE, Right.SEED, Right.JOBS, Right.CHECK}),
    Role.HELPDESK: frozenset({Right.READ}),
}


def may(role: Role, right: Right) -> bool:
    return right in RIGHTS[role]


def who_may(right: Right) -> list[Role]:
    """The roles that have a right, for the sentence that refuses it to others."""
    return [role for role in Role if may(role, right)]


@dataclass(frozen=True, slots=True)
class User:
    """A person who may sign in from elsewhere. `password_hash` is an Argon2id string, never shown."""

    id: str
    name: str
    role: Role
    password_hash: str
    created: datetime
