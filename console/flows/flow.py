"""A wizard as a value machine: steps, answers, the way forward and back. Rendered by the Console, driven by tests.

A flow keeps one frozen value with all answers. Each step shows fields made from it, judges what was typed, asks the
Core when it is entered (what to show) and when it is left (whether that can be). Going back keeps every answer; an
answer that makes a later one impossible drops that one (`Step.enter` of the later step does it).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from console.client.client import Client
from console.domain.errors import usage
from console.flows.fields import Answer, Field
from console.flows.plan import Finished, Plan
from console.flows.wording import say

F = TypeVar("F", bound="Flow")


class Step(ABC, Generic[F]):
    """One page of a wizard. `key` is stable (`target`, `machines`, …); help is found by `flow.name/key`."""

    key: str

    def __init__(self, flow: F) -> None:
        self.flow = flow

    @property
    @abstractmethod
    def title(self) -> str: ...

    @property
    def text(self) -> str:
        """One or two sentences on top."""
        return ""

    @abstractmethod
    def fields(self) -> Sequence[Field]:
        """With the answers as they are now. Pure."""

    @abstractmethod
    def answer(self, key: str, value: Answer) -> None:
        """Keeps what was typed or chosen in the field `key`. Pure; wrong values are kept too and judged."""

    def problems(self) -> dict[str, str]:
        """Field key → a sentence that says what is wrong with its answer. Pure: judged while people type."""
        return {}

    async def enter(self) -> None:
        """Loads what the step shows, each time it is entered. Raises Failed."""

    async def check(self) -> None:
        """Asks the Core whether the answers can be, before the next step. Raises Failed; the step stays in front."""


class Flow(ABC):
    """`name`: stable (`protect`, `replication`, …). The first step is in front after `begin`."""

    name: str

    def __init__(self, client: Client) -> None:
        self.client = client
        self._at = 0

    @property
    @abstractmethod
    def title(self) -> str: ...

    @property
    @abstractmethod
    def finish_text(self) -> str:
        """What the last button says: “Protect”, “Write the seed drive”."""

    @abstractmethod
    def path(self) -> Sequence[Step]:  # type: ignore[type-arg]
        """The steps that the answers lead through, the summary last. A step stands for itself: the same object each
        time. What lies behind the step in front may change with its answers; what lies before may not."""

    @abstractmethod
    async def finish(self) -> Finished:
        """Does it. Raises Failed; nothing is half done then, or the failure says what is."""

    @property
    def step(self) -> Step:  # type: ignore[type-arg]
        return self.path()[self._at]

    @property
    def number(self) -> int:
        """Which step of the path is in front, from 0."""
        return self._at

    @property
    def last(self) -> bool:
        return self._at == len(self.path()) - 1

    async def begin(self) -> None:
        await self.step.enter()

    def answer(self, key: str, value: Answer) -> None:
        self.step.answer(key, value)

    def problems(self) -> dict[str, str]:
        return self.step.problems()

    async def forward(self) -> None:
        """To the next step, if this one's answers can be. Raises Failed; this step stays in front then."""
        problems = self.step.problems()
        if problems:
            raise usage("answers-missing", next(iter(problems.values())), say("Mend what is marked, then go on."))
        await self.step.check()
        self._at += 1
        try:
            await self.step.enter()
        except BaseException:
            self._at -= 1
            raise

    async def back(self) -> None:
        """To the step before, with its answers. Raises Failed when it cannot be loaded; then nothing has moved."""
        if self._at:
            self._at -= 1
            try:
                await self.step.enter()
            except BaseException:
                self._at += 1
                raise


class Summary(Step[F]):
    """The last step: the plan."""

    key = "summary"
    plan: Plan | None = None

    @property
    def title(self) -> str:
        return say("Summary")

    async def make(self) -> Plan:
        """Asks the Core what will happen. Raises Failed."""
        raise NotImplementedError

    async def enter(self) -> None:
        self.plan = await self.make()

    def fields(self) -> Sequence[Field]:
        return self.plan.fields() if self.plan else ()

    def answer(self, key: str, value: Answer) -> None:
        raise KeyError(key)

    def problems(self) -> dict[str, str]:
        if self.plan is None:
            return {"sentences": say("The plan is not made yet.")}
        return {f"problem-{number}": problem.message for number, problem in enumerate(self.plan.problems)}
