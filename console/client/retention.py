"""How long points stay: policies, rollup, holds, the simulator, and the nightly jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from console.client.calls import Calls, named
from console.domain.answers import JobAnswer
from console.domain.retention_answers import (
    KeptAnswer,
    KeptPage,
    RetentionAnswer,
    RetentionPage,
    RollupAnswer,
    SimulationAnswer,
)


class RetentionCalls(Calls):
    async def core_retention(self) -> RetentionAnswer:
        """The Core's own policy."""
        return cast(RetentionAnswer, await self._get("/retention"))

    async def retentions(self, *, text: str | None = None, limit: int = 100, after: str | None = None) -> RetentionPage:
        """What each machine is kept by, by name."""
        return cast(RetentionPage, await self._get("/retention/machines", text=text, limit=limit, after=after))

    async def retention(self, machine: str) -> RetentionAnswer:
        return cast(RetentionAnswer, await self._get(f"/machines/{named('machine', machine)}/retention"))

    async def set_retention(self, machine: str, policy: str | None) -> RetentionAnswer:
        """None: the Core's."""
        path = f"/machines/{named('machine', machine)}/retention"
        return cast(RetentionAnswer, await self._call("PUT", path, {"policy": policy}))

    async def rollup_plan(self, machine: str, *, policy: str | None = None, staying: bool = False) -> RollupAnswer:
        """What a rollup would remove now; `policy`: by another one than it has. `staying`: also what it would leave."""
        path = f"/machines/{named('machine', machine)}/rollup"
        return cast(RollupAnswer, await self._get(path, policy=policy, staying=staying))

    async def roll_up(self, machine: str) -> JobAnswer:
        return cast(JobAnswer, await self._post(f"/machines/{named('machine', machine)}/rollup"))

    async def simulate_retention(
        self,
        machine: str,
        *,
        days: int = 365,
        policy: str | None = None,
        interval_s: int | None = None,
        change: int | None = None,
    ) -> SimulationAnswer:
        """`change`: stored bytes that are new in each backup. What is not given is as the machine's history says."""
        path = f"/machines/{named('machine', machine)}/simulation"
        found = await self._get(path, days=days, policy=policy, interval_s=interval_s, change=change)
        return cast(SimulationAnswer, found)

    async def kept(self, point: str) -> KeptAnswer:
        """What keeps a point, or why it goes with the next rollup."""
        return cast(KeptAnswer, await self._get(f"/points/{named('point', point)}/kept"))

    async def kept_points(self, points: Sequence[str]) -> KeptPage:
        """As `kept`, of many points at once."""
        return cast(KeptPage, await self._post("/points/kept", {"points": list(points)}))

    async def hold(self, point: str, reason: str = "") -> KeptAnswer:
        return cast(KeptAnswer, await self._post(f"/points/{named('point', point)}/hold", {"reason": reason}))

    async def release(self, point: str) -> KeptAnswer:
        return cast(KeptAnswer, await self._post(f"/points/{named('point', point)}/release"))

    async def run_nightly(self) -> JobAnswer:
        """The nightly jobs, now."""
        return cast(JobAnswer, await self._post("/core/nightly"))
