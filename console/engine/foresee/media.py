"""Where a seed drive may be written or read on this machine, and the seed drives that lie there already."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import cast

from console.catalog import Catalog
from console.domain import paths
from console.domain.answers import FailureAnswer
from console.domain.clock import iso
from console.domain.errors import Failed
from console.domain.pairing import CoreIdentity
from console.domain.plan_answers import Media, MediumAnswer, SeedOnMedium
from console.engine.foresee.host import Host, label_of
from console.engine.seed.looking import inspection
from console.host.disks import Mount, Space, labels, mount_of, space
from console.seeding.archive import SeedDirectory, open_archive, seeds_at
from console.seeding.inspection import SeedInspection, machines_on
from console.seeding.media import removable
from console.wire.identity import Identity

MOST_LOOKED_INTO = 64
"""Directories of a medium that are looked into for seeds."""


class MediaHere:
    """Reads manifests and names, never a segment."""

    def __init__(self, catalog: Catalog, identity: Identity, me: CoreIdentity, host: Host) -> None:
        self._catalog = catalog
        self._identity = identity
        self._me = me
        self._host = host

    def list(self) -> Media:
        """Removable media first, then other file systems this Core may write to, then directories elsewhere that seed
        drives were written to or read from before."""
        named = labels()
        found: dict[Path, MediumAnswer] = {}
        for mount, room in self._host.file_systems():
            moves = bool(removable(mount.device))
            medium = self._medium(mount.path, mount, room, label_of(mount, named), moves)
            writable = not mount.read_only and os.access(mount.path, os.W_OK | os.X_OK)
            if moves or writable or medium["seeds"]:
                found[mount.path.resolve()] = medium
        for place in self._known_places():
            real = place.resolve()
            where = mount_of(place)
            try:
                room = space(place)
            except OSError:
                continue
            above = [medium for medium in (real, *real.parents) if medium in found and medium != medium.parent]
            if not above and where is not None:
                moves = bool(removable(where.device))
                found[real] = self._medium(place, where, room, label_of(where, named), moves)
        return {"media": sorted(found.values(), key=lambda medium: not medium["removable"])}

    def _known_places(self) -> Iterator[Path]:
        for seed in self._catalog.seeds.list():
            for text in filter(None, seed.location.split("; ")):
                place = Path(text)
                if any(found.path == place for found in _seeds_at(place)):  # the directory of the seed itself
                    place = place.parent
                if place.is_dir():
                    yield place

    def _medium(self, place: Path, mount: Mount, room: Space, label: str, moves: bool) -> MediumAnswer:
        found = _seeds_on(place, deeper=place.parent != place)
        own = {directory.path for directory in found}
        return {
            "path": _text(place),
            "device": mount.device,
            "file_system": mount.type,
            "label": label,
            "size": room.total,
            "free": room.free,
            "removable": moves,
            "read_only": mount.read_only,
            "seeds": [self._seed(directory) for directory in found],
            "other_entries": 0 if place in own else sum(1 for path in _names(place) if path not in own),
        }

    def _seed(self, directory: SeedDirectory) -> SeedOnMedium:
        """What lies in one directory, by the rules of inspecting a drive; what is wrong with it is no failure."""
        problem: FailureAnswer | None = None
        look: SeedInspection | None = None
        try:
            look = inspection(self._catalog, self._identity, self._me, open_archive([directory.path]))
        except Failed as known:
            problem = cast(FailureAnswer, known.failure.to_dict())
        known_seed = self._catalog.seeds.find(directory.seed) if directory.seed else None
        manifest = directory.signed.manifest if directory.signed else None
        if manifest is None:
            return {
                "seed": directory.seed,
                "path": _text(directory.path),
                "source": "",
                "target": "",
                "comment": known_seed.comment if known_seed else "",
                "created": iso(known_seed.created) if known_seed else "",
                "machines": [],
                "points": 0,
                "bytes": 0,
                "segments_here": 0,
                "segments": 0,
                "ours": known_seed is not None and known_seed.direction.value == "outgoing",
                "expected": False,
                "state": known_seed.state.value if known_seed else "",
                "problem": problem,
            }
        waited = known_seed is None or known_seed.state.reserves
        return {
            "seed": manifest.seed,
            "path": _text(directory.path),
            "source": manifest.source.name,
            "target": self._name(manifest.target),
            "comment": manifest.comment,
            "created": iso(manifest.created),
            "machines": [found.machine.name for found in machines_on(manifest)],
            "points": len(manifest.points),
            "bytes": manifest.bytes,
            "segments_here": sum(1 for part in manifest.segments if (directory.path / part.file).is_file()),
            "segments": len(manifest.segments),
            "ours": manifest.source.id == self._me.id,
            "expected": look is not None and look.consumable and waited,
            "state": known_seed.state.value if known_seed else "",
            "problem": problem,
        }

    def _name(self, core: str) -> str:
        """What a Core is called, as far as it is known here; else the first letters of its id."""
        if core == self._me.id:
            return self._me.name
        for pairing in self._catalog.pairings.list():
            if pairing.peer.id == core:
                return pairing.peer.name
        return core[:8]


def _seeds_on(place: Path, *, deeper: bool) -> list[SeedDirectory]:
    """Seeds at a place, as `seeds_at` finds them, and in the directories of a medium."""
    found = _seeds_at(place)
    known = {directory.path for directory in found}
    if deeper and place not in known:
        inside = (path for path in _names(place) if path not in known and path.is_dir() and not path.is_symlink())
        for child in islice(inside, MOST_LOOKED_INTO):
            found += _seeds_at(child)
    return found


def _seeds_at(place: Path) -> list[SeedDirectory]:
    try:
        return seeds_at(place)
    except OSError:
        return []


def _names(place: Path) -> list[Path]:
    try:
        return sorted(place.iterdir())
    except OSError:
        return []


def _text(path: Path) -> str:
    return paths.to_text(os.fsencode(path))
