"""Which images go on a seed drive. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum

from console.domain.replication import (
    Holding,
    ReplicationPlan,
    Reservation,
    SourceImage,
    Withheld,
    WithheldReason,
    plan_replication,
)


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
        chosen = with_chains(images, chosen)
    if held is None and wanted is not None:
        chosen &= set(wanted)
    return plan_replication([image for image in images if image.image in chosen], held or {}, elsewhere)


def _newest(images: Sequence[SourceImage], among: Collection[str]) -> set[str]:
    candidates = [image for image in images if image.image in among]
    newest = max(candidates, key=lambda image: (image.time_us, image.point), default=None)
    return {image.image for image in candidates if newest is not None and image.point == newest.point}


def with_chains(images: Sequence[SourceImage], chosen: Collection[str]) -> set[str]:
    """Images (ids) with all that they build on, as far as it is among `images`."""
    parents = {image.image: image.parent for image in images}
    closed: set[str] = set()
    for start in chosen:
        image: str | None = start
        while image is not None and image in parents and image not in closed:
            closed.add(image)
            image = parents[image]
    return closed


def held_back_sentences(machine: str, withheld: Iterable[Withheld]) -> list[tuple[WithheldReason, str]]:
    """Why images of a machine (its name) are not written, a sentence for each reason: a drive leaves out thousands."""
    numbers = Counter((one.reason, one.detail if one.reason is WithheldReason.ON_SEED else "") for one in withheld)
    told = []
    for (reason, detail), number in sorted(numbers.items()):
        why = {
            WithheldReason.AT_TARGET: "the target has them",
            WithheldReason.ON_SEED: f"they are on the seed drive {detail[:8]}",
            WithheldReason.DAMAGED_HERE: "they are damaged here",
            WithheldReason.NOT_WHOLE_HERE: "they build on images that are not here",
            WithheldReason.PAUSED: "replication is paused",
            WithheldReason.GONE_THERE: "the target has rolled them up",
        }[reason]
        images = "1 image is" if number == 1 else f"{number} images are"
        told.append((reason, f"“{machine}”: {images} not written, because {why}."))
    return told
