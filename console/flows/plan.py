"""The last page of every wizard: what will happen, and afterwards where to watch it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from console.domain.errors import Failure
from console.flows.fields import Command, Facts, Field, Note, Sentences
from console.flows.wording import say


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`sentences`: what happens, in order. `facts`: sizes and times. `problems` keep it from being started; `warnings`
    do not. `command`: the equal command line."""

    sentences: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    problems: tuple[Failure, ...] = ()
    command: str = ""

    def fields(self) -> tuple[Field, ...]:
        shown: list[Field] = [
            Note(key=f"problem-{number}", label=problem.message, explain=problem.hint, level="danger")
            for number, problem in enumerate(self.problems)
        ]
        shown += [
            Note(key=f"warning-{number}", label=warning, level="warning")
            for number, warning in enumerate(self.warnings)
        ]
        shown.append(Sentences(key="sentences", label=say("What will happen"), sentences=self.sentences))
        if self.facts:
            shown.append(Facts(key="facts", label=say("In figures"), facts=self.facts))
        if self.command:
            shown.append(Command(key="command", label=say("The same as a command"), command=self.command))
        return tuple(shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """`text`: what was done or started. `jobs`: ids of the jobs to watch. `page` and `id`: what to show afterwards
    (`page` as the Console names its pages, `id` of the thing). `then`: name of a wizard offered next, or empty."""

    text: str
    jobs: tuple[str, ...] = ()
    page: Literal["", "home", "machine", "points", "replication", "seeds", "jobs", "repositories"] = ""
    id: str = ""
    then: str = ""
    warnings: tuple[str, ...] = field(default=())


def command(*words: str, options: Iterable[tuple[str, str | None]] = ()) -> str:
    """`replicore WORDS --option value …`, quoted for a shell. An option without value stands alone."""
    line = ["replicore", *words]
    for name, value in options:
        line += [name] if value is None else [name, value]
    return shlex.join(line)
