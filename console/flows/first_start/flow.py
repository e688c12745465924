"""The wizard of a first start: what the Core is for, its repository, the first machine, other Cores, summary."""

from __future__ import annotations

from collections.abc import Sequence

from console.client.client import Client
from console.domain.errors import Failure
from console.flows.first_start.answers import Starting
from console.flows.first_start.steps import FirstMachineStep, OthersStep, PlaceStep, WelcomeStep, reach
from console.flows.flow import Step, Summary
from console.flows.half_done import half_done
from console.flows.plan import Finished, Plan, command
from console.flows.protect.answers import NEW, create_command
from console.flows.protect.choosing import ExclusionsStep
from console.flows.protect.keeping import ScheduleStep
from console.flows.protect.summary import protect_plan
from console.flows.wording import say

EVERYWHERE = "0.0.0.0:8006"


class FirstStartFlow(Starting):
    """Ends with the first backup, or with how other Cores get here. Nothing has to be answered."""

    name = "first-start"

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self._always: tuple[Step[Starting], ...] = (WelcomeStep(self), PlaceStep(self))
        self._first = FirstMachineStep(self)
        self._how: tuple[Step[Starting], ...] = (ScheduleStep(self), ExclusionsStep(self))
        self._others = OthersStep(self)
        self._summary = StartSummary(self)

    @property
    def title(self) -> str:
        return say("First start")

    @property
    def finish_text(self) -> str:
        return say("Begin")

    def path(self) -> Sequence[Step[Starting]]:
        steps = list(self._always)
        if self.answers.protects:
            steps.append(self._first)
            if self.answers.machine_now:
                steps += self._how
        if self.answers.receives:
            steps.append(self._others)
        return (*steps, self._summary)

    async def finish(self) -> Finished:
        with half_done(self.done):
            return await self._finish()

    async def _finish(self) -> Finished:
        said = self.answers
        if said.protection.repository == NEW:
            await self.make_repository(said.protection.new_name, said.protection.new_place, default=True)
        told: list[str] = []
        if said.receives:
            told.append(await self._open_up())
        if not said.first_machine:
            return Finished(text=" ".join(told) or say("This Core is ready."), page="home")
        machine, job = await self.protect()
        text = say("“{name}” is protected.", name=machine["name"])
        if job is not None:
            text = say("“{name}” is protected, and its first backup was started.", name=machine["name"])
        return Finished(
            text=" ".join([text, *told]), jobs=(job["id"],) if job else (), page="machine", id=machine["id"]
        )

    async def _open_up(self) -> str:
        """Lets others replicate here; how they do it, in words."""
        said = self.answers
        if said.user and said.user != self.added:
            await self.client.add_user(said.user, "administrator", said.password)
            self.added = said.user
            self.done.append(say("“{name}” was added as an administrator.", name=said.user))
        if self.opens:
            await self.client.set("listen", EVERYWHERE)
        await self.load()
        text = say(
            "Other Cores pair with “{name}” at {address} as {people}; the words to compare: {words}.",
            name=self.certificate["name"],
            address=EVERYWHERE if self.opens else self.status["address"],
            people=", ".join(self.administrators) or say("an administrator, whom you add under Users"),
            words=" ".join(self.certificate["words"]),
        )
        return f"{text} {_next_start()}" if self.opens else text


class StartSummary(Summary[Starting]):
    async def make(self) -> Plan:
        flow, said = self.flow, self.flow.answers
        sentences: list[str] = []
        lines: list[str] = []
        warnings: list[str] = []
        facts: tuple[tuple[str, str], ...] = ()
        problems: tuple[Failure, ...] = ()
        new = said.protection.repository == NEW
        if said.receives:
            await flow.load()
        if new and not said.first_machine:
            name, place = said.protection.new_name, said.protection.new_place
            sentences.append(say("The repository “{name}” is made in {folder}.", name=name, folder=place))
        if new:
            sentences.append(say("“{name}” becomes the default for new machines.", name=said.protection.new_name))
            lines.append(create_command(said.protection, default=True))
        if said.first_machine:
            plan = await protect_plan(flow)
            # The repository is made first, with more said of it than when a machine alone is protected.
            rest = [line for line in plan.command.split(" && ") if line and line != create_command(said.protection)]
            sentences = [*plan.sentences, *sentences]
            facts, problems = plan.facts, plan.problems
            warnings += plan.warnings
            lines += rest
        if said.receives:
            more, commands = _opening(flow)
            sentences += more
            lines += commands
            facts += reach(flow)
            if not flow.administrators and not said.user:
                warnings.append(say("No other Core can pair with this one before an administrator is added."))
        if not sentences:
            sentences.append(say("Nothing is changed. Everything can be done later from the Console."))
        return Plan(
            sentences=tuple(sentences),
            facts=facts,
            warnings=tuple(warnings),
            problems=problems,
            command=" && ".join(lines),
        )


def _opening(flow: Starting) -> tuple[list[str], list[str]]:
    """What is done so that others can replicate here: sentences, and commands."""
    said = flow.answers
    sentences: list[str] = []
    lines: list[str] = []
    if said.user and said.user != flow.added:
        sentences.append(say("“{name}” may sign in as an administrator.", name=said.user))
        options: list[tuple[str, str | None]] = [("--role", "administrator"), ("--password-stdin", None)]
        lines.append(command("user", "add", said.user, options=options))
    if flow.opens:
        sentences.append(say("This Core is reached from other machines at {address}.", address=EVERYWHERE))
        sentences.append(_next_start())
        lines.append(command("core", "settings", "listen", EVERYWHERE))
    sentences.append(say("Other Cores can then replicate here; what they need is said below."))
    return sentences, lines


def _next_start() -> str:
    return say("That holds from the next start of this Core on.")
