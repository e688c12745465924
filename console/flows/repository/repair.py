"""The wizard that mends a damaged repository: what is damaged, whom it hurts, who could mend it, and doing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from console.client.client import Client
from console.domain.errors import Failed, Failure
from console.domain.repair_answers import RepairPlan, RepairSource
from console.flows.amounts import local
from console.flows.fields import Answer, Field, Folders, Lines, Note
from console.flows.flow import Step, Summary
from console.flows.places import folder_problem, typed
from console.flows.plan import Finished, Plan, command
from console.flows.repository.answers import AboutRepository, RepositoryAnswers
from console.flows.restorability import restorable
from console.flows.wording import count, say


class Mending(AboutRepository):
    """`seen`: what is known of the damage, and who could mend it."""

    seen: RepairPlan | None = None

    async def ask(self) -> RepairPlan:
        self.seen = await self.client.repair_plan(self.repository, self.answers.places)
        return self.seen


def is_damaged(seen: RepairPlan) -> bool:
    return bool(seen["object_count"] or seen["image_count"] or seen["missing_packs"])


def damage_said(seen: RepairPlan) -> str:
    """How much is damaged, in one sentence."""
    if not is_damaged(seen):
        return say("Nothing in “{name}” is known to be damaged.", name=seen["name"])
    if not seen["object_count"] and seen["missing_packs"]:
        return count("{n} pack is gone.", "{n} packs are gone.", len(seen["missing_packs"]))
    return count("{n} object is damaged or missing.", "{n} objects are damaged or missing.", seen["object_count"])


def hurt_lines(seen: RepairPlan) -> Lines:
    """The points that are hurt, and what of them can be restored now."""
    return Lines(
        key="hurt",
        label=count("It hurts {n} volume image", "It hurts {n} volume images", seen["image_count"]),
        columns=(say("Machine"), say("Recovery point"), say("Volume"), say("Restorable now")),
        rows=tuple(
            (one["machine"], local(one["time"]), one["volume"], restorable(one["restorability"]))
            for one in seen["images"]
        ),
        empty=say("No recovery point needs what is damaged."),
    )


class DamageStep(Step[Mending]):
    key = "damage"

    @property
    def title(self) -> str:
        return say("Damage")

    async def enter(self) -> None:
        await self.flow.look()
        await self.flow.ask()

    def fields(self) -> Sequence[Field]:
        seen = self.flow.seen
        if seen is None:
            return ()
        if not is_damaged(seen):
            explain = say("A check of the repository looks for damage; every byte is proven when it reads them all.")
            return (Note(key="damage", label=damage_said(seen), explain=explain, level="good"),)
        return (
            Note(
                key="damage",
                label=damage_said(seen),
                explain=say("What is damaged is never restored as if it were good."),
                level="danger",
            ),
            hurt_lines(seen),
        )

    def answer(self, key: str, value: Answer) -> None:
        raise KeyError(key)

    def problems(self) -> dict[str, str]:
        seen = self.flow.seen
        return {} if seen is not None and is_damaged(seen) else {"damage": say("There is nothing to mend.")}


class SourcesStep(Step[Mending]):
    key = "sources"

    @property
    def title(self) -> str:
        return say("Who could mend it")

    @property
    def text(self) -> str:
        return say(
            "All of these are asked, one after the other, until nothing is missing. What they give is proven before it "
            "counts."
        )

    async def enter(self) -> None:
        await self.flow.ask()

    def fields(self) -> Sequence[Field]:
        seen, said = self.flow.seen, self.flow.answers
        sources = seen["sources"] if seen is not None else []
        wanted = seen["object_count"] if seen is not None else 0
        return (
            Lines(
                key="sources",
                label=say("Sources"),
                columns=(say("Source"), say("What it could mend")),
                rows=tuple((source_name(one), could_mend(one, wanted)) for one in sources),
                empty=say("Nobody is known who could have it. Attach a seed drive, or name its directory below."),
            ),
            Folders(
                key="places",
                label=say("Seed drives to be used besides those attached"),
                explain=say("Directories of the Core's machine, each with a seed drive that holds these points."),
                value=said.places,
                several=True,
            ),
        )

    def answer(self, key: str, value: Answer) -> None:
        if key != "places":
            raise KeyError(key)
        self.flow.answers = replace(self.flow.answers, places=tuple(cast(tuple[str, ...], value)))

    def problems(self) -> dict[str, str]:
        wrong = (folder_problem(place) for place in self.flow.answers.places)
        problem = next((one for one in wrong if one), None)
        return {"places": problem} if problem else {}

    async def check(self) -> None:
        """Raises Failed with what is wrong with a seed drive that was named."""
        seen = await self.flow.ask()
        named = {place.rstrip("/") for place in self.flow.answers.places}
        for source in seen["sources"]:
            if source["problem"] is not None and source["name"].rstrip("/") in named:
                raise Failed(Failure.from_dict(dict(source["problem"])))


class RepairSummary(Summary[Mending]):
    async def make(self) -> Plan:
        seen, places = await self.flow.ask(), self.flow.answers.places
        usable = [source for source in seen["sources"] if source["problem"] is None]
        sure = max((source["objects"] or 0 for source in usable), default=0)
        sentences = [damage_said(seen)]
        for source in usable:
            named = {"name": source_name(source), "what": could_mend(source, seen["object_count"])}
            sentences.append(say("{name} is asked: {what}", **named))
        sentences.append(say("What is mended is a new copy; points that were hurt are whole again by themselves."))
        warnings = []
        if not usable:
            warnings.append(
                say("Nobody is known who could mend it. What stays damaged is listed, with what would help.")
            )
        elif sure < seen["object_count"]:
            warnings.append(
                say("It is not sure that all of it can be mended. What stays damaged is listed afterwards.")
            )
        return Plan(
            sentences=tuple(sentences),
            warnings=tuple(warnings),
            command=command(
                "repository", "repair", seen["name"], options=[("--from", typed(place)) for place in places]
            ),
        )


class RepairFlow(Mending):
    """`repository`: its id or name; the default one where it is not given."""

    name = "repository-repair"

    def __init__(self, client: Client, repository: str = "") -> None:
        super().__init__(client, RepositoryAnswers(), repository)
        self._path = (DamageStep(self), SourcesStep(self), RepairSummary(self))

    @property
    def title(self) -> str:
        return say("Repair a repository")

    @property
    def finish_text(self) -> str:
        return say("Repair")

    def path(self) -> Sequence[Step[Mending]]:
        return self._path

    async def finish(self) -> Finished:
        job = await self.client.repair_repository(self.repository, self.answers.places)
        text = say("The repair of “{name}” was started.", name=self.called)
        return Finished(text=text, jobs=(job["id"],), page="repositories", id=self.repository)


def source_name(source: RepairSource) -> str:
    return {
        "parity": say("Parity beside the packs"),
        "repository": say("The repository “{name}”", name=source["name"]),
        "seed": say("The seed drive in {place}", place=source["name"]),
        "core": say("The Core “{name}”", name=source["name"]),
    }.get(source["kind"], source["name"])


def could_mend(source: RepairSource, wanted: int) -> str:
    """What it could do about `wanted` objects, in a sentence."""
    if source["problem"] is not None:
        return say("It cannot be used: {why}", why=source["problem"]["message"])
    if source["objects"] is not None:
        if wanted and source["objects"] >= wanted:
            return say("It has all of it.")
        return say("It has {n} of {wanted} objects.", n=source["objects"], wanted=wanted)
    if source["kind"] == "core":
        return count(
            "It may have {n} of the images that are hurt.",
            "It may have {n} of the images that are hurt.",
            source["images"],
        )
    return say("What it has shows when it is asked.")
