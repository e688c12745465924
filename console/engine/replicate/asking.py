"""The target asks: images it lacks stand as wishes until the source has read them and sent what it could."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace

from console.catalog import Catalog
from console.domain.chains import ImageFact
from console.domain.clock import Clock
from console.domain.errors import refused
from console.domain.events import Severity
from console.domain.machines import Machine
from console.domain.pairing import Direction, Pairing, PairingState
from console.domain.plan_answers import Wished
from console.domain.recovery_points import RecoveryPoint
from console.engine.journal import Journal
from console.engine.orphans import orphans

SILENT_S = 600.0
"""A source that runs calls every minute; one that has not called for so long is not counted upon."""


@dataclass(frozen=True, slots=True)
class _Lack:
    """Images (ids) that are asked for, and how many points become whole when they are here."""

    images: tuple[str, ...]
    heals: int


class AskSource:
    """Leaves wishes. The source is never called: it reads them at its next contact (PROTOCOL.md, Wishes)."""

    def __init__(self, catalog: Catalog, journal: Journal, clock: Clock) -> None:
        self._catalog = catalog
        self._journal = journal
        self._clock = clock

    def ask(self, point: str) -> Wished:
        """Asks for all that a point and what it builds on lack here. Asking again changes nothing.

        Raises Failed: `no-such-recovery-point`, `point-whole`, `no-source`.
        """
        found = self._catalog.points.get(point)
        machine = self._catalog.machines.get(found.machine)
        lack = self._lack(found)
        if not lack.images:
            raise refused("point-whole", "Nothing of this recovery point is missing here.", "Nothing is to be done.")
        pairing = self._source(machine)
        before = set(self._catalog.wishes.list(pairing.id))
        self._catalog.wishes.add(pairing.id, lack.images, self._clock.now())
        if not before.issuperset(lack.images):
            text = f"“{pairing.name}” is asked to send {len(lack.images)} image(s) of “{machine.name}” by wire."
            self._journal.note(Severity.INFO, "source-asked", text, pairing.id)
        return {
            "pairing": pairing.id,
            "peer": pairing.peer.name,
            "points": lack.heals,
            "text": self._text(pairing, len(lack.images)),
        }

    def ask_again(self, images: Collection[str]) -> dict[str, int]:
        """Wishes for images that were found damaged here of whoever replicates them to this Core, without a person: how
        many of each pairing (by name). Asking again changes nothing; what no source has is passed over."""
        wanted: dict[str, list[str]] = defaultdict(list)
        for image, stored in self._catalog.points.find_images(list(images)).items():
            for member in self._catalog.members.of_machine(stored.machine):
                wanted[member.pairing].append(image)
        asked: dict[str, int] = {}
        for id, lacking in wanted.items():
            pairing = self._catalog.pairings.get(id)
            if pairing.direction is not Direction.INCOMING or pairing.state is not PairingState.ACTIVE:
                continue
            before = set(self._catalog.wishes.list(pairing.id))
            self._catalog.wishes.add(pairing.id, sorted(lacking), self._clock.now())
            asked[pairing.name] = len(lacking)
            if not before.issuperset(lacking):
                text = f"“{pairing.name}” is asked to send {len(lacking)} damaged image(s) again."
                self._journal.note(Severity.INFO, "source-asked", text, pairing.id)
        return asked

    def _lack(self, point: RecoveryPoint) -> _Lack:
        """The images on the way to each base that are not here, or damaged."""
        facts = {fact.id: fact for fact in self._catalog.points.facts(point.machine)}
        lacking: dict[str, None] = {}
        for image in point.images:
            cursor: str | None = image.id
            seen: set[str] = set()
            while cursor is not None and cursor not in seen:
                seen.add(cursor)
                fact = facts.get(cursor)
                if fact is None or not fact.here or fact.damaged:
                    lacking[cursor] = None
                # Of an image that is not known here the source knows what it builds on.
                cursor = fact.parent if fact is not None else None
        of = {stored.image.id: stored.image.point for stored in self._catalog.points.images_of(point.machine)}
        before = orphans(facts, of)
        for wanted in lacking:
            known = facts.get(wanted)
            facts[wanted] = replace(known, here=True, damaged=False) if known else ImageFact(wanted, None)
        after = orphans(facts, of)
        return _Lack(tuple(lacking), len((before.keys() | {point.id}) - after.keys()))

    def _source(self, machine: Machine) -> Pairing:
        for member in self._catalog.members.of_machine(machine.id):
            pairing = self._catalog.pairings.get(member.pairing)
            if pairing.direction is Direction.INCOMING and pairing.state is PairingState.ACTIVE:
                return pairing
        raise refused(
            "no-source",
            f"No Core replicates “{machine.name}” to this one any more; nobody can be asked.",
            "Pair with the source again and add the machine, or consume a seed drive that has the images.",
        )

    def _text(self, pairing: Pairing, images: int) -> str:
        name = pairing.peer.name
        many = "1 image" if images == 1 else f"{images} images"
        last = pairing.last_contact
        if pairing.paused_here or pairing.paused_there:
            who = f"by “{name}”" if pairing.paused_there else "by this Core"
            return f"“{name}” is asked for {many}. The replication is paused {who}; nothing comes before it goes on."
        if last is None:
            return f"“{name}” will be asked for {many}, but has never called. The wish waits for its first call."
        if (self._clock.now() - last).total_seconds() > SILENT_S:
            since = f"{last:%Y-%m-%d %H:%M} UTC"
            return f"“{name}” will be asked for {many}, but has not called since {since}. The wish waits until it does."
        return (
            f"“{name}” is asked for {many} at its next call, which is due within a minute or two, and then sends them."
        )


def wanted_of(catalog: Catalog, pairing: Pairing) -> list[str]:
    """Images (ids) that this Core wishes of a source; what is here by now, or misses nobody, is wished for no more."""
    wished = catalog.wishes.list(pairing.id)
    if not wished:
        return []
    stored = catalog.points.find_images(wished)
    members = {member.machine for member in catalog.members.list(pairing.id)}
    ended = []
    for image in wished:
        known = stored.get(image)
        if known is None:
            needed = bool(catalog.points.dependents([image]))
        else:
            needed = known.machine in members and (not known.here or known.damaged)
        if not needed:
            ended.append(image)
    if ended:
        catalog.wishes.remove(pairing.id, ended)
    return [image for image in wished if image not in set(ended)]
