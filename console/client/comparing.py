"""Two Cores side by side."""

from __future__ import annotations

from typing import cast

from console.client.calls import Calls, named
from console.domain.compare_answers import Comparison, Fixing


class ComparingCalls(Calls):
    async def compare(self, pairing: str, *, machine: str | None = None, limit: int = 100) -> Comparison:
        """What this Core and the target of an outgoing pairing have of the same machines. `limit`: differing points
        that are named, per machine."""
        path = f"/pairings/{named('pairing', pairing)}/comparison"
        return cast(Comparison, await self._get(path, machine=machine, limit=limit))

    async def fix_differences(self, pairing: str, machine: str | None = None) -> Fixing:
        """Starts the jobs that make both alike."""
        path = f"/pairings/{named('pairing', pairing)}/comparison-fix"
        return cast(Fixing, await self._post(path, {"machine": machine}))
