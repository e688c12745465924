"""What may be changed about a protected machine: as it is typed, judged, and said to the Core. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from console.domain.answers import MachineAnswer, VolumeAnswer
from console.domain.machines import MachineOptions, VolumeSource, name_problem
from console.domain.schedules import parse_interval
from console.domain.sizes import format_interval
from console.flows.places import folder_problem
from console.flows.wording import say

COMMAND = "cmd:"
INPUT = "-"
DAY_S = 24 * 3600
_OPTIONS = tuple(field.name for field in fields(MachineOptions))


@dataclass(frozen=True, slots=True)
class VolumeDraft:
    """`source`: a `VolumeSource`; of a new one the Core decides by what lies there whether it is a tree or an image.
    `path`: of a stream its command line, empty for standard input. `label` empty: the Core makes one."""

    label: str
    source: str
    path: str

    @property
    def fed(self) -> bool:
        """Whether its bytes come by standard input of each backup."""
        return self.source == VolumeSource.STREAM and not self.path

    @property
    def named(self) -> tuple[str | None, str]:
        """As the Core takes it."""
        if self.source != VolumeSource.STREAM:
            return self.label or None, self.path
        return self.label or None, COMMAND + self.path if self.path else INPUT

    @property
    def problem(self) -> str:
        """Why it cannot be; empty: it can."""
        wrong = name_problem(self.label) if self.label else None
        if wrong is not None:
            return f"{wrong.message} {wrong.hint}"
        if self.source == VolumeSource.STREAM:
            return "" if self.path or self.label else say("What comes by standard input needs a name.")
        if not self.path:
            return say("Name what is protected, from the root on.")
        return say("Name it from the root on, as in “/var/lib/vm/disk.img”.") if folder_problem(self.path) else ""


@dataclass(frozen=True, slots=True)
class MachineDraft:
    """All of it as somebody has it in front. `every`: as `60m`, `off`."""

    name: str
    every: str
    volumes: tuple[VolumeDraft, ...]
    excludes: tuple[str, ...]
    caches: bool
    markers: tuple[str, ...]
    one_file_system: bool
    before: str
    after: str
    command_timeout_s: int
    snapshot: bool
    compression: int

    @classmethod
    def of(cls, machine: MachineAnswer) -> MachineDraft:
        """As the Core has it."""
        options = machine["options"]
        return cls(
            machine["name"],
            format_interval(machine["interval_s"]),
            tuple(map(draft_of, machine["volumes"])),
            tuple(machine["excludes"]),
            options["caches"],
            tuple(options["markers"]),
            options["one_file_system"],
            options["before"],
            options["after"],
            options["command_timeout_s"],
            options["snapshot"],
            options["compression"],
        )

    @property
    def problem(self) -> str:
        """What is wrong first, as a sentence; empty: nothing."""
        if not self.name:
            return say("The machine needs a name.")
        seconds = parse_interval(self.every)
        if seconds is None:
            return say("“{text}” is no interval: write 60m, 4h, 1d or off.", text=self.every)
        if not self.volumes:
            return say("A machine has at least one volume.")
        if seconds and any(volume.fed for volume in self.volumes):
            return say("What comes by standard input comes when somebody gives it: back up every “off”.")
        labels = [volume.label.casefold() for volume in self.volumes if volume.label]
        if len(set(labels)) < len(labels):
            return say("Two volumes have the same name.")
        if len({volume.named[1] for volume in self.volumes}) < len(self.volumes):
            return say("A volume is named twice.")
        return marker_problem(self.markers) or timeout_problem(self.command_timeout_s)

    def changes(self, machine: MachineAnswer) -> dict[str, Any]:
        """Keyword arguments of `Client.edit_machine`, of what is another way than the Core has it."""
        was, found = MachineDraft.of(machine), dict[str, Any]()
        if self.name != was.name:
            found["name"] = self.name
        interval = parse_interval(self.every)
        if interval != machine["interval_s"]:
            found["interval_s"] = interval
        if self.excludes != was.excludes:
            found["excludes"] = self.excludes
        if self.volumes != was.volumes:
            found["volumes"] = [volume.named for volume in self.volumes]
        options = {
            key: list(value) if isinstance(value, tuple) else value
            for key in _OPTIONS
            if (value := getattr(self, key)) != getattr(was, key)
        }
        if options:
            found["options"] = options
        return found

    def meaning(self, machine: MachineAnswer) -> list[str]:
        """What saving it means for volumes, in sentences."""
        was = {volume.label: volume for volume in map(draft_of, machine["volumes"])}
        paths = {volume.named[1] for volume in was.values()}
        now = {volume.named[1] for volume in self.volumes}
        labels = {volume.label for volume in self.volumes}
        sentences = [
            say("“{volume}” is new: its next image is a base image.", volume=volume.label or volume.path)
            for volume in self.volumes
            if volume.named[1] not in paths and volume.label not in was
        ]
        sentences += [
            say("“{volume}” lies elsewhere: its next image is a base image.", volume=volume.label)
            for volume in self.volumes
            if volume.named[1] not in paths and volume.label in was
        ]
        sentences += [
            say("“{volume}” is not backed up any more; its images stay.", volume=volume.label)
            for volume in was.values()
            if volume.label not in labels and volume.named[1] not in now
        ]
        return sentences


def draft_of(volume: VolumeAnswer) -> VolumeDraft:
    return VolumeDraft(volume["label"], volume["source"], volume["path"])


def source_text(source: str, path: str) -> str:
    """What kind of volume it is."""
    known = {
        VolumeSource.TREE.value: say("Directory"),
        VolumeSource.IMAGE.value: say("Disk"),
        VolumeSource.STREAM.value: say("Output of a command") if path else say("Standard input"),
    }
    return known.get(source, source)


def marker_problem(markers: Sequence[str]) -> str:
    """Why names of files that mark a directory cannot be; empty: they can."""
    wrong = next((mark for mark in markers if "/" in mark or mark in (".", "..")), "")
    return say("“{name}” is no name of a file.", name=wrong) if wrong else ""


def timeout_problem(seconds: int) -> str:
    return "" if 1 <= seconds <= DAY_S else say("Commands may take between 1 second and a day.")
