"""Seed drives that are attached to this machine, as givers of lost objects."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from console.catalog import Catalog
from console.domain.errors import Failed
from console.host.disks import mounts
from console.seeding.archive import Archive, SeedDirectory, open_archive, seeds_at
from console.seeding.media import removable

log = logging.getLogger(__name__)

_MOST = 64
"""Directories of a medium that are looked into for seeds."""


def named_drives(places: Sequence[str]) -> list[Archive]:
    """The seeds at places a person named; several places of one seed count as one. Raises Failed as `open_archive`."""
    by_seed: dict[str, list[Path]] = {}
    for place in places:
        found = seeds_at(Path(place))
        if not found:
            open_archive([Path(place)])  # says what is wrong
        for directory in found:
            by_seed.setdefault(directory.seed, []).append(directory.path)
    return [open_archive(paths) for paths in by_seed.values()]


def attached_drives(catalog: Catalog, machines: set[str]) -> Iterator[Archive]:
    """Seeds on removable media, and where seed drives were written to or read from before, that have points of one of
    `machines` (ids). What cannot be read is passed over."""
    by_seed: dict[str, list[Path]] = {}
    for directory in _directories(catalog):
        signed = directory.signed
        if signed is not None and machines & {point.point.machine for point in signed.manifest.points}:
            paths = by_seed.setdefault(directory.seed, [])
            if directory.path not in paths:
                paths.append(directory.path)
    for paths in by_seed.values():
        try:
            yield open_archive(paths)
        except Failed as known:
            log.info("a seed drive is not used for a repair: %s", known.failure.message)


def _directories(catalog: Catalog) -> Iterator[SeedDirectory]:
    places = [mount.path for mount in mounts() if removable(mount.device)]
    for seed in catalog.seeds.list():
        places += [Path(text) for text in seed.location.split("; ") if text]
    for place in dict.fromkeys(places):
        try:
            found = seeds_at(place)
            yield from found
            if not found and place.is_dir():
                for child in islice(sorted(place.iterdir()), _MOST):
                    yield from seeds_at(child)
        except OSError as error:
            log.info("%s is not looked into for seed drives: %s", place, error)
