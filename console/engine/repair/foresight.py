"""What is known to be damaged in a repository, whom it hurts, and who could mend it, without mending anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import cast

from console.catalog import Catalog, StoredImage
from console.domain.answers import FailureAnswer
from console.domain.clock import Clock, iso
from console.domain.errors import Failed, Failure
from console.domain.objects import id_of_hex
from console.domain.pairing import Direction, PairingState
from console.domain.repair_answers import HurtImage, RepairPlan, RepairSource
from console.domain.repositories import DamagedObject, RepositoryInfo
from console.engine.points import Points
from console.engine.repair.drives import attached_drives, named_drives
from console.engine.repositories import Repositories
from console.repository import Repository
from console.seeding.archive import Archive
from console.seeding.reader import SeedReader

LOOK_S = 5.0
"""Parity is read through for so long; what it gives back of the packs after that, nobody knows beforehand."""
SHOWN = 200
"""Objects and images that are named; all are counted."""


class RepairForesight:
    """Finds what checks and readers found; it looks for no damage itself."""

    def __init__(self, catalog: Catalog, repositories: Repositories, points: Points, clock: Clock) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._points = points
        self._clock = clock

    def plan(self, name: str | None, places: Sequence[str] = ()) -> RepairPlan:
        """`places`: as for `Repair.start`; one that holds no seed drive is among the sources, with what is wrong.

        Raises Failed: `no-such-repository`, `no-repository`, what opening it refuses.
        """
        info = self._repositories.choose(name)
        repository = self._repositories.open(info.id)
        known = self._catalog.damage.list(info.id)
        packs = {id_of_hex(one.object): one.pack for one in known if one.object}
        for oid in repository.mending.condemned():
            packs.setdefault(oid, "")
        hurt = self._catalog.points.damaged_in(info.id)
        sources: list[RepairSource] = []
        if packs or hurt or repository.missing_packs:
            sources = [
                *self._parity(repository, packs, {one.pack for one in known if one.pack}),
                *self._others(info, list(packs)),
                *self._drives(list(packs), {stored.machine for stored in hurt}, places),
                *self._cores(hurt),
            ]
        return {
            "repository": info.id,
            "name": info.name,
            "object_count": len(packs),
            "objects": [
                {"object": one.object, "pack": one.pack, "found": iso(one.found), "why": one.why}
                for one in _named(known)
            ],
            "image_count": len(hurt),
            "images": [self._image(stored) for stored in hurt[:SHOWN]],
            "missing_packs": list(repository.missing_packs),
            "sources": sources,
        }

    def _parity(self, repository: Repository, wanted: dict[bytes, str], damaged: set[str]) -> list[RepairSource]:
        packs, _ = repository.parities.used()
        if not packs:
            return []
        in_pack = Counter(wanted.values())
        until = self._clock.monotonic() + LOOK_S
        mended: int | None = 0
        for pack in sorted(damaged | set(repository.missing_packs)):
            if self._clock.monotonic() > until:
                mended = None
                break
            if repository.parities.rescue(pack, 0, 1) is not None:
                mended = (mended or 0) + in_pack[pack]
        repository.parities.forget()
        return [_source("parity", "", "", mended)]

    def _others(self, info: RepositoryInfo, wanted: list[bytes]) -> list[RepairSource]:
        return [
            _asked("repository", other.id, other.name, partial(self._held, other, wanted))
            for other in self._repositories.list()
            if other.id != info.id
        ]

    def _held(self, other: RepositoryInfo, wanted: list[bytes]) -> int:
        return len(wanted) - len(set(self._repositories.open(other.id).missing(wanted)))

    def _drives(self, wanted: list[bytes], machines: set[str], places: Sequence[str]) -> list[RepairSource]:
        found: list[RepairSource] = []
        seeds: set[str] = set()

        def look(archive: Archive) -> None:
            if archive.manifest.seed not in seeds:
                seeds.add(archive.manifest.seed)
                where = str(archive.directories[0])
                found.append(_asked("seed", archive.manifest.seed, where, lambda: _on(archive, wanted)))

        for place in places:
            try:
                for archive in named_drives([place]):
                    look(archive)
            except Failed as known:
                found.append(_source("seed", "", str(Path(place)), None, problem=known.failure))
        for archive in attached_drives(self._catalog, machines):
            look(archive)
        return found

    def _cores(self, hurt: Sequence[StoredImage]) -> list[RepairSource]:
        """Targets: they are asked when it is repaired, and may hold any image of the machines they take."""
        of_machine = Counter(stored.machine for stored in hurt)
        found = []
        for pairing in self._catalog.pairings.list(Direction.OUTGOING):
            if pairing.state is PairingState.ACTIVE:
                members = {member.machine for member in self._catalog.members.list(pairing.id)}
                images = sum(count for machine, count in of_machine.items() if machine in members)
                found.append(_source("core", pairing.id, pairing.name, None, images=images))
        return found

    def _image(self, stored: StoredImage) -> HurtImage:
        view = self._points.view(stored.image.point)
        return {
            "image": stored.image.id,
            "volume": stored.image.volume_label,
            "point": stored.image.point,
            "machine": view.machine.name,
            "machine_id": view.machine.id,
            "time": iso(view.point.time),
            "restorability": view.restorability.value,
        }


def _on(archive: Archive, wanted: list[bytes]) -> int:
    with SeedReader(archive) as reader:
        return len(set(reader.has(wanted)))


def _named(known: Sequence[DamagedObject]) -> Sequence[DamagedObject]:
    return [one for one in known if one.object][:SHOWN]


def _asked(kind: str, id: str, name: str, ask: Callable[[], int]) -> RepairSource:
    try:
        return _source(kind, id, name, ask())
    except Failed as known:
        return _source(kind, id, name, None, problem=known.failure)


def _source(
    kind: str, id: str, name: str, objects: int | None, *, images: int = 0, problem: Failure | None = None
) -> RepairSource:
    told = None if problem is None else cast(FailureAnswer, problem.to_dict())
    return {"kind": kind, "id": id, "name": name, "objects": objects, "images": images, "problem": told}
