"""What has to be copied from a source to a target, and the two ends that do not know where they are.

A local repository is both ends, the wire is both, a seed drive is a target end while it is written and a source end
while it is consumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from console.domain.keys import WrappedKey
from console.domain.machines import Machine
from console.domain.objects import ObjectRef
from console.domain.recovery_points import RecoveryPoint, VolumeImage
from console.domain.seeds import SeedState


@dataclass(frozen=True, slots=True)
class Holding:
    """What a target holds of one image. `here`: its own increment is durable there (it is committed).

    `whole`: its whole chain is. `names`: every tree and list node of its root is there, so all its files can be named.
    `parent`: of what is here and not whole, the image that it builds on there; else empty. `gone`: it was there, and
    was rolled up or deleted; the other fields then say what keeps a source that does not know this one from sending it.
    """

    image: str
    here: bool
    whole: bool
    names: bool
    parent: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One image to send. `names`: send every node of its tree, not only the increment's, because the target has not
    got the parent's; then an orphan can name all its files. `moved`: it goes as one that builds on `parent` (None: on
    nothing), because what it builds on here was rolled up there."""

    point: str
    image: str
    names: bool
    moved: bool = False
    parent: str | None = None


class WithheldReason(StrEnum):
    AT_TARGET = "at-target"
    ON_SEED = "on-seed"
    DAMAGED_HERE = "damaged-here"
    NOT_WHOLE_HERE = "not-whole-here"
    PAUSED = "paused"
    GONE_THERE = "gone-there"


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

    What the target has rolled up is not sent again, and what builds on it goes as built on its nearest ancestor that
    was not. What the target has as an orphan of an image that was rolled up *here* is offered again with the parent it
    has now, when that heals it or the old one is not there.
    """
    ordered = sorted(images, key=lambda image: (image.time_us, image.point, image.image))
    known = {image.image: image for image in ordered}
    placed: set[str] = set()
    sending: set[str] = set()
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

    def parent_there(image: SourceImage) -> str | None:
        parent = image.parent
        while parent is not None and parent in known and parent in held and held[parent].gone:
            parent = known[parent].parent
        return parent

    def heals(holding: Holding, parent: str | None) -> bool:
        """Whether an orphan there is to be offered with another parent (SCHEMA.md, "images", is what it goes by)."""
        if holding.whole or not holding.parent or holding.parent == parent:
            return False
        if parent is None or parent in sending or (parent in held and held[parent].whole):
            return True
        return holding.parent not in held or not held[holding.parent].here

    def decide(image: SourceImage) -> None:
        holding = held.get(image.image)
        reservation = reserved.get(image.image)
        parent = parent_there(image)
        if holding is not None and holding.gone:
            withheld.append(Withheld(image.point, image.image, WithheldReason.GONE_THERE))
        elif holding is not None and holding.here and not heals(holding, parent):
            withheld.append(Withheld(image.point, image.image, WithheldReason.AT_TARGET))
        elif reservation is not None and reservation.state.reserves:
            withheld.append(Withheld(image.point, image.image, WithheldReason.ON_SEED, reservation.seed))
        elif not image.here:
            withheld.append(Withheld(image.point, image.image, WithheldReason.NOT_WHOLE_HERE))
        elif paused:
            withheld.append(Withheld(image.point, image.image, WithheldReason.PAUSED))
        else:
            need_names = parent is not None and not names.get(parent, False)
            if parent == image.parent:
                steps.append(Step(image.point, image.image, need_names))
            else:
                steps.append(Step(image.point, image.image, need_names, True, parent))
            names[image.image] = True
            sending.add(image.image)

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
    """What is committed: the point's metadata, which of its images, and of which machine. `names` as in `Step`.
    `keys`: those it is sealed with, under their passphrases. `again`: the target has let go of the image, and somebody
    at the source wants it there once more."""

    machine: Machine
    point: RecoveryPoint
    image: VolumeImage
    names: bool
    keys: tuple[WrappedKey, ...] = ()
    again: bool = False


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

    def missing(self, ids: Sequence[bytes], *, sealed: bool = False) -> list[bytes]:
        """Those of `ids` that the target has not got, in the order given. `sealed`: they are of a sealed image; for any
        other what the target has sealed under such an id counts as missing."""

    def store(self, frames: Iterable[bytes | memoryview]) -> Accepted:
        """Takes frames, verifying each. Durable only after `commit`. Arriving twice is stored once.

        Raises Failed(damage) at the first frame that is not what it says; what came before it stays.
        """

    def commit(self, offer: ImageOffer) -> None:
        """Makes everything stored so far durable, checks that the image's own objects are there, then records it.

        Idempotent. Raises Failed with code `objects-missing` when the target lacks objects of the increment.
        """
