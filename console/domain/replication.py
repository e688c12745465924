"""What has to be copied from a source to a target, and the two ends that do not know where they are.

A local repository is both ends, the wire is both, a seed drive is a target end while it is written and a source end
while it is consumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from console.domain.machines import Machine
from console.domain.objects import ObjectRef
from console.domain.recovery_points import RecoveryPoint, VolumeImage
from console.domain.seeds import SeedState


@dataclass(frozen=True, slots=True)
class Holding:
    """What a target holds of one image. `here`: its own increment is durable there (it is committed).

    `whole`: its whole chain is. `names`: every tree and list node of its root is there, so all its files can be named.
    """

    image: str
    here: bool
    whole: bool
    names: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One image to send. `names`: send every node of its tree, not only the increment's, because the target has not
    got the parent's; then an orphan can name all its files."""

    point: str
    image: str
    names: bool


class WithheldReason(StrEnum):
    AT_TARGET = "at-target"
    ON_SEED = "on-seed"
    DAMAGED_HERE = "damaged-here"
    NOT_WHOLE_HERE = "not-whole-here"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Withheld:
    """Why an image is not sent now. `detail` is the seed's id where that is the reason."""

    point: str
    image: str
    reason: WithheldReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ReplicationPlan:
    """Ordered steps (parents before children, older before newer), and a named reason for everything else."""

    steps: tuple[Step, ...]
    withheld: tuple[Withheld, ...]


@dataclass(frozen=True, slots=True)
class Reservation:
    """An image set aside for a seed."""

    seed: str
    state: SeedState


@dataclass(frozen=True, slots=True)
class SourceImage:
    """`here`: the source holds the image's own increment, undamaged (one it replicates onward may not be)."""

    point: str
    image: str
    parent: str | None
    time_us: int
    here: bool = True


def plan_replication(
    images: Iterable[SourceImage],
    held: Mapping[str, Holding],
    reserved: Mapping[str, Reservation],
    *,
    paused: bool = False,
) -> ReplicationPlan:
    """The difference between two Cores for one machine, as ordered steps.

    Pure: source images, what the target holds, what is set aside for seeds, settings. An image whose seed still
    reserves it is never sent. A parent that the target lacks does not stop its child: the child arrives as an orphan,
    with all its names. Steps run oldest first, a parent always before its children.
    """
    ordered = sorted(images, key=lambda image: (image.time_us, image.point, image.image))
    known = {image.image: image for image in ordered}
    placed: set[str] = set()
    steps: list[Step] = []
    withheld: list[Withheld] = []
    names: dict[str, bool] = {image: holding.names for image, holding in held.items() if holding.here}

    def place(image: SourceImage) -> None:
        stack = [image]
        while stack:
            current = stack[-1]
            parent = known.get(current.parent) if current.parent else None
            if parent is not None and parent.image not in placed and parent not in stack:
                stack.append(parent)
                continue
            stack.pop()
            if current.image not in placed:
                placed.add(current.image)
                decide(current)

    def decide(image: SourceImage) -> None:
        holding = held.get(image.image)
        reservation = reserved.get(image.image)
        if holding is not None and holding.here:
            withheld.append(Withheld(image.point, image.image, WithheldReason.AT_TARGET))
        elif reservation is not None and reservation.state.reserves:
            withheld.append(Withheld(image.point, image.image, WithheldReason.ON_SEED, reservation.seed))
        elif not image.here:
            withheld.append(Withheld(image.point, image.image, WithheldReason.NOT_WHOLE_HERE))
        elif paused:
            withheld.append(Withheld(image.point, image.image, WithheldReason.PAUSED))
        else:
            need_names = image.parent is not None and not names.get(image.parent, False)
            steps.append(Step(image.point, image.image, need_names))
            names[image.image] = True

    for image in ordered:
        place(image)
    return ReplicationPlan(tuple(steps), tuple(withheld))


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a target end took of a stream of frames. `objects`, `bytes` (stored, with frame headers)."""

    objects: int
    bytes: int


@dataclass(frozen=True, slots=True)
class ImageOffer:
    """What is committed: the point's metadata, which of its images, and of which machine. `names` as in `Step`."""

    machine: Machine
    point: RecoveryPoint
    image: VolumeImage
    names: bool


class SourceEnd(Protocol):
    """Where images come from: a repository here, a seed drive, the wire."""

    def increment(self, image: VolumeImage, *, names: bool) -> Iterator[list[ObjectRef]]:
        """The objects of an image that its parent has not got (all of them for a base), in batches, nodes before what
        they name; with `names` additionally every tree and list node of it. The point's RECORD object comes last.

        Raises Failed(damage) where the source cannot read a node.
        """

    def frames(self, ids: Sequence[bytes]) -> Iterator[bytes | memoryview]:
        """Runs of whole frames (header and stored bytes as they are), each object of `ids` exactly once, in an order
        that suits the source; a piece may hold many frames and is at most some MiB. Digests are verified.

        Raises Failed(damage) naming the object when one cannot be read true.
        """

    def stored_size(self, ids: Sequence[bytes]) -> int:
        """What the frames of these objects take, in bytes; objects that are not there count as nothing."""


class TargetEnd(Protocol):
    """Where images go: a repository here, a seed drive, the wire."""

    def missing(self, ids: Sequence[bytes]) -> list[bytes]:
        """Those of `ids` that the target has not got, in the order given."""

    def store(self, frames: Iterable[bytes | memoryview]) -> Accepted:
        """Takes frames, verifying each. Durable only after `commit`. Arriving twice is stored once.

        Raises Failed(damage) at the first frame that is not what it says; what came before it stays.
        """

    def commit(self, offer: ImageOffer) -> None:
        """Makes everything stored so far durable, checks that the image's own objects are there, then records it.

        Idempotent. Raises Failed with code `objects-missing` when the target lacks objects of the increment.
        """
