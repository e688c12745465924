"""Which images go on a seed drive. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

from console.domain.replication import Holding, ReplicationPlan, Reservation, SourceImage, plan_replication


class Chains(StrEnum):
    """`whole`: everything wanted, each image with its chain to the base. `latest`: the newest point and its chain."""

    WHOLE = "whole"
    LATEST = "latest"


def choose(
    images: Sequence[SourceImage],
    wanted: Collection[str] | None,
    held: Mapping[str, Holding] | None,
    elsewhere: Mapping[str, Reservation],
    chains: Chains,
) -> ReplicationPlan:
    """The steps of one machine, parents first.

    `images`: all of the machine. `wanted`: ids set aside for the drive; None: whatever the target lacks. `held`: what
    the target has; None when it could not be asked: then what was set aside is trusted to be all it lacks.
    `elsewhere`: images on other drives that are on their way.
    """
    chosen = set(wanted) if wanted is not None else {image.image for image in images}
    if chains is Chains.LATEST:
        chosen = _newest(images, chosen)
    if held is not None or wanted is None or chains is Chains.LATEST:
        chosen = _with_chains(images, chosen)
    if held is None and wanted is not None:
        chosen &= set(wanted)
    return plan_replication([image for image in images if image.image in chosen], held or {}, elsewhere)


def _newest(images: Sequence[SourceImage], among: Collection[str]) -> set[str]:
    candidates = [image for image in images if image.image in among]
    newest = max(candidates, key=lambda image: (image.time_us, image.point), default=None)
    return {image.image for image in candidates if newest is not None and image.point == newest.point}


def _with_chains(images: Sequence[SourceImage], chosen: Collection[str]) -> set[str]:
    parents = {image.image: image.parent for image in images}
    closed: set[str] = set()
    for start in chosen:
        image: str | None = start
        while image is not None and image in parents and image not in closed:
            closed.add(image)
            image = parents[image]
    return closed
