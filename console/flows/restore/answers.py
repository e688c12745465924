"""What a person answers when something is restored, and what is asked of the Core with it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from console.client.client import Client
from console.domain.plan_answers import HostDevices, RestorePlan, VolumePlan, VolumesPlan
from console.flows.flow import Flow

EVERYTHING = "everything"
SOME = "some"
VOLUMES = "volumes"
MACHINE = "machine"
DIRECTORY, FILE, DEVICE = "directory", "file", "device"


@dataclass(frozen=True, slots=True)
class Goes:
    """Where one volume goes. `kind`: `directory` for a tree, `file` or `device` for a disk or stream; `folder` and
    `name` are those of the file, `device` a path."""

    kind: str = FILE
    folder: str = ""
    name: str = ""
    device: str = ""

    @property
    def path(self) -> str:
        """Empty while it is not all said."""
        if self.kind == DEVICE:
            return self.device
        if self.kind == DIRECTORY:
            return self.folder
        return f"{self.folder.rstrip('/')}/{self.name}" if self.folder and self.name else ""


@dataclass(frozen=True, slots=True)
class RestoreAnswers:
    """`machine`, `point`: ids. `files`: paths as restore takes them, with `what` `some`; `to`: a directory of the
    Core's machine as text. `overwrite`: `never`, `older`, `always`. `volumes`: labels, with `what` `volumes`; `goes`:
    label → where that volume goes; `typed`: label → what was typed to agree that all that is there is lost."""

    machine: str = ""
    point: str = ""
    what: str = EVERYTHING
    files: tuple[str, ...] = ()
    to: str = ""
    overwrite: str = "never"
    partial: bool = False
    volumes: tuple[str, ...] = ()
    goes: tuple[tuple[str, Goes], ...] = ()
    typed: tuple[tuple[str, str], ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """What is asked of the Core; empty: everything."""
        return self.files if self.what == SOME else ()

    def place(self, label: str) -> Goes:
        return dict(self.goes).get(label, Goes())

    def placed(self, label: str, goes: Goes) -> RestoreAnswers:
        """With another place for one volume. What was typed about the one before counts no more."""
        kept = {one: text for one, text in self.typed if one != label}
        return replace(self, goes=tuple({**dict(self.goes), label: goes}.items()), typed=tuple(kept.items()))

    def agreed(self, label: str, text: str) -> RestoreAnswers:
        return replace(self, typed=tuple({**dict(self.typed), label: text}.items()))


class Restoring(Flow):
    """What the steps know of their flow. `foreseen`: what was just found when a destination was looked at, for the
    step behind it; a walk through a large point need not be made twice.

    `known`: the volumes of the point in front; `judged`: the same with where they go; `devices`: of the Core's machine.
    `sealed`: the point (id) whose key was locked when it was chosen; empty: none. `asks`: something there would be
    lost, or something is not here, so that a step behind the places asks about it.
    """

    def __init__(self, client: Client, answers: RestoreAnswers) -> None:
        super().__init__(client)
        self.answers = answers
        self.foreseen: RestorePlan | None = None
        self.known: VolumesPlan | None = None
        self.judged: VolumesPlan | None = None
        self.devices: HostDevices | None = None
        self.asks = False
        self.sealed = ""

    async def plan(self) -> RestorePlan:
        """What the Core says restoring as answered would do. Raises Failed."""
        said = self.answers
        return await self.client.restore_plan(
            said.point, said.paths, said.to, overwrite=said.overwrite, partial=said.partial
        )

    async def foresee(self) -> RestorePlan:
        """The same as if all that is there were replaced: `files` are then all whose bytes are here. Raises Failed."""
        said = self.answers
        return await self.client.restore_plan(said.point, said.paths, said.to, overwrite="always", partial=True)

    # --- whole volumes

    async def look_at_volumes(self) -> VolumesPlan:
        """The volumes of the point; asked once for each point. Raises Failed."""
        if self.known is None or self.known["point"] != self.answers.point:
            self.known = await self.client.restore_volumes_plan(self.answers.point)
        return self.known

    @property
    def wanted(self) -> tuple[VolumePlan, ...]:
        """The volumes that are to be restored, as far as they are known."""
        every = self.known["volumes"] if self.known is not None else []
        return tuple(one for one in every if self.answers.what == MACHINE or one["volume"] in self.answers.volumes)

    @property
    def disks(self) -> tuple[tuple[str, str], ...]:
        """(label, path) of those."""
        return tuple((one["volume"], self.answers.place(one["volume"]).path) for one in self.wanted)

    @property
    def confirm(self) -> tuple[str, ...]:
        """Names by which overwriting was agreed to, of the volumes that are to be restored."""
        wanted = {one["volume"] for one in self.wanted}
        return tuple(dict.fromkeys(text for label, text in self.answers.typed if label in wanted and text))

    async def judge(self) -> VolumesPlan:
        """What the Core says of those volumes and places. Raises Failed."""
        said = self.answers
        self.judged = await self.client.restore_volumes_plan(
            said.point, self.disks, confirm=self.confirm, overwrite=said.overwrite
        )
        return self.judged
