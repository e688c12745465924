"""The images of a seed drive, one after the other, into the repositories of this Core."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from console.catalog import Catalog
from console.domain.errors import OBJECT_DAMAGE, Failed
from console.domain.machines import Machine
from console.domain.objects import ObjectRef
from console.domain.progress import Reporter
from console.domain.recovery_points import VolumeImage
from console.domain.replication import Holding, ImageOffer, SourceImage, Step, plan_replication
from console.engine.ends import LocalTarget
from console.engine.repositories import Repositories
from console.engine.seed.looking import AnyRepository, damage_row, manifest_row
from console.engine.transfer import Sent, transfer
from console.seeding.archive import Archive
from console.seeding.manifest import SeedPoint
from console.seeding.reader import SeedReader
from console.seeding.verify import LOST, absent_objects

_LEFT_OUT = frozenset({"object-missing", "object-damaged", "objects-missing", "frame-damaged", "node-invalid"})
"""Failures that cost one image; anything else ends the work."""


class Salvage:
    """A drive as source end that gives what is good and keeps still about the rest: the commit will miss it."""

    def __init__(self, reader: SeedReader) -> None:
        self._reader = reader

    def increment(self, image: VolumeImage, *, names: bool) -> Iterator[list[ObjectRef]]:
        """See `domain.replication.SourceEnd`."""
        return self._reader.increment(image, names=names)

    def frames(self, ids: Sequence[bytes]) -> Iterator[bytes | memoryview]:
        """See `domain.replication.SourceEnd`; ends where that would raise for what is damaged or missing."""
        try:
            yield from self._reader.frames(ids)
        except Failed as known:
            if known.failure.code not in OBJECT_DAMAGE:
                raise

    def stored_size(self, ids: Sequence[bytes]) -> int:
        """See `domain.replication.SourceEnd`."""
        return self._reader.stored_size(ids)


class Bringing:
    """One run over a drive. Afterwards: what came, what was here already, what was left out and why."""

    def __init__(self, catalog: Catalog, repositories: Repositories, archive: Archive, reporter: Reporter) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._archive = archive
        self._reporter = reporter
        self._elsewhere = AnyRepository(repositories)
        self._entries: dict[str, SeedPoint] = {}
        self._images: dict[str, VolumeImage] = {}
        self._steps: tuple[Step, ...] = ()
        self._lost: dict[str, list[str]] = defaultdict(list)
        self.sent = Sent()
        self.brought: set[str] = set()
        self.left: set[str] = set()
        """Ids of images that could not be brought in."""
        self.brought_points: set[str] = set()
        self.known_points: set[str] = set()
        """Ids of points of which an image was here already."""
        self.segments_missing: list[str] = []
        self.damaged: list[dict[str, Any]] = []
        """What is wrong with the drive as far as this run came across it, and the images it cost."""

    def plan(self, points: Sequence[SeedPoint]) -> int:
        """What of these points is to be brought in, parents first: how many images."""
        self._entries = {image: entry for entry in points for image in entry.images}
        self._images = {image.id: image for entry in points for image in entry.volume_images()}
        plan = plan_replication(
            [
                SourceImage(entry.point.id, image.id, image.parent, round(entry.point.time.timestamp() * 1e6))
                for entry in points
                for image in entry.volume_images()
            ],
            self._held(self._images),
            {},
        )
        self._steps = plan.steps
        self.known_points = {withheld.point for withheld in plan.withheld}
        return len(plan.steps)

    @property
    def steps(self) -> tuple[Step, ...]:
        """What `plan` found, parents first."""
        return self._steps

    def run(self, machines: Sequence[Machine], places: Mapping[str, str]) -> None:
        """Each image committed by itself. `places`: repository (id) of each machine (id)."""
        known = {machine.id: machine for machine in machines}
        self._reporter.phase("Reading what is on the drive")
        with ExitStack() as opened:
            reader = opened.enter_context(SeedReader(self._archive, self._elsewhere, self._reporter.check))
            self._reporter.phase(
                "Bringing it in",
                bytes_total=sum(self._images[step.image].bytes_stored for step in self._steps),
                items_total=len(self._steps),
            )
            targets: dict[str, LocalTarget] = {}
            for step in self._steps:
                entry, image = self._entries[step.image], self._images[step.image]
                machine = known[entry.point.machine]
                repository = places[machine.id]
                if repository not in targets:
                    target = LocalTarget(self._catalog, self._repositories.open(repository))
                    targets[repository] = opened.enter_context(target)
                self._reporter.advance(text=f"“{machine.name}”, {entry.point.time:%Y-%m-%d %H:%M} UTC")
                self._bring(reader, ImageOffer(machine, entry.point, image, step.names), targets[repository])
                self._reporter.advance(items=1)
            self.segments_missing = [segment.file for segment in self._archive.missing]
            self.damaged = self._rows(reader)

    def _rows(self, reader: SeedReader) -> list[dict[str, Any]]:
        rows = [damage_row(found, self._lost.get(found.object or LOST, ())) for found in reader.damaged]
        rows += [manifest_row(problem) for problem in self._archive.problems]
        named = {image for row in rows for image in row["images"]}
        unexplained = sorted(self.left - named)
        if unexplained and not self._archive.missing:
            why = "The drive has not got all objects of these images."
            rows.append({"file": "", "object": "", "code": "objects-missing", "why": why, "images": unexplained})
        return rows

    def _held(self, images: Mapping[str, VolumeImage]) -> dict[str, Holding]:
        """What is here of these images and of their parents."""
        wanted = {*images, *(image.parent for image in images.values() if image.parent)}
        held = {}
        for image in wanted:
            stored = self._catalog.points.find_image(image)
            if stored is not None:
                held[image] = Holding(image, stored.here and not stored.damaged, whole=False, names=stored.names)
        return held

    def _bring(self, reader: SeedReader, offer: ImageOffer, target: LocalTarget) -> None:
        image = offer.image
        names = offer.names or (image.parent is not None and image.parent in self.left)
        # A drive whose writer knew that the target has the parent's names does not carry them again.
        ways = (True, False) if names else (False,)
        problem = None
        for way in ways:
            problem = self._try(reader, replace(offer, names=way), target)
            if problem is None:
                self.brought.add(image.id)
                self.brought_points.add(offer.point.id)
                return
        assert problem is not None
        self.left.add(image.id)
        carried = image.id in self._entries[image.id].names
        for oid in absent_objects(reader, self._elsewhere, image, names=carried):
            self._lost[oid].append(image.id)
        self._reporter.warn(
            "image-left-out",
            f"Image {image.id[:12]} of “{offer.machine.name}” was not brought in: {problem.failure.message}",
        )

    def _try(self, reader: SeedReader, offer: ImageOffer, target: LocalTarget) -> Failed | None:
        """None when the image was committed, else why not."""
        problem = self._send(reader, offer, target)
        if problem is not None and problem.failure.code == "frame-damaged" and self._prove(reader, offer):
            # Now that it is known which objects are to be left out, the others are taken.
            problem = self._send(reader, offer, target)
        return problem

    def _send(self, reader: SeedReader, offer: ImageOffer, target: LocalTarget) -> Failed | None:
        try:
            self.sent += transfer(Salvage(reader), target, offer, self._reporter)
        except Failed as known:
            if known.failure.code not in _LEFT_OUT:
                raise
            return known
        return None

    def _prove(self, reader: SeedReader, offer: ImageOffer) -> bool:
        """Whether objects were found whose bytes are well, but not those of their id: they are not given again."""
        found = 0
        try:
            for batch in reader.increment(offer.image, names=offer.names):
                self._reporter.check()
                found += len(reader.prove([ref.id for ref in batch]))
        except Failed as known:
            if known.failure.code not in _LEFT_OUT:
                raise
        return found > 0
