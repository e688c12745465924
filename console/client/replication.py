"""Replication: pairings, what is replicated where and when; and the drives that carry it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from console.client.calls import Calls, given, named
from console.domain.answers import JobAnswer, Loss
from console.domain.replication_answers import (
    Abandoned,
    Looked,
    Offers,
    Paired,
    PairingDetailAnswer,
    PairingPage,
    PairingRemoved,
    PlanAnswer,
    Probed,
    SeedAnswer,
    SeedInspectionAnswer,
    SeedPage,
)


class ReplicationCalls(Calls):
    async def probe(self, host: str, port: int) -> Probed:
        """What the Core at an address shows of itself."""
        return cast(Probed, await self._post("/pairings/probe", {"host": host, "port": port}))

    async def look(self, host: str, port: int, user: str, password: str, fingerprint: str) -> Looked:
        """Signs in at the Core at an address to see its repositories. It neither pairs nor leaves anything behind."""
        body = {"host": host, "port": port, "user": user, "password": password, "fingerprint": fingerprint}
        return cast(Looked, await self._post("/pairings/look", body))

    async def pair(
        self, host: str, port: int, user: str, password: str, fingerprint: str, name: str | None = None
    ) -> Paired:
        body = {
            "host": host,
            "port": port,
            "user": user,
            "password": password,
            "fingerprint": fingerprint,
            "name": name,
        }
        return cast(Paired, await self._post("/pairings", given(body)))

    async def pairings(
        self, *, direction: str | None = None, limit: int = 100, after: str | None = None
    ) -> PairingPage:
        return cast(PairingPage, await self._get("/pairings", direction=direction, limit=limit, after=after))

    async def pairing(self, pairing: str) -> PairingDetailAnswer:
        return cast(PairingDetailAnswer, await self._get(f"/pairings/{named('pairing', pairing)}"))

    async def offers(self, pairing: str) -> Offers:
        """Asks the target of an outgoing pairing which repositories it has."""
        return cast(Offers, await self._get(f"/pairings/{named('pairing', pairing)}/repositories"))

    async def edit_pairing(
        self, pairing: str, *, name: str | None = None, host: str | None = None, port: int | None = None
    ) -> PairingDetailAnswer:
        """None: stays as it is. Where the target is reached is not tried before the next contact."""
        path = f"/pairings/{named('pairing', pairing)}"
        body = given({"name": name, "host": host, "port": port})
        return cast(PairingDetailAnswer, await self._call("PATCH", path, body))

    async def add_to_pairing(
        self,
        pairing: str,
        machines: Sequence[str],
        *,
        repositories: Mapping[str, str] | None = None,
        paused: bool = False,
        seed_drive: bool = False,
    ) -> PairingDetailAnswer:
        """`repositories`: machine → the target's repository; the target's default where it is not named."""
        body = {
            "machines": list(machines),
            "repositories": dict(repositories or {}),
            "paused": paused,
            "seed_drive": seed_drive,
        }
        path = f"/pairings/{named('pairing', pairing)}/machines"
        return cast(PairingDetailAnswer, await self._post(path, body))

    async def remove_from_pairing(
        self, pairing: str, machines: Sequence[str] | None, *, delete_points: bool = False
    ) -> PairingRemoved:
        """None: the whole pairing."""
        body = {"machines": None if machines is None else list(machines), "delete_points": delete_points}
        return cast(PairingRemoved, await self._post(f"/pairings/{named('pairing', pairing)}/remove", body))

    async def removal_loss(self, pairing: str, machines: Sequence[str] | None = None) -> Loss:
        """What lies at the target of these machines, None: of the whole pairing."""
        body = {"machines": list(machines) if machines else None}
        return cast(Loss, await self._post(f"/pairings/{named('pairing', pairing)}/loss", body))

    async def pause_pairing(self, pairing: str, machine: str | None = None) -> PairingDetailAnswer:
        path = f"/pairings/{named('pairing', pairing)}/pause"
        return cast(PairingDetailAnswer, await self._post(path, {"machine": machine}))

    async def resume_pairing(self, pairing: str, machine: str | None = None) -> PairingDetailAnswer:
        path = f"/pairings/{named('pairing', pairing)}/resume"
        return cast(PairingDetailAnswer, await self._post(path, {"machine": machine}))

    async def plan(self, pairing: str) -> PlanAnswer:
        return cast(PlanAnswer, await self._get(f"/pairings/{named('pairing', pairing)}/plan"))

    async def force(self, pairing: str) -> JobAnswer:
        return cast(JobAnswer, await self._post(f"/pairings/{named('pairing', pairing)}/force"))

    async def seeds(self, *, pairing: str | None = None, limit: int = 100, after: str | None = None) -> SeedPage:
        return cast(SeedPage, await self._get("/seeds", pairing=pairing, limit=limit, after=after))

    async def seed(self, seed: str) -> SeedAnswer:
        return cast(SeedAnswer, await self._get(f"/seeds/{named('seed drive', seed)}"))

    async def create_seed(self, pairing: str, to: Sequence[str], **options: Any) -> JobAnswer:
        """`to`: directories. `options`: machines, segment_size, medium_size, reuse, chains, customer_id, comment,
        passphrases (that have to open the keys of what goes on it)."""
        body = given({"pairing": pairing, "to": list(to), **options})
        return cast(JobAnswer, await self._post("/seeds", body))

    async def inspect_seed(self, path: str) -> SeedInspectionAnswer:
        return cast(SeedInspectionAnswer, await self._post("/seeds/inspect", {"path": path}))

    async def verify_seed(self, paths: Sequence[str]) -> JobAnswer:
        return cast(JobAnswer, await self._post("/seeds/verify", {"paths": list(paths)}))

    async def consume_seed(
        self, paths: Sequence[str], *, machines: Sequence[str] = (), repositories: Mapping[str, str] | None = None
    ) -> JobAnswer:
        body = {"paths": list(paths), "machines": list(machines), "repositories": dict(repositories or {})}
        return cast(JobAnswer, await self._post("/seeds/consume", body))

    async def abandon_preview(self, seed: str) -> Abandoned:
        """What abandoning it would mean."""
        return cast(Abandoned, await self._get(f"/seeds/{named('seed drive', seed)}/abandon"))

    async def abandon_seed(self, seed: str) -> Abandoned:
        return cast(Abandoned, await self._post(f"/seeds/{named('seed drive', seed)}/abandon"))
