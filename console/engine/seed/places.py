"""Where a seed may be written, and what becomes of what lies there already."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path

from console.domain.errors import failed, refused, usage
from console.engine.repositories import Repositories
from console.host.disks import nearest_existing
from console.seeding.archive import SeedDirectory, seeds_at
from console.seeding.drive import is_of_a_seed
from console.seeding.media import MediumFiles, describe, named


class Reuse(StrEnum):
    """What to do with a place that holds seeds already: refuse, replace those of this Core, or erase all of them.

    Other files are never touched.
    """

    NEVER = "never"
    THIS_CORE = "this-core"
    ERASE = "erase"


Judge = Callable[[SeedDirectory], bool]


def named_places(to: Sequence[str]) -> tuple[Path, ...]:
    """The places as paths. Raises Failed: `no-location`, `location-not-absolute`, `location-named-twice`."""
    if not to:
        raise usage("no-location", "No directory was named to write the seed to.", "Name one with --to DIR.")
    places = tuple(Path(place) for place in to)
    for place in places:
        if not place.is_absolute():
            raise usage("location-not-absolute", f"{place} is not an absolute path.", "Name it from the root on.")
    real = [place.resolve() for place in places]
    if len(set(real)) < len(real):
        raise usage("location-named-twice", "The same directory was named twice.", "Name one directory per medium.")
    return places


def check_place(place: Path, repositories: Repositories) -> None:
    """That a seed can be written there at all.

    Raises Failed: `location-in-repository`, `location-not-a-directory`, `medium-read-only`, `medium-not-writable`,
    `medium-gone`.
    """
    _not_inside(place, repositories)
    if os.path.lexists(place) and not place.is_dir():
        raise failed("location-not-a-directory", f"{place} is not a directory.", "Name a directory on the medium.")
    with named(str(place)):
        medium = describe(place)
        ground = nearest_existing(place)
        if medium.read_only or (hasattr(os, "statvfs") and os.statvfs(ground).f_flag & os.ST_RDONLY):
            raise failed(
                "medium-read-only",
                f"The medium at {medium.title} is read-only.",
                "Release its write protection, or mount it for writing, or use another one.",
            )
    if not os.access(ground, os.W_OK | os.X_OK):
        raise failed(
            "medium-not-writable",
            f"This Core may not write to {ground}.",
            "Give the user the Core runs as the right to write there, or use another directory.",
        )


def lying_there(places: Sequence[Path], reuse: Reuse, *, continued: Judge, ours: Judge) -> list[SeedDirectory]:
    """The seeds that `reuse` lets us remove before writing. `continued` says of a seed that it is the one to be written
    on, `ours` that this Core wrote it.

    Raises Failed `location-not-empty`, saying what lies there and of which Core.
    """
    removed: list[SeedDirectory] = []
    for place in places:
        with named(str(place)):
            found = seeds_at(place)
        for seed in found:
            if reuse is Reuse.ERASE or (reuse is Reuse.THIS_CORE and ours(seed)):
                if reuse is Reuse.ERASE or not continued(seed):
                    removed.append(seed)
            elif not continued(seed) and (reuse is Reuse.NEVER or seed.path == place):
                raise refused(
                    "location-not-empty",
                    f"A seed lies there already: {seed.title}.",
                    "Use another directory, or say what may go: --reuse this-core or --reuse erase.",
                )
    return removed


def clear(places: Sequence[Path], seeds: Sequence[SeedDirectory], files: MediumFiles) -> None:
    """Removes those seeds. Raises Failed as `media.named` says."""
    for seed in seeds:
        with named(str(seed.path)):
            if seed.path not in places:
                files.remove_tree(seed.path)
                continue
            for name in files.names(seed.path):
                if is_of_a_seed(name):
                    files.remove(seed.path / name)


def _not_inside(place: Path, repositories: Repositories) -> None:
    holding = repositories.holding(place)
    inside = f"the repository “{holding.name}”" if holding else ""
    if holding is None:
        real = place.resolve()
        for private in repositories.private_paths():
            if real == private.resolve() or private.resolve() in real.parents:
                inside = "the data directory of this Core"
    if inside:
        raise refused(
            "location-in-repository",
            f"{place} lies in {inside}; a seed written there would not leave the house.",
            "Name a directory on the medium that travels.",
        )
