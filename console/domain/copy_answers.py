"""What a Core's API answers about copies of single points at targets; see `domain.answers`."""

from __future__ import annotations

from typing import TypedDict

from console.domain.answers import FailureAnswer


class CopyAnswer(TypedDict):
    """One point at one target. `pairing`: its id, `name`: what it is called here. `state`: as of
    `domain.replicas.ReplicaState`. `failure`: why it is not there; null: every image of it is. `job`: the run that
    brings it, or was to. `required`: a backup succeeds only with it. `replica`, `description`: as somebody called this
    copy."""

    pairing: str
    name: str
    state: str
    there: bool
    failure: FailureAnswer | None
    job: str | None
    required: bool
    replica: str
    description: str
    asked_by: str
    asked: str | None
    ended: str | None
    attempts: int


class CopiesAnswer(TypedDict):
    point: str
    copies: list[CopyAnswer]


class RequiredAnswer(TypedDict):
    pairing: str
    name: str
    machine: str
    required: bool
