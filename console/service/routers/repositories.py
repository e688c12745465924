"""Repositories: where recovery points are kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

from pydantic import BaseModel, Field

from console.domain import paths
from console.domain.answers import JobAnswer
from console.domain.errors import usage
from console.domain.repair_answers import RepairPlan, RepositoryGrowth
from console.domain.repository_answers import (
    ParityAnswer,
    RepositoryAnswer,
    RepositoryDetail,
    RepositoryPage,
    UsageAnswer,
)
from console.engine.repair.parity import parity_percent
from console.service import present
from console.service.access import Administrator, Checker, Reader
from console.service.routing import After, Limit, noun, page

router = noun("repositories")


class NewRepository(BaseModel):
    """`path`: a directory on the Core's machine, in the text form of paths. `limit`: bytes its packs may have."""

    name: str
    path: str
    default: bool = False
    limit: int | None = Field(default=None, ge=1)
    parity: int = 0


class AdoptedRepository(BaseModel):
    """`path`: of a repository that lies on the Core's machine already, in the text form of paths."""

    name: str
    path: str


class ChangedRepository(BaseModel):
    """What is left out stays. `limit`: bytes its packs may have, 0: what the disk takes. `default`: new machines go
    there."""

    name: str | None = None
    limit: int | None = Field(default=None, ge=0)
    default: bool = False
    parity: int | None = None


class WantedMove(BaseModel):
    """`to`: a new or empty directory on the Core's machine, in the text form of paths."""

    to: str


class WantedReclaim(BaseModel):
    """`repository`: the default one when it is not named. `dry_run`: only says what would be done."""

    repository: str | None = None
    dry_run: bool = False


class WantedCheck(BaseModel):
    """`repository`: the default one when it is not named. `read_data`: every byte is read, not only the structure;
    with `ids` every object is unpacked as well."""

    repository: str | None = None
    read_data: bool = False
    ids: bool = False


class WantedRepair(BaseModel):
    """`repository`: the default one when it is not named. `places`: directories of seed drives that are used besides
    those found attached, in the text form of paths."""

    repository: str | None = None
    places: list[str] = []


class WantedIndex(BaseModel):
    """`repository`: the default one when it is not named."""

    repository: str | None = None


class WantedParity(BaseModel):
    """`repository`: the default one when it is not named."""

    repository: str | None = None


@router.get("/repositories")
def repositories(by: Reader, limit: Limit = 100, after: After = None) -> RepositoryPage:
    """By name."""
    found = sorted(by.core.repositories.list(), key=lambda info: info.name.lower())
    shown, more = page(found, limit, after, lambda info: info.id)
    return {"repositories": [present.repository(by.core, info) for info in shown], "next": more}


@router.get("/repositories/{repository}")
def repository(repository: str, by: Reader) -> RepositoryDetail:
    """With what it holds. Refused: `repository-gone`, `repository-in-use`."""
    info = by.core.repositories.info(repository)
    opened = by.core.repositories.open(info.id)
    usage = opened.usage()
    used: UsageAnswer = {
        "objects": usage.objects,
        "plain_bytes": usage.plain_bytes,
        "stored_bytes": usage.stored_bytes,
        "packs": usage.packs,
        "free_bytes": usage.free_bytes,
    }
    packs, size = opened.parities.used()
    parity: ParityAnswer = {"percent": opened.parities.percent, "packs": packs, "bytes": size}
    missing = list(opened.missing_packs)
    shown = {**present.repository(by.core, info), "usage": used, "parity": parity, "missing_packs": missing}
    return cast(RepositoryDetail, shown)


@router.post("/repositories")
def create_repository(body: NewRepository, by: Administrator) -> RepositoryAnswer:
    """In a new or empty directory. Refused: `name-taken`, `repository-not-empty`, `repository-inside-repository`."""
    percent = parity_percent(body.parity)
    made = by.core.repositories.create(body.name, _directory(body.path), default=body.default, limit=body.limit)
    if percent:
        by.core.parity.set(made.id, percent)
    return present.repository(by.core, made)


@router.post("/repositories/adopt")
def adopt_repository(body: AdoptedRepository, by: Administrator) -> RepositoryAnswer:
    """One that is there already. Its points are registered by rebuilding the catalog. Refused: `name-taken`,
    `repository-gone`, `repository-in-use`, `repository-inside-repository`."""
    return present.repository(by.core, by.core.repositories.adopt(body.name, _directory(body.path)))


@router.patch("/repositories/{repository}")
def edit_repository(repository: str, body: ChangedRepository, by: Administrator) -> RepositoryAnswer:
    """Refused: `name-taken`, `name-forbidden`, `bad-limit`, `bad-parity`, `parity-not-available`."""
    percent = None if body.parity is None else parity_percent(body.parity)
    edited = by.core.repositories.edit(repository, rename=body.name, limit=body.limit, default=body.default)
    if percent is not None:
        by.core.parity.set(edited.id, percent)
    return present.repository(by.core, edited)


@router.post("/checks")
def check_repository(body: WantedCheck, by: Checker) -> JobAnswer:
    """A job; damage it finds is its result."""
    job = by.core.check.start_repository(body.repository, read_data=body.read_data, ids=body.ids, user=by.user)
    return present.job(by.core, job, 0)


@router.post("/repairs")
def repair_repository(body: WantedRepair, by: Administrator) -> JobAnswer:
    """A job: brings back what is known to be damaged, from wherever it is; what stays damaged is its result. Refused:
    `not-a-seed`, `seed-damaged`, …"""
    places = [str(_directory(place)) for place in body.places]
    return present.job(by.core, by.core.repair.start(body.repository, places, user=by.user), 0)


@router.post("/repairs/plan")
def repair_plan(body: WantedRepair, by: Reader) -> RepairPlan:
    """What is known of the damage, whom it hurts, who could mend it. Changes nothing."""
    places = [str(_directory(place)) for place in body.places]
    return by.core.repair_foresight.plan(body.repository, places)


@router.get("/repositories/{repository}/growth")
def growth(repository: str, by: Reader) -> RepositoryGrowth:
    """Day by day, for some weeks."""
    return by.core.growing.of(repository)


@router.post("/parities")
def make_parity(body: WantedParity, by: Administrator) -> JobAnswer:
    """A job: parity for packs that lack it, and again where it is damaged. In a repository that wants none all goes."""
    return present.job(by.core, by.core.parity.start(body.repository, user=by.user), 0)


@router.post("/indexes")
def rebuild_index(body: WantedIndex, by: Administrator) -> JobAnswer:
    """A job: reads which object lies where from the packs alone. Until it has ended the index there is serves all."""
    return present.job(by.core, by.core.rebuild.start_index(body.repository, user=by.user), 0)


@router.post("/reclaims")
def reclaim_repository(body: WantedReclaim, by: Administrator) -> JobAnswer:
    """A job whose result is the plan, and what was done by it unless it was a dry run."""
    job = by.core.reclaim.start(body.repository, dry_run=body.dry_run, user=by.user)
    return present.job(by.core, job, 0)


@router.post("/repositories/{repository}/move")
def move_repository(repository: str, body: WantedMove, by: Administrator) -> JobAnswer:
    """A job; everything goes on meanwhile. Refused: `repository-inside-repository`, `already-there`."""
    return present.job(by.core, by.core.move.start(repository, _directory(body.to), user=by.user), 0)


@router.delete("/repositories/{repository}")
def remove_repository(repository: str, by: Administrator) -> RepositoryAnswer:
    """The Core forgets it; its files stay. Refused: `repository-in-service` while machines use it."""
    shown = present.repository(by.core, by.core.repositories.info(repository))
    by.core.repositories.remove(repository)
    return shown


def _directory(text: str) -> Path:
    path = os.fsdecode(paths.from_text(text))
    try:
        path.encode("utf-8")
    except UnicodeEncodeError as error:
        raise usage(
            "path-not-utf-8", f"The path “{text}” is not in UTF-8.", "Choose a directory with an ordinary name."
        ) from error
    return Path(path)
