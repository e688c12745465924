"""The step that says how volumes are read and kept: commands around each backup, snapshots, compression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar, cast

from console.flows.compression import cost_text, level_text, offered
from console.flows.fields import Answer, Choice, Field, Number, Option, Text, Toggle
from console.flows.flow import Step
from console.flows.machine_settings import DAY_S, timeout_problem
from console.flows.protect.answers import Protecting
from console.flows.wording import say

P = TypeVar("P", bound=Protecting)


class OptionsStep(Step[P]):
    """Answers `before`, `after`, `timeout`, `snapshot`, `compression`."""

    key = "options"

    @property
    def title(self) -> str:
        return say("Options")

    @property
    def text(self) -> str:
        return say(
            "How files hold still while they are read, and how small they are kept. Most machines need no change."
        )

    def fields(self) -> Sequence[Field]:
        said = self.flow.protection
        shown: list[Field] = [
            Text(
                key="before",
                label=say("Command before each backup"),
                explain=say("Run by the shell of the Core's machine. When it fails, no recovery point is made."),
                value=said.before,
                placeholder="sh /srv/freeze",
            ),
            Text(
                key="after",
                label=say("Command after each backup"),
                explain=say("Run whatever became of the backup."),
                value=said.after,
                placeholder="sh /srv/thaw",
            ),
        ]
        if said.before or said.after:
            shown.append(
                Number(
                    key="timeout",
                    label=say("Ended after"),
                    value=said.timeout_s,
                    minimum=1,
                    maximum=DAY_S,
                    unit=say("seconds"),
                )
            )
        shown.append(
            Toggle(
                key="snapshot",
                label=say("Read from a snapshot where the host has them (btrfs)"),
                value=said.snapshot,
            )
        )
        shown.append(
            Choice(
                key="compression",
                label=say("Compression"),
                explain=cost_text(),
                value=str(said.compression),
                options=tuple(Option(value=str(n), label=level_text(n)) for n in offered(said.compression)),
                compact=True,
            )
        )
        return shown

    def answer(self, key: str, value: Answer) -> None:
        said = self.flow.protection
        if key == "before":
            said = replace(said, before=cast(str, value))
        elif key == "after":
            said = replace(said, after=cast(str, value))
        elif key == "timeout":
            said = replace(said, timeout_s=cast(int, value))
        elif key == "snapshot":
            said = replace(said, snapshot=bool(value))
        elif key == "compression":
            said = replace(said, compression=int(cast(str, value)))
        else:
            raise KeyError(key)
        self.flow.keep_protection(said)

    def problems(self) -> dict[str, str]:
        wrong = timeout_problem(self.flow.protection.timeout_s)
        return {"timeout": wrong} if wrong else {}
