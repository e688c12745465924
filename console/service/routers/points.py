"""Recovery points: lists, explanations, files, restore, deletion."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel

from console.catalog.windows import PointFilter, PointSort
from console.domain import paths
from console.domain.answers import FileList, JobAnswer, Loss, PointDetailAnswer, PointPage, PointsDeleted
from console.domain.chains import ChainState
from console.domain.errors import usage
from console.domain.point_checks import PointCheck
from console.domain.recovery_points import ImageKind
from console.service import present
from console.service.access import Administrator, Checker, Reader, Restorer
from console.service.routing import After, Limit, Offset, not_both, noun, zoned

router = noun("recovery points")

EVERYTHING = sys.maxsize
Window = Annotated[int, Query(ge=1, description="At most so many.")]

State = Literal["orphaned", "whole", "awaiting-seed", "awaiting-transfer", "broken"]
assert set(State.__args__) == {"orphaned", *ChainState}  # type: ignore[attr-defined]


class WantedPoints(BaseModel):
    """`chain`: also the points that build on them."""

    points: list[str]
    chain: bool = False


class WantedChecks(BaseModel):
    """`machine`: its newest point too, with `every` all of its points. `only`: all checks when none is named."""

    points: list[str] = []
    machine: str | None = None
    every: bool = False
    only: list[PointCheck] = []


class WantedFiles(BaseModel):
    """`paths`: everything when none is named. `to`: a directory on the Core's machine, in the text form of paths."""

    to: str
    paths: list[str] = []
    overwrite: Literal["never", "older", "always"] = "never"
    partial: bool = False


class Disk(BaseModel):
    """`volume`: its label. `to`: a path on the Core's machine, in the text form of paths."""

    volume: str
    to: str


class WantedVolumes(BaseModel):
    """`confirm`: own names of the files and devices that may be overwritten. `overwrite`: of the files in trees."""

    disks: list[Disk]
    confirm: list[str] = []
    overwrite: Literal["never", "older", "always"] = "never"


@router.get("/points")
def points(
    by: Reader,
    machine: str | None = None,
    state: State | None = None,
    kind: ImageKind | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    sort: PointSort = PointSort.TIME,
    descending: bool = True,
    offset: Offset = None,
    limit: Limit = 100,
    after: After = None,
) -> PointPage:
    """Newest first. With `offset` a window, which has the total; only windows have another order than that by time.
    What can be restored of an orphan is counted for it, in windows behind the caller's back: then it is said again."""
    wanted = PointFilter(None, kind, zoned(since), zoned(until))
    if offset is None:
        if sort is not PointSort.TIME:
            raise usage("order-needs-offset", "Pages by cursor are by time.", "Give an offset for another order.")
        views, more = by.core.points.page(machine, state, limit, after, newest_first=descending, wanted=wanted)
        return {"points": present.points(by.core, views), "next": more}
    not_both(offset, after)
    of = by.core.catalog.machines.get(machine).id if machine else None
    views, total = by.core.point_list.window(
        replace(wanted, machine=of), state, sort, descending=descending, offset=offset, limit=limit
    )
    return {"points": present.points(by.core, views), "next": None, "total": total}


@router.get("/points/{point}")
def point(point: str, by: Reader) -> PointDetailAnswer:
    """With each image: what is missing of it, why, and what can be restored now."""
    return present.point_detail(by.core, by.core.points.explain(point))


@router.get("/points/{point}/files")
def files(point: str, by: Reader, path: str = "", offset: Offset = None, limit: Window = EVERYTHING) -> FileList:
    """The names in one directory, or with `offset` and `limit` a window of them. `path`: `sub/dir`, or `label:sub/dir`
    where the point has several volumes. It may lead into a disk image: `p1/sub/dir`, or `sub/dir` where the disk has no
    partition table."""
    views, total = by.core.points.files_window(point, path, offset or 0, limit)
    found = by.core.catalog.points.get(point).id
    return {"point": found, "files": [present.file(view) for view in views], "total": total}


@router.post("/points/{point}/restore-files")
def restore_files(point: str, body: WantedFiles, by: Restorer) -> JobAnswer:
    """A job: files into a directory of the Core's machine, every byte verified while it is written."""
    to = os.fsdecode(paths.from_text(body.to))
    job = by.core.restore.start_files(
        point, body.paths, to, overwrite=body.overwrite, partial=body.partial, user=by.user
    )
    return present.job(by.core, job, 0)


@router.post("/points/{point}/restore-volumes")
def restore_volumes(point: str, body: WantedVolumes, by: Restorer) -> JobAnswer:
    """A job: whole volumes to files, devices and directories of the Core's machine, verified. One that was cut goes on
    where it was when it is asked for once more. Refused: `target-exists` without its name in `confirm`,
    `target-in-use`, `target-too-small`, `volume-not-whole`."""
    disks = [(disk.volume, os.fsdecode(paths.from_text(disk.to))) for disk in body.disks]
    job = by.core.restore_volumes.start(point, disks, confirm=body.confirm, overwrite=body.overwrite, user=by.user)
    return present.job(by.core, job, 0)


@router.post("/points/check")
def check_points(body: WantedChecks, by: Checker) -> JobAnswer:
    """A job: objects, chain, file systems and databases of points are looked at."""
    job = by.core.check_points.start(body.points, machine=body.machine, every=body.every, only=body.only, user=by.user)
    return present.job(by.core, job, 0)


@router.post("/points/loss")
def points_loss(body: WantedPoints, by: Reader) -> Loss:
    """What deleting them would take."""
    named = {by.core.catalog.points.get(point).id for point in body.points}
    below = by.core.retain.dependents(named) if body.chain else set[str]()
    found = by.core.catalog.points.several(sorted(named | below))
    names = {by.core.catalog.machines.get(point.machine).name for point in found}
    return present.loss(sorted(names), found, by.core, dependents=len(below))


@router.post("/points/delete")
def delete_points(body: WantedPoints, by: Administrator) -> PointsDeleted:
    """Refused `points-depend` when others build on them and `chain` is not set."""
    return {"points_deleted": by.core.retain.delete(body.points, chain=body.chain)}
