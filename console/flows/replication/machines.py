"""Steps that say which machines are replicated, and which of them go on the seed drive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from console.domain.answers import MachineAnswer
from console.domain.sizes import format_size
from console.flows.amounts import local
from console.flows.fields import Answer, Field, Note, Option, Pick, Row, Toggle
from console.flows.flow import Step
from console.flows.listing import all_machines
from console.flows.replication.answers import Replicating
from console.flows.seed_options import SeedOptionsStep
from console.flows.wording import say


class MachinesStep(Step[Replicating]):
    """Answers `machines`, `repositories`, `seed_drive`, `paused`."""

    key = "machines"

    @property
    def title(self) -> str:
        return say("Machines")

    @property
    def text(self) -> str:
        return say("Which machines “{target}” keeps copies of, and where.", target=self.flow.title_of_target)

    async def enter(self) -> None:
        flow, said = self.flow, self.flow.answers
        flow.machines = await all_machines(flow.client)
        members = (await flow.client.pairing(flow.pairing))["machines"] if flow.pairing else []
        flow.members = frozenset(one["machine_id"] for one in members)
        # What this wizard added before a later call failed can still be chosen: it is skipped, not added twice.
        ids = {one["name"]: one["id"] for one in flow.machines}
        there = {one["id"] for one in flow.machines if not self._why_not(one)}
        machines = tuple(dict.fromkeys(ids.get(one, one) for one in said.machines))
        offered = {one["id"] for one in flow.offers}
        places = {machine: place for machine, place in said.repositories.items() if place in offered}
        flow.answers = replace(
            said,
            machines=tuple(one for one in machines if one in there) if flow.offers else (),
            repositories=places,
        )

    def fields(self) -> Sequence[Field]:
        flow, said = self.flow, self.flow.answers
        if not flow.offers:
            return (self._no_repository(),)
        if not flow.machines:
            return (
                Note(
                    key="machines",
                    label=say("There is no machine on this Core yet."),
                    explain=say("Protect one first; then there is something to replicate."),
                ),
            )
        home = flow.home["id"] if flow.home else ""
        return (
            Pick(
                key="machines",
                label=say("Machines"),
                columns=(say("Machine"), say("Protected by"), say("Points"), say("Newest")),
                rows=tuple(
                    Row(
                        value=one["id"],
                        cells=(one["name"], one["origin"], str(one["points"]), local(one["last_point"])),
                        why_not=self._why_not(one),
                    )
                    for one in flow.machines
                ),
                value=said.machines,
                beside=say("Repository"),
                beside_options=tuple(
                    Option(
                        value=offer["id"],
                        label=offer["name"],
                        explain=say("{size} free", size=format_size(offer["free_bytes"])),
                    )
                    for offer in flow.offers
                ),
                beside_value={one["id"]: said.repositories.get(one["id"], home) for one in flow.machines},
            ),
            Toggle(
                key="seed_drive",
                label=say("Use a seed drive for the first transfer"),
                explain=say("What there is now travels on a disk; only later points go over the wire."),
                value=said.seed_drive,
            ),
            Toggle(
                key="paused",
                label=say("Initially pause replication"),
                explain=say("Nothing goes over the wire until somebody resumes it."),
                value=said.paused,
            ),
        )

    def answer(self, key: str, value: Answer) -> None:
        said = self.flow.answers
        if key == "machines":
            said = replace(said, machines=tuple(cast(tuple[str, ...], value)))
        elif key == "machines.beside":
            home = self.flow.home["id"] if self.flow.home else ""
            chosen = cast(Mapping[str, str], value)
            said = replace(said, repositories={one: place for one, place in chosen.items() if place != home})
        elif key == "seed_drive":
            said = replace(said, seed_drive=bool(value))
        elif key == "paused":
            said = replace(said, paused=bool(value))
        else:
            raise KeyError(key)
        self.flow.answers = said

    def problems(self) -> dict[str, str]:
        flow, said = self.flow, self.flow.answers
        if not flow.offers:
            # Pairing is possible all the same; with a pairing that is there, nothing would be left to do.
            return {} if flow.own else {"machines": self._no_repository().label}
        if not flow.machines:
            return {"machines": say("There is no machine on this Core yet.")}
        if not said.machines:
            if all(self._why_not(one) for one in flow.machines):
                return {"machines": say("Every machine of this Core is replicated there already.")}
            return {"machines": say("Choose at least one machine.")}
        if not set(said.repositories.values()) <= {one["id"] for one in flow.offers}:
            return {"machines.beside": say("Choose repositories that the target has.")}
        if said.seed_drive and not any(one["points"] for one in flow.chosen):
            return {"seed_drive": say("None of these machines has a recovery point yet that could travel on a drive.")}
        return {}

    def _why_not(self, machine: MachineAnswer) -> str:
        flow = self.flow
        if machine["id"] in flow.members and machine["id"] not in flow.added:
            return say("Replicated already")
        if machine["kind"] == "replicated" and machine["origin"] == flow.title_of_target:
            return say("Comes from there")
        return ""

    def _no_repository(self) -> Note:
        return Note(
            key="machines",
            label=say("“{target}” has no repository yet that takes machines.", target=self.flow.title_of_target),
            explain=say("Make one there. You can pair the two Cores now and add machines later."),
            level="warning",
        )


class DriveOptionsStep(SeedOptionsStep[Replicating]):
    """The options of every seed drive, and whether all machines go on it."""

    def fields(self) -> Sequence[Field]:
        return (
            *super().fields(),
            Toggle(
                key="all_on_drive",
                label=say("All these machines go on the drive"),
                explain=say("Otherwise the next step asks which; the others go over the wire."),
                value=self.flow.answers.all_on_drive,
            ),
        )

    def answer(self, key: str, value: Answer) -> None:
        if key == "all_on_drive":
            self.flow.answers = replace(self.flow.answers, all_on_drive=bool(value))
        else:
            super().answer(key, value)


class OnDriveStep(Step[Replicating]):
    """Answers `on_drive`."""

    key = "on-drive"

    @property
    def title(self) -> str:
        return say("Machines on the drive")

    async def enter(self) -> None:
        said = self.flow.answers
        kept = tuple(one for one in said.on_drive if one in said.machines)
        self.flow.answers = replace(said, on_drive=kept)

    def fields(self) -> Sequence[Field]:
        rows = tuple(
            Row(
                value=one["id"],
                cells=(one["name"], str(one["points"]), local(one["last_point"])),
                why_not="" if one["points"] else say("It has no recovery point yet."),
            )
            for one in self.flow.chosen
        )
        columns = (say("Machine"), say("Points"), say("Newest"))
        value = self.flow.answers.on_drive
        return (Pick(key="on_drive", label=say("Machines"), columns=columns, rows=rows, value=value),)

    def answer(self, key: str, value: Answer) -> None:
        if key != "on_drive":
            raise KeyError(key)
        self.flow.answers = replace(self.flow.answers, on_drive=tuple(cast(tuple[str, ...], value)))

    def problems(self) -> dict[str, str]:
        seeded = set(self.flow.answers.seeded)
        if any(one["points"] for one in self.flow.chosen if one["id"] in seeded):
            return {}
        return {"on_drive": say("Choose at least one machine that has a recovery point.")}
