"""Looking into points: checks of them, and what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from console.client.calls import Calls
from console.domain.answers import JobAnswer


class Looking(Calls):
    async def check_points(
        self,
        points: Sequence[str] = (),
        *,
        machine: str | None = None,
        every: bool = False,
        only: Sequence[str] = (),
    ) -> JobAnswer:
        """Checks these points, or the newest point of a machine (with `every` all of its points). `only`: `checksum`,
        `integrity`, `mountability`, `attachability`; else all four."""
        body = {"points": list(points), "machine": machine, "every": every, "only": list(only)}
        return cast(JobAnswer, await self._post("/points/check", body))
