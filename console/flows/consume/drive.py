"""The step that says where the drive is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from console.domain.plan_answers import MediumAnswer, SeedOnMedium
from console.domain.sizes import format_size
from console.flows.amounts import local
from console.flows.consume.answers import FOLDER, MEDIA, Consuming
from console.flows.fields import Answer, Choice, Field, Folders, Note, Option, Pick, Row
from console.flows.flow import Step
from console.flows.places import folder_problem
from console.flows.wording import count, say


class DriveStep(Step[Consuming]):
    key = "drive"
    _found: tuple[tuple[MediumAnswer, SeedOnMedium], ...] = ()
    _begun = False

    @property
    def title(self) -> str:
        return say("Drive")

    @property
    def text(self) -> str:
        return say(
            "Attach the medium to the Core's machine. A drive of several media is consumed best with all of them "
            "attached; one after the other works too."
        )

    async def enter(self) -> None:
        media = (await self.flow.client.media())["media"]
        found = [(medium, seed) for medium in media for seed in medium["seeds"]]
        self._found = tuple(sorted(found, key=lambda one: (not one[1]["expected"], one[1]["ours"])))
        said = self.flow.answers
        there = {seed["path"] for _, seed in self._found}
        said = replace(said, media=tuple(path for path in said.media if path in there))
        if not self._begun:
            said = replace(said, media=self._preset())
            if said.folders and set(said.folders) <= there:
                said = replace(said, place=MEDIA, media=said.folders, folders=())
        if not self._found:
            said = replace(said, place=FOLDER)
        self._begun = True
        self.flow.answers = said

    def fields(self) -> Sequence[Field]:
        said = self.flow.answers
        shown: list[Field] = []
        if not self._found:
            explain = say("Attach the medium and come back to this step, or name the directory the drive is in.")
            shown.append(Note(key="none", label=say("No attached medium has a seed drive on it."), explain=explain))
        elif self.flow.seed and not any(self._is_sought(seed) for _, seed in self._found):
            label = say("The seed drive {seed} is on none of the attached media.", seed=self.flow.seed[:8])
            explain = say("Attach it and come back to this step, or name the directory it is in.")
            shown.append(Note(key="none", label=label, explain=explain, level="warning"))
        why_not = "" if self._found else say("There is no seed drive on attached media.")
        options = (
            Option(value=MEDIA, label=say("Attached media"), why_not=why_not),
            Option(value=FOLDER, label=say("A directory"), explain=say("Copied there, or on a network share.")),
        )
        shown.append(Choice(key="place", label=say("Where the drive is"), value=said.place, options=options))
        if said.place == MEDIA:
            shown.append(self._pick())
        else:
            explain = say("Several directories: one for each medium of the same drive.")
            label = say("Directories")
            shown.append(Folders(key="folders", label=label, explain=explain, value=said.folders, several=True))
        return shown

    def answer(self, key: str, value: Answer) -> None:
        said = self.flow.answers
        if key == "place":
            self.flow.answers = replace(said, place=cast(str, value))
        elif key == "media":
            self.flow.answers = replace(said, media=tuple(cast(tuple[str, ...], value)))
        elif key == "folders":
            self.flow.answers = replace(said, folders=tuple(cast(tuple[str, ...], value)))
        else:
            raise KeyError(key)

    def problems(self) -> dict[str, str]:
        said = self.flow.answers
        if said.place == MEDIA:
            chosen = [seed for _, seed in self._found if seed["path"] in said.media]
            if not chosen:
                return {"media": say("Choose the seed drive.")}
            for seed in chosen:
                if why := _why_not(seed):
                    return {"media": why}
            if len({seed["seed"] for seed in chosen}) > 1:
                return {"media": say("These are different seed drives. Consume one after the other.")}
            return {}
        if not said.folders:
            return {"folders": say("Choose a directory.")}
        wrong = next(filter(None, map(folder_problem, said.folders)), None)
        return {"folders": wrong} if wrong else {}

    def _preset(self) -> tuple[str, ...]:
        """The drive that was asked for, or else the one that is expected here, if it is the only one."""
        able = [seed for _, seed in self._found if not _why_not(seed)]
        wanted = [seed for seed in able if (self._is_sought(seed) if self.flow.seed else seed["expected"])]
        same = len({seed["seed"] for seed in wanted}) == 1
        return tuple(seed["path"] for seed in wanted) if same else ()

    def _is_sought(self, seed: SeedOnMedium) -> bool:
        return bool(self.flow.seed) and seed["seed"].startswith(self.flow.seed)

    def _pick(self) -> Pick:
        columns = (say("Comment"), say("From"), say("Written"), say("Machines"), say("Points"), say("Size"), say("On"))
        rows = tuple(
            Row(
                value=seed["path"],
                cells=(
                    seed["comment"] or seed["seed"][:8],
                    seed["source"],
                    local(seed["created"]),
                    ", ".join(seed["machines"]),
                    str(seed["points"]),
                    format_size(seed["bytes"]),
                    _on(medium, seed),
                ),
                why_not=_why_not(seed),
            )
            for medium, seed in self._found
        )
        return Pick(key="media", label=say("Seed drives"), columns=columns, rows=rows, value=self.flow.answers.media)


def _on(medium: MediumAnswer, seed: SeedOnMedium) -> str:
    name = medium["label"] or medium["device"] or medium["path"]
    if seed["segments_here"] == seed["segments"]:
        return name
    segments = count("{here} of {n} segment", "{here} of {n} segments", seed["segments"], here=seed["segments_here"])
    return f"{name} ({segments})"


def _why_not(seed: SeedOnMedium) -> str:
    if seed["problem"] is not None:
        return seed["problem"]["message"]
    if seed["ours"]:
        return say("This Core wrote it, for “{target}”: it is consumed there.", target=seed["target"])
    return ""
