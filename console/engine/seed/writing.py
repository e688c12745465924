"""Writing one seed drive: which images, in which order, onto which media, until its manifest says it is finished."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import Cancelled, Failed, refused
from console.domain.machines import Machine
from console.domain.objects import ObjectRef
from console.domain.pairing import CoreIdentity, Pairing
from console.domain.progress import Reporter
from console.domain.recovery_points import VolumeImage
from console.domain.replication import Holding, Step, WithheldReason
from console.domain.seeds import Seed, SeedState
from console.domain.sizes import format_size
from console.engine.ends import LocalSource, offer_of
from console.engine.keys.travel import keys_of, keys_of_images, prove_passphrases
from console.engine.repositories import Repositories
from console.engine.seed.choice import Chains, choose, held_back_sentences
from console.engine.transfer import transfer
from console.seeding.drive import Drive
from console.seeding.manifest import FORMAT, Manifest, encode
from console.seeding.media import MediumFiles, medium_full
from console.seeding.readme import readme
from console.seeding.writer import DEFAULT_SEGMENT, SeedWriter
from console.wire.identity import Identity

Holdings = Callable[[Pairing, str], Mapping[str, Holding]]
"""What the target of a pairing has of a machine (id), by image. Raises Failed when it cannot be asked."""

_SOURCE_DAMAGE = frozenset({"object-missing", "object-damaged", "frame-damaged", "node-invalid"})
_ROOM_PER_IMAGE = 2 << 10
_ROOM_PER_OBJECT = 64
_ROOM = 64 << 10
"""Bytes of a manifest, generously: so much, and so much more per image."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asked for when a seed was to be written. Sizes in bytes."""

    pairing: Pairing
    machines: tuple[Machine, ...]
    places: tuple[Path, ...]
    segment_size: int | None = None
    medium_size: int | None = None
    chains: Chains = Chains.WHOLE
    customer_id: str = ""
    comment: str = ""
    passphrases: tuple[str, ...] = field(default=(), repr=False)
    """With these the keys of what goes on the drive are to be opened, before anything is written."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What goes on the drive, in order; `held_back`: why, and a sentence, what does not. `asked`: the target was."""

    steps: tuple[Step, ...]
    held_back: tuple[tuple[WithheldReason, str], ...]
    at_target: tuple[str, ...]
    asked: bool


class SeedWriting:
    """The work of one job. Changes no row of the catalog."""

    def __init__(
        self,
        catalog: Catalog,
        repositories: Repositories,
        clock: Clock,
        identity: Identity,
        me: CoreIdentity,
        wish: Wish,
        reporter: Reporter,
        files: MediumFiles | None = None,
    ) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._clock = clock
        self._identity = identity
        self._me = me
        self._wish = wish
        self._reporter = reporter
        self._files = files
        self._sources: dict[str, LocalSource] = {}
        self.skipped: list[str] = []
        """Ids of images that cannot be read here any more."""

    def choose(self, wanted: Sequence[str] | None, replaced: Collection[str], holdings: Holdings | None) -> Chosen:
        """`wanted`: what is set aside for the drive; None: all that the target lacks. What is on its way on other
        drives is left out, but for the seeds (ids) that are `replaced` by this one. Asks the target, if it can be."""
        self._reporter.phase(f"Asking “{self._wish.pairing.name}” what it has")
        steps: list[Step] = []
        held_back: list[tuple[WithheldReason, str]] = []
        at_target: list[str] = []
        asked = holdings is not None
        for machine in self._wish.machines:
            images = self._catalog.points.source_images(machine.id)
            held = self._ask(holdings, machine)
            asked = asked and held is not None
            known = {image.image for image in images}
            mine = None if wanted is None else [image for image in wanted if image in known]
            others = {
                image: reservation
                for image, reservation in self._catalog.seeds.reservations(machine.id, self._wish.pairing.id).items()
                if reservation.seed not in replaced and reservation.state is not SeedState.DEFINED
            }
            plan = choose(images, mine, held, others, self._wish.chains)
            steps += plan.steps
            at_target += [w.image for w in plan.withheld if w.reason is WithheldReason.AT_TARGET]
            held_back += held_back_sentences(machine.name, plan.withheld)
        return Chosen(tuple(steps), tuple(held_back), tuple(at_target), asked)

    def prove(self, steps: Sequence[Step]) -> None:
        """Whether the passphrases of the wish open the keys of these images. Raises Failed `wrong-passphrase`. What
        would lie on the drive unsealed is said."""
        if not self._wish.passphrases:
            return
        images = [stored.image for stored in self._catalog.points.find_images([step.image for step in steps]).values()]
        prove_passphrases(keys_of_images(self._catalog, images), self._wish.passphrases)
        bare = sum(not image.key for image in images)
        if bare:
            self._reporter.warn(
                "not-sealed",
                f"{bare} of {len(images)} image(s) on this drive are not sealed with any key: who has the drive can "
                "read them.",
            )

    def measure(self, steps: Sequence[Step], within: float) -> tuple[int, bool]:
        """Bytes that the steps take on a drive, and whether that was counted to the end. What is not counted `within`
        seconds is taken for as much as it took when it was backed up; what it shares with others counts twice then."""
        deadline = self._clock.monotonic() + within
        images = self._catalog.points.find_images([step.image for step in steps])
        seen: set[bytes] = set()
        size, counted = 0, True
        for step in steps:
            if step.image not in images:  # deleted since it was chosen
                continue
            image = self._as_sent(step, images[step.image].image)
            counted = counted and self._clock.monotonic() <= deadline
            if not counted:
                size += image.bytes_stored
                continue
            source = self._source(image)
            try:
                for batch in self._increment(image, step.names):
                    ids = [ref.id for ref in batch if ref.id not in seen]
                    seen.update(ids)
                    size += source.stored_size(ids) + _ROOM_PER_OBJECT * len(ids)
                    if self._clock.monotonic() > deadline:
                        counted = False
                        size += image.bytes_stored
                        break
            except Failed as unreadable:
                if unreadable.failure.code not in _SOURCE_DAMAGE:
                    raise
        return size + _ROOM + _ROOM_PER_IMAGE * len(steps), counted

    def write(self, seed: Seed, steps: Sequence[Step]) -> Manifest:
        """Writes the drive, to the end. Raises Failed as `SeedWriter.store` says, `nothing-to-seed` when none of the
        images could be read, and Cancelled."""
        drive = Drive(
            seed.id,
            self._wish.places,
            medium_size=self._wish.medium_size,
            reserve=_ROOM + _ROOM_PER_IMAGE * len(steps),
            files=self._files,
        )
        size = self._wish.segment_size or DEFAULT_SEGMENT
        with SeedWriter(drive, self._increment, segment_size=size) as writer:
            try:
                images = self._catalog.points.find_images([step.image for step in steps]).values()
                sealed = {bool(stored.image.key) for stored in images}
                note = readme(seed.id, self._me, seed.created, self._wish.comment, self._wish.customer_id, sealed)
                writer.begin(note, self._reporter)
                self._bring(writer, steps)
                writer.seal()
                manifest = self._manifest(seed, writer)
                writer.publish(encode(manifest, self._identity.sign))
            except Failed as known:
                if known.failure.code == "medium-full":
                    raise self._explained(known, writer, steps) from known
                raise
        return manifest

    def _ask(self, holdings: Holdings | None, machine: Machine) -> Mapping[str, Holding] | None:
        if holdings is None:
            return None
        try:
            return holdings(self._wish.pairing, machine.id)
        except Cancelled:
            raise
        except Failed as known:
            self._reporter.log(
                f"“{self._wish.pairing.name}” could not be asked what it has of “{machine.name}” "
                f"({known.failure.message}); what this Core knows decides."
            )
            return None

    def _bring(self, writer: SeedWriter, steps: Sequence[Step]) -> None:
        images = {step.image: self._catalog.points.image(step.image).image for step in steps}
        self._reporter.phase(
            "Writing the drive",
            bytes_total=sum(image.bytes_stored for image in images.values()),
            items_total=len(steps),
        )
        machines = {machine.id: machine for machine in self._wish.machines}
        for step in steps:
            point = self._catalog.points.get(step.point)
            machine = machines[point.machine]
            offer = offer_of(self._catalog, machine, step, steps)
            image = offer.image
            self._reporter.advance(text=f"“{machine.name}”, {point.time:%Y-%m-%d %H:%M} UTC")
            names = step.names or (image.parent is not None and image.parent in self.skipped)
            try:
                transfer(self._source(image), writer, replace(offer, names=names), self._reporter)
            except Failed as known:
                if known.failure.code not in _SOURCE_DAMAGE:
                    raise
                self.skipped.append(image.id)
                self._reporter.warn(
                    known.failure.code,
                    f"Image {image.id[:12]} of “{machine.name}” is not on the drive: {known.failure.message}",
                )
            self._reporter.advance(items=1)
        if len(self.skipped) == len(steps):
            raise refused(
                "nothing-to-seed",
                "None of the images could be read.",
                "Check the repository: replicore repository check --read-data",
            )

    def _manifest(self, seed: Seed, writer: SeedWriter) -> Manifest:
        points = writer.points()
        there = {entry.point.machine for entry in points}
        return Manifest(
            FORMAT,
            seed.id,
            self._wish.pairing.id,
            self._me,
            self._wish.pairing.peer.id,
            self._wish.customer_id,
            self._wish.comment,
            self._clock.now(),
            tuple(machine.abroad() for machine in self._wish.machines if machine.id in there),
            points,
            tuple(writer.segments),
            writer.media(),
            writer.objects,
            writer.written_bytes,
            keys_of(self._catalog, (entry.point for entry in points)),
        )

    def _explained(self, known: Failed, writer: SeedWriter, steps: Sequence[Step]) -> Failed:
        """`medium-full`, with how much more room is needed: what of all images is in no whole segment."""
        writer.drop()
        needed = 0
        for step in steps:
            image = self._as_sent(step, self._catalog.points.image(step.image).image)
            source = self._source(image)
            try:
                for batch in self._increment(image, step.names):
                    self._reporter.check()
                    needed += source.stored_size(writer.missing([ref.id for ref in batch]))
            except Failed as unreadable:
                if unreadable.failure.code not in _SOURCE_DAMAGE:
                    raise
        device = writer.device
        return medium_full(f"{device.title}, number {device.number}", writer.written_bytes, needed)

    def _as_sent(self, step: Step, image: VolumeImage) -> VolumeImage:
        """With the parent that it is to have at the target."""
        if not step.moved:
            return image
        return image.onto(self._catalog.points.image(step.parent).image if step.parent else None)

    def _increment(self, image: VolumeImage, names: bool) -> Iterator[list[ObjectRef]]:
        return self._source(image).increment(image, names=names)

    def _source(self, image: VolumeImage) -> LocalSource:
        repository = self._catalog.points.image(image.id).repository
        if repository not in self._sources:
            self._sources[repository] = LocalSource(self._catalog, self._repositories.open(repository))
        return self._sources[repository]


def written(seed: Seed, manifest: Manifest, places: Sequence[Path], now: datetime) -> Seed:
    """The seed as it is once its manifest lies on the drive."""
    return replace(
        seed,
        state=SeedState.OUTSTANDING,
        images=manifest.images(),
        comment=manifest.comment,
        customer_id=manifest.customer_id,
        location="; ".join(map(str, places)),
        written=now,
        segments=manifest.segments,
        points=len(manifest.points),
        bytes=manifest.bytes,
        oldest=manifest.oldest,
        newest=manifest.newest,
    )


def result(manifest: Manifest, chosen: Chosen, skipped: Sequence[str], seconds: float) -> dict[str, Any]:
    """What `seed create` answers."""
    media = {medium.number: medium.name for medium in manifest.media}
    return {
        "seed": manifest.seed,
        "segments": [
            {
                "file": segment.file,
                "medium": segment.medium,
                "location": media.get(segment.medium, ""),
                "bytes": segment.bytes,
                "digest": segment.digest,
            }
            for segment in manifest.segments
        ],
        "points": len(manifest.points),
        "images": len(manifest.images()),
        "images_skipped": list(skipped),
        "objects": manifest.objects,
        "bytes": manifest.bytes,
        "machines": [machine.name for machine in manifest.machines],
        "target_asked": chosen.asked,
        "duration_s": round(seconds, 3),
    }


def summary(manifest: Manifest) -> str:
    """For the journal."""
    return f"{len(manifest.points)} point(s), {format_size(manifest.bytes)} in {len(manifest.segments)} segment(s)"
