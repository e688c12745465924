"""What a Core's API answers to a screen that gives an overview: home, charts, chain map, search; `domain.answers`."""

from __future__ import annotations

from typing import TypedDict

from console.domain.answers import EventAnswer, FileAnswer


class ReplicaAnswer(TypedDict):
    """One machine at one target. `restorability` there is what the target said last, empty while it never did."""

    pairing: str
    name: str
    peer: str
    state: str
    last_replicated: str | None
    lag_s: float | None
    lag_points: int
    lag_bytes: int
    images_on_seed: int
    paused_by: str | None


class SafetyAnswer(TypedDict):
    """One line of the safety table. `verdict`: `safe`, `late` (a backup is overdue), `broken` (the newest point cannot
    be restored whole), `waiting` (an orphan that a seed drive or transfer will heal), `paused`, `empty` (no point yet).
    `why` says it in a sentence; `restorability` is of the newest point, here; `locked`: its key is locked, so that it
    cannot be opened now."""

    machine: str
    machine_id: str
    kind: str
    origin: str
    verdict: str
    why: str
    points: int
    orphaned: int
    last_point: str | None
    restorability: str | None
    locked: bool
    next_due: str | None
    replicas: list[ReplicaAnswer]


class SafetyPage(TypedDict):
    machines: list[SafetyAnswer]
    total: int


class RepositoryUse(TypedDict):
    """`days_to_full`: at the growth of the last 30 days; None while nothing grows or nothing is known."""

    id: str
    name: str
    stored_bytes: int
    free_bytes: int
    damaged: int
    days_to_full: float | None


class NightAnswer(TypedDict):
    """Jobs that ended in the last 24 hours, by outcome."""

    succeeded: int
    failed: int
    running: int


class Home(TypedDict):
    """The tiles. `verdicts`: machines by verdict. `lag_*`: the worst of all outgoing members."""

    machines: int
    verdicts: dict[str, int]
    lag_s: float | None
    lag_points: int
    lag_bytes: int
    orphaned_points: int
    repositories: list[RepositoryUse]
    seeds: dict[str, int]
    jobs: NightAnswer
    alerts: int
    newest_alerts: list[EventAnswer]


class BucketAnswer(TypedDict):
    """What happened in one span of time beginning at `time`, in bytes."""

    time: str
    read: int
    stored: int
    sent: int
    received: int
    restored: int


class Throughput(TypedDict):
    """`span_s`: length of one bucket, in seconds. Buckets are gapless, oldest first."""

    span_s: int
    buckets: list[BucketAnswer]


class NodeAnswer(TypedDict):
    """A Core on the map. `self`: the one that answers."""

    id: str
    name: str
    version: str
    self: bool
    machines: int


class ArrowAnswer(TypedDict):
    """A pairing on the map, from the source Core (id) to the target Core (id)."""

    pairing: str
    name: str
    source: str
    target: str
    link: str
    link_text: str
    paused: bool
    running: bool
    machines: int
    lag_s: float | None
    lag_points: int
    lag_bytes: int
    seeds: int


class Topology(TypedDict):
    cores: list[NodeAnswer]
    arrows: list[ArrowAnswer]


class HitAnswer(TypedDict):
    """`kind`: machine, recovery point, pairing, seed drive, repository, job, event. `id` opens its page. `machine`: id
    of the machine it belongs to, or empty."""

    kind: str
    id: str
    title: str
    detail: str
    machine: str


class Hits(TypedDict):
    hits: list[HitAnswer]


class LinkAnswer(TypedDict):
    """One image on the chain map. `parent`: id of the image it builds on. `missing`: the image that it waits for."""

    image: str
    point: str
    time: str
    kind: str
    base_reason: str | None
    parent: str | None
    chain: str
    bytes_new: int
    bytes_stored: int
    size: int
    why: str
    missing: str | None


class VolumeChain(TypedDict):
    """The images of one volume, oldest first; `earlier`: how many older ones were left out."""

    volume: str
    label: str
    images: list[LinkAnswer]
    earlier: int


class ChainMap(TypedDict):
    machine: str
    machine_id: str
    volumes: list[VolumeChain]


class DayAnswer(TypedDict):
    """`day`: YYYY-MM-DD in UTC. `worst`: the worst chain state among its points. `newest`: id of its newest point."""

    day: str
    points: int
    orphaned: int
    worst: str
    newest: str


class Days(TypedDict):
    """Days that have points, oldest first."""

    days: list[DayAnswer]


class MissingImage(TypedDict):
    """An image whose bytes are not here, on which the explained one builds (or itself). `time`: of its point."""

    image: str
    point: str | None
    volume: str
    time: str | None
    kind: str | None
    bytes_stored: int | None


class RepairAnswer(TypedDict):
    """One way to make it whole. `kind`: `consume` (a seed drive: `seed`), `transfer` (over the wire: `pairing`),
    `check` (damage in `repository`: find out what can be had again). `possible`: here and now; else `why_not`."""

    kind: str
    text: str
    seed: str | None
    pairing: str | None
    repository: str | None
    possible: bool
    why_not: str


class OrphanImage(TypedDict):
    """`cause`: `seed`, `transfer`, `damaged`, `parent-gone`. `wait_text`: what is known of what will bring it.
    `locked`: its names cannot be read while its key is locked: `files_restorable` is all of them, or says nothing."""

    image: str
    volume: str
    chain: str
    cause: str
    why: str
    wait_text: str
    missing: list[MissingImage]
    missing_objects: int
    missing_bytes: int
    files_restorable: int
    files_total: int
    locked: bool
    repairs: list[RepairAnswer]


class OrphanAnswer(TypedDict):
    """A point in words: what is missing, why, what can be restored now, what repairs it. No images: it is whole."""

    point: str
    machine: str
    machine_id: str
    time: str
    chain: str
    restorability: str
    summary: str
    images: list[OrphanImage]


class FoundFiles(TypedDict):
    """`next`: cursor of the next page. `complete`: false where names are missing, so that there may be more."""

    point: str
    files: list[FileAnswer]
    next: str | None
    complete: bool
