"""More parts of a Core, made when they are first asked for: those that look at both sides of a pairing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.engine.made import part
from console.engine.parts import Parts

if TYPE_CHECKING:
    from console.engine.replicate.comparing import Compare


class BetweenParts(Parts):
    """Built from the other parts."""

    @part
    def compare(self) -> Compare:
        from console.engine.replicate.comparing import Compare

        return Compare(self.catalog, self.points, self.peers, self.replicate, lambda: self.repair, self._policy)

    def _policy(self, machine: str) -> str:
        return str(self.rollup.policy(self.catalog.machines.get(machine)).policy)
