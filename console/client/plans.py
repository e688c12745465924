"""Calls that ask before work begins: what is on the Core's machine, and what a job would do. They change nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from console.client.calls import Calls, given, named
from console.domain.plan_answers import (
    ConsumePlan,
    HostDevices,
    HostFolder,
    HostVolumes,
    Media,
    ProtectPlan,
    RestorePlan,
    SeedPlan,
    VolumesPlan,
    Wished,
)


class Plans(Calls):
    async def host_volumes(self) -> HostVolumes:
        """Mounted file systems of the Core's machine, for a person who chooses what to protect."""
        return cast(HostVolumes, await self._get("/host/volumes"))

    async def host_folder(self, path: str = "", *, files: bool = False) -> HostFolder:
        """One directory of the Core's machine, in the text form of `domain.paths`; without one its owner's home."""
        return cast(HostFolder, await self._get("/host/folder", path=path, files=files))

    async def host_devices(self) -> HostDevices:
        """Disks and partitions of the Core's machine, for a person who restores a disk onto one."""
        return cast(HostDevices, await self._get("/host/devices"))

    async def make_folder(self, path: str) -> HostFolder:
        """Makes one directory on the Core's machine, below one that is there."""
        return cast(HostFolder, await self._post("/host/folder", {"path": path}))

    async def media(self) -> Media:
        """Places a seed drive may be written to or read from, and the seed drives on them."""
        return cast(Media, await self._get("/media"))

    async def protect_plan(
        self,
        name: str,
        volumes: Sequence[tuple[str | None, str]],
        *,
        repository: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> ProtectPlan:
        """As for `Client.protect`."""
        body = {
            "name": name,
            "volumes": [{"label": label, "path": path} for label, path in volumes],
            "repository": repository,
            "options": dict(options or {}),
        }
        return cast(ProtectPlan, await self._post("/machines/plan", given(body)))

    async def seed_plan(self, pairing: str, to: Sequence[str], **options: Any) -> SeedPlan:
        """`options` as for `create_seed`."""
        return cast(SeedPlan, await self._post("/seeds/plan", given({"pairing": pairing, "to": list(to), **options})))

    async def consume_plan(
        self, paths: Sequence[str], *, machines: Sequence[str] = (), repositories: Mapping[str, str] | None = None
    ) -> ConsumePlan:
        body = {"paths": list(paths), "machines": list(machines), "repositories": dict(repositories or {})}
        return cast(ConsumePlan, await self._post("/seeds/consume-plan", body))

    async def restore_plan(
        self, point: str, paths: Sequence[str], to: str, *, overwrite: str = "never", partial: bool = False
    ) -> RestorePlan:
        body = {"paths": list(paths), "to": to, "overwrite": overwrite, "partial": partial}
        path = f"/points/{named('recovery point', point)}/restore-plan"
        return cast(RestorePlan, await self._post(path, body))

    async def restore_volumes_plan(
        self,
        point: str,
        disks: Sequence[tuple[str, str]] = (),
        *,
        confirm: Sequence[str] = (),
        overwrite: str = "never",
    ) -> VolumesPlan:
        """As for `restore_volumes`. Without a place a volume is only told of; without `disks` all volumes are."""
        body = {
            "disks": [{"volume": volume, "to": to} for volume, to in disks],
            "confirm": list(confirm),
            "overwrite": overwrite,
        }
        path = f"/points/{named('recovery point', point)}/restore-volumes-plan"
        return cast(VolumesPlan, await self._post(path, body))

    async def ask_source(self, point: str) -> Wished:
        """Leaves the wish that the source Core sends over the wire what this point lacks. Changes that much."""
        return cast(Wished, await self._post(f"/points/{named('recovery point', point)}/ask-source"))
