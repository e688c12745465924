"""Domain values as the JSON of `domain.answers`: machines, points, repositories, jobs, events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from console.catalog.retention import Hold
from console.domain.answers import (
    CheckResultAnswer,
    EventAnswer,
    FailureAnswer,
    FileAnswer,
    ImageAnswer,
    JobAnswer,
    Loss,
    MachineAnswer,
    MachineOptionsAnswer,
    PointAnswer,
    PointDetailAnswer,
    PointKeyAnswer,
    ProgressAnswer,
    UserAnswer,
    VolumeAnswer,
)
from console.domain.clock import iso
from console.domain.events import Event
from console.domain.jobs import Job, JobKind
from console.domain.keys import EncryptionKey, KeyState
from console.domain.machines import Machine, MachineKind, MachineOptions, Volume, VolumeSource
from console.domain.pairing import Direction
from console.domain.recovery_points import RecoveryPoint
from console.domain.repositories import RepositoryInfo
from console.domain.repository_answers import RepositoryAnswer
from console.domain.retention_answers import HoldAnswer
from console.domain.roles import User

if TYPE_CHECKING:
    from console.engine.core import Core
    from console.engine.points import FileView, ImageDetail, PointDetail, PointView

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(time: datetime | None) -> str | None:
    return None if time is None else iso(time)


def origin(core: Core, found: Machine) -> str:
    """The name of the Core that a machine comes from."""
    return core.name if found.kind is MachineKind.PROTECTED else found.origin_name


def machine(core: Core, found: Machine, *, commands: bool) -> MachineAnswer:
    """`commands`: who asks may see command lines, which may hold secrets."""
    catalog = core.catalog
    latest = catalog.points.latest(found.id)
    repository = catalog.repositories.find(found.repository)
    pairings = [catalog.pairings.get(member.pairing) for member in catalog.members.of_machine(found.id)]
    return {
        "id": found.id,
        "name": found.name,
        "kind": found.kind.value,
        "origin": origin(core, found),
        "via": [{"id": id, "name": name} for id, name in catalog.machines.ways([found.id]).get(found.id, ())],
        "repository": repository.name if repository else found.repository,
        "volumes": [_volume(volume, commands=commands) for volume in found.volumes],
        "created": iso(found.created),
        "interval_s": found.interval_s,
        "excludes": list(found.excludes),
        "options": _options(found.options, commands=commands),
        "paused": found.paused,
        "next_due": moment(found.next_due),
        "points": catalog.points.count(found.id),
        "last_point": moment(latest.time if latest else None),
        "pairings": [pairing.name for pairing in pairings if pairing.direction is Direction.OUTGOING],
        "key": _key(core, found.key),
    }


def _options(found: MachineOptions, *, commands: bool) -> MachineOptionsAnswer:
    shown = found if commands else replace(found, before=found.before and "…", after=found.after and "…")
    return cast(MachineOptionsAnswer, {**asdict(shown), "markers": list(found.markers)})


def _volume(found: Volume, *, commands: bool) -> VolumeAnswer:
    """A command line may hold a secret: only who may give one sees it."""
    hidden = found.source == VolumeSource.STREAM and not commands
    return {"id": found.id, "label": found.label, "path": "" if hidden else found.path, "source": found.source}


def _key(core: Core, key: str) -> str | None:
    if not key:
        return None
    known = core.catalog.keys.find(key)
    return known.name if known else key


def repository(core: Core, info: RepositoryInfo) -> RepositoryAnswer:
    return {
        "id": info.id,
        "name": info.name,
        "path": info.path,
        "created": iso(info.created),
        "default": info.default,
        "machines": [found.name for found in core.catalog.machines.list() if found.repository == info.id],
        "damaged": len(core.catalog.damage.list(info.id)),
        "limit": info.limit,
        "used_bytes": core.repositories.used(info),
        "free_bytes": core.repositories.free(info),
        "unreferenced_bytes": info.unreferenced,
        "looked": None if info.looked is None else iso(info.looked),
    }


def user(found: User) -> UserAnswer:
    return {"id": found.id, "name": found.name, "role": found.role.value, "created": iso(found.created)}


def point(view: PointView) -> PointAnswer:
    return {
        "id": view.point.id,
        "machine": view.machine.name,
        "machine_id": view.machine.id,
        "time": iso(view.point.time),
        "kind": view.point.kind.value,
        "base_reasons": sorted({image.base_reason.value for image in view.point.images if image.base_reason}),
        "chain": view.state.value,
        "restorability": view.restorability.value,
        "size": view.point.size,
        "bytes_new": view.point.bytes_new,
        "targets": list(view.targets),
        "encrypted": any(image.key for image in view.point.images),
        "keys": [],
        "checks": {},
        "held": view.held,
        "hold": None,
        "why": view.why,
    }


def points(core: Core, views: Sequence[PointView]) -> list[PointAnswer]:
    """Points of a list, with the latest results of their checks, the keys they are sealed with, and who holds them."""
    checked = core.catalog.point_checks.of([view.point.id for view in views])
    held = core.catalog.retention.holds([view.point.id for view in views if view.held])
    answers = [point(view) for view in views]
    sealed = any(answer["encrypted"] for answer in answers)
    known = {key.id: key for key in core.catalog.keys.list()} if sealed else {}
    for answer, view in zip(answers, views, strict=True):
        answer["checks"] = {result.check.value: result.verdict.value for result in checked.get(answer["id"], ())}
        wanted = dict.fromkeys(image.key for image in view.point.images if image.key)
        answer["hold"] = hold(held[answer["id"]]) if answer["id"] in held else None
        answer["keys"] = [_point_key(core, key, known.get(key)) for key in wanted]
    return answers


def hold(found: Hold) -> HoldAnswer:
    return {"since": iso(found.since), "reason": found.reason, "user": found.user}


def _point_key(core: Core, key: str, known: EncryptionKey | None) -> PointKeyAnswer:
    locked = known is None or known.state(core.clock.now()) is KeyState.LOCKED
    return {"id": key, "name": known.name if known else key, "locked": locked}


def point_detail(core: Core, detail: PointDetail) -> PointDetailAnswer:
    found = detail.view.point
    answer = points(core, [detail.view])[0]
    locked = {key["id"] for key in answer["keys"] if key["locked"]}
    return {
        **answer,
        "check_results": [
            cast(CheckResultAnswer, result.told())
            for result in core.catalog.point_checks.of([found.id]).get(found.id, ())
        ],
        "origin_core": found.origin_core,
        "duration_s": found.duration_s,
        "warnings": found.warnings,
        "images": [_image(image, locked=image.image.key in locked) for image in detail.images],
    }


def loss(machines: list[str], points: Sequence[RecoveryPoint], core: Core, *, dependents: int = 0) -> Loss:
    """What deleting points would take. `machines`: names."""
    return {
        "machines": machines,
        "points": len(points),
        "bytes": sum(point.size for point in points),
        "frees": sum(image.bytes_stored for point in points for image in point.images),
        "dependents": dependents,
        "held": len(core.catalog.retention.holds([point.id for point in points])),
    }


def file(view: FileView) -> FileAnswer:
    changed = EPOCH + timedelta(microseconds=view.mtime_ns // 1000) if _in_calendar(view.mtime_ns) else None
    return {
        "volume": view.volume,
        "path": view.path,
        "type": view.type.name.lower().replace("_", "-"),
        "size": view.size,
        "mode": view.mode,
        "mtime": iso(changed) if changed else "",
        "mtime_ns": view.mtime_ns,
        "here": view.here,
        "problem": view.problem,
    }


def job(core: Core, found: Job, version: int) -> JobAnswer:
    return {
        "id": found.id,
        "kind": found.kind.value,
        "subject": found.subject,
        "subject_name": _subject(core, found),
        "state": found.state.value,
        "trigger": found.trigger.value,
        "reason": found.reason,
        "user": found.user,
        "created": iso(found.created),
        "started": moment(found.started),
        "ended": moment(found.ended),
        "progress": cast(ProgressAnswer, asdict(found.progress)),
        "result": found.result,
        "failure": cast(FailureAnswer, found.failure.to_dict()) if found.failure else None,
        "warnings": [{"code": warning.code, "message": warning.message} for warning in found.warnings],
        "warning_count": found.warning_count,
        "version": version,
    }


def event(found: Event) -> EventAnswer:
    return {
        "id": found.id,
        "time": iso(found.time),
        "severity": found.severity.value,
        "code": found.code,
        "message": found.message,
        "subject": found.subject,
        "alert": found.alert,
        "dismissed": found.dismissed,
        "count": found.count,
    }


def _image(detail: ImageDetail, *, locked: bool) -> ImageAnswer:
    image = detail.image
    return {
        "volume": image.volume_label,
        "id": image.id,
        "kind": image.kind.value,
        "base_reason": image.base_reason.value if image.base_reason else None,
        "root": image.root,
        "parent": image.parent,
        "chain": detail.verdict.state.value,
        "size": image.size,
        "bytes_read": image.bytes_read,
        "bytes_new": image.bytes_new,
        "bytes_stored": image.bytes_stored,
        "files": image.files,
        "directories": image.directories,
        "files_unreadable": image.files_unreadable,
        "missing_objects": detail.missing_objects,
        "missing_bytes": detail.missing_bytes,
        "waiting_for": detail.waiting_for,
        "why": detail.why,
        "files_restorable": detail.files_restorable,
        "files_total": detail.files_total,
        "locked": locked,
    }


def _subject(core: Core, found: Job) -> str:
    """What people call the thing a job works on; the id where the thing is gone."""
    catalog = core.catalog
    match found.kind:
        case JobKind.BACKUP | JobKind.ROLLUP:
            machine = catalog.machines.find(found.subject)
            return machine.name if machine else found.subject
        case JobKind.REPLICATE:
            pairing = catalog.pairings.find(found.subject)
            return pairing.name if pairing else found.subject
        case (
            JobKind.REPOSITORY_CHECK
            | JobKind.REPOSITORY_REPAIR
            | JobKind.REPOSITORY_PARITY
            | JobKind.RECLAIM_PLAN
            | JobKind.RECLAIM
            | JobKind.REPOSITORY_MOVE
            | JobKind.REBUILD_INDEX
            | JobKind.REBUILD_CATALOG
        ):
            repository = catalog.repositories.find(found.subject)
            return repository.name if repository else found.subject
        case JobKind.NIGHTLY:
            return core.name
        case JobKind.SEED_CREATE | JobKind.SEED_CONSUME | JobKind.SEED_VERIFY:
            seed = catalog.seeds.find(found.subject)
            return seed.title if seed else found.subject
        case JobKind.REPLICATE_POINT | JobKind.RESTORE | JobKind.POINT_CHECK | JobKind.DELETE:
            point = catalog.points.find(found.subject)
            machine = catalog.machines.find(point.machine) if point else None
            return f"{machine.name}, {point.time:%Y-%m-%d %H:%M} UTC" if point and machine else found.subject


def _in_calendar(nanoseconds: int) -> bool:
    """Whether a file's time is one that a calendar has (years 1 to 9999); files may carry any number."""
    return -62_135_596_800 <= nanoseconds // 1_000_000_000 < 253_402_300_800
