"""Named worlds: data directories of Cores in situations worth looking at, made for tests, for benchmarks, and for
people who want to see what Replicore looks like at work (`replicore --world NAME`).

Most are made by the engine itself, Core to Core over TLS, on a clock that runs through days in a moment; large ones are
written into the catalog by the batch. They end shortly before now.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from console.domain.clock import Clock
from console.domain.errors import FailureKind, failed
from console.worlds import broken, many, pairs, sealed, small
from console.worlds.relocate import relocate, with_ports
from console.worlds.world import PASSWORDS, World, WorldCore

BUILDERS: dict[str, Callable[[Path, datetime], World]] = {
    "empty": small.empty,
    "one-machine": small.one_machine,
    "two-cores-one-orphan": pairs.two_cores_one_orphan,
    "seed-in-the-post": pairs.seed_in_the_post,
    "broken": broken.broken,
    "sealed": sealed.sealed,
    "many-machines": many.many_machines,
}
"""How each world is made, by its name."""
NAMES = tuple(BUILDERS)


def require(name: str) -> None:
    """Raises Failed `no-such-world`, with the names of all that there are."""
    if name not in BUILDERS:
        raise failed(
            "no-such-world",
            f"There is no sample world “{name}”.",
            f"There are: {', '.join(NAMES)}.",
            FailureKind.NOT_FOUND,
        )


def build(name: str, directory: Path, clock: Clock | None = None) -> World:
    """Makes a world in a new or empty directory. `clock` says when now is. Raises Failed as `require`."""
    require(name)
    if clock is None:
        from console.host.clock import SystemClock

        clock = SystemClock()
    directory.mkdir(parents=True, exist_ok=True)
    return with_ports(BUILDERS[name](directory.resolve(), clock.now()), clock)


__all__ = ["BUILDERS", "NAMES", "PASSWORDS", "World", "WorldCore", "build", "relocate", "require"]
