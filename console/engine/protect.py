"""Protected machines of this Core: which directories they consist of, and making recovery points of them."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from console.catalog import Catalog
from console.domain import paths
from console.domain.clock import Clock
from console.domain.errors import Failed, not_found, refused, usage
from console.domain.events import Severity
from console.domain.jobs import Job, JobKind, JobState, Trigger
from console.domain.machines import (
    DEFAULT_INTERVAL_S,
    Machine,
    MachineKind,
    MachineOptions,
    Volume,
    VolumeSource,
    name_problem,
)
from console.domain.pairing import Direction
from console.domain.progress import Reporter
from console.domain.schedules import next_due
from console.engine.backup.backup import Backup
from console.engine.backup.feeds import Feeds
from console.engine.backup.hooks import Hooks
from console.engine.backup.options import changed_options
from console.engine.backup.snapshots import tidy_core
from console.engine.backup.volumes import Named, gone, is_fed, is_there, make_volumes, private_inside
from console.engine.jobs import Jobs
from console.engine.journal import Journal
from console.engine.keys.keyring import Keyring
from console.engine.repositories import Repositories
from console.engine.retain import Retain
from console.repository.sealing import NoKeys, SealingKey, tag_of
from console.sources.reading import HostFiles
from console.sources.streams import Feed, not_fed


@dataclass(frozen=True, slots=True)
class KeyChange:
    """`key`: the id of the key there will be, empty for none. `base`: the next image of each volume is a base, about
    `bytes` of files in all, which `targets` (names of pairings) get as a whole."""

    machine: Machine
    key: str
    bytes: int
    base: bool
    targets: tuple[str, ...]


class Protect:
    """Adds, changes and removes protected machines, and backs them up."""

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

    def add(
        self,
        name: str,
        volumes: Sequence[Named],
        *,
        repository: str | None = None,
        interval_s: int = DEFAULT_INTERVAL_S,
        excludes: Sequence[str] = (),
        options: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> Machine:
        """A new protected machine; its first backup is due at once, when it has a schedule at all. `options`: those
        of `MachineOptions` that are not as they are by themselves. `key`: what its images are sealed with.

        Raises Failed: `name-forbidden`, `name-taken`, `no-repository`, `no-such-key`, `key-locked`, and what
        `make_volumes` and `changed_options`
        refuse.
        """
        self.check_name(name)
        home = self._repositories.choose(repository)
        made = make_volumes(volumes, self._repositories)
        _check_schedule(made, interval_s)
        now = self._clock.now()
        machine = Machine(
            uuid.uuid4().hex,
            name,
            MachineKind.PROTECTED,
            self._core[0],
            home.id,
            made,
            now,
            interval_s=_checked(interval_s),
            excludes=_clean(excludes),
            next_due=next_due(None, interval_s, now),
            key=self._key(key) if key else "",
            options=changed_options(MachineOptions(), options or {}),
        )
        self._catalog.machines.add(machine)
        self._note_private(machine)
        return machine

    def edit(
        self,
        machine: str,
        *,
        name: str | None = None,
        interval_s: int | None = None,
        excludes: Sequence[str] | None = None,
        volumes: Sequence[Named] | None = None,
        options: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> Machine:
        """Changes what is given (also of `options`, one by one; `key` empty: none). A volume that gets another path is
        imaged anew as a whole at the next backup; with another key, or none, all are (see `key_change`)."""
        before = self._protected(machine)
        after = before
        if name is not None and name != before.name:
            self.check_name(name, but=before.id)
            after = replace(after, name=name)
        if excludes is not None:
            after = replace(after, excludes=_clean(excludes))
        if options is not None:
            after = replace(after, options=changed_options(before.options, options))
        if key is not None:
            after = replace(after, key=self._key(key) if key else "")
        if volumes is not None:
            after = replace(after, volumes=make_volumes(volumes, self._repositories, before.volumes))
            if interval_s is None and any(map(is_fed, after.volumes)):
                interval_s = 0
        if interval_s is not None:
            _check_schedule(after.volumes, interval_s)
            after = replace(after, interval_s=_checked(interval_s))
            after = replace(after, next_due=self._next_due(after))
        if after != before:
            self._catalog.machines.update(after)
        if after.volumes != before.volumes:
            self._note_private(after)
        return after

    def pause(self, machine: str) -> Machine:
        """No scheduled backups until it is resumed; backups that people start still run."""
        found = self._protected(machine)
        if not found.paused:
            found = replace(found, paused=True, next_due=None)
            self._catalog.machines.update(found)
        return found

    def resume(self, machine: str) -> Machine:
        found = self._protected(machine)
        if found.paused:
            found = replace(found, paused=False)
            found = replace(found, next_due=self._next_due(found))
            self._catalog.machines.update(found)
        return found

    def remove(self, machine: str, *, delete_points: bool) -> int:
        """Ends protection. With `delete_points` the machine goes with all its points (returns how many they were);
        without, it stays as a recovery-points-only machine (or goes, when it has no points).

        Raises Failed `machine-busy` while a job works on it, `machine-replicated` where a pairing still has it.
        """
        found = self._catalog.machines.get(machine)
        if any(job.subject == found.id for job in self._catalog.jobs.unended()):
            raise refused("machine-busy", f"A job works on “{found.name}”.", "Wait for it to end, or cancel it.")
        members = self._catalog.members.of_machine(found.id)
        if members:
            names = ", ".join(sorted(self._catalog.pairings.get(member.pairing).name for member in members))
            raise refused(
                "machine-replicated",
                f"“{found.name}” is part of the replication with {names}.",
                f"Take it out first: replicore replication remove PAIRING {found.name}",
            )
        if not delete_points and self._catalog.points.count(found.id):
            kept = replace(found, kind=MachineKind.RECOVERY_POINTS_ONLY, next_due=None, paused=False)
            self._catalog.machines.update(kept)
            self._journal.note(Severity.INFO, "protection-removed", f"“{found.name}” is no longer protected.", found.id)
            return 0
        retain = Retain(self._catalog, self._repositories, self._journal, self._clock)
        deleted = retain.delete_machine_points(found.id)
        self._catalog.machines.remove(found.id)
        self._journal.note(
            Severity.INFO,
            "machine-removed",
            f"“{found.name}” was removed with {deleted} recovery point(s).",
            found.id,
        )
        return deleted

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

    def _next_due(self, machine: Machine) -> datetime | None:
        latest = self._catalog.points.latest(machine.id)
        return next_due(latest.time if latest else None, machine.interval_s, self._clock.now(), paused=machine.paused)

    def _protected(self, machine: str) -> Machine:
        found = self._catalog.machines.get(machine)
        if found.kind is not MachineKind.PROTECTED:
            raise refused(
                "machine-not-protected",
                f"“{found.name}” is not protected by this Core ({found.kind.value}).",
                "Only machines that this Core protects can be backed up, paused or changed here.",
            )
        return found

    def key_change(self, machine: str, key: str) -> KeyChange:
        """What giving a machine this key (empty: none) would mean. Raises Failed `no-such-key`, `key-locked`."""
        found = self._protected(machine)
        wanted = self._key(key) if key else ""
        latest = self._catalog.points.latest(found.id)
        changes = latest is not None and any(image.key != wanted for image in latest.images)
        pairings = [self._catalog.pairings.get(member.pairing) for member in self._catalog.members.of_machine(found.id)]
        targets = [p.name for p in pairings if p.direction is Direction.OUTGOING]
        return KeyChange(found, wanted, latest.size if latest is not None and changes else 0, changes, tuple(targets))

    def _key(self, key: str) -> str:
        """The id of a key that can seal now."""
        return self._sealer_of(self._catalog.keys.get(key).id).id

    def _sealer_of(self, key: str) -> SealingKey:
        if self._keyring is None:
            raise NoKeys().refusal(tag_of(key))
        return self._keyring.sealer(key)

    def check_name(self, name: str, but: str = "") -> None:
        """Whether a machine may be called so; `but`: the id of the one it is. Raises Failed `name-forbidden`,
        `name-taken`."""
        problem = name_problem(name)
        if problem is not None:
            raise usage("name-forbidden", problem.message, problem.hint)
        known = self._catalog.machines.find(name)
        if known is not None and known.id != but and known.name.casefold() == name.casefold():
            raise refused("name-taken", f"There is a machine “{known.name}” already.", "Choose another name.")

    def _note_private(self, machine: Machine) -> None:
        for volume in machine.volumes:
            if volume.source != VolumeSource.TREE:
                continue
            for private in private_inside(paths.from_text(volume.path), self._repositories):
                self._journal.note(
                    Severity.INFO,
                    "repository-in-volume",
                    f"Volume “{volume.label}” of “{machine.name}” contains {private}, which is left out of its images.",
                    machine.id,
                )


def _check_schedule(volumes: Sequence[Volume], interval_s: int) -> None:
    """What comes by standard input comes when somebody gives it."""
    fed = next((volume for volume in volumes if is_fed(volume)), None)
    if fed is not None and interval_s > 0:
        raise usage(
            "stream-not-scheduled",
            f"Volume “{fed.label}” comes by standard input, so the machine cannot be backed up by a schedule.",
            "Use --every off, or name a command: --volume LABEL=cmd:…",
        )


def _checked(interval_s: int) -> int:
    if interval_s < 0:
        raise usage("interval-wrong", "An interval is not negative.", "Use minutes, hours or days, or off.")
    return interval_s


def _clean(excludes: Sequence[str]) -> tuple[str, ...]:
    return tuple(pattern.strip() for pattern in excludes if pattern.strip())
