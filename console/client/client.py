"""A Core as its callers see it: one method per call of the API."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote

from console.client.transport import CALL_S, Transport, failure_of
from console.domain.answers import (
    Certificate,
    Changes,
    CoreStatus,
    Dismissed,
    Done,
    EventPage,
    FileList,
    JobAnswer,
    JobLog,
    JobPage,
    Loss,
    MachineAnswer,
    MachinePage,
    MachineRemoved,
    PointDetailAnswer,
    PointPage,
    PointsDeleted,
    RepositoryAnswer,
    RepositoryDetail,
    RepositoryPage,
    SettingAnswer,
    Settings,
    SignedIn,
    UserAnswer,
    UserPage,
)
from console.domain.errors import not_found
from console.domain.jobs import JobState
from console.domain.replication_answers import (
    Abandoned,
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

API = "/api/v1"
WATCH_S = 20.0
"""How long one long poll waits at most; a job that says nothing for so long is asked again."""
SLACK_S = 60.0

Query = Mapping[str, str | int | bool | None]


class Client:
    """Calls to one Core. Raises Failed with the Core's own failure, or `core-unreachable`, `wrong-fingerprint`."""

    def __init__(self, transport: Transport, token: str = "") -> None:
        self._transport = transport
        self._token = token

    async def close(self) -> None:
        await self._transport.close()

    # --- this Core

    async def sign_in(self, user: str, password: str) -> SignedIn:
        """Signs in for all later calls."""
        answer = cast(SignedIn, await self._post("/sign-in", {"user": user, "password": password}))
        self._token = answer["token"]
        return answer

    async def sign_out(self) -> None:
        await self._post("/sign-out")
        self._token = ""

    async def status(self) -> CoreStatus:
        return cast(CoreStatus, await self._get("/core"))

    async def certificate(self) -> Certificate:
        return cast(Certificate, await self._get("/core/certificate"))

    async def settings(self) -> Settings:
        return cast(Settings, await self._get("/core/settings"))

    async def set(self, key: str, value: str | None) -> SettingAnswer:
        """None: back to the default."""
        return cast(SettingAnswer, await self._call("PUT", f"/core/settings/{_name('setting', key)}", {"value": value}))

    async def rebuild_catalog(self) -> JobAnswer:
        return cast(JobAnswer, await self._post("/core/rebuild-catalog"))

    def changes(self) -> AsyncGenerator[Changes]:
        """The change feed, without its keep-alive lines; ends when the Core stops."""
        return self._changes()

    # --- users

    async def users(self, *, limit: int = 100, after: str | None = None) -> UserPage:
        return cast(UserPage, await self._get("/users", limit=limit, after=after))

    async def add_user(self, name: str, role: str, password: str) -> UserAnswer:
        return cast(UserAnswer, await self._post("/users", {"name": name, "role": role, "password": password}))

    async def set_password(self, user: str, password: str) -> Done:
        return cast(Done, await self._call("PUT", f"/users/{_name('user', user)}/password", {"password": password}))

    async def remove_user(self, user: str) -> Done:
        return cast(Done, await self._call("DELETE", f"/users/{_name('user', user)}"))

    # --- repositories

    async def repositories(self, *, limit: int = 100, after: str | None = None) -> RepositoryPage:
        return cast(RepositoryPage, await self._get("/repositories", limit=limit, after=after))

    async def repository(self, repository: str) -> RepositoryDetail:
        return cast(RepositoryDetail, await self._get(f"/repositories/{_name('repository', repository)}"))

    async def create_repository(self, name: str, path: str, *, default: bool = False) -> RepositoryAnswer:
        body = {"name": name, "path": path, "default": default}
        return cast(RepositoryAnswer, await self._post("/repositories", body))

    async def check_repository(self, repository: str | None, *, read_data: bool = False) -> JobAnswer:
        """None: the default repository."""
        return cast(JobAnswer, await self._post("/checks", {"repository": repository, "read_data": read_data}))

    async def remove_repository(self, repository: str) -> RepositoryAnswer:
        return cast(RepositoryAnswer, await self._call("DELETE", f"/repositories/{_name('repository', repository)}"))

    # --- machines

    async def machines(self, *, kind: str | None = None, limit: int = 100, after: str | None = None) -> MachinePage:
        return cast(MachinePage, await self._get("/machines", kind=kind, limit=limit, after=after))

    async def machine(self, machine: str) -> MachineAnswer:
        return cast(MachineAnswer, await self._get(f"/machines/{_name('machine', machine)}"))

    async def protect(
        self,
        name: str,
        volumes: Sequence[tuple[str | None, str]],
        *,
        repository: str | None = None,
        interval_s: int | None = None,
        excludes: Sequence[str] = (),
    ) -> MachineAnswer:
        """`volumes`: (label or None, path in the text form of `domain.paths`)."""
        body = {
            "name": name,
            "volumes": [{"label": label, "path": path} for label, path in volumes],
            "repository": repository,
            "interval_s": interval_s,
            "excludes": list(excludes),
        }
        return cast(MachineAnswer, await self._post("/machines", _given(body)))

    async def edit_machine(
        self,
        machine: str,
        *,
        name: str | None = None,
        interval_s: int | None = None,
        excludes: Sequence[str] | None = None,
        volumes: Sequence[tuple[str | None, str]] | None = None,
    ) -> MachineAnswer:
        """None: stays as it is."""
        body = {
            "name": name,
            "interval_s": interval_s,
            "excludes": None if excludes is None else list(excludes),
            "volumes": None if volumes is None else [{"label": label, "path": path} for label, path in volumes],
        }
        return cast(MachineAnswer, await self._call("PATCH", f"/machines/{_name('machine', machine)}", _given(body)))

    async def pause_machine(self, machine: str) -> MachineAnswer:
        return cast(MachineAnswer, await self._post(f"/machines/{_name('machine', machine)}/pause"))

    async def resume_machine(self, machine: str) -> MachineAnswer:
        return cast(MachineAnswer, await self._post(f"/machines/{_name('machine', machine)}/resume"))

    async def machine_loss(self, machine: str) -> Loss:
        """What removing it with its points would take."""
        return cast(Loss, await self._get(f"/machines/{_name('machine', machine)}/loss"))

    async def remove_machine(self, machine: str, *, delete_points: bool = False) -> MachineRemoved:
        path = f"/machines/{_name('machine', machine)}"
        return cast(MachineRemoved, await self._call("DELETE", path, query={"delete_points": delete_points}))

    async def back_up(self, machine: str, *, base: bool = False) -> JobAnswer:
        return cast(JobAnswer, await self._post(f"/machines/{_name('machine', machine)}/backup", {"base": base}))

    async def replicate_machine(self, machine: str) -> JobPage:
        """One job for each pairing it is in."""
        return cast(JobPage, await self._post(f"/machines/{_name('machine', machine)}/replicate"))

    # --- recovery points

    async def points(
        self, *, machine: str | None = None, state: str | None = None, limit: int = 100, after: str | None = None
    ) -> PointPage:
        """Newest first. `state`: a chain state, or `orphaned`."""
        return cast(PointPage, await self._get("/points", machine=machine, state=state, limit=limit, after=after))

    async def point(self, point: str) -> PointDetailAnswer:
        return cast(PointDetailAnswer, await self._get(f"/points/{_name('point', point)}"))

    async def files(self, point: str, path: str = "") -> FileList:
        return cast(FileList, await self._call("GET", f"/points/{_name('point', point)}/files", query={"path": path}))

    async def points_loss(self, points: Sequence[str], *, chain: bool = False) -> Loss:
        """What deleting them would take."""
        return cast(Loss, await self._post("/points/loss", {"points": list(points), "chain": chain}))

    async def delete_points(self, points: Sequence[str], *, chain: bool = False) -> PointsDeleted:
        return cast(PointsDeleted, await self._post("/points/delete", {"points": list(points), "chain": chain}))

    async def restore_files(
        self, point: str, paths: Sequence[str], to: str, *, overwrite: str = "never", partial: bool = False
    ) -> JobAnswer:
        """`to`: a directory on the Core's machine, in the text form of `domain.paths`."""
        body = {"paths": list(paths), "to": to, "overwrite": overwrite, "partial": partial}
        return cast(JobAnswer, await self._post(f"/points/{_name('point', point)}/restore-files", body))

    # --- replication

    async def probe(self, host: str, port: int) -> Probed:
        """What the Core at an address shows of itself."""
        return cast(Probed, await self._post("/pairings/probe", {"host": host, "port": port}))

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
        return cast(Paired, await self._post("/pairings", _given(body)))

    async def pairings(
        self, *, direction: str | None = None, limit: int = 100, after: str | None = None
    ) -> PairingPage:
        return cast(PairingPage, await self._get("/pairings", direction=direction, limit=limit, after=after))

    async def pairing(self, pairing: str) -> PairingDetailAnswer:
        return cast(PairingDetailAnswer, await self._get(f"/pairings/{_name('pairing', pairing)}"))

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
        path = f"/pairings/{_name('pairing', pairing)}/machines"
        return cast(PairingDetailAnswer, await self._post(path, body))

    async def remove_from_pairing(
        self, pairing: str, machines: Sequence[str] | None, *, delete_points: bool = False
    ) -> PairingRemoved:
        """None: the whole pairing."""
        body = {"machines": None if machines is None else list(machines), "delete_points": delete_points}
        return cast(PairingRemoved, await self._post(f"/pairings/{_name('pairing', pairing)}/remove", body))

    async def pause_pairing(self, pairing: str, machine: str | None = None) -> PairingDetailAnswer:
        path = f"/pairings/{_name('pairing', pairing)}/pause"
        return cast(PairingDetailAnswer, await self._post(path, {"machine": machine}))

    async def resume_pairing(self, pairing: str, machine: str | None = None) -> PairingDetailAnswer:
        path = f"/pairings/{_name('pairing', pairing)}/resume"
        return cast(PairingDetailAnswer, await self._post(path, {"machine": machine}))

    async def plan(self, pairing: str) -> PlanAnswer:
        return cast(PlanAnswer, await self._get(f"/pairings/{_name('pairing', pairing)}/plan"))

    async def force(self, pairing: str) -> JobAnswer:
        return cast(JobAnswer, await self._post(f"/pairings/{_name('pairing', pairing)}/force"))

    # --- seed drives

    async def seeds(self, *, pairing: str | None = None, limit: int = 100, after: str | None = None) -> SeedPage:
        return cast(SeedPage, await self._get("/seeds", pairing=pairing, limit=limit, after=after))

    async def seed(self, seed: str) -> SeedAnswer:
        return cast(SeedAnswer, await self._get(f"/seeds/{_name('seed drive', seed)}"))

    async def create_seed(self, pairing: str, to: Sequence[str], **options: Any) -> JobAnswer:
        """`to`: directories. `options`: machines, segment_size, medium_size, reuse, chains, customer_id, comment."""
        body = _given({"pairing": pairing, "to": list(to), **options})
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
        return cast(Abandoned, await self._get(f"/seeds/{_name('seed drive', seed)}/abandon"))

    async def abandon_seed(self, seed: str) -> Abandoned:
        return cast(Abandoned, await self._post(f"/seeds/{_name('seed drive', seed)}/abandon"))

    # --- jobs and events

    async def jobs(
        self,
        *,
        state: str | None = None,
        kind: str | None = None,
        subject: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> JobPage:
        """Newest first."""
        query = {"state": state, "kind": kind, "subject": subject, "limit": limit, "after": after}
        return cast(JobPage, await self._get("/jobs", **query))

    async def job(self, job: str, *, wait_s: float = 0.0, version: int | None = None) -> JobAnswer:
        """With `version`, waits up to `wait_s` seconds for the job to be in another one."""
        path = f"/jobs/{_name('job', job)}"
        query: Query = {} if version is None else {"wait": str(wait_s), "version": version}
        return cast(JobAnswer, await self._call("GET", path, query=query, timeout=wait_s + SLACK_S))

    async def watch(self, job: str) -> AsyncGenerator[JobAnswer]:
        """A job each time it changes, the last one being ended."""
        shown = await self.job(job)
        while True:
            yield shown
            if JobState(shown["state"]).ended:
                return
            shown = await self.job(job, wait_s=WATCH_S, version=shown["version"])

    async def cancel_job(self, job: str) -> JobAnswer:
        return cast(JobAnswer, await self._post(f"/jobs/{_name('job', job)}/cancel"))

    async def job_log(self, job: str) -> JobLog:
        return cast(JobLog, await self._get(f"/jobs/{_name('job', job)}/log"))

    async def events(
        self,
        *,
        since: str | None = None,
        severity: str | None = None,
        alerts: bool = False,
        limit: int = 100,
        after: str | None = None,
    ) -> EventPage:
        """Newest first. `since`: ISO 8601. `alerts`: only what wants a person."""
        query = {"since": since, "severity": severity, "alerts": alerts, "limit": limit, "after": after}
        return cast(EventPage, await self._get("/events", **query))

    async def dismiss(self, event: str | None) -> Dismissed:
        """None: all alerts."""
        return cast(Dismissed, await self._post("/events/dismiss", {"event": event}))

    # --- the call itself

    async def _get(self, path: str, /, **query: str | int | bool | None) -> dict[str, Any]:
        return await self._call("GET", path, query=query)

    async def _post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return await self._call("POST", path, body)

    async def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Query | None = None,
        timeout: float = CALL_S,
    ) -> dict[str, Any]:
        headers = self._headers()
        if body is not None:
            headers["Content-Type"] = "application/json"
        answer = await self._transport.call(
            method,
            API + path,
            query=_text(query or {}),
            headers=headers,
            body=None if body is None else json.dumps(body).encode("ascii"),
            timeout=timeout,
        )
        if answer.status >= 400:
            raise failure_of(answer)
        return cast(dict[str, Any], json.loads(answer.body))

    async def _changes(self) -> AsyncGenerator[Changes]:
        async for line in self._transport.lines(f"{API}/changes", headers=self._headers()):
            changes = cast(Changes, json.loads(line))
            if changes["kinds"]:
                yield changes

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}


def _name(noun: str, name: str) -> str:
    """A name or id as one part of a path. What can be neither is not there, and must not become another path."""
    if not name.strip(".") or "/" in name:
        raise not_found(noun, name)
    return quote(name, safe="", errors="backslashreplace")


def _given(body: Mapping[str, Any]) -> dict[str, Any]:
    """Without what was not given, so that the Core's own defaults hold."""
    return {key: value for key, value in body.items() if value is not None}


def _text(query: Query) -> dict[str, str]:
    return {
        key: str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in query.items()
        if value is not None
    }
