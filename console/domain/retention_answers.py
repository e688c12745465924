"""What a Core's API answers on retention. As `domain.answers`."""

from __future__ import annotations

from typing import TypedDict


class WhyAnswer(TypedDict):
    """`code`: a `Rule`, `Keep` or `Go` of `domain.retention`; `text`: a sentence."""

    code: str
    text: str


class HoldAnswer(TypedDict):
    since: str
    reason: str
    user: str


class RetentionAnswer(TypedDict):
    """`machine`: null for the Core's own. `own`: it has a policy of its own. `policy`: as `machine retention` and the
    setting `retention` take it; `text`: in words. `blocks`: its parts by name (all, hourly, …), as `3d`; null: off."""

    machine: str | None
    machine_id: str | None
    own: bool
    policy: str
    everything: bool
    text: str
    blocks: dict[str, str | None]
    zone: str


class MachineRetentionAnswer(RetentionAnswer):
    """`kind`: of the machine (`domain.machines.MachineKind`). `points`: how many it has here."""

    kind: str
    points: int


class RetentionPage(TypedDict):
    machines: list[MachineRetentionAnswer]
    next: str | None


class GoingAnswer(TypedDict):
    id: str
    time: str
    code: str
    text: str


class StayingAnswer(TypedDict):
    """A point that a rollup would leave, with all that keeps it."""

    id: str
    time: str
    kept_by: list[WhyAnswer]


class RollupAnswer(TypedDict):
    """What a rollup would do now. `points`: those that would go, the newest first; `staying`: those that would not, in
    an answer to a call that asked for them. `kept_by`: how many points each reason keeps."""

    machine: str
    policy: str
    points_kept: int
    points_removed: int
    images_reparented: int
    points: list[GoingAnswer]
    staying: list[StayingAnswer]
    kept_by: dict[str, int]


class DayAnswer(TypedDict):
    date: str
    points: int
    bytes: int


class CourseAnswer(TypedDict):
    """`place`: the name of a pairing; null: here. `known`: the target has told its policy; else that from here is
    assumed."""

    place: str | None
    policy: str
    known: bool
    days: list[DayAnswer]


class SimulationAnswer(TypedDict):
    """`interval_s`, `size`, `change`: what was played: seconds between backups, stored bytes of a base, and of what is
    new in each backup."""

    machine: str
    interval_s: int
    size: int
    change: int
    courses: list[CourseAnswer]


class KeptAnswer(TypedDict):
    """Of one point: what keeps it at the next rollup, or why it goes then."""

    point: str
    held: bool
    hold: HoldAnswer | None
    kept_by: list[WhyAnswer]
    goes: WhyAnswer | None


class KeptPage(TypedDict):
    """Of several points, in the order they were named in; points that are gone are left out."""

    points: list[KeptAnswer]
