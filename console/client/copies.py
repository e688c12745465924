"""Copies of single points at targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from console.client.calls import Calls, named
from console.domain.answers import JobAnswer
from console.domain.copy_answers import CopiesAnswer, RequiredAnswer


class CopyCalls(Calls):
    async def copies(self, point: str, runs: Sequence[str] = ()) -> CopiesAnswer:
        """The point at every target. `runs`: jobs that were to bring it; one that failed is named as the cause."""
        path = f"/points/{named('recovery point', point)}/copies"
        return cast(CopiesAnswer, await self._get(path, runs=",".join(runs) or None))

    async def bring_copies(self, point: str, *, only_required: bool = False) -> CopiesAnswer:
        """Starts runs to the targets that lack the point; `job` of each copy is its run."""
        path = f"/points/{named('recovery point', point)}/copies"
        return cast(CopiesAnswer, await self._post(path, {"only_required": only_required}))

    async def replicate_backup(self, point: str, to: str, *, name: str = "", description: str = "") -> JobAnswer:
        """A job: one existing point to one target now, whatever the schedule."""
        body = {"to": to, "name": name, "description": description}
        path = f"/points/{named('recovery point', point)}/replicate-backup"
        return cast(JobAnswer, await self._post(path, body))

    async def require_copy(self, pairing: str, machine: str, required: bool = True) -> RequiredAnswer:
        """Whether a backup of a machine succeeds only when this target has it too."""
        body = {"machine": machine, "required": required}
        return cast(RequiredAnswer, await self._post(f"/pairings/{named('pairing', pairing)}/require-copy", body))
