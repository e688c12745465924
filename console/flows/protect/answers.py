"""What a person answers when a machine is protected, and how it is done."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from console.client.client import Client
from console.domain.answers import JobAnswer, MachineAnswer
from console.domain.machines import MachineOptions, name_problem
from console.flows.flow import Flow
from console.flows.places import typed
from console.flows.plan import command
from console.flows.wording import say

AS_EVER = MachineOptions()
"""How volumes are read when nobody says anything."""
NEW = "+"
"""Chosen instead of a repository or a key: one that is made. No id and no name is like it."""


@dataclass(frozen=True, slots=True)
class ProtectAnswers:
    """`volumes`: file systems, `folders`: other directories, as text; `others`: disks and streams, one in each line as
    `machine protect --volume` takes them. `excludes`: patterns, one in each line.
    `repository`: an id, `NEW`, or empty for the default; `new_name` and `new_place` with `NEW`.

    `key`: an id, `NEW`, or empty for none; `key_name` and the passphrase, twice, with `NEW`. It is forgotten once the
    key is made.

    The others as in `domain.machines.MachineOptions`; `markers`: names, with blanks between them; `cross`: what is
    mounted below belongs to the volumes."""

    name: str = ""
    volumes: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    others: str = ""
    scheduled: bool = True
    minutes: int = 60
    back_up_now: bool = True
    excludes: str = ""
    repository: str = ""
    new_name: str = ""
    new_place: str = ""
    replicate: bool = False
    caches: bool = False
    markers: str = ""
    cross: bool = False
    before: str = ""
    after: str = ""
    timeout_s: int = AS_EVER.command_timeout_s
    snapshot: bool = True
    compression: int = AS_EVER.compression
    key: str = ""
    key_name: str = ""
    key_passphrase: str = field(default="", repr=False)
    key_again: str = field(default="", repr=False)

    @property
    def paths(self) -> tuple[str, ...]:
        return (*self.volumes, *self.folders)

    @property
    def disks(self) -> tuple[tuple[str | None, str], ...]:
        """What is no directory: label (None: the Core makes one), and path or `cmd:` with a command line."""
        return tuple(_disk(line.strip()) for line in self.others.splitlines() if line.strip())

    @property
    def named(self) -> tuple[str, ...]:
        """All volumes as a command line names them."""
        disks = (typed(path) if label is None else f"{label}={typed(path)}" for label, path in self.disks)
        return (*map(typed, self.paths), *disks)

    @property
    def interval_s(self) -> int:
        """0: no schedule."""
        return self.minutes * 60 if self.scheduled else 0

    @property
    def patterns(self) -> tuple[str, ...]:
        return tuple(line.strip() for line in self.excludes.splitlines() if line.strip())

    @property
    def marks(self) -> tuple[str, ...]:
        return tuple(self.markers.split())

    @property
    def options(self) -> dict[str, Any]:
        """As the Core takes them."""
        return {
            "one_file_system": not self.cross,
            "caches": self.caches,
            "markers": list(self.marks),
            "before": self.before.strip(),
            "after": self.after.strip(),
            "command_timeout_s": self.timeout_s,
            "snapshot": self.snapshot,
            "compression": self.compression,
        }

    @property
    def wanted(self) -> Sequence[tuple[str | None, str]]:
        """The volumes as the Core takes them; it labels them."""
        return [*((None, path) for path in self.paths), *self.disks]


def _disk(line: str) -> tuple[str | None, str]:
    label, equals, path = line.partition("=")
    return (label, path) if equals and path and name_problem(label) is None else (None, line)


class Protecting(Flow):
    """A wizard in which a machine is protected. What was done already is remembered, so that it can be gone on with
    when a later call fails."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self._repository: tuple[str, str, str] | None = None
        self._machine: tuple[tuple[object, ...], MachineAnswer] | None = None
        self._job: JobAnswer | None = None
        self._key: tuple[str, str] | None = None
        self.done: list[str] = []
        """What was done, in sentences."""

    @property
    @abstractmethod
    def protection(self) -> ProtectAnswers: ...

    @abstractmethod
    def keep_protection(self, protection: ProtectAnswers) -> None: ...

    def is_made(self, name: str, place: str) -> bool:
        """Whether this wizard made a repository so already."""
        return self._repository is not None and self._repository[:2] == (name, place)

    def is_key_made(self, name: str) -> bool:
        """Whether this wizard made a key of this name already."""
        return self._key is not None and self._key[0] == name

    def is_protected(self, name: str) -> bool:
        """Whether this wizard protected a machine of this name already."""
        return self._machine is not None and self._machine[1]["name"] == name

    async def make_repository(self, name: str, place: str, *, default: bool = False) -> str:
        """Its id. Raises Failed."""
        if self._repository is None or not self.is_made(name, place):
            made = await self.client.create_repository(name, place, default=default)
            self._repository = (name, place, made["id"])
            self.done.append(say("The repository “{name}” was made.", name=name))
        return self._repository[2]

    async def make_key(self) -> str:
        """Its id. Raises Failed."""
        said = self.protection
        if self._key is None or not self.is_key_made(said.key_name):
            made = await self.client.create_key(said.key_name, said.key_passphrase)
            self._key = (said.key_name, made["id"])
            self.keep_protection(replace(said, key_passphrase="", key_again=""))
            self.done.append(say("The key “{name}” was made.", name=said.key_name))
        return self._key[1]

    async def protect(self) -> tuple[MachineAnswer, JobAnswer | None]:
        """Protects the machine as answered; the job is its first backup, if that was asked for. Raises Failed."""
        said = self.protection
        repository: str | None = said.repository or None
        if said.repository == NEW:
            repository = await self.make_repository(said.new_name, said.new_place)
        key = await self.make_key() if said.key == NEW else said.key
        asked = (said.name, said.named, said.interval_s, said.patterns, repository, str(said.options), key)
        if self._machine is None or self._machine[0] != asked:
            made = await self.client.protect(
                said.name,
                said.wanted,
                repository=repository,
                interval_s=said.interval_s,
                excludes=said.patterns,
                options=said.options,
                key=key or None,
            )
            self._machine, self._job = (asked, made), None
            self.done.append(say("“{name}” is protected.", name=said.name))
        machine = self._machine[1]
        if said.back_up_now and self._job is None:
            self._job = await self.client.back_up(machine["id"])
        return machine, self._job


def create_command(said: ProtectAnswers, *, default: bool = False) -> str:
    """The command line that makes the new repository."""
    options: list[tuple[str, str | None]] = [("--path", typed(said.new_place))]
    if default:
        options.append(("--default", None))
    return command("repository", "create", said.new_name, options=options)


def _reading(said: ProtectAnswers) -> list[tuple[str, str | None]]:
    """Options of how volumes are read, as far as they differ from what is so by itself."""
    options: list[tuple[str, str | None]] = []
    if said.cross:
        options.append(("--cross-file-systems", None))
    if said.caches:
        options.append(("--exclude-caches", None))
    options += [("--exclude-if-present", mark) for mark in said.marks]
    options += [
        (name, line.strip()) for name, line in (("--before", said.before), ("--after", said.after)) if line.strip()
    ]
    if said.timeout_s != AS_EVER.command_timeout_s:
        options.append(("--command-timeout", str(said.timeout_s)))
    if not said.snapshot:
        options.append(("--no-snapshot", None))
    if said.compression != AS_EVER.compression:
        options.append(("--compression", str(said.compression)))
    return options


def commands(said: ProtectAnswers, repository: str, key: str = "") -> str:
    """The equal command lines. `repository`: the name of the one that was chosen; empty: the default one. `key`: of
    the one that was chosen; empty: none. A passphrase is asked for, and stands on no command line."""
    lines: list[str] = []
    if said.key == NEW:
        key = said.key_name
        lines.append(command("key", "create", key))
    if said.repository == NEW:
        repository = said.new_name
        lines.append(create_command(said))
    options: list[tuple[str, str | None]] = [("--volume", volume) for volume in said.named]
    if repository:
        options.append(("--repository", repository))
    options.append(("--every", f"{said.minutes}m" if said.scheduled else "off"))
    options += [("--exclude", pattern) for pattern in said.patterns]
    options += _reading(said)
    if key:
        options.append(("--key", key))
    lines.append(command("machine", "protect", said.name, options=options))
    if said.back_up_now:
        lines.append(command("backup", said.name))
    return " && ".join(lines)
