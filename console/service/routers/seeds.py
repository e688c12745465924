"""Seed drives: written here, or consumed here."""

from __future__ import annotations

import os
from typing import Literal

from pydantic import BaseModel, Field

from console.domain import paths
from console.domain.answers import JobAnswer
from console.domain.replication_answers import Abandoned, SeedAnswer, SeedInspectionAnswer, SeedPage
from console.service import present, present_seed
from console.service.access import Reader, Seeder
from console.service.routing import After, Limit, noun, page

router = noun("seed drives")


class NewSeed(BaseModel):
    """`to`: directories, one per medium, in the text form of paths. Sizes in bytes. `passphrases`: they must open the
    keys of what goes on the drive, before anything is written."""

    pairing: str
    to: list[str]
    machines: list[str] = []
    segment_size: int | None = None
    medium_size: int | None = None
    reuse: Literal["never", "this-core", "erase"] = "never"
    chains: Literal["whole", "latest"] = "whole"
    customer_id: str = ""
    comment: str = ""
    passphrases: list[str] = Field([], repr=False, max_length=100)


class OnePath(BaseModel):
    path: str


class ManyPaths(BaseModel):
    paths: list[str]


class WantedConsume(ManyPaths):
    """`machines`: only those. `repositories`: machine → one of ours."""

    machines: list[str] = []
    repositories: dict[str, str] = {}


@router.get("/seeds")
def seeds(by: Reader, pairing: str | None = None, limit: Limit = 100, after: After = None) -> SeedPage:
    """Newest first."""
    found = sorted(by.core.seed.list(pairing), key=lambda seed: (seed.created, seed.id), reverse=True)
    shown, more = page(found, limit, after, lambda seed: seed.id)
    return {"seeds": [present_seed.seed(by.core, seed) for seed in shown], "next": more}


@router.post("/seeds")
def create_seed(body: NewSeed, by: Seeder) -> JobAnswer:
    """A job: writes what is set aside for it, or what the target lacks."""
    job = by.core.seed.start_create(
        body.pairing,
        [_native(path) for path in body.to],
        machines=body.machines,
        segment_size=body.segment_size,
        medium_size=body.medium_size,
        reuse=body.reuse,
        chains=body.chains,
        customer_id=body.customer_id,
        comment=body.comment,
        passphrases=body.passphrases,
        user=by.user,
    )
    return present.job(by.core, job, 0)


@router.post("/seeds/inspect")
def inspect_seed(body: OnePath, by: Seeder) -> SeedInspectionAnswer:
    """What is on a drive, as its manifest says, without reading all of it."""
    return present_seed.inspection(by.core, by.core.seed.inspect(_native(body.path)))


@router.post("/seeds/verify")
def verify_seed(body: ManyPaths, by: Seeder) -> JobAnswer:
    """A job: every byte of a drive is read; damage is its result."""
    job = by.core.seed.start_verify([_native(path) for path in body.paths], user=by.user)
    return present.job(by.core, job, 0)


@router.post("/seeds/consume")
def consume_seed(body: WantedConsume, by: Seeder) -> JobAnswer:
    """A job: imports what is whole; what is damaged stays outstanding."""
    job = by.core.consume.start(
        [_native(path) for path in body.paths],
        machines=body.machines,
        repositories=body.repositories,
        user=by.user,
    )
    return present.job(by.core, job, 0)


@router.get("/seeds/{seed}")
def seed(seed: str, by: Reader) -> SeedAnswer:
    return present_seed.seed(by.core, by.core.seed.get(seed))


@router.get("/seeds/{seed}/abandon")
def abandon_preview(seed: str, by: Reader) -> Abandoned:
    """What abandoning it would mean."""
    return present_seed.abandoned(by.core.seed.preview_abandon(seed))


@router.post("/seeds/{seed}/abandon")
def abandon_seed(seed: str, by: Seeder) -> Abandoned:
    """Forgets the drive; what is on it goes over the wire. The drive itself is not touched."""
    return present_seed.abandoned(by.core.seed.abandon(seed))


def _native(path: str) -> str:
    return os.fsdecode(paths.from_text(path))
