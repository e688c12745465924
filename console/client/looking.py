"""Looking into points: checks of them, and what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from console.client.calls import API, Calls, named
from console.client.transport import failure_of
from console.domain.answers import JobAnswer
from console.domain.looking_answers import FolderAnswer


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

    async def folder(self, point: str, volume: str, path: str, *, offset: int = 0, limit: int = 1000) -> FolderAnswer:
        """A window of a folder's names with their attributes. `path` in the text form of `domain.paths`."""
        where = f"/points/{named('recovery point', point)}/folder"
        return cast(FolderAnswer, await self._get(where, volume=volume, path=path, offset=offset, limit=limit))

    async def content(self, point: str, volume: str, path: str, offset: int, length: int) -> bytes:
        """Bytes of a file, proven by the Core; fewer than `length` (at most 16 MiB) only at its end."""
        query = {"volume": volume, "path": path, "offset": str(offset), "length": str(length)}
        where = f"{API}/points/{named('recovery point', point)}/content"
        answer = await self._transport.call("GET", where, query=query, headers=self._headers())
        if answer.status >= 400:
            raise failure_of(answer)
        return answer.body
