"""More parts of a Core, made when they are first asked for: those that look at both sides of a pairing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.engine.made import part
from console.engine.parts import Parts

if TYPE_CHECKING:
    from console.engine.foresee.foresee import Foresee
    from console.engine.replicate.comparing import Compare
    from console.engine.replicate.copies import Copies
    from console.engine.triggers import Triggers


class BetweenParts(Parts):
    """Built from the other parts."""

    @part
    def compare(self) -> Compare:
        from console.engine.replicate.comparing import Compare

        return Compare(self.catalog, self.points, self.peers, self.replicate, lambda: self.repair, self._policy)

    def _policy(self, machine: str) -> str:
        return str(self.rollup.policy(self.catalog.machines.get(machine)).policy)

    @part
    def copies(self) -> Copies:
        from console.engine.replicate.copies import Copies

        return Copies(self.catalog, self.repositories, self.jobs, self.journal, self.clock, self.peers, self.replicate)

    @part
    def foresee(self) -> Foresee:
        from console.engine.foresee.foresee import Foresee

        return Foresee(
            self.catalog,
            self.repositories,
            self.clock,
            self.identity,
            self.me,
            self.seed,
            self.consume,
            self.protect,
            self.restore,
            self.restore_volumes,
        )

    @part
    def triggers(self) -> Triggers:
        from console.engine.triggers import Triggers

        return Triggers(self.catalog, self.replicate)

    def arrived(self, machine: str) -> None:
        if len(self.catalog.members.of_machine(machine)) > 1:
            self.triggers.arrived(machine)
