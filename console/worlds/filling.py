"""Histories that nobody backed up: recovery points in numbers, as rows of a catalog, with no objects behind them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from console.catalog import Catalog
from console.domain.machines import Machine, MachineKind, Volume
from console.domain.recovery_points import BaseReason, ImageKind, RecoveryPoint, VolumeImage
from console.worlds.story import HOUR

CHAIN = 48
"""Images of a chain: every so many points a new base."""


def fill(catalog: Catalog, points: int, now: datetime, *, machines: int = 100, core: str = "0" * 32) -> list[Machine]:
    """Adds so many protected machines to a catalog, and so many points in all, one each hour back from `now`; machines
    have one or two volumes. `core`: id of the Core that has them. The catalog has a repository. All is the same for the
    same numbers; a million points take a minute or two."""
    home = catalog.repositories.list()[0].id
    made: list[Machine] = []
    with catalog.transaction():
        for number in range(machines):
            chosen = random.Random(f"machine {number}")
            volumes = tuple(
                Volume(hex_id(chosen), label, f"/srv/{label}") for label in ("system", "data")[: 1 + (number % 4 == 0)]
            )
            made.append(
                Machine(
                    hex_id(chosen),
                    f"machine-{number:04}",
                    MachineKind.PROTECTED,
                    core,
                    home,
                    volumes,
                    now - timedelta(days=400),
                    interval_s=HOUR,
                    next_due=now + timedelta(seconds=HOUR),
                )
            )
            catalog.machines.add(made[-1])
    share, rest = divmod(points, machines)

    def all_of_them() -> Iterator[RecoveryPoint]:
        for number, machine in enumerate(made):
            yield from history(machine, share + (number < rest), now - timedelta(seconds=number % 3600), HOUR)

    with catalog.bulk.unindexed():
        catalog.bulk.add_points(all_of_them(), home)
    return made


def history(
    machine: Machine, points: int, newest: datetime, every_s: float, *, size: int = 0
) -> Iterator[RecoveryPoint]:
    """Points of a machine, oldest first, one every so many seconds until `newest`; every volume has chains of a base
    and its incrementals. `size`: bytes of a volume at first; 0: as it comes."""
    chosen = random.Random(f"history of {machine.id}")
    sizes = {volume.id: size or chosen.randrange(1 << 30, 300 << 30) for volume in machine.volumes}
    last: dict[str, VolumeImage] = {}
    for number in range(points):
        moment = newest - timedelta(seconds=every_s * (points - 1 - number))
        point = hex_id(chosen)
        images = []
        for volume in machine.volumes:
            parent = None if number % CHAIN == 0 else last[volume.id]
            grown = int(sizes[volume.id] * chosen.uniform(0.0002, 0.004))
            sizes[volume.id] += grown // 3
            image = _image(chosen, point, volume, parent, sizes[volume.id], grown, first=number == 0)
            last[volume.id] = image
            images.append(image)
        yield RecoveryPoint(
            point,
            machine.id,
            moment,
            machine.origin_core,
            tuple(images),
            duration_s=round(chosen.uniform(8, 900), 1),
            warnings=0 if chosen.random() < 0.97 else chosen.randrange(1, 40),
        )


def hex_id(chosen: random.Random, digits: int = 32) -> str:
    return chosen.randbytes(digits // 2).hex()


def _image(
    chosen: random.Random, point: str, volume: Volume, parent: VolumeImage | None, size: int, grown: int, *, first: bool
) -> VolumeImage:
    new = size * 3 // 4 if parent is None and first else grown
    return VolumeImage(
        hex_id(chosen),
        point,
        volume.id,
        volume.label,
        ImageKind.INCREMENTAL if parent else ImageKind.BASE,
        None if parent else (BaseReason.FIRST if first else BaseReason.FORCED),
        parent.id if parent else None,
        hex_id(chosen, 64),
        size=size,
        bytes_read=size if parent is None else grown * 2,
        bytes_new=new,
        bytes_stored=new * 5 // 8,
        files=size // 180_000,
        directories=size // 4_000_000,
        parent_root=parent.root if parent else None,
    )
