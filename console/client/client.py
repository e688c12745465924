"""A Core as its callers see it: one method per call of the API."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, cast

from console.client.calls import Query, given, named
from console.client.comparing import ComparingCalls
from console.client.copies import CopyCalls
from console.client.keys import KeyCalls
from console.client.looking import Looking
from console.client.overview import Overview
from console.client.plans import Plans
from console.client.replication import ReplicationCalls
from console.client.repositories import RepositoryCalls
from console.client.retention import RetentionCalls
from console.client.volumes import Volumes
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
    SettingAnswer,
    Settings,
    SignedIn,
    UserAnswer,
    UserPage,
)
from console.domain.jobs import JobState

WATCH_S = 20.0
"""How long one long poll waits at most; a job that says nothing for so long is asked again."""
SLACK_S = 60.0


class Client(
    ComparingCalls,
    CopyCalls,
    KeyCalls,
    Looking,
    Overview,
    Plans,
    ReplicationCalls,
    RepositoryCalls,
    RetentionCalls,
    Volumes,
):
    """Calls to one Core. Raises Failed with the Core's own failure, or `core-unreachable`, `wrong-fingerprint`."""

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
        return cast(SettingAnswer, await self._call("PUT", f"/core/settings/{named('setting', key)}", {"value": value}))

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
        return cast(Done, await self._call("PUT", f"/users/{named('user', user)}/password", {"password": password}))

    async def remove_user(self, user: str) -> Done:
        return cast(Done, await self._call("DELETE", f"/users/{named('user', user)}"))

    # --- machines

    async def machines(
        self, *, kind: str | None = None, text: str | None = None, limit: int = 100, after: str | None = None
    ) -> MachinePage:
        """By name. `text`: part of the name or origin."""
        return cast(MachinePage, await self._get("/machines", kind=kind, text=text, limit=limit, after=after))

    async def machine(self, machine: str) -> MachineAnswer:
        return cast(MachineAnswer, await self._get(f"/machines/{named('machine', machine)}"))

    async def protect(
        self,
        name: str,
        volumes: Sequence[tuple[str | None, str]],
        *,
        repository: str | None = None,
        interval_s: int | None = None,
        excludes: Sequence[str] = (),
        options: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> MachineAnswer:
        """`volumes`: (label or None, path in the text form of `domain.paths`). `options`: those of
        `domain.machines.MachineOptions` that differ."""
        body = {
            "name": name,
            "volumes": [{"label": label, "path": path} for label, path in volumes],
            "repository": repository,
            "interval_s": interval_s,
            "excludes": list(excludes),
            "options": dict(options or {}),
            "key": key,
        }
        return cast(MachineAnswer, await self._post("/machines", given(body)))

    async def edit_machine(
        self,
        machine: str,
        *,
        name: str | None = None,
        interval_s: int | None = None,
        excludes: Sequence[str] | None = None,
        volumes: Sequence[tuple[str | None, str]] | None = None,
        options: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> MachineAnswer:
        """None: stays as it is, and so do options that are not named. `key` empty: none any more."""
        body = {
            "name": name,
            "interval_s": interval_s,
            "excludes": None if excludes is None else list(excludes),
            "volumes": None if volumes is None else [{"label": label, "path": path} for label, path in volumes],
            "options": None if options is None else dict(options),
            "key": key,
        }
        return cast(MachineAnswer, await self._call("PATCH", f"/machines/{named('machine', machine)}", given(body)))

    async def pause_machine(self, machine: str) -> MachineAnswer:
        return cast(MachineAnswer, await self._post(f"/machines/{named('machine', machine)}/pause"))

    async def resume_machine(self, machine: str) -> MachineAnswer:
        return cast(MachineAnswer, await self._post(f"/machines/{named('machine', machine)}/resume"))

    async def machine_loss(self, machine: str) -> Loss:
        """What removing it with its points would take."""
        return cast(Loss, await self._get(f"/machines/{named('machine', machine)}/loss"))

    async def remove_machine(self, machine: str, *, delete_points: bool = False) -> MachineRemoved:
        path = f"/machines/{named('machine', machine)}"
        return cast(MachineRemoved, await self._call("DELETE", path, query={"delete_points": delete_points}))

    async def back_up(self, machine: str, *, base: bool = False) -> JobAnswer:
        return cast(JobAnswer, await self._post(f"/machines/{named('machine', machine)}/backup", {"base": base}))

    async def replicate_machine(self, machine: str) -> JobPage:
        """One job for each pairing it is in."""
        return cast(JobPage, await self._post(f"/machines/{named('machine', machine)}/replicate"))

    # --- recovery points

    async def points(
        self,
        *,
        machine: str | None = None,
        state: str | None = None,
        kind: str | None = None,
        since: str | None = None,
        until: str | None = None,
        sort: str = "time",
        descending: bool = True,
        offset: int | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> PointPage:
        """Newest first, or sorted by `time`, `machine`, `size`, `new`. `state`: a chain state, or `orphaned`. `since`,
        `until`: ISO 8601. With `offset` the answer is a window and has the total."""
        return cast(
            PointPage,
            await self._get(
                "/points",
                machine=machine,
                state=state,
                kind=kind,
                since=since,
                until=until,
                sort=sort,
                descending=descending,
                offset=offset,
                limit=limit,
                after=after,
            ),
        )

    async def point(self, point: str) -> PointDetailAnswer:
        return cast(PointDetailAnswer, await self._get(f"/points/{named('point', point)}"))

    async def files(
        self, point: str, path: str = "", *, offset: int | None = None, limit: int | None = None
    ) -> FileList:
        """The names in one directory, also inside a disk image; with `offset` and `limit` a window of them."""
        query: Query = {"path": path, "offset": offset, "limit": limit}
        return cast(FileList, await self._call("GET", f"/points/{named('point', point)}/files", query=query))

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
        return cast(JobAnswer, await self._post(f"/points/{named('point', point)}/restore-files", body))

    # --- jobs and events

    async def jobs(
        self,
        *,
        state: str | None = None,
        kind: str | None = None,
        subject: str | None = None,
        descending: bool = True,
        offset: int | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> JobPage:
        """Newest first. `state`: one of the states, `active` or `ended`. With `offset` a window, with the total."""
        query: Query = {
            "state": state,
            "kind": kind,
            "subject": subject,
            "descending": descending,
            "offset": offset,
            "limit": limit,
            "after": after,
        }
        return cast(JobPage, await self._get("/jobs", **query))

    async def job(self, job: str, *, wait_s: float = 0.0, version: int | None = None) -> JobAnswer:
        """With `version`, waits up to `wait_s` seconds for the job to be in another one."""
        path = f"/jobs/{named('job', job)}"
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
        return cast(JobAnswer, await self._post(f"/jobs/{named('job', job)}/cancel"))

    async def job_log(self, job: str) -> JobLog:
        return cast(JobLog, await self._get(f"/jobs/{named('job', job)}/log"))

    async def events(
        self,
        *,
        since: str | None = None,
        severity: str | None = None,
        alerts: bool = False,
        subject: str | None = None,
        text: str | None = None,
        descending: bool = True,
        offset: int | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> EventPage:
        """Newest first. `since`: ISO 8601. `alerts`: only what wants a person. `subject`: id or name of what it is
        about. `text`: part of the message. With `offset` a window, with the total."""
        query: Query = {
            "since": since,
            "severity": severity,
            "alerts": alerts,
            "subject": subject,
            "text": text,
            "descending": descending,
            "offset": offset,
            "limit": limit,
            "after": after,
        }
        return cast(EventPage, await self._get("/events", **query))

    async def dismiss(self, event: str | None) -> Dismissed:
        """None: all alerts."""
        return cast(Dismissed, await self._post("/events/dismiss", {"event": event}))
