"""What the command line is handed by whoever puts the program together: the ways to a Core of this machine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from console.client.client import Client


class Guest(Protocol):
    """A Core that lives in this process, for as long as a command takes."""

    def busy(self) -> int:
        """How many of its jobs are queued or running."""

    async def drained(self, timeout: float) -> bool:
        """Waits until none is; false when `timeout` seconds were over first."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A way to a Core. `guest`: it is in this process; None: it runs by itself. `set_aside`: files of a damaged catalog
    that were moved out of the way (paths)."""

    client: Client
    guest: Guest | None = None
    set_aside: tuple[str, ...] = ()


class Parts(Protocol):
    def default_data(self) -> Path:
        """The data directory of this user's own Core."""

    def is_set_up(self, data: Path) -> bool:
        """Whether there is a Core in a data directory already."""

    def reach(self, data: Path, *, mend: bool = False) -> AbstractAsyncContextManager[Reached]:
        """The Core of a data directory: the one that runs on it, or one in this process, set up if need be.

        With `mend` a damaged catalog is set aside and an empty one takes its place. Raises Failed
        `data-directory-in-use` when somebody holds the directory and does not answer.
        """

    def serve(
        self, data: Path, listen: str | None, ready: Callable[[dict[str, Any]], None], *, embedded: bool = False
    ) -> None:
        """Runs the Core of a data directory until the process is asked to stop. `ready` is called once, with
        {"core", "name", "address", "host", "port", "fingerprint", "data", "pid"}, as soon as it answers. `embedded`:
        on loopback, on a free port, where neither `listen` nor a setting says otherwise."""

    def open_console(self, data: Path | None, world: str | None) -> int:
        """Opens the desktop program on a data directory (None: this user's own), or on a sample world, until it is
        closed; its exit code. Raises Failed: `no-such-world`, `no-desktop` where that part is not installed."""
