"""Calls about repositories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from console.client.calls import Calls, given, named
from console.domain.answers import JobAnswer
from console.domain.repair_answers import RepairPlan, RepositoryGrowth
from console.domain.repository_answers import RepositoryAnswer, RepositoryDetail, RepositoryPage


class RepositoryCalls(Calls):
    async def repositories(self, *, limit: int = 100, after: str | None = None) -> RepositoryPage:
        return cast(RepositoryPage, await self._get("/repositories", limit=limit, after=after))

    async def repository(self, repository: str) -> RepositoryDetail:
        return cast(RepositoryDetail, await self._get(f"/repositories/{named('repository', repository)}"))

    async def create_repository(
        self, name: str, path: str, *, default: bool = False, limit: int | None = None, parity: int | None = None
    ) -> RepositoryAnswer:
        """`limit`: bytes its packs may have; `parity`: percent of each."""
        body = {"name": name, "path": path, "default": default, "limit": limit, "parity": parity}
        return cast(RepositoryAnswer, await self._post("/repositories", given(body)))

    async def adopt_repository(self, name: str, path: str) -> RepositoryAnswer:
        """One that lies on the Core's machine already."""
        return cast(RepositoryAnswer, await self._post("/repositories/adopt", {"name": name, "path": path}))

    async def edit_repository(
        self,
        repository: str,
        *,
        name: str | None = None,
        limit: int | None = None,
        default: bool = False,
        parity: int | None = None,
    ) -> RepositoryAnswer:
        """What is None stays. `limit`: bytes its packs may have, 0: what the disk takes; `parity`: percent of each pack
        from now on, 0: none."""
        body = given({"name": name, "limit": limit, "default": default, "parity": parity})
        path = f"/repositories/{named('repository', repository)}"
        return cast(RepositoryAnswer, await self._call("PATCH", path, body))

    async def check_repository(
        self, repository: str | None, *, read_data: bool = False, ids: bool = False
    ) -> JobAnswer:
        """None: the default repository."""
        body = {"repository": repository, "read_data": read_data, "ids": ids}
        return cast(JobAnswer, await self._post("/checks", body))

    async def repair_repository(self, repository: str | None, places: Sequence[str] = ()) -> JobAnswer:
        """None: the default repository. `places`: directories of seed drives, in the text form of paths."""
        return cast(JobAnswer, await self._post("/repairs", {"repository": repository, "places": list(places)}))

    async def repair_plan(self, repository: str | None, places: Sequence[str] = ()) -> RepairPlan:
        """What is known of the damage of a repository (None: the default one), and who could mend it. Changes nothing.
        `places` as for `repair_repository`."""
        return cast(RepairPlan, await self._post("/repairs/plan", {"repository": repository, "places": list(places)}))

    async def repository_growth(self, repository: str) -> RepositoryGrowth:
        return cast(RepositoryGrowth, await self._get(f"/repositories/{named('repository', repository)}/growth"))

    async def make_parity(self, repository: str | None) -> JobAnswer:
        """None: the default repository."""
        return cast(JobAnswer, await self._post("/parities", {"repository": repository}))

    async def rebuild_index(self, repository: str | None) -> JobAnswer:
        """None: the default repository."""
        return cast(JobAnswer, await self._post("/indexes", {"repository": repository}))

    async def reclaim_repository(self, repository: str | None, *, dry_run: bool = False) -> JobAnswer:
        """None: the default repository. With `dry_run` its result only says what would be done."""
        return cast(JobAnswer, await self._post("/reclaims", {"repository": repository, "dry_run": dry_run}))

    async def move_repository(self, repository: str, to: str) -> JobAnswer:
        """`to`: a new or empty directory on the Core's machine, in the text form of paths."""
        path = f"/repositories/{named('repository', repository)}/move"
        return cast(JobAnswer, await self._post(path, {"to": to}))

    async def remove_repository(self, repository: str) -> RepositoryAnswer:
        return cast(RepositoryAnswer, await self._call("DELETE", f"/repositories/{named('repository', repository)}"))
