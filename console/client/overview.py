"""Calls of screens that give an overview: home, charts, chain map, search, the orphan in words."""

from __future__ import annotations

from typing import cast

from console.client.calls import Calls, named
from console.domain.overview_answers import (
    ChainMap,
    Days,
    FoundFiles,
    Hits,
    Home,
    OrphanAnswer,
    SafetyPage,
    Throughput,
    Topology,
)


class Overview(Calls):
    async def home(self) -> Home:
        return cast(Home, await self._get("/home"))

    async def safety(
        self,
        *,
        text: str | None = None,
        kind: str | None = None,
        verdict: str | None = None,
        sort: str = "verdict",
        descending: bool = False,
        offset: int = 0,
        limit: int = 100,
    ) -> SafetyPage:
        """Machines, the worst first. `sort`: `verdict`, `name`, `last_point`, `points`, `next_due`, `lag`."""
        return cast(
            SafetyPage,
            await self._get(
                "/safety",
                text=text,
                kind=kind,
                verdict=verdict,
                sort=sort,
                descending=descending,
                offset=offset,
                limit=limit,
            ),
        )

    async def throughput(self, span: str = "24h", machine: str | None = None) -> Throughput:
        """`span`: `24h`, `7d`, `30d`."""
        return cast(Throughput, await self._get("/throughput", span=span, machine=machine))

    async def topology(self) -> Topology:
        return cast(Topology, await self._get("/topology"))

    async def search(self, text: str, *, limit: int = 20) -> Hits:
        """Machines, points, pairings, seed drives, repositories, jobs and events that match a text."""
        return cast(Hits, await self._get("/search", text=text, limit=limit))

    async def chain_map(
        self, machine: str, *, until: str | None = None, limit: int = 500, point: str | None = None
    ) -> ChainMap:
        """The newest `limit` images of each volume, up to a time (ISO 8601); with `point`, those around it."""
        path = f"/machines/{named('machine', machine)}/chain-map"
        return cast(ChainMap, await self._get(path, until=until, limit=limit, point=point))

    async def days(self, machine: str) -> Days:
        return cast(Days, await self._get(f"/machines/{named('machine', machine)}/days"))

    async def orphan(self, point: str) -> OrphanAnswer:
        """Why a point is not whole, in words, and what repairs it."""
        return cast(OrphanAnswer, await self._get(f"/points/{named('recovery point', point)}/orphan"))

    async def find_files(
        self,
        point: str,
        *,
        text: str = "",
        here: bool | None = None,
        limit: int = 200,
        after: str | None = None,
    ) -> FoundFiles:
        """All files of a point in order of their paths, not one directory. `text`: part of the path, case ignored.
        `here`: only those whose bytes are (not) all on this Core."""
        path = f"/points/{named('recovery point', point)}/find-files"
        return cast(FoundFiles, await self._get(path, text=text, here=here, limit=limit, after=after))
