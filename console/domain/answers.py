"""What a Core's API answers: the JSON of the command contract, as typed dictionaries.

The service makes them, the client hands them out, commands print them: one definition of every key. Sizes are bytes,
times ISO 8601 UTC text, ids text, names of files in the text form of `domain.paths`. Released keys stay.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from console.domain.retention_answers import HoldAnswer, KeptAnswer


class FailureAnswer(TypedDict):
    """`about`: id of what stands in the way: of the key, for `key-locked`."""

    code: str
    message: str
    hint: str
    kind: str
    about: NotRequired[str]


class ErrorAnswer(TypedDict):
    """The body of every answer with a status of 400 and above."""

    error: FailureAnswer


class SignedIn(TypedDict):
    """`token` goes into `Authorization: Bearer …`; it is forgotten after `idle_s` seconds without a call."""

    token: str
    user: str
    role: str
    idle_s: int


class Counts(TypedDict):
    machines: int
    points: int
    repositories: int
    pairings: int
    jobs_running: int
    alerts: int


class CoreStatus(TypedDict):
    """`mode`: `service` when it was started by `core run`, `command` while it only serves one command."""

    id: str
    name: str
    version: str
    fingerprint: str
    data: str
    mode: str
    address: str
    started: str
    schedules: bool
    user: str
    role: str
    counts: Counts


class Certificate(TypedDict):
    """`fingerprint` and `words` say the same: read either to whoever pairs. `certificate`: PEM."""

    core: str
    name: str
    fingerprint: str
    words: list[str]
    certificate: str


class SettingAnswer(TypedDict):
    key: str
    value: str | None
    default: str
    text: str


class Settings(TypedDict):
    settings: list[SettingAnswer]


class UserAnswer(TypedDict):
    id: str
    name: str
    role: str
    created: str


class UserPage(TypedDict):
    users: list[UserAnswer]
    next: str | None


class VolumeAnswer(TypedDict):
    id: str
    label: str
    path: str
    source: str


class MachineOptionsAnswer(TypedDict):
    """See `domain.machines.MachineOptions`. `before` and `after` are shown to administrators; to others a command that
    is there is “…”."""

    one_file_system: bool
    caches: bool
    markers: list[str]
    before: str
    after: str
    command_timeout_s: int
    snapshot: bool
    compression: int


class CoreOnWay(TypedDict):
    id: str
    name: str


class MachineAnswer(TypedDict):
    """`via`: Cores it came by, the oldest first; the last one sends it here; empty: it is our own. `pairings`: names of
    the outgoing pairings it is replicated by. `last_point`: time of its newest point. `key`: name of the encryption key
    its images are sealed with (its id, where it is not known here); null: none."""

    id: str
    name: str
    kind: str
    origin: str
    via: list[CoreOnWay]
    repository: str
    volumes: list[VolumeAnswer]
    created: str
    interval_s: int
    excludes: list[str]
    options: MachineOptionsAnswer
    paused: bool
    next_due: str | None
    points: int
    last_point: str | None
    pairings: list[str]
    key: str | None


class MachinePage(TypedDict):
    machines: list[MachineAnswer]
    next: str | None


class MachineRemoved(TypedDict):
    """`points_deleted`: how many points went; with none deleted the machine stays as recovery-points-only."""

    machine: str
    kind: str | None
    points_deleted: int


class Loss(TypedDict):
    """What a destructive wish would take: names of machines, number of points, bytes of files in them. `frees`: stored
    bytes, about, that a reclaim gives back then. `dependents`: how many of the points were not named and would go
    because they build on others. `held`: how many are held, and so cannot be deleted."""

    machines: list[str]
    points: int
    bytes: int
    frees: int
    dependents: int
    held: int


class PointKeyAnswer(TypedDict):
    """A key that images of a point are sealed with. `name`: its id, where it is not known here. `locked`: what is
    sealed cannot be opened on this Core now."""

    id: str
    name: str
    locked: bool


class PointAnswer(TypedDict):
    """`restorability`: what is here, also while its `keys` are `locked`. `why`: a sentence when it is not whole, else
    empty. `bytes_new`: of its images, as backed up. `base_reasons`: why images of it are bases. `targets`: names of the
    pairings whose targets have it. `keys`: what its images are sealed with; none where it is not `encrypted`.
    `checks`: name of a check to `good`, `bad` or `not-checked`. `hold`: who holds it and why, where it is `held`."""

    id: str
    machine: str
    machine_id: str
    time: str
    kind: str
    base_reasons: list[str]
    chain: str
    restorability: str
    size: int
    bytes_new: int
    targets: list[str]
    encrypted: bool
    keys: list[PointKeyAnswer]
    checks: dict[str, Any]
    held: bool
    hold: HoldAnswer | None
    why: str


class PointPage(TypedDict):
    """`total`: of all that match, in an answer to a call with an offset."""

    points: list[PointAnswer]
    next: str | None
    total: NotRequired[int]


class ImageAnswer(TypedDict):
    """`missing_*`: objects of its whole tree that are not here. `waiting_for`: id of a seed, of a pairing, or null.
    `locked`: it is sealed with a key that is locked here, or not known; `files_restorable` of one that is not whole is
    all of its files then, or says nothing."""

    volume: str
    id: str
    kind: str
    base_reason: str | None
    root: str
    parent: str | None
    chain: str
    size: int
    bytes_read: int
    bytes_new: int
    bytes_stored: int
    files: int
    directories: int
    files_unreadable: int
    missing_objects: int
    missing_bytes: int
    waiting_for: str | None
    why: str
    files_restorable: int
    files_total: int
    locked: bool


class CheckResultAnswer(TypedDict):
    """The latest result of one check of a point. `verdict`: `good`, `bad`, `not-checked`. `job`: its log says more."""

    check: str
    verdict: str
    message: str
    time: str
    job: str


class PointDetailAnswer(PointAnswer):
    origin_core: str
    duration_s: float
    warnings: int
    check_results: list[CheckResultAnswer]
    images: list[ImageAnswer]


class PointShown(PointDetailAnswer):
    """What `point show` says. `kept`: what keeps it at the next rollup, or why it goes."""

    kept: KeptAnswer


class FileAnswer(TypedDict):
    """`here`: all its bytes are on this Core. `problem`: why its content could not be read when it was backed up."""

    volume: str
    path: str
    type: str
    size: int
    mode: int
    mtime: str
    mtime_ns: int
    here: bool
    problem: str


class FileList(TypedDict):
    """`total`: names in the folder, of which these are a window."""

    point: str
    files: list[FileAnswer]
    total: int


class PointsDeleted(TypedDict):
    points_deleted: int


class ProgressAnswer(TypedDict):
    phase: str
    bytes_done: int
    bytes_total: int | None
    items_done: int
    items_total: int | None
    rate_bps: float | None
    eta_s: float | None
    text: str


class WarningAnswer(TypedDict):
    code: str
    message: str


class JobAnswer(TypedDict):
    """`subject_name`: what people call its subject. `version` changes as it goes on; hand it back to wait for more."""

    id: str
    kind: str
    subject: str
    subject_name: str
    state: str
    trigger: str
    reason: str
    user: str
    created: str
    started: str | None
    ended: str | None
    progress: ProgressAnswer
    result: dict[str, Any] | None
    failure: FailureAnswer | None
    warnings: list[WarningAnswer]
    warning_count: int
    version: int


class JobPage(TypedDict):
    """`total`: of all that match, in an answer to a call with an offset."""

    jobs: list[JobAnswer]
    next: str | None
    total: NotRequired[int]


class LogLineAnswer(TypedDict):
    time: str
    text: str


class JobLog(TypedDict):
    job: str
    lines: list[LogLineAnswer]


class EventAnswer(TypedDict):
    id: str
    time: str
    severity: str
    code: str
    message: str
    subject: str
    alert: bool
    dismissed: bool
    count: int


class EventPage(TypedDict):
    """`total`: of all that match, in an answer to a call with an offset."""

    events: list[EventAnswer]
    next: str | None
    total: NotRequired[int]


class Dismissed(TypedDict):
    dismissed: int


class Changes(TypedDict):
    """One line of the change feed: kinds of things that changed; none: the line only keeps the connection alive."""

    kinds: list[str]


class Fed(TypedDict):
    """What a backup took of a piece: all of it, or nothing yet. `bytes`: how much it has taken in all."""

    taken: bool
    bytes: int


class Done(TypedDict):
    """The answer of a call that has nothing to tell."""

    done: bool


class Started(TypedDict):
    """Which job was started, and that nobody waits for it."""

    job: str
