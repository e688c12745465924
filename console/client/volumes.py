"""Volumes that are no directory trees: feeding them into a backup, restoring them as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import cast

from console.client.calls import Calls, named
from console.domain.answers import Fed, JobAnswer

STILL_S = 15.0
"""Who feeds says so often (seconds) that he is there still."""


class Volumes(Calls):
    async def back_up_fed(self, machine: str, volume: str, *, base: bool = False) -> JobAnswer:
        """A backup that waits for the bytes of one volume (its label): `feed` gives them."""
        body = {"base": base, "stdin": volume}
        return cast(JobAnswer, await self._post(f"/machines/{named('machine', machine)}/backup", body))

    async def feed(self, job: str, pieces: AsyncIterator[bytes]) -> None:
        """Gives a backup what it waits for; returns when it has taken all. An empty piece says that more comes still,
        and is due every `STILL_S` seconds."""
        given = 0
        async for piece in pieces:
            given = await self._feed(job, given, piece)
        await self._feed(job, given, b"", last=True)

    async def _feed(self, job: str, given: int, piece: bytes, *, last: bool = False) -> int:
        """Returns how much was taken by now: all of it."""
        path = f"/jobs/{named('job', job)}/feed"
        while True:
            fed = cast(Fed, await self._send(path, piece, offset=given, last=last))
            if fed["taken"]:
                return fed["bytes"]

    async def restore_volumes(
        self, point: str, disks: Sequence[tuple[str, str]], *, confirm: Sequence[str] = (), overwrite: str = "never"
    ) -> JobAnswer:
        """`disks`: (label of a volume, where it goes on the Core's machine in the text form of `domain.paths`)."""
        body = {
            "disks": [{"volume": volume, "to": to} for volume, to in disks],
            "confirm": list(confirm),
            "overwrite": overwrite,
        }
        return cast(JobAnswer, await self._post(f"/points/{named('point', point)}/restore-volumes", body))
