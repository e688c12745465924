"""One point that is not whole, explained: what is missing, why, what can be restored now, what repairs it."""

from __future__ import annotations

from console.catalog import Catalog, StoredImage
from console.domain import orphans
from console.domain.chains import ChainState, ChainVerdict, WaitingKind
from console.domain.clock import iso
from console.domain.machines import Machine
from console.domain.overview_answers import MissingImage, OrphanAnswer, OrphanImage, RepairAnswer
from console.domain.pairing import Direction, PairingState
from console.engine.points import ImageDetail, Points

MOST_MISSING = 500
"""So many missing images of one chain are named, the nearest first."""


class Explain:
    def __init__(self, catalog: Catalog, points: Points) -> None:
        self._catalog = catalog
        self._points = points

    def point(self, point: str) -> OrphanAnswer:
        """No images: it is whole. Walks the names of what is not. Raises Failed `no-such-recovery-point`."""
        detail = self._points.explain(point)
        view = detail.view
        torn = [image for image in detail.images if image.verdict.state is not ChainState.WHOLE]
        images = [self._image(image, view.machine) for image in torn]
        restorable = sum(image.files_restorable for image in detail.images)
        total = sum(image.files_total for image in detail.images)
        text = "It is whole: everything can be restored."
        if torn:
            whys = [image["why"] for image in images]
            helped = all(image["repairs"] for image in images)
            text = orphans.summary(
                view.restorability, restorable, total, whys, helped=helped, locked=any(i.locked for i in torn)
            )
        return {
            "point": view.point.id,
            "machine": view.machine.name,
            "machine_id": view.machine.id,
            "time": iso(view.point.time),
            "chain": view.state.value,
            "restorability": view.restorability.value,
            "summary": text,
            "images": images,
        }

    def _image(self, detail: ImageDetail, machine: Machine) -> OrphanImage:
        stored = self._catalog.points.image(detail.image.id)
        facts = self._facts(stored, detail.verdict, machine)
        return {
            "image": detail.image.id,
            "volume": detail.image.volume_label,
            "chain": detail.verdict.state.value,
            "cause": orphans.cause(facts).value,
            "why": orphans.why(facts),
            "wait_text": orphans.waits(facts),
            "missing": self._missing(stored),
            "missing_objects": detail.missing_objects,
            "missing_bytes": detail.missing_bytes,
            "files_restorable": detail.files_restorable,
            "files_total": detail.files_total,
            "locked": detail.locked,
            "repairs": [_repair(repair) for repair in orphans.repairs(facts)],
        }

    def _facts(self, image: StoredImage, verdict: ChainVerdict, machine: Machine) -> orphans.OrphanFacts:
        hole = self._catalog.points.find_image(verdict.missing) if verdict.missing else None
        home = self._catalog.repositories.find((hole or image).repository)
        return orphans.OrphanFacts(
            verdict.state,
            hole is not None and hole.here and hole.damaged,
            verdict.missing == image.image.id,
            verdict.missing or "",
            home.name if home else (hole or image).repository,
            self._seed(verdict),
            self._source(machine),
        )

    def _seed(self, verdict: ChainVerdict) -> orphans.SeedFact | None:
        expected = verdict.expected
        if expected is None or expected.kind is not WaitingKind.SEED:
            return None
        seed = self._catalog.seeds.find(expected.id) if expected.id else None
        return orphans.SeedFact(seed.id, seed.title, seed.written) if seed else orphans.SeedFact("", "")

    def _source(self, machine: Machine) -> orphans.SourceFact | None:
        """Of several incoming pairings the one that still lives."""
        found: list[orphans.SourceFact] = []
        for member in self._catalog.members.of_machine(machine.id):
            pairing = self._catalog.pairings.get(member.pairing)
            if pairing.direction is Direction.INCOMING:
                paused = "this Core" if pairing.paused_here else pairing.peer.name if pairing.paused_there else ""
                paused = paused or ("this Core (this machine)" if member.paused else "")
                active = pairing.state is PairingState.ACTIVE
                found.append(orphans.SourceFact(pairing.id, pairing.peer.name, active, paused, pairing.last_contact))
        return max(found, key=lambda source: (source.active, not source.paused_by), default=None)

    def _missing(self, image: StoredImage) -> list[MissingImage]:
        """What is not here of the image and those it builds on, the nearest first."""
        found: list[MissingImage] = []
        cursor: str | None = image.image.id
        seen: set[str] = set()
        facts = {fact.id: fact for fact in self._catalog.points.orphan_facts(image.machine)}
        while cursor is not None and cursor not in seen and len(found) < MOST_MISSING:
            seen.add(cursor)
            fact = facts.get(cursor)
            if fact is None or not fact.here or fact.damaged:
                stored = self._catalog.points.find_image(cursor)
                if fact is None and stored is not None:
                    break
                found.append(self._gone(cursor, image) if stored is None else self._known(stored))
            cursor = fact.parent if fact is not None else None
        return found

    def _known(self, stored: StoredImage) -> MissingImage:
        image = stored.image
        return {
            "image": image.id,
            "point": image.point,
            "volume": image.volume_label,
            "time": iso(self._catalog.points.get(image.point).time),
            "kind": image.kind.value,
            "bytes_stored": image.bytes_stored,
        }

    def _gone(self, id: str, child: StoredImage) -> MissingImage:
        volume = child.image.volume_label
        return {"image": id, "point": None, "volume": volume, "time": None, "kind": None, "bytes_stored": None}


def _repair(repair: orphans.Repair) -> RepairAnswer:
    return {
        "kind": repair.kind.value,
        "text": repair.text,
        "seed": repair.seed,
        "pairing": repair.pairing,
        "repository": repair.repository,
        "possible": not repair.why_not,
        "why_not": repair.why_not,
    }
