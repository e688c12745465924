"""What a Core's API answers about damage, and about what could mend it; see `domain.answers`."""

from __future__ import annotations

from typing import TypedDict

from console.domain.answers import FailureAnswer


class DamagedObjectAnswer(TypedDict):
    """`pack`: empty when it is in none. `found`: when that was noticed."""

    object: str
    pack: str
    found: str
    why: str


class HurtImage(TypedDict):
    """A volume image that lacks something because of the damage, and what of its point can be restored all the same."""

    image: str
    volume: str
    point: str
    machine: str
    machine_id: str
    time: str
    restorability: str


class RepairSource(TypedDict):
    """Who could mend. `kind`: `parity`, `repository`, `seed`, `core`. `objects`: how many of the damaged objects it
    has, null where nobody knows before it is asked; `images`: how many of the hurt images it may have (of `core`).
    `problem`: it cannot be used now."""

    kind: str
    id: str
    name: str
    objects: int | None
    images: int
    problem: FailureAnswer | None


class RepairPlan(TypedDict):
    """What is known of the damage of a repository, and who could mend it, in the order in which they are asked.
    `objects` and `images`: the first of them, all counted. Finds only what checks and readers found before."""

    repository: str
    name: str
    object_count: int
    objects: list[DamagedObjectAnswer]
    image_count: int
    images: list[HurtImage]
    missing_packs: list[str]
    sources: list[RepairSource]


class GrowthDay(TypedDict):
    """`day`: a date in UTC. `stored`: bytes that the images of that day's points took."""

    day: str
    stored: int


class RepositoryGrowth(TypedDict):
    """`days`: those of the last weeks on which points were made. `protected`: bytes of all points here if each were
    kept on its own; `days_to_full`: null while nothing grows or nothing is known."""

    days: list[GrowthDay]
    protected: int
    days_to_full: float | None
