"""A flow with every kind of field, whose calls fail when a test says so."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from console.client.client import Client
from console.domain.errors import Failed
from console.flows.fields import (
    Answer,
    Choice,
    Facts,
    Field,
    Fingerprint,
    Folders,
    Lines,
    Note,
    Number,
    Option,
    Pick,
    Row,
    Size,
    Text,
    Toggle,
)
from console.flows.flow import Flow, Step, Summary
from console.flows.plan import Finished, Plan

COLOURS = (
    Option(value="red", label="Red & warm", explain="As tomatoes are."),
    Option(value="green", label="Green", explain="As grass is."),
    Option(value="blue", label="Blue", why_not="There is none left."),
)
STORES = (Option(value="default", label="default"), Option(value="second", label="second"))
FINGERPRINT = "AB:CD:" * 15 + "EF:01"


@dataclass(frozen=True)
class SampleAnswers:
    """By field key, whatever was answered."""

    said: Mapping[str, Any] = field(default_factory=dict)


class SampleFlow(Flow):
    """`failures` by step key (and `finish`): raised by the next call for it, the first one first. `gates` hold a call
    until they are set. `calls` remembers what was asked."""

    name = "sample"

    def __init__(self, client: Client, machines: int = 3) -> None:
        super().__init__(client)
        self.answers = SampleAnswers()
        self.machines = machines
        self.failures: dict[str, list[Failed]] = {}
        self.gates: dict[str, asyncio.Event] = {}
        self.calls: list[str] = []
        self.finished = Finished(text="The sample was made.")
        self._typed, self._chosen = TypedStep(self), ChosenStep(self)
        self._extra, self._shown = ExtraStep(self), ShownStep(self)
        self._summary = SampleSummary(self)

    @property
    def title(self) -> str:
        return "Make a sample"

    @property
    def finish_text(self) -> str:
        return "Make"

    def said(self, key: str, default: Any = None) -> Any:
        return self.answers.said.get(key, default)

    def path(self) -> Sequence[Step[SampleFlow]]:
        extra = (self._extra,) if self.said("more") else ()
        return (self._typed, self._chosen, *extra, self._shown, self._summary)

    async def called(self, what: str) -> None:
        self.calls.append(what)
        await self.client.status()
        if what in self.gates:
            await self.gates[what].wait()
        if self.failures.get(what):
            raise self.failures[what].pop(0)

    async def finish(self) -> Finished:
        await self.called("finish")
        return self.finished


class SampleStep(Step[SampleFlow]):
    def answer(self, key: str, value: Answer) -> None:
        said = {**self.flow.answers.said, key: value}
        self.flow.answers = replace(self.flow.answers, said=said)

    async def enter(self) -> None:
        await self.flow.called(f"enter {self.key}")

    async def check(self) -> None:
        await self.flow.called(f"check {self.key}")


class TypedStep(SampleStep):
    key = "typed"
    title = "What is typed"
    text = "Lines, numbers and sizes. This sentence is long enough to need a second line in a small window, as many do."

    def fields(self) -> Sequence[Field]:
        said = self.flow.said
        shown: list[Field] = [
            Text(key="name", label="Name", explain="As people call it.", value=said("name", ""), placeholder="web-01"),
            Text(key="password", label="Password", value=said("password", ""), secret=True),
            Text(key="note", label="Note", value=said("note", ""), long=True),
            Number(key="every", label="Every", value=said("every", 60), minimum=5, maximum=1440, unit="minutes"),
            Size(
                key="segment",
                label="Segment size",
                value=said("segment"),
                none_text="No limit",
                suggestions=(4_700_000_000, 25_000_000_000),
            ),
            Toggle(key="more", label="One more step", explain="It asks for directories.", value=said("more", False)),
        ]
        if said("name", "").startswith("x"):
            shown.insert(0, Note(key="x", label="It begins with an x.", level="info"))
            shown.insert(2, Text(key="why", label="Why with an x", value=said("why", "")))
        return shown

    def problems(self) -> dict[str, str]:
        return {} if self.flow.said("name") else {"name": "Give it a name."}


class ChosenStep(SampleStep):
    key = "chosen"
    title = "What is chosen"

    def fields(self) -> Sequence[Field]:
        said = self.flow.said
        rows = tuple(
            Row(
                value=f"m{number}",
                cells=(f"machine {number}", f"{number * 7} GB"),
                why_not="It is paused." if number == 1 else "",
            )
            for number in range(self.flow.machines)
        )
        return (
            Choice(key="colour", label="Colour", value=said("colour", "red"), options=COLOURS),
            Choice(key="store", label="Repository", value=said("store", ""), options=STORES, compact=True),
            Pick(
                key="machines",
                label="Machines",
                columns=("Machine", "Size"),
                rows=rows,
                value=said("machines", ()),
                empty="No machine is protected yet.",
                beside="Repository there",
                beside_options=STORES,
                beside_value=said("machines.beside", {}),
            ),
        )

    def problems(self) -> dict[str, str]:
        found = {}
        if not self.flow.said("store"):
            found["store"] = "Choose a repository."
        if not self.flow.said("machines"):
            found["machines"] = "Choose at least one machine."
        return found


class ExtraStep(SampleStep):
    key = "extra"
    title = "Directories"

    def fields(self) -> Sequence[Field]:
        said = self.flow.said
        return (
            Folders(key="to", label="Restore to", value=said("to", ()), make=True),
            Folders(key="from", label="Directories", value=said("from", ()), several=True),
            Pick(
                key="one",
                label="One of them",
                columns=("Name",),
                rows=tuple(Row(value=word, cells=(word,)) for word in ("first", "second", "third")),
                value=said("one", ()),
                several=False,
            ),
        )

    def problems(self) -> dict[str, str]:
        to = next(iter(self.flow.said("to", ())), "")
        return {} if to.startswith("/") else {"to": "Choose a directory."}


class ShownStep(SampleStep):
    key = "shown"
    title = "What is shown"

    def fields(self) -> Sequence[Field]:
        return (
            Fingerprint(
                key="same",
                label="Compare with the other Core",
                explain="Call whoever runs it.",
                name="Vault",
                fingerprint=FINGERPRINT,
                words=("harbour", "seven", "melon", "ticket", "quiet", "lantern"),
                value=self.flow.said("same", False),
            ),
            Facts(key="facts", label="What it says of itself", facts=(("Version", "1.0"), ("Free", "1.2 TB"))),
            Note(key="good", label="All is well.", explain="Go on.", level="good"),
            Note(key="warning", label="The medium is slow.", level="warning"),
            Lines(
                key="lines",
                label="Segments",
                columns=("Medium", "Bytes"),
                rows=(("/media/blue", "25 GB"), ("/media/a medium with a long name", "7.1 GB")),
                numeric=frozenset({1}),
            ),
        )

    def problems(self) -> dict[str, str]:
        return {} if self.flow.said("same") else {"same": "Compare first, then say that they are the same."}


class SampleSummary(Summary[SampleFlow]):
    async def make(self) -> Plan:
        await self.flow.called("enter summary")
        return Plan(
            sentences=(f"“{self.flow.said('name')}” is made.", "Nothing that is there is lost."),
            facts=(("Size", "32 GB"), ("Time", "about 12 min")),
            warnings=("It cannot be undone.",),
            command="replicore sample make --name sample --to '/media/blue drive' --comment 'A comment of some length'",
        )
