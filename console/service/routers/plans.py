"""What a job would do, before it begins. These calls change nothing, whatever method they have; but for the wish that a
source sends something, which is told of here too."""

from __future__ import annotations

import os

from pydantic import BaseModel, Field

from console.domain import paths
from console.domain.plan_answers import ConsumePlan, ProtectPlan, RestorePlan, SeedPlan, VolumesPlan, Wished
from console.service.access import Administrator, Restorer, Seeder
from console.service.routers.machines import WantedOptions, native_volume
from console.service.routers.points import WantedFiles, WantedVolumes
from console.service.routers.seeds import NewSeed, WantedConsume
from console.service.routing import noun

router = noun("plans")


class PlannedVolume(BaseModel):
    """As for protecting a machine."""

    label: str | None = None
    path: str


class PlannedMachine(BaseModel):
    """As for protecting a machine."""

    name: str
    volumes: list[PlannedVolume]
    repository: str | None = None
    options: WantedOptions = WantedOptions()


class PlannedSeed(NewSeed):
    """Without a place in `to` only its size is told."""

    to: list[str] = Field(default_factory=list)


@router.post("/machines/plan")
def protect_plan(body: PlannedMachine, by: Administrator) -> ProtectPlan:
    """What there is to protect, and what is in the way. Takes some seconds with large volumes."""
    volumes = [(volume.label, native_volume(volume.path)) for volume in body.volumes]
    options = body.options.model_dump(exclude_none=True)
    return by.core.foresee.protecting.plan(body.name, volumes, repository=body.repository, options=options)


@router.post("/seeds/plan")
def seed_plan(body: PlannedSeed, by: Seeder) -> SeedPlan:
    """What writing a seed drive would put where, and what would be lost there. Asks the target what it has."""
    return by.core.foresee.seeding.plan(
        body.pairing,
        [_native(path) for path in body.to],
        machines=body.machines,
        segment_size=body.segment_size,
        medium_size=body.medium_size,
        reuse=body.reuse,
        chains=body.chains,
        customer_id=body.customer_id,
        comment=body.comment,
    )


@router.post("/seeds/consume-plan")
def consume_plan(body: WantedConsume, by: Seeder) -> ConsumePlan:
    """What consuming a seed drive would bring, as its manifest says, and which orphans it would make whole."""
    return by.core.foresee.consuming.plan(
        [_native(path) for path in body.paths], machines=body.machines, repositories=body.repositories
    )


@router.post("/points/{point}/restore-plan")
def restore_plan(point: str, body: WantedFiles, by: Restorer) -> RestorePlan:
    """What restoring would write, what stands there already, and what is not on this Core."""
    return by.core.foresee.restoring.plan(
        point, body.paths, _native(body.to), overwrite=body.overwrite, partial=body.partial
    )


@router.post("/points/{point}/restore-volumes-plan")
def restore_volumes_plan(point: str, body: WantedVolumes, by: Restorer) -> VolumesPlan:
    """What restoring volumes as a whole would do. Without a place a volume is only told of; without volumes all are."""
    disks = [(disk.volume, _native(disk.to)) for disk in body.disks]
    return by.core.foresee.restoring_volumes.plan(point, disks, confirm=body.confirm, overwrite=body.overwrite)


@router.post("/points/{point}/ask-source")
def ask_source(point: str, by: Seeder) -> Wished:
    """Leaves the wish that the source sends by wire what this point lacks. Refused: `point-whole`, `no-source`."""
    return by.core.asking.ask(point)


def _native(path: str) -> str:
    return os.fsdecode(paths.from_text(path))
