"""Recovery points of protected machines: made when they are due, and when somebody wants one."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from console.catalog import Catalog
from console.domain import paths
from console.domain.clock import Clock
from console.domain.errors import Failed, not_found, refused, usage
from console.domain.jobs import Job, JobKind, JobState, Trigger
from console.domain.machines import (
    Machine,
    MachineKind,
    VolumeSource,
)
from console.domain.progress import Reporter
from console.domain.schedules import next_due
from console.engine.backup.backup import Backup
from console.engine.backup.feeds import Feeds
from console.engine.backup.hooks import Hooks
from console.engine.backup.snapshots import tidy_core
from console.engine.backup.volumes import gone, is_fed, is_there
from console.engine.jobs import Jobs
from console.engine.journal import Journal
from console.engine.keys.keyring import Keyring
from console.engine.repositories import Repositories
from console.repository.sealing import NoKeys, SealingKey, tag_of
from console.sources.reading import HostFiles
from console.sources.streams import Feed, not_fed


class Backups:
    """Backs protected machines up."""

    def __init__(
        self,
        catalog: Catalog,
        repositories: Repositories,
        jobs: Jobs,
        journal: Journal,
        clock: Clock,
        core_id: str,
        core_name: str,
        *,
        files: HostFiles | None = None,
        keyring: Keyring | None = None,
    ) -> None:
        """`keyring`: where the keys of machines are asked for; without one no machine can have a key."""
        self._keyring = keyring
        self._catalog = catalog
        self._repositories = repositories
        self._jobs = jobs
        self._journal = journal
        self._clock = clock
        self._core = (core_id, core_name)
        self._files = files or HostFiles()
        self.feeds = Feeds()
        self._starting = threading.Lock()
        self._bases: dict[str, str] = {}
        """By machine: the backup that was last asked to make a base."""

    def start_backup(
        self,
        machine: str,
        *,
        base: bool = False,
        fed: str | None = None,
        trigger: Trigger = Trigger.PERSON,
        user: str = "",
        reason: str = "",
    ) -> Job:
        """A job that makes one recovery point; its result is that of `backup` (shared contract of commands). `fed`:
        label of the volume whose bytes come by standard input, to be put into `feeds`. While a backup of the machine is
        queued or runs that one is meant, unless a base is asked for that it does not make, or a volume is fed.

        Raises Failed `no-such-volume`, `stream-not-fed`, `key-locked`.
        """
        found = self._protected(machine)
        if found.key and trigger is Trigger.PERSON:
            self._sealer_of(found.key)
        feed, feeds = self._feeds_of(found, fed) if fed is not None or trigger is Trigger.PERSON else (None, {})

        def work(reporter: Reporter) -> dict[str, Any]:
            try:
                return self.backup(self._protected(found.id), base=base, reporter=reporter, feeds=feeds)
            finally:
                if feed is not None:
                    feed.close()

        with self._starting:
            job = None if fed is not None else self._under_way(found.id, base)
            if job is not None:
                return job
            job = self._jobs.submit(
                JobKind.BACKUP,
                found.id,
                work,
                trigger=trigger,
                reason=reason or ("a base image was asked for" if base else ""),
                user=user,
                lanes=[f"machine:{found.id}"],
            )
            if base:
                self._bases[found.id] = job.id
        if feed is not None:
            self.feeds.add(job.id, feed)
        return job

    def _under_way(self, machine: str, base: bool) -> Job | None:
        """The backup of a machine that will do for another wish."""
        for job in (self._jobs.pending(JobKind.BACKUP, machine), self._jobs.running(JobKind.BACKUP, machine)):
            if job is None or job.state is JobState.CANCELLING:
                continue
            if not base or self._bases.get(machine) == job.id:
                return job
        return None

    def backup(
        self, machine: Machine, *, base: bool, reporter: Reporter, feeds: Mapping[str, Feed] | None = None
    ) -> dict[str, Any]:
        """The work itself: one recovery point now. `feeds`: by volume (id), what is fed by standard input.

        Raises Failed: `before-command-failed`, `volume-gone`, `volume-unreadable`, `volume-in-repository`,
        `stream-not-fed`, `command-failed`, `command-silent`, and what the repository raises. Then no point was made.
        """
        started = self._clock.now()
        if machine.key:
            try:
                self._sealer_of(machine.key)
            except Failed:
                self._schedule(machine.id, started)
                raise
        point = uuid.uuid4().hex
        hooks = Hooks(machine, point, reporter)
        result: dict[str, Any] | None = None
        try:
            # The command may be what brings the volumes: nothing is looked at before it.
            hooks.before()
            result = self._back_up(machine, point, base, reporter, feeds or {})
            return result
        finally:
            warning = hooks.after(made=result is not None)
            if warning is not None and result is not None:
                result["warnings"].append({"code": warning[0], "message": warning[1]})
                result["warning_count"] += 1
            self._schedule(machine.id, started)

    def tidy(self) -> None:
        """Deletes snapshots that backups which died have left."""
        tidy_core(self._core[0], self._catalog.machines.list(MachineKind.PROTECTED))

    def _back_up(
        self, machine: Machine, point: str, base: bool, reporter: Reporter, feeds: Mapping[str, Feed]
    ) -> dict[str, Any]:
        repository = self._repositories.open(machine.repository)
        private = [os.fsencode(path) for path in self._repositories.private_paths()]
        self._look_at(machine, private, feeds)
        return Backup(
            self._catalog,
            repository,
            self._journal,
            self._clock,
            machine,
            reporter,
            core=self._core,
            private=private,
            files=self._files,
            feeds=feeds,
            point=point,
            seal=self._sealer_of(machine.key) if machine.key else None,
        ).run(base=base)

    def due_backups(self, now: datetime) -> list[Job]:
        """Starts the scheduled backups that are due, and says when each machine is due again."""
        started: list[Job] = []
        for machine in self._catalog.machines.due(now):
            if machine.kind is not MachineKind.PROTECTED:
                continue
            if any(j.kind is JobKind.BACKUP and j.subject == machine.id for j in self._catalog.jobs.unended()):
                continue
            self._schedule(machine.id, now)
            started.append(self.start_backup(machine.id, trigger=Trigger.SCHEDULE, reason="scheduled"))
        return started

    def _feeds_of(self, machine: Machine, fed: str | None) -> tuple[Feed | None, dict[str, Feed]]:
        """A feed for the volume of this label; refuses when another volume waits for one, or this one does not."""
        waiting = [volume for volume in machine.volumes if is_fed(volume)]
        if fed is None:
            if waiting:
                raise not_fed("nothing was given", waiting[0].label)
            return None, {}
        volume = next((volume for volume in machine.volumes if volume.label == fed), None)
        if volume is None:
            raise not_found("volume", fed, f"Show the machine's volumes: replicore machine show {machine.name}")
        if not is_fed(volume):
            raise usage("volume-not-fed", f"Volume “{fed}” takes nothing from standard input.", "Leave --stdin out.")
        other = next((one for one in waiting if one is not volume), None)
        if other is not None:
            raise not_fed("there is one standard input only", other.label)
        feed = Feed()
        return feed, {volume.id: feed}

    def _look_at(self, machine: Machine, private: Sequence[bytes], feeds: Mapping[str, Feed]) -> None:
        """All volumes must be there before the first of them is read."""
        for volume in machine.volumes:
            if volume.source == VolumeSource.STREAM:
                if is_fed(volume) and volume.id not in feeds:
                    raise not_fed("nothing was given", volume.label)
                continue
            path = paths.from_text(volume.path)
            if not is_there(volume):
                raise gone(volume)
            real = os.path.realpath(path)
            if any(real == home or real.startswith(home.rstrip(b"/") + b"/") for home in private):
                raise refused(
                    "volume-in-repository",
                    f"“{volume.path}” lies in a repository, or in the data directory, of this Core.",
                    "Change the machine's volumes. No recovery point was made.",
                )

    def _schedule(self, machine: str, started: datetime) -> None:
        found = self._catalog.machines.find(machine)
        if found is None or found.kind is not MachineKind.PROTECTED:
            return
        due = next_due(started, found.interval_s, started, paused=found.paused)
        if due != found.next_due:
            self._catalog.machines.update(replace(found, next_due=due))

    def _protected(self, machine: str) -> Machine:
        found = self._catalog.machines.get(machine)
        if found.kind is not MachineKind.PROTECTED:
            raise refused(
                "machine-not-protected",
                f"“{found.name}” is not protected by this Core ({found.kind.value}).",
                "Only machines that this Core protects can be backed up, paused or changed here.",
            )
        return found

    def _sealer_of(self, key: str) -> SealingKey:
        if self._keyring is None:
            raise NoKeys().refusal(tag_of(key))
        return self._keyring.sealer(key)
