"""What writing a seed drive would do: which images, how many bytes, what becomes of each medium."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from console.catalog import Catalog
from console.domain import paths
from console.domain.answers import FailureAnswer
from console.domain.clock import iso
from console.domain.errors import Failed, Failure
from console.domain.plan_answers import MediumPlan, SeedPlan
from console.domain.replication import WithheldReason
from console.domain.seeds import SeedState
from console.domain.sizes import format_size
from console.engine.repositories import Repositories
from console.engine.seed.create import Foreseen, nothing_to_seed
from console.engine.seed.drives import SeedDrives
from console.engine.seed.places import check_place
from console.engine.seed.writing import Wish
from console.host.disks import nearest_existing, same_file_system
from console.seeding.archive import SeedDirectory, seeds_at
from console.seeding.media import describe, medium_full, named
from console.seeding.writer import DEFAULT_SEGMENT

MEASURE_S = 3.0
RATE = 60e6
"""Bytes per second that a USB disk is taken to accept, with every byte read back."""
_KEPT_FREE = 128 << 10
"""Bytes of each medium that a seed does not fill."""


class Seeding:
    """Asks the target what it has, like the job itself; writes nothing."""

    def __init__(self, catalog: Catalog, repositories: Repositories, seed: SeedDrives) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._seed = seed

    def plan(self, pairing: str, to: Sequence[str], **options: Any) -> SeedPlan:
        """`options` as those of `SeedDrives.wish`; without a place only the size is told.

        Raises Failed as `SeedDrives.wish`. What keeps a place from being used, or a drive from being written, is in
        the answer.
        """
        wish, way = self._seed.wish(pairing, to, somewhere=False, **options)
        unusable: dict[Path, Failure] = {}
        for place in wish.places:
            try:
                check_place(place, self._repositories)
                with named(str(place)):
                    seeds_at(place)
            except Failed as known:
                unusable[place] = known.failure
        usable = tuple(place for place in wish.places if place not in unusable)
        creation = self._seed.creation(replace(wish, places=usable), way)
        seen = creation.foresee(self._seed.holdings, MEASURE_S)
        media, without_room = _media(wish, seen, unusable | dict(seen.refused))
        points = self._catalog.points.several(list(dict.fromkeys(step.point for step in seen.chosen.steps)))
        problems = [nothing_to_seed(wish.pairing).failure] if not seen.chosen.steps else []
        # What the target has is no news to anybody; what is held back for another reason may be.
        warnings = [text for why, text in seen.chosen.held_back if why is not WithheldReason.AT_TARGET]
        if not seen.chosen.asked:
            warnings.append(f"“{wish.pairing.name}” could not be asked what it has; what this Core knows decides.")
        if not seen.counted:
            warnings.append("Counting took too long; the size is an estimate.")
        if without_room > 0 and seen.counted and usable:
            problems.append(_no_room(wish, without_room))
        elif without_room > 0 and usable:
            warnings.append(f"The media may be too small: about {format_size(without_room)} may have no room.")
        return {
            "pairing": wish.pairing.id,
            "name": wish.pairing.name,
            "machines": [machine.name for machine in wish.machines if machine.id in {p.machine for p in points}],
            "points": len(points),
            "images": len(seen.chosen.steps),
            "bytes": seen.bytes,
            "oldest": iso(min(point.time for point in points)) if points else None,
            "newest": iso(max(point.time for point in points)) if points else None,
            "media": media,
            "estimate_s": round(seen.bytes / RATE, 1),
            "estimate_text": f"At {format_size(int(RATE))} per second, as a USB disk takes it.",
            "becomes": _becomes(wish, seen),
            "warnings": warnings,
            "problems": [_answer(problem) for problem in problems],
        }


def _media(wish: Wish, seen: Foreseen, problems: dict[Path, Failure]) -> tuple[list[MediumPlan], int]:
    """Each place in the order in which they are filled, and how many bytes have no room on any."""
    rest = seen.bytes
    media: list[MediumPlan] = []
    before: list[tuple[Path, int]] = []
    for place in wish.places:
        problem = problems.get(place)
        lost = seen.lost.get(place, ())
        free = takes = 0
        if problem is None:
            try:
                with named(str(place)):
                    free = describe(place).free
                    shared = sum(taken for other, taken in before if _one_disk(place, other))
            except Failed as known:
                problem = known.failure
            else:
                going = {found.path for found in (*lost, *_begun_there(place, seen))}
                freed = sum(_size(directory) for directory in going)
                room = free + freed - shared - _KEPT_FREE
                if wish.medium_size is not None:
                    room = min(room, wish.medium_size)
                takes = max(0, min(rest, room))
                before.append((place, takes))
        rest -= takes
        media.append(
            {
                "path": paths.to_text(os.fsencode(place)),
                "free": free,
                "segments": math.ceil(takes / (wish.segment_size or DEFAULT_SEGMENT)),
                "bytes": takes,
                "lost": [found.title for found in lost],
                "problem": None if problem is None else _answer(problem),
            }
        )
    return media, rest


def _begun_there(place: Path, seen: Foreseen) -> list[SeedDirectory]:
    """What an earlier attempt at the same seed wrote: it is kept, or makes room."""
    return [found for found in seeds_at(place) if seen.begun is not None and found.seed == seen.begun.id]


def _size(directory: Path) -> int:
    try:
        return sum(child.stat().st_size for child in directory.iterdir() if child.is_file())
    except OSError:
        return 0


def _one_disk(one: Path, other: Path) -> bool:
    try:
        return same_file_system(nearest_existing(one), nearest_existing(other))
    except OSError:
        return False


def _no_room(wish: Wish, missing: int) -> Failure:
    title = ", ".join(map(str, wish.places))
    full = medium_full(title, 0, missing).failure
    text = f"There is not enough room at {title}: about {format_size(missing)} more are needed."
    return replace(full, message=text, hint="Add another medium, or choose a larger one.")


def _becomes(wish: Wish, seen: Foreseen) -> str:
    begun = seen.begun
    if begun is None:
        return f"A new seed drive for “{wish.pairing.name}”."
    if begun.written is None and begun.state is SeedState.DEFINED and not begun.location:
        return f"The seed drive {begun.title} that images were set aside for ({len(begun.images)})."
    return f"The seed drive {begun.title} was begun before; writing it goes on."


def _answer(failure: Failure) -> FailureAnswer:
    return cast(FailureAnswer, failure.to_dict())
