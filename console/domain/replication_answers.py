"""What a Core's API answers about pairings and seed drives; see `domain.answers`."""

from __future__ import annotations

from typing import TypedDict

from console.domain.answers import FailureAnswer


class Probed(TypedDict):
    """A Core somewhere, as it shows itself before anyone signed in."""

    host: str
    port: int
    core: str
    name: str
    version: str
    fingerprint: str
    words: list[str]


class OfferAnswer(TypedDict):
    id: str
    name: str
    default: bool
    free_bytes: int


class Offers(TypedDict):
    """The repositories of a target, as it said just now."""

    repositories: list[OfferAnswer]


class Looked(Probed):
    """The same, after a sign-in that left nothing behind. `repositories`: what it would offer for machines."""

    repositories: list[OfferAnswer]
    warnings: list[str]


class Paired(TypedDict):
    """`pairing`: its id. `repositories`: what the target offers for machines."""

    pairing: str
    name: str
    peer: str
    fingerprint: str
    repositories: list[OfferAnswer]
    warnings: list[str]


class PairingAnswer(TypedDict):
    """`pairing`: its id. `role`: ours, `source` or `target`. `job`: the replication that runs now."""

    pairing: str
    name: str
    role: str
    peer: str
    peer_id: str
    peer_version: str
    fingerprint: str
    host: str
    port: int
    state: str
    link: str
    link_text: str
    last_contact: str | None
    paused_here: bool
    paused_there: bool
    created: str
    machine_count: int
    lag_points: int
    job: str | None


class PairingPage(TypedDict):
    pairings: list[PairingAnswer]
    next: str | None


class MemberAnswer(TypedDict):
    """`lag_*`: what the target has not got by wire. `images_on_seed`: those set aside for a seed drive."""

    machine: str
    machine_id: str
    repository: str
    state: str
    last_replicated: str | None
    last_sent: str | None
    lag_s: float | None
    lag_points: int
    lag_bytes: int
    rate_bps: float | None
    eta_s: float | None
    paused_by: str | None
    images_on_seed: int


class PairingDetailAnswer(PairingAnswer):
    machines: list[MemberAnswer]


class StepAnswer(TypedDict):
    point: str
    image: str
    names: bool


class WithheldAnswer(TypedDict):
    point: str
    image: str
    reason: str
    detail: str


class PlannedMachine(TypedDict):
    """`bytes`: at most so many are sent; what the target turns out to have is left out."""

    machine: str
    machine_id: str
    points: int
    bytes: int
    steps: list[StepAnswer]
    withheld: list[WithheldAnswer]


class PlanAnswer(TypedDict):
    pairing: str
    name: str
    machines: list[PlannedMachine]
    points: int
    bytes: int


class PairingRemoved(TypedDict):
    """`target_told`: false when the target could not be reached; it learns of it at the next contact."""

    pairing: str
    machines: list[str]
    points_deleted: int
    target_told: bool


class SegmentAnswer(TypedDict):
    number: int
    file: str
    medium: int
    bytes: int
    digest: str


class SeedAnswer(TypedDict):
    """`images`: how many volume images are set aside for it or were announced."""

    id: str
    pairing: str
    pairing_name: str
    direction: str
    state: str
    created: str
    comment: str
    customer_id: str
    location: str
    written: str | None
    ended: str | None
    segments: list[SegmentAnswer]
    images: int
    points: int
    bytes: int
    oldest: str | None
    newest: str | None


class SeedPage(TypedDict):
    seeds: list[SeedAnswer]
    next: str | None


class CoreAnswer(TypedDict):
    id: str
    name: str
    version: str
    fingerprint: str


class MachineOnSeedAnswer(TypedDict):
    machine: str
    machine_id: str
    points: int
    images: int
    oldest: str
    newest: str


class SegmentOnSeedAnswer(SegmentAnswer):
    """`path`: where it is, null when it is on none of the given directories. `length_right`: of the file there."""

    path: str | None
    length_right: bool


class KeyOnSeedAnswer(TypedDict):
    """A key that so many images of so many points on a drive are sealed with. `tag`: 16 hex digits that its id begins
    with. `name`: as it is called here, else as the drive calls it, else empty. `wrapped`: the drive has it, under its
    passphrase. `state`: as of `KeyAnswer`, empty where this Core does not know the key yet."""

    id: str
    tag: str
    thumbprint: str
    name: str
    points: int
    images: int
    wrapped: bool
    state: str


class SeedInspectionAnswer(TypedDict):
    """What a drive says of itself. `signature`: `good`, or `unknown` where this Core has no certificate of its writer.
    `consumable`: by this Core; else `why_not`. `segments_missing`: files that are not there. `keys`: those that are
    needed to open what is on it."""

    seed: str
    pairing: str
    source: CoreAnswer
    target: str
    customer_id: str
    comment: str
    created: str
    machines: list[MachineOnSeedAnswer]
    points: int
    images: int
    objects: int
    bytes: int
    oldest: str | None
    newest: str | None
    directories: list[str]
    segments: list[SegmentOnSeedAnswer]
    segments_missing: list[str]
    signature: str
    consumable: bool
    why_not: FailureAnswer | None
    state: str
    problems: list[FailureAnswer]
    keys: list[KeyOnSeedAnswer]


class Abandoned(TypedDict):
    """`images` of so many `points`, about `bytes`: what goes over the wire instead."""

    seed: str
    images: int
    points: int
    bytes: int
