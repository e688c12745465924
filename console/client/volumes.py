"""Volumes that are no directory trees: feeding them into a backup, restoring them as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import cast

from console.client.calls import Calls, named
from console.domain.answers import Done, JobAnswer

FEED_S = 7 * 24 * 3600.0
"""A stream may take its time."""


class Volumes(Calls):
    async def back_up_fed(self, machine: str, volume: str, *, base: bool = False) -> JobAnswer:
        """A backup that waits for the bytes of one volume (its label): `feed` gives them."""
        body = {"base": base, "stdin": volume}
        return cast(JobAnswer, await self._post(f"/machines/{named('machine', machine)}/backup", body))

    async def feed(self, job: str, pieces: AsyncIterator[bytes]) -> Done:
        """Gives a backup what it waits for, piece by piece; returns when it has taken all."""
        return cast(Done, await self._send(f"/jobs/{named('job', job)}/feed", pieces, timeout=FEED_S))

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
