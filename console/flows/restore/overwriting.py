"""The step that names what would be lost where whole volumes go, and wants it agreed to by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from console.domain.errors import Failed, Failure
from console.domain.plan_answers import VolumePlan
from console.flows.fields import Answer, Choice, Field, Lines, Note, Option, Text, Toggle
from console.flows.flow import Step
from console.flows.restore.answers import DEVICE, Restoring
from console.flows.wording import count, say

SHOWN_MISSING = 20


class OverwriteStep(Step[Restoring]):
    """On the way only where something is there already, or is not here."""

    key = "overwrite"

    @property
    def title(self) -> str:
        return say("What would be lost")

    @property
    def text(self) -> str:
        return say("Read this with care: what is overwritten cannot be brought back.")

    async def enter(self) -> None:
        await self.flow.judge()
        if not any(_incomplete(one) for one in self._volumes):
            self.flow.answers = replace(self.flow.answers, partial=False)

    def fields(self) -> Sequence[Field]:
        shown: list[Field] = []
        for one in self._volumes:
            if one["there"]:
                shown += self._lost(one)
        if any(one["conflict_count"] for one in self._volumes):
            shown.append(self._conflicts())
        for one in self._volumes:
            if one["missing_count"]:
                shown += _missing(one)
        if any(_incomplete(one) for one in self._volumes):
            files = sum(one["files"] for one in self._volumes if _incomplete(one))
            explain = count("{n} file can be restored.", "{n} files can be restored.", files)
            label, value = say("Restore only what is here"), self.flow.answers.partial
            shown.append(Toggle(key="partial", label=label, explain=explain, value=value))
        return shown

    def _lost(self, one: VolumePlan) -> list[Field]:
        text = dict(self.flow.answers.typed).get(one["volume"], "")
        on_it = self._on_it(one)
        return [
            Note(
                key=f"lost:{one['volume']}",
                label=say("All that is on {place} now is lost.", place=one["to"])
                if one["kind"] == DEVICE
                else say("The file {place} is there already, and is replaced.", place=one["to"]),
                explain=on_it,
                level="danger",
            ),
            Text(
                key=f"agree:{one['volume']}",
                label=say("Type “{name}” to agree", name=one["confirm"]),
                value=text,
            ),
        ]

    def _on_it(self, one: VolumePlan) -> str:
        devices = self.flow.devices["devices"] if self.flow.devices is not None else ()
        parts = [device["path"] for device in devices if device["part_of"] == one["to"]]
        if not parts:
            return ""
        return count(
            "It has {n} partition: {names}.", "It has {n} partitions: {names}.", len(parts), names=", ".join(parts)
        )

    def _conflicts(self) -> Choice:
        number = sum(one["conflict_count"] for one in self._volumes)
        return Choice(
            key="overwrite",
            label=count("{n} file is there already", "{n} files are there already", number),
            value=self.flow.answers.overwrite,
            options=(
                Option(
                    value="never", label=say("Keep them"), explain=say("Files that are there are left as they are.")
                ),
                Option(
                    value="older", label=say("Replace older ones"), explain=say("Where the restored file is newer.")
                ),
                Option(value="always", label=say("Replace all"), explain=say("What is in them now is lost.")),
            ),
        )

    def answer(self, key: str, value: Answer) -> None:
        what, _, label = key.partition(":")
        if key == "overwrite":
            self.flow.answers = replace(self.flow.answers, overwrite=cast(str, value))
        elif key == "partial":
            self.flow.answers = replace(self.flow.answers, partial=bool(value))
        elif what == "agree":
            self.flow.answers = self.flow.answers.agreed(label, cast(str, value).strip())
        else:
            raise KeyError(key)

    def problems(self) -> dict[str, str]:
        found: dict[str, str] = {}
        typed = dict(self.flow.answers.typed)
        for one in self._volumes:
            if one["there"] and typed.get(one["volume"], "") != one["confirm"]:
                found[f"agree:{one['volume']}"] = say("Type the name exactly: “{name}”.", name=one["confirm"])
        if any(_incomplete(one) for one in self._volumes) and not self.flow.answers.partial:
            found["partial"] = say("Not all of it is here: restore only what is here, or choose another point.")
        return found

    async def check(self) -> None:
        """Raises Failed with what is in the way of a place, with what was agreed to."""
        for problem in (await self.flow.judge())["problems"]:
            raise Failed(Failure.from_dict(dict(problem)))

    @property
    def _volumes(self) -> Sequence[VolumePlan]:
        return self.flow.judged["volumes"] if self.flow.judged is not None else ()


def _incomplete(one: VolumePlan) -> bool:
    """Bytes of it are not here. In a whole volume only what could not be read when it was backed up is missing: that
    cannot be had anywhere."""
    return not one["whole"] and one["missing_count"] > 0


def _missing(one: VolumePlan) -> list[Field]:
    number = one["missing_count"]
    return [
        Note(
            key=f"missing:{one['volume']}",
            label=count(
                "“{volume}”: {n} file cannot be restored from here.",
                "“{volume}”: {n} files cannot be restored from here.",
                number,
                volume=one["volume"],
            ),
            explain=say("The recovery point says what it waits for, and what repairs it."),
            level="warning",
        ),
        Lines(
            key=f"missing-files:{one['volume']}",
            label=say("The first of them") if number > SHOWN_MISSING else say("Not here"),
            columns=(say("File"),),
            rows=tuple((path,) for path in one["missing"][:SHOWN_MISSING]),
        ),
    ]
