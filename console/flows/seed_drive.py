"""The wizard that writes a seed drive: pairing, machines, media, options, summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from console.client.client import Client
from console.domain.errors import Failed, Failure
from console.domain.plan_answers import MediumPlan, SeedPlan
from console.domain.replication_answers import PairingAnswer, PairingDetailAnswer
from console.domain.sizes import format_size
from console.flows.amounts import NOTHING, local, takes
from console.flows.fields import Answer, Field, Note, Pick, Row
from console.flows.flow import Step, Summary
from console.flows.listing import all_pairings
from console.flows.plan import Finished, Plan, command
from console.flows.seed_options import SeedLocationStep, SeedOptions, SeedOptionsStep, SeedWriting
from console.flows.wording import count, say


@dataclass(frozen=True, slots=True)
class SeedDriveAnswers:
    """`pairing`: id. `machines`: ids, None for all of the pairing. `seed`: places and options, without machines."""

    pairing: str = ""
    machines: tuple[str, ...] | None = None
    seed: SeedOptions = field(default_factory=SeedOptions)


class SeedDriveFlow(SeedWriting):
    """`pairing`: id or name; `machines`: ids or names. A preset answers its step. `members`: of the chosen pairing."""

    name = "seed-drive"

    def __init__(self, client: Client, pairing: str = "", machines: Sequence[str] = ()) -> None:
        super().__init__(client)
        self.answers = SeedDriveAnswers(pairing, tuple(machines) or None)
        self.chosen: PairingDetailAnswer | None = None
        self._path = (
            PairingStep(self),
            MachinesStep(self),
            SeedLocationStep(self),
            SeedOptionsStep(self),
            SeedDriveSummary(self),
        )

    @property
    def title(self) -> str:
        return say("Write a seed drive")

    @property
    def finish_text(self) -> str:
        return say("Write the seed drive")

    def path(self) -> Sequence[Step[SeedDriveFlow]]:
        return self._path

    @property
    def seed(self) -> SeedOptions:
        return replace(self.answers.seed, machines=self.answers.machines or ())

    def keep_seed(self, seed: SeedOptions) -> None:
        self.answers = replace(self.answers, seed=replace(seed, machines=()))

    async def seed_plan(self, *, anywhere: bool = False) -> SeedPlan:
        """What the Core says writing as answered would do; `anywhere`: only what would be on it. Raises Failed."""
        seed = self.seed
        if anywhere:
            return await self.client.seed_plan(self.answers.pairing, [], machines=list(seed.machines))
        return await self.client.seed_plan(self.answers.pairing, seed.places, **seed.asked())

    async def finish(self) -> Finished:
        seed = self.seed
        job = await self.client.create_seed(self.answers.pairing, seed.places, **seed.asked())
        text = say("The seed drive is being written. Leave the media attached until the job has ended.")
        return Finished(text=text, jobs=(job["id"],), page="seeds")


class PairingStep(Step[SeedDriveFlow]):
    key = "pairing"
    _pairings: tuple[PairingAnswer, ...] = ()

    @property
    def title(self) -> str:
        return say("Pairing")

    @property
    def text(self) -> str:
        return say("Which target Core shall get its history by drive? A drive can be read by that Core only.")

    async def enter(self) -> None:
        self._pairings = await all_pairings(self.flow.client, "outgoing")
        said = self.flow.answers
        found = [one["pairing"] for one in self._pairings if said.pairing in (one["pairing"], one["name"])]
        if not found and len(self._pairings) == 1 and not said.pairing:
            found = [self._pairings[0]["pairing"]]
        self.flow.answers = replace(said, pairing=found[0] if found else "")

    def fields(self) -> Sequence[Field]:
        if not self._pairings:
            explain = say("Pair this Core with a target first: the replication wizard does it.")
            return (Note(key="pairing", label=say("This Core replicates to no other Core yet."), explain=explain),)
        rows = tuple(
            Row(
                value=one["pairing"],
                cells=(one["name"], one["peer"], one["link_text"] or one["link"], str(one["machine_count"])),
                why_not="" if one["machine_count"] else say("There is no machine in it yet."),
            )
            for one in self._pairings
        )
        chosen = self.flow.answers.pairing
        return (
            Pick(
                key="pairing",
                label=say("Pairing"),
                columns=(say("Pairing"), say("Target Core"), say("Link"), say("Machines")),
                rows=rows,
                value=(chosen,) if chosen else (),
                several=False,
            ),
        )

    def answer(self, key: str, value: Answer) -> None:
        if key != "pairing":
            raise KeyError(key)
        chosen = next(iter(cast(tuple[str, ...], value)), "")
        if chosen != self.flow.answers.pairing:
            self.flow.answers = replace(self.flow.answers, pairing=chosen, machines=None)

    def problems(self) -> dict[str, str]:
        if not self._pairings:
            return {"pairing": say("This Core replicates to no other Core yet.")}
        found = next((one for one in self._pairings if one["pairing"] == self.flow.answers.pairing), None)
        if found is None:
            return {"pairing": say("Choose a pairing.")}
        return {} if found["machine_count"] else {"pairing": say("There is no machine in this pairing yet.")}


class MachinesStep(Step[SeedDriveFlow]):
    key = "machines"

    @property
    def title(self) -> str:
        return say("Machines")

    @property
    def text(self) -> str:
        return say("Whose history goes on the drive: all that the target lacks of it.")

    async def enter(self) -> None:
        flow = self.flow
        flow.chosen = await flow.client.pairing(flow.answers.pairing)
        said = flow.answers
        if said.machines is not None:
            members = flow.chosen["machines"]
            kept = [one["machine_id"] for one in members if {one["machine_id"], one["machine"]} & set(said.machines)]
            flow.answers = replace(said, machines=tuple(kept) if 0 < len(kept) < len(members) else None)

    async def check(self) -> None:
        """Raises Failed `nothing-to-seed` where the target lacks nothing of them."""
        for problem in (await self.flow.seed_plan(anywhere=True))["problems"]:
            raise Failed(Failure.from_dict(dict(problem)))

    def fields(self) -> Sequence[Field]:
        chosen = self.flow.chosen
        if chosen is None:
            return ()
        rows = tuple(
            Row(
                value=one["machine_id"],
                cells=(
                    one["machine"],
                    str(one["images_on_seed"]) if one["images_on_seed"] else NOTHING,
                    str(one["lag_points"]),
                    format_size(one["lag_bytes"]),
                    local(one["last_replicated"]),
                ),
            )
            for one in chosen["machines"]
        )
        everyone = tuple(one["machine_id"] for one in chosen["machines"])
        said = self.flow.answers.machines
        return (
            Pick(
                key="machines",
                label=say("Machines"),
                columns=(
                    say("Machine"),
                    say("Images set aside for a drive"),
                    say("Points behind"),
                    say("Behind by"),
                    say("Last replicated"),
                ),
                rows=rows,
                value=everyone if said is None else said,
                empty=say("There is no machine in this pairing yet."),
            ),
        )

    def answer(self, key: str, value: Answer) -> None:
        if key != "machines":
            raise KeyError(key)
        chosen = tuple(cast(tuple[str, ...], value))
        members = self.flow.chosen["machines"] if self.flow.chosen else []
        everyone = {one["machine_id"] for one in members}
        self.flow.answers = replace(self.flow.answers, machines=None if set(chosen) == everyone else chosen)

    def problems(self) -> dict[str, str]:
        if self.flow.chosen is None or not self.flow.chosen["machines"]:
            return {"machines": say("There is no machine in this pairing yet.")}
        return {"machines": say("Choose at least one machine.")} if self.flow.answers.machines == () else {}


class SeedDriveSummary(Summary[SeedDriveFlow]):
    async def make(self) -> Plan:
        flow = self.flow
        found = await flow.seed_plan()
        target = flow.chosen["peer"] if flow.chosen else found["name"]
        names = {one["machine_id"]: one["machine"] for one in flow.chosen["machines"]} if flow.chosen else {}
        failures = [problem for problem in found["problems"]]
        failures += [medium["problem"] for medium in found["media"] if medium["problem"] is not None]
        unique = {(one["code"], one["message"]): one for one in failures}
        return Plan(
            sentences=(
                *([found["becomes"]] if found["becomes"] else []),
                _content(found),
                *(_medium(number, medium) for number, medium in enumerate(found["media"], 1)),
                _restorable(found, target),
                say("Until the drive is consumed or abandoned, what is on it is not sent over the wire."),
            ),
            facts=(
                (say("Recovery points"), str(found["points"])),
                (say("From"), local(found["oldest"])),
                (say("To"), local(found["newest"])),
                (say("Size at most"), format_size(found["bytes"])),
                (say("Takes about"), f"{takes(found['estimate_s'])}. {found['estimate_text']}"),
            ),
            warnings=(
                *(
                    say("Erased first: {title}.", title=title.rstrip("."))
                    for medium in found["media"]
                    for title in medium["lost"]
                ),
                *found["warnings"],
            ),
            problems=tuple(Failure.from_dict(dict(problem)) for problem in unique.values()),
            command=command("seed", "create", found["name"], options=flow.seed.written(names)),
        )


def _content(found: SeedPlan) -> str:
    return count(
        "{n} recovery point of {machines} is written, {size} at most.",
        "{n} recovery points of {machines} are written, {size} at most.",
        found["points"],
        machines=", ".join(f"“{machine}”" for machine in found["machines"]),
        size=format_size(found["bytes"]),
    )


def _medium(number: int, medium: MediumPlan) -> str:
    if not medium["bytes"]:
        return say("Medium {number}, {path}: nothing needs to go there.", number=number, path=medium["path"])
    return count(
        "Medium {number}, {path}: {n} segment, {size} of {free} free.",
        "Medium {number}, {path}: {n} segments, {size} of {free} free.",
        medium["segments"],
        number=number,
        path=medium["path"],
        size=format_size(medium["bytes"]),
        free=format_size(medium["free"]),
    )


def _restorable(found: SeedPlan, target: str) -> str:
    return count(
        "Consumed at “{target}”, {n} recovery point becomes restorable there, and orphans that build on it.",
        "Consumed at “{target}”, {n} recovery points become restorable there, and orphans that build on them.",
        found["points"],
        target=target,
    )
