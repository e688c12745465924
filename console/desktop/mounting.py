"""Recovery points of one Core as folders of this computer: the way to its mounts, and where they go by default."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from console.client.mounts import Mount, Mounts
from console.domain.clock import from_iso
from console.flows.wording import say

_UNFIT = re.compile(r"[^\w.@+-]+")
"""What is rather not in the name of a directory."""


@dataclass(frozen=True, slots=True)
class Mounting:
    """`way`: options of the command line that lead to the Core. `core`: its key in this window."""

    mounts: Mounts
    core: str
    way: Sequence[str]

    async def mount(self, point: str, what: str, place: str) -> Mount:
        """Raises Failed as `Mounts.mount`."""
        return await self.mounts.mount(self.core, self.way, point, what, place)


def title_of(machine: str, moment: str) -> str:
    """What a point is called in the list of mounts. `moment`: ISO."""
    when = from_iso(moment).astimezone().strftime("%Y-%m-%d %H:%M")
    return say("{machine}, {when}", machine=machine, when=when)


def usual_place(machine: str = "", moment: str = "") -> str:
    """A directory that says what it shows, below the home of whoever looks. Without a machine: for all points."""
    if not machine:
        return str(Path.home() / "Replicore" / "all")
    when = from_iso(moment).astimezone().strftime("%Y-%m-%d %H.%M.%S")
    return str(Path.home() / "Replicore" / f"{_UNFIT.sub('-', machine)} {when}")
