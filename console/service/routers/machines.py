"""Machines: what is protected here, and what came from other Cores."""

from __future__ import annotations

import os

from pydantic import BaseModel

from console.domain import paths
from console.domain.answers import JobAnswer, JobPage, Loss, MachineAnswer, MachinePage, MachineRemoved
from console.domain.machines import Machine, MachineKind
from console.domain.roles import Right, may
from console.domain.schedules import parse_interval
from console.domain.settings import SETTINGS
from console.engine.backup.volumes import COMMAND, INPUT
from console.service import present
from console.service.access import Administrator, BacksUp, Caller, Reader
from console.service.routing import After, Limit, noun, page

router = noun("machines")


class NewVolume(BaseModel):
    """`path`: a directory, disk image or block device on the Core's machine, in the text form of paths; `cmd:` and a
    command line; or `-` for what comes by standard input. The label is made from it if need be."""

    label: str | None = None
    path: str


class WantedOptions(BaseModel):
    """How volumes are read: see `domain.machines.MachineOptions`. What is not given stays as it is."""

    one_file_system: bool | None = None
    caches: bool | None = None
    markers: list[str] | None = None
    before: str | None = None
    after: str | None = None
    command_timeout_s: int | None = None
    snapshot: bool | None = None
    compression: int | None = None


class NewMachine(BaseModel):
    """`interval_s`: seconds between backups, 0 for none; as the Core's settings say when it is not given. `key`: what
    its images are sealed with."""

    name: str
    volumes: list[NewVolume]
    repository: str | None = None
    interval_s: int | None = None
    excludes: list[str] = []
    options: WantedOptions = WantedOptions()
    key: str | None = None


class ChangedMachine(BaseModel):
    """What is not given stays as it is. `key` empty: none any more; see `GET /machines/{machine}/key-change` first."""

    name: str | None = None
    volumes: list[NewVolume] | None = None
    interval_s: int | None = None
    excludes: list[str] | None = None
    options: WantedOptions | None = None
    key: str | None = None


class WantedBackup(BaseModel):
    """`base`: a base image, whatever there is already. `stdin`: label of the volume that is fed: the job waits for
    `PUT /jobs/{job}/feed`."""

    base: bool = False
    stdin: str | None = None


@router.get("/machines")
def machines(
    by: Reader, kind: MachineKind | None = None, text: str | None = None, limit: Limit = 100, after: After = None
) -> MachinePage:
    """By name. `text`: part of the name or origin."""
    wanted = (text or "").casefold()
    matching = [
        machine
        for machine in by.core.catalog.machines.list(kind)
        if wanted in machine.name.casefold() or wanted in present.origin(by.core, machine).casefold()
    ]
    found = sorted(matching, key=lambda machine: (machine.name.lower(), machine.id))
    shown, more = page(found, limit, after, lambda machine: machine.id)
    return {"machines": [_shown(by, machine) for machine in shown], "next": more}


@router.get("/machines/{machine}")
def machine(machine: str, by: Reader) -> MachineAnswer:
    return _shown(by, by.core.catalog.machines.get(machine))


@router.post("/machines")
def protect(body: NewMachine, by: Administrator) -> MachineAnswer:
    """Refused: `name-taken`, `name-forbidden`, `volume-gone`, `volume-unsuitable`, `volume-in-repository`, …"""
    interval = body.interval_s if body.interval_s is not None else _default_interval(by)
    if body.interval_s is None and any(volume.path == INPUT for volume in body.volumes):
        interval = 0
    added = by.core.protect.add(
        body.name,
        _volumes(body.volumes),
        repository=body.repository,
        interval_s=interval,
        excludes=tuple(body.excludes),
        options=body.options.model_dump(exclude_none=True),
        key=body.key,
    )
    return _shown(by, added)


@router.patch("/machines/{machine}")
def edit_machine(machine: str, body: ChangedMachine, by: Administrator) -> MachineAnswer:
    """A changed volume gets a base image at its next backup."""
    edited = by.core.protect.edit(
        machine,
        name=body.name,
        interval_s=body.interval_s,
        excludes=None if body.excludes is None else tuple(body.excludes),
        volumes=None if body.volumes is None else _volumes(body.volumes),
        options=None if body.options is None else body.options.model_dump(exclude_none=True),
        key=body.key,
    )
    return _shown(by, edited)


@router.post("/machines/{machine}/pause")
def pause_machine(machine: str, by: Administrator) -> MachineAnswer:
    """No scheduled backups until it is resumed."""
    return _shown(by, by.core.protect.pause(machine))


@router.post("/machines/{machine}/resume")
def resume_machine(machine: str, by: Administrator) -> MachineAnswer:
    return _shown(by, by.core.protect.resume(machine))


@router.get("/machines/{machine}/loss")
def machine_loss(machine: str, by: Reader) -> Loss:
    """What removing it with its points would take."""
    found = by.core.catalog.machines.get(machine)
    points = by.core.catalog.points.all_of(found.id)
    return present.loss([found.name], points, by.core)


@router.delete("/machines/{machine}")
def remove_machine(machine: str, by: Administrator, delete_points: bool = False) -> MachineRemoved:
    """Ends its protection. Its points stay, on a recovery-points-only machine, unless `delete_points`."""
    found = by.core.catalog.machines.get(machine)
    deleted = by.core.protect.remove(found.id, delete_points=delete_points)
    left = by.core.catalog.machines.find(found.id)
    return {"machine": found.name, "kind": left.kind.value if left else None, "points_deleted": deleted}


@router.post("/machines/{machine}/backup")
def back_up(machine: str, body: WantedBackup, by: BacksUp) -> JobAnswer:
    """A job: one recovery point now."""
    job = by.core.protect.start_backup(machine, base=body.base, fed=body.stdin, user=by.user)
    return present.job(by.core, job, 0)


@router.post("/machines/{machine}/replicate")
def replicate(machine: str, by: BacksUp) -> JobPage:
    """One job for each pairing it is in: what the target lacks is sent now. Refused: `not-replicated`."""
    jobs = by.core.replicate.start_for(machine, user=by.user)
    return {"jobs": [present.job(by.core, job, 0) for job in jobs], "next": None}


def _volumes(volumes: list[NewVolume]) -> list[tuple[str | None, str]]:
    return [(volume.label, native_volume(volume.path)) for volume in volumes]


def native_volume(path: str) -> str:
    """What a volume is named by, as the engine takes it: a path as the system has it, a command, or standard input."""
    if path == INPUT or path.startswith(COMMAND):
        return path
    return os.fsdecode(paths.from_text(path))


def _shown(by: Caller, found: Machine) -> MachineAnswer:
    return present.machine(by.core, found, commands=may(by.role, Right.ADMINISTER))


def _default_interval(by: Caller) -> int:
    setting = SETTINGS["protect-every"]
    return parse_interval(by.core.catalog.settings.get(setting.key) or setting.default) or 0
