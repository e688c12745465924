"""After a world was made, copied or moved: what its catalogs say of places and ports is mended."""

from __future__ import annotations

import errno
import random
import socket
from dataclasses import replace
from pathlib import Path

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.pairing import Direction
from console.engine.core import CATALOG_FILE, IDENTITY_DIRECTORY
from console.wire.identity import Identity
from console.worlds.world import World

LOOPBACK = "127.0.0.1"
PORTS = range(20_000, 32_000)
"""Below those that systems hand out by themselves."""


def relocate(world: World, directory: Path, clock: Clock) -> World:
    """The world that lies in `directory` now, where everything of `world` was brought; it gets ports of its own.

    Repositories, volumes and seed drives are known under their new places from now on. No Core may run on it. A volume
    that has moved is imaged as a whole at its next backup: its points say where it lay.
    """
    moved = world.at(directory)
    for core in moved.cores:
        with Catalog.open(core.data / CATALOG_FILE, clock) as catalog, catalog.transaction():
            _mend(catalog, str(world.directory), str(directory))
    return with_ports(moved, clock)


def with_ports(world: World, clock: Clock) -> World:
    """The world after each of its Cores was given a port that is free now, and every source told that of its target.
    The ports stay the same however often Cores are started. No Core may run on it."""
    taken: set[int] = set()
    for _ in world.cores:
        taken.add(_free_port(taken))
    cores = tuple(replace(core, port=port) for core, port in zip(world.cores, sorted(taken), strict=True))
    ports = {Identity.load(core.data / IDENTITY_DIRECTORY).fingerprint: core.port for core in cores}
    for core in cores:
        with Catalog.open(core.data / CATALOG_FILE, clock) as catalog, catalog.transaction():
            catalog.settings.set("listen", f"{LOOPBACK}:{core.port}")
            for pairing in catalog.pairings.list(Direction.OUTGOING):
                port = ports.get(pairing.peer.fingerprint)
                if port is not None:
                    catalog.pairings.update(replace(pairing, host=LOOPBACK, port=port))
    return replace(world, cores=cores)


def _free_port(but: set[int]) -> int:
    chosen = random.SystemRandom()
    while True:
        port = chosen.choice(PORTS)
        if port in but:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as door:
            try:
                door.bind((LOOPBACK, port))
            except OSError as problem:
                if problem.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise
                continue
        return port


def _mend(catalog: Catalog, before: str, after: str) -> None:
    def there(path: str) -> str:
        return after + path[len(before) :] if path == before or path.startswith(before + "/") else path

    for repository in catalog.repositories.list():
        catalog.repositories.update(replace(repository, path=there(repository.path)))
    for machine in catalog.machines.list():
        volumes = tuple(replace(volume, path=there(volume.path)) for volume in machine.volumes)
        if volumes != machine.volumes:
            catalog.machines.update(replace(machine, volumes=volumes))
    for seed in catalog.seeds.list():
        places = ", ".join(there(place) for place in seed.location.split(", "))
        if places != seed.location:
            catalog.seeds.update(replace(seed, location=places))
