"""The last step of the consume wizard: what becomes whole, what stays, and why."""

from __future__ import annotations

from collections import Counter

from console.domain.errors import Failure
from console.domain.plan_answers import ConsumeMachine, ConsumePlan
from console.domain.sizes import format_size
from console.flows.amounts import takes
from console.flows.consume.answers import Consuming, missing_segments
from console.flows.consume.checking import missing_note
from console.flows.flow import Summary
from console.flows.listing import all_repositories
from console.flows.places import typed
from console.flows.plan import Plan, command
from console.flows.wording import count, say


class ConsumeSummary(Summary[Consuming]):
    async def make(self) -> Plan:
        found = await self.flow.plan()
        names = {one["id"]: one["name"] for one in await all_repositories(self.flow.client)}
        stays = dict.fromkeys([*found["stays"], *(text for one in found["machines"] for text in one["stays"])])
        return Plan(
            sentences=(
                _drive(found),
                *(_machine(one, names) for one in found["machines"]),
                _heals(found["heals"]),
                *stays,
                say("Every byte is verified. The source learns at its next contact that the drive has arrived."),
            ),
            facts=(
                (say("Recovery points"), str(found["points"])),
                (say("Images"), str(found["images"])),
                (say("Size at most"), format_size(found["bytes"])),
                (say("Free in the repository"), format_size(found["room"])),
                (say("Takes about"), takes(found["estimate_s"])),
            ),
            warnings=self._warnings(found),
            problems=tuple(Failure.from_dict(dict(problem)) for problem in found["problems"]),
            command=self._command(names),
        )

    def _warnings(self, found: ConsumePlan) -> tuple[str, ...]:
        flow = self.flow
        warnings = [*found["warnings"]]
        if missing_segments(flow.drive):
            warnings.append(missing_note(flow.drive))
        result = flow.verified.get(flow.answers.paths)
        if result is not None and result["damaged"]:
            warnings.append(
                count(
                    "{n} damaged place was found on the drive; what builds on it is not imported.",
                    "{n} damaged places were found on the drive; what builds on them is not imported.",
                    len(result["damaged"]),
                )
            )
        return tuple(warnings)

    def _command(self, repositories: dict[str, str]) -> str:
        flow = self.flow
        options: list[tuple[str, str | None]] = [
            ("--machine", self._called(machine)) for machine in flow.answers.machines or ()
        ]
        options += [
            ("--repository", f"{self._called(machine)}={repositories.get(repository, repository)}")
            for machine, repository in flow.wished.items()
        ]
        return command("seed", "consume", *map(typed, flow.answers.paths), options=options)

    def _called(self, machine: str) -> str:
        """The machine's name on the drive, where no other has it; else its id."""
        names = {one["machine_id"]: one["machine"] for one in self.flow.on_drive}
        name = names.get(machine, machine)
        return machine if "=" in name or Counter(names.values())[name] > 1 else name


def _drive(found: ConsumePlan) -> str:
    return count(
        "{n} recovery point of the seed drive “{drive}” from “{source}” is imported.",
        "{n} recovery points of the seed drive “{drive}” from “{source}” are imported.",
        found["points"],
        drive=found["comment"] or found["seed"][:8],
        source=found["source"],
    )


def _machine(one: ConsumeMachine, repositories: dict[str, str]) -> str:
    return say(
        "“{machine}”: {points} and {images} go to the repository “{repository}”.",
        machine=one["machine"],
        points=count("{n} point", "{n} points", one["points"]),
        images=count("{n} image that is new here", "{n} images that are new here", one["images_new"]),
        repository=repositories.get(one["repository"], one["repository"]),
    )


def _heals(heals: int) -> str:
    if not heals:
        return say("No orphan becomes whole by it.")
    return count("{n} orphan becomes whole.", "{n} orphans become whole.", heals)
