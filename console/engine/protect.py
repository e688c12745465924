"""Protected machines of this Core: which directories they consist of, and making recovery points of them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from console.domain import paths
from console.domain.errors import refused, usage
from console.domain.events import Severity
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
from console.domain.schedules import next_due
from console.engine.backup.options import changed_options
from console.engine.backup.volumes import Named, is_fed, make_volumes, private_inside
from console.engine.backups import Backups
from console.engine.retain import Retain


@dataclass(frozen=True, slots=True)
class KeyChange:
    """`key`: the id of the key there will be, empty for none. `base`: the next image of each volume is a base, about
    `bytes` of files in all, which `targets` (names of pairings) get as a whole."""

    machine: Machine
    key: str
    bytes: int
    base: bool
    targets: tuple[str, ...]


class Protect(Backups):
    """Adds, changes and removes protected machines, and backs them up."""

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

    def _next_due(self, machine: Machine) -> datetime | None:
        latest = self._catalog.points.latest(machine.id)
        return next_due(latest.time if latest else None, machine.interval_s, self._clock.now(), paused=machine.paused)

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
