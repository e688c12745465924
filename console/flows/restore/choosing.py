"""Steps that say what is restored: machine, recovery point, files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from console.client.client import Client
from console.domain.answers import MachineAnswer, PointDetailAnswer
from console.domain.errors import Failed, FailureKind
from console.flows.amounts import local
from console.flows.fields import Answer, Choice, Field, FilePick, Note, Option, Pick, PointPick, Row
from console.flows.flow import Step
from console.flows.listing import all_machines, named
from console.flows.restore.answers import EVERYTHING, MACHINE, SOME, VOLUMES, Restoring
from console.flows.wording import say


async def point_there(client: Client, point: str) -> PointDetailAnswer | None:
    """The point of this id (or its first letters); None where there is none (any more). Raises Failed."""
    try:
        return await client.point(point)
    except Failed as known:
        if known.failure.kind is FailureKind.NOT_FOUND:
            return None
        raise


class MachineStep(Step[Restoring]):
    key = "machine"
    _machines: tuple[MachineAnswer, ...] = ()

    @property
    def title(self) -> str:
        return say("Machine")

    @property
    def text(self) -> str:
        return say("What was it on? Machines that other Cores replicate to this one count too.")

    async def enter(self) -> None:
        said = self.flow.answers
        self._machines = await all_machines(self.flow.client)
        if said.point and not said.machine:
            point = await point_there(self.flow.client, said.point)
            said = replace(said, machine=point["machine_id"] if point else "")
        found = named(self._machines, said.machine)
        self.flow.answers = replace(said, machine=found["id"] if found else "")

    def fields(self) -> Sequence[Field]:
        chosen = self.flow.answers.machine
        if not any(one["points"] for one in self._machines):
            return (
                Note(
                    key="machine",
                    label=say("There is no recovery point on this Core yet."),
                    explain=say("Protect a machine, or consume a seed drive; then there is something to restore."),
                ),
            )
        rows = tuple(
            Row(
                value=one["id"],
                cells=(one["name"], one["origin"], str(one["points"]), local(one["last_point"])),
                why_not="" if one["points"] else say("It has no recovery point yet."),
            )
            for one in self._machines
        )
        columns = (say("Machine"), say("Protected by"), say("Points"), say("Newest"))
        value = (chosen,) if chosen else ()
        return (Pick(key="machine", label=say("Machine"), columns=columns, rows=rows, value=value, several=False),)

    def answer(self, key: str, value: Answer) -> None:
        chosen = next(iter(cast(tuple[str, ...], value)), "")
        said = self.flow.answers
        if chosen != said.machine:
            self.flow.answers = replace(said, machine=chosen, point="")

    def problems(self) -> dict[str, str]:
        found = named(self._machines, self.flow.answers.machine) if self.flow.answers.machine else None
        if not any(one["points"] for one in self._machines):
            return {"machine": say("There is no recovery point on this Core yet.")}
        if found is None:
            return {"machine": say("Choose a machine.")}
        return {} if found["points"] else {"machine": say("“{name}” has no recovery point yet.", name=found["name"])}


class PointStep(Step[Restoring]):
    key = "point"
    _seen: PointDetailAnswer | None = None

    @property
    def title(self) -> str:
        return say("Recovery point")

    @property
    def text(self) -> str:
        return say("The state of which moment? The newest whole point is chosen already, where there is one.")

    async def enter(self) -> None:
        said, self._seen = self.flow.answers, None
        if said.point:
            self._seen = await self._point_of(said.machine, said.point)
        if self._seen is None:
            point = await self._newest(said.machine)
            self._seen = await self._point_of(said.machine, point) if point else None
        self.flow.answers = replace(said, point=self._seen["id"] if self._seen else "")
        self._look_at_keys()

    async def check(self) -> None:
        """That the point is (still) there. Raises Failed `no-such-recovery-point`."""
        self._seen = await self.flow.client.point(self.flow.answers.point)
        self._look_at_keys()

    def fields(self) -> Sequence[Field]:
        said = self.flow.answers
        shown: list[Field] = [
            PointPick(key="point", label=say("Recovery point"), machine=said.machine, value=said.point)
        ]
        seen = self._seen
        if seen is not None and seen["id"] == said.point and seen["why"]:
            explain = say("Files whose bytes are here can be restored all the same; the next steps say how many.")
            shown.append(Note(key="orphan", label=seen["why"], explain=explain, level="warning"))
        if self.flow.sealed and self.flow.sealed == said.point:
            explain = say("The next step asks for its passphrase.")
            shown.append(Note(key="sealed", label=say("It is sealed, and the key is locked."), explain=explain))
        return shown

    def _look_at_keys(self) -> None:
        locked = self._seen is not None and any(key["locked"] for key in self._seen.get("keys", ()))
        self.flow.sealed = self.flow.answers.point if locked else ""

    def answer(self, key: str, value: Answer) -> None:
        self.flow.answers = replace(self.flow.answers, point=cast(str, value))

    def problems(self) -> dict[str, str]:
        return {} if self.flow.answers.point else {"point": say("Choose a recovery point.")}

    async def _newest(self, machine: str) -> str:
        for state in ("whole", None):
            found = (await self.flow.client.points(machine=machine, state=state, limit=1))["points"]
            if found:
                return found[0]["id"]
        return ""

    async def _point_of(self, machine: str, point: str) -> PointDetailAnswer | None:
        found = await point_there(self.flow.client, point)
        return found if found is not None and found["machine_id"] == machine else None


class WhatStep(Step[Restoring]):
    key = "what"
    _point = ""

    @property
    def title(self) -> str:
        return say("What")

    @property
    def text(self) -> str:
        return say(
            "Everything of the point, files and directories of it (also those inside disks), or whole volumes as they "
            "were."
        )

    async def enter(self) -> None:
        said = self.flow.answers
        if self._point != said.point and said.files:
            kept = [path for path in said.files if await self._is_there(said.point, path)]
            self.flow.answers = replace(said, files=tuple(kept))
        self._point = said.point

    def fields(self) -> Sequence[Field]:
        said = self.flow.answers
        options = (
            Option(value=EVERYTHING, label=say("Everything"), explain=say("All volumes, into one directory.")),
            Option(value=SOME, label=say("Files and directories"), explain=say("A directory comes with all in it.")),
            Option(
                value=VOLUMES,
                label=say("Whole volumes"),
                explain=say("Disks to image files or block devices, directories to directories."),
            ),
            Option(
                value=MACHINE,
                label=say("The whole machine"),
                explain=say("All its volumes, each to a place of its own."),
            ),
        )
        shown: list[Field] = [Choice(key="what", label=say("Restore"), value=said.what, options=options)]
        if said.what == SOME:
            shown.append(FilePick(key="files", label=say("Files"), point=said.point, value=said.files))
        return shown

    def answer(self, key: str, value: Answer) -> None:
        if key == "what":
            self.flow.answers = replace(self.flow.answers, what=cast(str, value))
        elif key == "files":
            self.flow.answers = replace(self.flow.answers, files=tuple(cast(tuple[str, ...], value)))
        else:
            raise KeyError(key)

    def problems(self) -> dict[str, str]:
        said = self.flow.answers
        if said.what == SOME and not said.files:
            return {"files": say("Choose at least one file or directory, or everything.")}
        return {}

    async def _is_there(self, point: str, path: str) -> bool:
        try:
            await self.flow.client.files(point, path)
        except Failed as known:
            if known.failure.kind is FailureKind.NOT_FOUND:
                return False
            raise
        return True
