"""What a Core's API answers about two Cores side by side; see `domain.answers`."""

from __future__ import annotations

from typing import TypedDict

from console.domain.answers import JobAnswer


class DifferentPoint(TypedDict):
    """`difference`, `why`, `fix`: values of `domain.comparison`. `detail`: id of the seed drive that is why. `time` is
    null where neither side said."""

    point: str
    time: str | None
    difference: str
    why: str
    fix: str
    detail: str
    bytes: int


class ComparedMachine(TypedDict):
    """`retention_there`: empty where the target did not say. `exact`: false when the target's release cannot say what
    is damaged there, or what only it has. `points`: those that differ, the newest first; `left_out`: so many older
    ones more."""

    machine: str
    machine_id: str
    same: int
    only_here: int
    only_there: int
    damaged: int
    incomplete: int
    retention_here: str
    retention_there: str
    retention_same: bool
    exact: bool
    points: list[DifferentPoint]
    left_out: int


class Comparison(TypedDict):
    """`alike`: every point is whole on both sides, or was let go of by retention on one."""

    pairing: str
    name: str
    here: str
    there: str
    alike: bool
    machines: list[ComparedMachine]


class Fixing(TypedDict):
    """Jobs that were started; none: nothing that this Core can mend."""

    jobs: list[JobAnswer]
