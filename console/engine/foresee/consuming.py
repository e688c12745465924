"""What consuming a seed drive would do: what comes, which orphans become whole, what stays one and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from console.catalog import Catalog
from console.domain.answers import FailureAnswer
from console.domain.chains import ChainVerdict, ImageFact
from console.domain.clock import iso
from console.domain.errors import Failed, Failure
from console.domain.machines import Machine
from console.domain.pairing import Pairing
from console.domain.plan_answers import ConsumeMachine, ConsumePlan
from console.domain.progress import Silent
from console.domain.sizes import format_size
from console.engine.orphans import orphans
from console.engine.repositories import Repositories
from console.engine.seed.bringing import Bringing
from console.engine.seed.consume import Consume
from console.engine.seed.looking import pairing_of
from console.seeding.archive import Archive, open_archive
from console.seeding.inspection import segments_on
from console.seeding.manifest import SeedPoint

RATE = 60e6
"""Bytes per second that a drive is taken to give, into a repository that syncs."""


class Consuming:
    """Reads the manifest alone: what it promises is what is told."""

    def __init__(self, catalog: Catalog, repositories: Repositories, core_id: str, consume: Consume) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._core_id = core_id
        self._consume = consume

    def plan(
        self, paths: Sequence[str], *, machines: Sequence[str] = (), repositories: Mapping[str, str] | None = None
    ) -> ConsumePlan:
        """Raises Failed when there is no drive that can be read, as `seeding.archive.open_archive` says, and
        `no-such-machine`; everything else that keeps it from being consumed is in the answer."""
        archive = open_archive([Path(path) for path in paths])
        manifest = archive.manifest
        problems: list[Failure] = []
        pairing = self._pairing(archive, problems)
        chosen = self._consume.chosen(manifest, machines)
        self._consume.refuse_strangers(chosen, repositories or {})
        mine = {machine.id for machine in chosen}
        entries = [entry for entry in manifest.points if entry.point.machine in mine]
        bringing = Bringing(self._catalog, self._repositories, archive, Silent())
        bringing.plan(entries)
        new = {step.image for step in bringing.steps}
        places = {machine.id: self._place(pairing, machine, repositories or {}, problems) for machine in chosen}
        shown = [self._machine(m, places[m.id], [e for e in entries if e.point.machine == m.id], new) for m in chosen]
        size = _size(archive, new)
        homes = {place for place in places.values() if place}
        room = sum(self._repositories.free(self._catalog.repositories.get(home)) for home in homes)
        return {
            "seed": manifest.seed,
            "source": manifest.source.name,
            "comment": manifest.comment,
            "created": iso(manifest.created),
            "machines": shown,
            "points": len(entries),
            "images": len(new),
            "bytes": size,
            "room": room,
            "heals": sum(machine["heals"] for machine in shown),
            "stays": [sentence for machine in shown for sentence in machine["stays"]],
            "segments_missing": [segment.file for segment in archive.missing],
            "estimate_s": round(size / RATE, 1),
            "warnings": self._warnings(archive, new, size, room if homes else None),
            "problems": [cast(FailureAnswer, problem.to_dict()) for problem in problems],
        }

    def _pairing(self, archive: Archive, problems: list[Failure]) -> Pairing | None:
        try:
            return pairing_of(self._catalog, self._core_id, archive)
        except Failed as known:
            problems.append(known.failure)
            return None

    def _place(
        self, pairing: Pairing | None, machine: Machine, wishes: Mapping[str, str], problems: list[Failure]
    ) -> str:
        if pairing is None:
            return ""
        try:
            return self._consume.place(pairing, machine, wishes)
        except Failed as known:
            problems.append(known.failure)
            return ""

    def _machine(self, machine: Machine, place: str, entries: Sequence[SeedPoint], new: set[str]) -> ConsumeMachine:
        known = self._catalog.machines.find(machine.id)
        name = known.name if known else machine.name
        of = {stored.image.id: stored.image.point for stored in self._catalog.points.images_of(machine.id)}
        facts = {fact.id: fact for fact in self._catalog.points.facts(machine.id)}
        before = orphans(facts, of)
        for entry in entries:
            for image in entry.volume_images():
                of[image.id] = entry.point.id
                if image.id in new:
                    facts[image.id] = ImageFact(image.id, image.parent)
            for image in entry.point.images:  # of the same point, and not on the drive
                facts.setdefault(image.id, ImageFact(image.id, image.parent, here=False))
                of.setdefault(image.id, entry.point.id)
        after = orphans(facts, of)
        return {
            "machine": name,
            "machine_id": machine.id,
            "known": known is not None,
            "repository": self._catalog.repositories.get(place).name if place else "",
            "points": len(entries),
            "images": sum(len(entry.images) for entry in entries),
            "images_new": sum(1 for entry in entries for image in entry.images if image in new),
            "heals": len(before.keys() - after.keys()),
            "stays": self._stays(name, after),
        }

    def _stays(self, name: str, after: Mapping[str, ChainVerdict]) -> list[str]:
        """One sentence for each image that points still wait for."""
        waiting = Counter(verdict.missing or "" for verdict in after.values())
        expected = self._catalog.seeds.expected([image for image in waiting if image])
        sentences = []
        for image, points in waiting.most_common():
            coming = expected.get(image)
            why = f"it comes with {coming.text}" if coming else "it is not on this drive"
            many = "1 point stays an orphan" if points == 1 else f"{points} points stay orphans"
            sentences.append(f"“{name}”: {many}, because image {image[:12]} is not here: {why}.")
        return sentences

    def _warnings(self, archive: Archive, new: set[str], size: int, room: int | None) -> list[str]:
        warnings = [problem.message for problem in archive.problems]
        if archive.missing:
            warnings.append(
                f"{len(archive.missing)} of {len(archive.manifest.segments)} segments are on none of the given media. "
                "What lies on them stays outstanding; attach those media too, or consume again later."
            )
        there = [found for found in segments_on(archive) if found.path is not None]
        wrong = [found.segment.file for found in there if not found.length_right]
        if wrong:
            warnings.append(f"Not as long as they should be: {', '.join(wrong[:5])}. What is whole in them is taken.")
        if room is not None and size > room:
            warnings.append(f"It may not fit: up to {format_size(size)} for {format_size(room)} of free room.")
        if not new:
            warnings.append("Everything on this drive is here already; consuming it changes nothing.")
        return warnings


def _size(archive: Archive, new: set[str]) -> int:
    """About what is read of the drive: all of it, or the part of what is new."""
    images = {image.id: image for entry in archive.manifest.points for image in entry.volume_images()}
    whole = sum(image.bytes_stored for image in images.values())
    wanted = sum(images[image].bytes_stored for image in new)
    if whole == 0:
        return archive.manifest.bytes if new else 0
    return min(archive.manifest.bytes, round(archive.manifest.bytes * wanted / whole))
