"""What a Core's API answers before work begins: what is on this host, and what a job would do; see `domain.answers`."""

from __future__ import annotations

from typing import TypedDict

from console.domain.answers import FailureAnswer


class HostVolume(TypedDict):
    """A mounted file system of the Core's machine, in bytes. `protectable`: with `why_not` where it is not."""

    path: str
    device: str
    file_system: str
    label: str
    size: int
    used: int
    free: int
    removable: bool
    read_only: bool
    protectable: bool
    why_not: str


class HostVolumes(TypedDict):
    host: str
    volumes: list[HostVolume]


class HostEntry(TypedDict):
    """`readable`: this Core may look into it. Only directories are listed unless files were asked for."""

    name: str
    path: str
    directory: bool
    readable: bool
    size: int | None


class HostFolder(TypedDict):
    """One directory of the Core's machine. `parent`: None at the top. `writable`: by this Core. `free`: bytes."""

    path: str
    parent: str | None
    writable: bool
    free: int | None
    entries: list[HostEntry]
    truncated: bool


class HostDevice(TypedDict):
    """A block device of the Core's machine. `part_of`: path of the disk it is a part of, empty for one that is none.
    `used_by`: who uses it, or what lies on it, right now, as sentences say it; one that is in use is not written to."""

    path: str
    size: int
    model: str
    part_of: str
    removable: bool
    read_only: bool
    used_by: list[str]


class HostDevices(TypedDict):
    host: str
    devices: list[HostDevice]


class MeasuredVolume(TypedDict):
    """`complete`: false when counting was stopped after its time; then the rest is an estimate of the file system."""

    path: str
    label: str
    bytes: int
    files: int
    complete: bool
    problem: FailureAnswer | None


class ProtectPlan(TypedDict):
    """What protecting would do. `room`: bytes free in the repository. `problems` keep it from being done."""

    repository: str
    room: int
    volumes: list[MeasuredVolume]
    bytes: int
    files: int
    estimate_s: float
    warnings: list[str]
    problems: list[FailureAnswer]


class SeedOnMedium(TypedDict):
    """A seed drive that lies on a medium. `ours`: written by this Core; `expected`: this Core waits for it."""

    seed: str
    path: str
    source: str
    target: str
    comment: str
    created: str
    machines: list[str]
    points: int
    bytes: int
    segments_here: int
    segments: int
    ours: bool
    expected: bool
    state: str
    problem: FailureAnswer | None


class MediumAnswer(TypedDict):
    """A place of the Core's machine that a seed drive could be written to or read from, in bytes."""

    path: str
    device: str
    file_system: str
    label: str
    size: int
    free: int
    removable: bool
    read_only: bool
    seeds: list[SeedOnMedium]
    other_entries: int


class Media(TypedDict):
    media: list[MediumAnswer]


class MediumPlan(TypedDict):
    """What would become of one directory. `lost`: seed drives that would be erased, in words."""

    path: str
    free: int
    segments: int
    bytes: int
    lost: list[str]
    problem: FailureAnswer | None


class SeedPlan(TypedDict):
    """What writing a seed drive would do. `bytes` at most; `estimate_s` at an assumed rate, said in `estimate_text`."""

    pairing: str
    name: str
    machines: list[str]
    points: int
    images: int
    bytes: int
    oldest: str | None
    newest: str | None
    media: list[MediumPlan]
    estimate_s: float
    estimate_text: str
    becomes: str
    warnings: list[str]
    problems: list[FailureAnswer]


class ConsumeMachine(TypedDict):
    """`repository`: of this Core, where its points would go. `known`: the machine is here already."""

    machine: str
    machine_id: str
    known: bool
    repository: str
    points: int
    images: int
    images_new: int
    heals: int
    stays: list[str]


class ConsumePlan(TypedDict):
    """What consuming would do. `heals`: points that become whole; `stays`: what stays an orphan and why, in words."""

    seed: str
    source: str
    comment: str
    created: str
    machines: list[ConsumeMachine]
    points: int
    images: int
    bytes: int
    room: int
    heals: int
    stays: list[str]
    segments_missing: list[str]
    estimate_s: float
    warnings: list[str]
    problems: list[FailureAnswer]


class ConflictAnswer(TypedDict):
    """A name that is there already. `size_here`: of the file in the point; `size_there`: of what stands at the
    destination. `newer`, by the time of change: `here`, `there` or `same`."""

    path: str
    size_here: int
    size_there: int
    newer: str


class RestorePlan(TypedDict):
    """What restoring would do: `files`, `bytes` that would be written. `conflicts`: the first of the files that are
    there already (`conflict_count` of them); `missing`: the first of the paths whose bytes are not on this Core
    (`missing_count`). `complete`: false when looking was stopped after its time; then the numbers are estimates."""

    point: str
    to: str
    files: int
    directories: int
    bytes: int
    room: int
    conflict_count: int
    conflicts: list[ConflictAnswer]
    missing_count: int
    missing: list[str]
    complete: bool
    estimate_s: float
    warnings: list[str]
    problems: list[FailureAnswer]


class VolumePlan(TypedDict):
    """What restoring one volume as a whole would do. `source`: `tree`, `image`, `stream`. `kind` of the place it goes
    to: `directory`, `file`, `device`, empty without a place. `there`: what is there now would be lost; `confirm` is
    the name by which that is agreed to. `room`: bytes free there, of a device its size. `missing_count` names of a tree
    are not on this Core, the first of them in `missing`; `whole`: none of its bytes is missing. `problem` keeps this
    volume from being restored there."""

    volume: str
    source: str
    bytes: int
    files: int
    whole: bool
    to: str
    kind: str
    there: bool
    confirm: str
    room: int
    conflict_count: int
    missing_count: int
    missing: list[str]
    problem: FailureAnswer | None


class VolumesPlan(TypedDict):
    """What restoring volumes as a whole would do. `problems` keep it from being started; those of one volume are with
    that volume too."""

    point: str
    volumes: list[VolumePlan]
    bytes: int
    files: int
    estimate_s: float
    warnings: list[str]
    problems: list[FailureAnswer]


class Wished(TypedDict):
    """A wish was left for the source Core, which reads it at its next contact; see PROTOCOL.md. `points`: how many
    become whole when it is fulfilled; `text`: what is to be expected, as a sentence."""

    pairing: str
    peer: str
    points: int
    text: str
