"""The step that shows what the drive says of itself, and reads all of it if that is wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from console.domain.answers import JobAnswer
from console.domain.errors import Failed, Failure, damage, usage
from console.domain.replication_answers import SeedInspectionAnswer
from console.domain.sizes import format_size
from console.flows.amounts import NOTHING, ago, local
from console.flows.consume.answers import Consuming, missing_segments
from console.flows.fields import Answer, Facts, Field, Lines, Note, Toggle
from console.flows.flow import Step
from console.flows.wording import count, say


class CheckStep(Step[Consuming]):
    key = "check"

    @property
    def title(self) -> str:
        return say("Check")

    @property
    def text(self) -> str:
        return say("What the drive says of itself. Nothing was imported yet.")

    async def enter(self) -> None:
        flow = self.flow
        flow.drive = ()
        drive = tuple([await flow.client.inspect_seed(path) for path in flow.answers.paths])
        if len({one["seed"] for one in drive}) > 1:
            raise usage(
                "several-seeds",
                say("The directories hold different seed drives."),
                say("Consume one after the other; name several directories for the media of one drive only."),
            )
        flow.drive = drive
        there = {one["machine_id"] for one in flow.on_drive}
        said = flow.answers
        if said.machines is not None:
            kept = tuple(machine for machine in said.machines if machine in there)
            flow.answers = replace(said, machines=kept or None)

    async def check(self) -> None:
        """Reads every byte, once, if that is wanted. Raises Failed `drive-damaged` when it finds damage; the next time
        it goes on, for what is whole can be imported."""
        flow = self.flow
        paths = flow.answers.paths
        if not flow.answers.verify or paths in flow.verified:
            return
        result = await self._read(paths)
        flow.verified[paths] = result
        if result["damaged"]:
            raise damage(
                "drive-damaged",
                _said_of(result),
                say("Go on to import what is whole; the rest waits for a new drive or for the wire."),
            )

    def fields(self) -> Sequence[Field]:
        drive = self.flow.drive
        if not drive:
            return ()
        first = drive[0]
        columns = (say("Machine"), say("Points"), say("Images"), say("Oldest"), say("Newest"))
        rows = tuple(
            (one["machine"], str(one["points"]), str(one["images"]), local(one["oldest"]), local(one["newest"]))
            for one in first["machines"]
        )
        return [
            *self._notes(),
            Facts(key="drive", label=say("Seed drive"), facts=self._facts(first)),
            Lines(
                key="machines",
                label=say("Machines on it"),
                columns=columns,
                rows=rows,
                numeric=frozenset({1, 2}),
                empty=say("No machine is on it."),
            ),
            Toggle(
                key="verify",
                label=say("Read every byte of the drive before going on"),
                explain=say("Finds damage before anything is imported. Consuming verifies every byte in any case."),
                value=self.flow.answers.verify,
            ),
        ]

    def answer(self, key: str, value: Answer) -> None:
        if key != "verify":
            raise KeyError(key)
        self.flow.answers = replace(self.flow.answers, verify=bool(value))
        if not value:
            self.flow.verified.pop(self.flow.answers.paths, None)

    def problems(self) -> dict[str, str]:
        for one in self.flow.drive:
            if one["why_not"] is not None:
                return {"consumable": one["why_not"]["message"]}
        return {} if self.flow.drive else {"drive": say("The drive was not looked at yet.")}

    def _facts(self, drive: SeedInspectionAnswer) -> tuple[tuple[str, str], ...]:
        clock = self.flow.clock
        written = local(drive["created"])
        if clock is not None:
            written = f"{written} ({ago(drive['created'], clock.now())})"
        signature = say("good") if drive["signature"] == "good" else say("cannot be judged here")
        segments = count("{n} segment", "{n} segments", len(drive["segments"]))
        return (
            (say("Comment"), drive["comment"] or NOTHING),
            (say("Written by"), f"{drive['source']['name']} ({drive['source']['version']})"),
            (say("Written"), written),
            (say("Signature"), signature),
            (say("Customer id"), drive["customer_id"] or NOTHING),
            (say("Points from"), local(drive["oldest"])),
            (say("Points to"), local(drive["newest"])),
            (say("Holds"), count("{n} recovery point", "{n} recovery points", drive["points"])),
            (say("Size"), say("{size} in {segments}", size=format_size(drive["bytes"]), segments=segments)),
            (say("Known here as"), drive["state"] or say("not known yet")),
        )

    def _notes(self) -> list[Field]:
        drive = self.flow.drive
        shown: list[Field] = []
        why_not = next((one["why_not"] for one in drive if one["why_not"] is not None), None)
        if why_not is not None:
            shown.append(Note(key="consumable", label=why_not["message"], explain=why_not["hint"], level="danger"))
        problems = [problem for one in drive for problem in one["problems"]]
        shown += [
            Note(key=f"problem-{number}", label=problem["message"], explain=problem["hint"], level="warning")
            for number, problem in enumerate(problems)
        ]
        if missing := missing_note(drive):
            explain = say("Attach that medium too and go back, or go on: what is whole is imported, the rest waits.")
            shown.append(Note(key="missing", label=missing, explain=explain, level="warning"))
        short = [part["file"] for one in drive for part in one["segments"] if part["path"] and not part["length_right"]]
        if short:
            label = say("These segments are not as long as they should be: {files}.", files=", ".join(short))
            explain = say("They were cut off or changed. What is whole in them is imported.")
            shown.append(Note(key="short", label=label, explain=explain, level="warning"))
        if drive[0]["state"] == "consumed":
            label = say("This drive was consumed here already.")
            shown.append(Note(key="again", label=label, explain=say("Doing it again changes nothing.")))
        if (result := self.flow.verified.get(self.flow.answers.paths)) is not None:
            level = "warning" if result["damaged"] else "good"
            shown.append(Note(key="verified", label=_said_of(result), level=level))  # type: ignore[arg-type]
        return shown

    async def _read(self, paths: tuple[str, ...]) -> dict[str, Any]:
        client = self.flow.client
        job: JobAnswer = await client.verify_seed(paths)
        try:
            async for state in client.watch(job["id"]):
                job = state
        except asyncio.CancelledError:
            with suppress(Failed):
                await client.cancel_job(job["id"])
            raise
        if job["failure"] is not None or job["result"] is None:
            raise Failed(Failure.from_dict(dict(job["failure"] or {"code": "cancelled", "message": job["state"]})))
        return job["result"]


def missing_note(drive: tuple[SeedInspectionAnswer, ...]) -> str:
    """A sentence that names the segments that are not there, and their media; empty when there are none."""
    missing = missing_segments(drive)
    if not missing:
        return ""
    media = sorted({part["medium"] for part in drive[0]["segments"] if part["file"] in missing})
    return say(
        "Not there: {files}, on medium {media}.",
        files=", ".join(missing),
        media=", ".join(map(str, media)),
    )


def _said_of(result: dict[str, Any]) -> str:
    if result["damaged"]:
        return count(
            "The drive is damaged; {n} image on it is hurt.",
            "The drive is damaged; {n} images on it are hurt.",
            len(result["images_hurt"]),
        )
    return say("Every byte was read: {size}, no damage.", size=format_size(result["bytes"]))
