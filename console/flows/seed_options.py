"""Where a seed drive is written and how: two steps for every wizard that ends in one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeVar, cast

from console.domain.errors import Failed, Failure, refused
from console.domain.plan_answers import MediumAnswer, SeedOnMedium, SeedPlan
from console.domain.sizes import format_size
from console.flows.fields import Answer, Choice, Field, Folders, Lines, Note, Option, Size, Text, Toggle
from console.flows.flow import Flow, Step
from console.flows.folders import is_below, private_folders, writable_ground
from console.flows.places import folder_problem, typed
from console.flows.wording import count, say

SEGMENT_LEAST = 1 << 20
SEGMENT_MOST = (1 << 32) - 1
"""FAT file systems take no file of 4 GiB or more."""
TEXT_MOST = 500

NEVER, THIS_CORE, ERASE = "never", "this-core", "erase"
WHOLE, LATEST = "whole", "latest"


@dataclass(frozen=True, slots=True)
class SeedOptions:
    """What `Client.create_seed` is asked, apart from the pairing. `places`: directories as text, one per medium;
    `machines`: ids or names, none: all of the pairing. Sizes in bytes; None: as the Core does, all room of a medium.
    `erase_agreed`: a person said that what lies on the media may go."""

    places: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()
    segment_size: int | None = None
    medium_size: int | None = None
    reuse: str = NEVER
    chains: str = WHOLE
    customer_id: str = ""
    comment: str = ""
    erase_agreed: bool = False

    def asked(self) -> dict[str, Any]:
        """The keyword arguments of `create_seed` and `seed_plan`."""
        return {
            "machines": list(self.machines),
            "segment_size": self.segment_size,
            "medium_size": self.medium_size,
            "reuse": self.reuse,
            "chains": self.chains,
            "customer_id": self.customer_id,
            "comment": self.comment,
        }

    def written(self, names: Mapping[str, str] = MappingProxyType({})) -> list[tuple[str, str | None]]:
        """The same as options of `replicore seed create`. `names`: machine id → name."""
        options: list[tuple[str, str | None]] = [("--to", typed(place)) for place in self.places]
        options += [("--machine", names.get(machine, machine)) for machine in self.machines]
        options += [
            (name, str(size))
            for name, size in (("--segment-size", self.segment_size), ("--medium-size", self.medium_size))
            if size is not None
        ]
        if self.reuse != NEVER:
            options.append(("--reuse", self.reuse))
        if self.reuse == ERASE:
            options.append(("--yes", None))
        if self.chains != WHOLE:
            options.append(("--chains", self.chains))
        if self.customer_id:
            options.append(("--customer-id", self.customer_id))
        if self.comment:
            options.append(("--comment", self.comment))
        return options


class SeedWriting(Flow):
    """A wizard that ends in a seed drive, or may. It keeps the options among its answers."""

    @property
    @abstractmethod
    def seed(self) -> SeedOptions: ...

    @abstractmethod
    def keep_seed(self, seed: SeedOptions) -> None: ...

    async def seed_plan(self) -> SeedPlan | None:
        """What the Core says writing as answered would do; None while it cannot be asked (there is no pairing yet).
        Raises Failed."""
        return None


S = TypeVar("S", bound=SeedWriting)


class SeedLocationStep(Step[S]):
    """Answers `SeedOptions.places`. `media`: what is plugged in, as last loaded."""

    key = "location"
    media: tuple[MediumAnswer, ...] = ()

    @property
    def title(self) -> str:
        return say("Seed drive location")

    @property
    def text(self) -> str:
        return say(
            "A directory on each medium that will travel, on the Core's machine. With several media the next one is "
            "used when one is full."
        )

    async def enter(self) -> None:
        self.media = tuple((await self.flow.client.media())["media"])

    def fields(self) -> Sequence[Field]:
        places = self.flow.seed.places
        shown: list[Field] = [
            Lines(
                key="media",
                label=say("Media of the Core's machine"),
                columns=(say("Path"), say("Name"), say("Free"), say("Size"), say("What is there now")),
                rows=tuple(_medium(medium) for medium in self.media),
                numeric=frozenset((2, 3)),
                empty=say("No medium is plugged in that this Core may write to."),
            ),
            Folders(key="places", label=say("Write to"), value=places, several=True, make=True),
        ]
        if not any(medium["removable"] for medium in self.media):
            shown.append(
                Note(
                    key="no-medium",
                    label=say("No removable medium is plugged in."),
                    explain=say("Plug one in and come back to this page, or choose a directory that can be carried."),
                )
            )
        shown += seeds_in_the_way(self.media, places)
        return shown

    def answer(self, key: str, value: Answer) -> None:
        if key != "places":
            raise KeyError(key)
        self.flow.keep_seed(replace(self.flow.seed, places=tuple(cast(tuple[str, ...], value))))

    def problems(self) -> dict[str, str]:
        places = self.flow.seed.places
        if not places:
            return {"places": say("Choose at least one directory.")}
        problem = next(filter(None, map(folder_problem, places)), None)
        if problem is None and len({place.rstrip("/\\") for place in places}) < len(places):
            problem = say("The same directory was chosen twice.")
        return {"places": problem} if problem else {}

    async def check(self) -> None:
        """Raises Failed: what keeps the Core from writing there; what may be erased is the next step's matter."""
        plan = await self.flow.seed_plan()
        if plan is None:
            private = await private_folders(self.flow.client)
            for place in self.flow.seed.places:
                if any(is_below(place, folder) for folder in private):
                    raise refused(
                        "location-in-repository",
                        say("{folder} lies in a repository, or in the data directory, of this Core.", folder=place),
                        say("Choose a directory on the medium that travels."),
                    )
                await writable_ground(self.flow.client, place)
            return
        for medium in plan["media"]:
            if medium["problem"] and medium["problem"]["code"] != "location-not-empty":
                raise Failed(Failure.from_dict(dict(medium["problem"])))


class SeedOptionsStep(Step[S]):
    """Answers the rest of `SeedOptions`, except `machines`."""

    key = "options"

    @property
    def title(self) -> str:
        return say("Seed drive options")

    def fields(self) -> Sequence[Field]:
        seed = self.flow.seed
        shown: list[Field] = [
            Size(
                key="medium_size",
                label=say("At most on each medium"),
                value=seed.medium_size,
                none_text=say("All the room there is"),
                suggestions=(25 * 10**9, 100 * 10**9, 500 * 10**9),
            ),
            Size(
                key="segment_size",
                label=say("Size of one file"),
                explain=say("The drive's content is cut into files of this size."),
                value=seed.segment_size,
                none_text=say("1 GiB"),
                suggestions=(1 << 28, 1 << 31, SEGMENT_MOST),
            ),
            Choice(key="chains", label=say("Recovery points"), value=seed.chains, options=_chains()),
            Choice(key="reuse", label=say("Seed drives that lie there"), value=seed.reuse, options=_reuse()),
        ]
        if seed.reuse == ERASE:
            shown.append(
                Toggle(
                    key="erase_agreed",
                    label=say("Every seed drive in the chosen directories may be erased"),
                    explain=say("Also those of other Cores. Other files are not touched."),
                    value=seed.erase_agreed,
                )
            )
        shown += [
            Text(
                key="comment",
                label=say("Comment"),
                explain=say("Shown at the target, and what you call the drive."),
                value=seed.comment,
                placeholder=say("Blue drive 1"),
            ),
            Text(
                key="customer_id",
                label=say("Customer number"),
                explain=say("Where a provider keeps the target: the number they know you by."),
                value=seed.customer_id,
            ),
        ]
        return shown

    def answer(self, key: str, value: Answer) -> None:
        seed = self.flow.seed
        if key in ("medium_size", "segment_size"):
            changed: dict[str, Any] = {key: cast("int | None", value)}
        elif key == "reuse":
            changed = {"reuse": cast(str, value), "erase_agreed": False}
        elif key in ("chains", "comment", "customer_id"):
            changed = {key: cast(str, value)}
        elif key == "erase_agreed":
            changed = {"erase_agreed": bool(value)}
        else:
            raise KeyError(key)
        self.flow.keep_seed(replace(seed, **changed))

    def problems(self) -> dict[str, str]:
        seed, found = self.flow.seed, dict[str, str]()
        if seed.medium_size is not None and seed.medium_size < SEGMENT_LEAST:
            found["medium_size"] = say("A medium takes at least {size}.", size=format_size(SEGMENT_LEAST))
        if seed.segment_size is not None and not SEGMENT_LEAST <= seed.segment_size <= SEGMENT_MOST:
            found["segment_size"] = say(
                "One file is {least} at least and {most} at most.",
                least=format_size(SEGMENT_LEAST),
                most=format_size(SEGMENT_MOST),
            )
        elif seed.medium_size is not None and (seed.segment_size or 0) > seed.medium_size:
            found["segment_size"] = say("One file is larger than what goes on a medium.")
        if seed.reuse == ERASE and not seed.erase_agreed:
            found["erase_agreed"] = say("Say that they may be erased, or choose another answer.")
        for key, text in (("comment", seed.comment), ("customer_id", seed.customer_id)):
            if len(text) > TEXT_MOST:
                found[key] = say("{n} characters at most.", n=TEXT_MOST)
        return found

    async def check(self) -> None:
        """Raises Failed, also `location-not-empty` where what lies there may not go."""
        plan = await self.flow.seed_plan()
        if plan is None:
            media = (await self.flow.client.media())["media"]
            for place in self.flow.seed.places:
                self._may_go(place, media)
            return
        for medium in plan["media"]:
            if medium["problem"]:
                raise Failed(Failure.from_dict(dict(medium["problem"])))

    def _may_go(self, place: str, media: Sequence[MediumAnswer]) -> None:
        for seed in seeds_at(media, place):
            if self.flow.seed.reuse == NEVER:
                raise refused(
                    "location-not-empty",
                    say("A seed drive lies in {place} already: {title}.", place=place, title=seed_title(seed)),
                    say("Use another directory, or say below what may go."),
                )


def seeds_at(media: Sequence[MediumAnswer], place: str) -> list[SeedOnMedium]:
    """Seed drives in the directory `place` or directly below it."""
    top = place.rstrip("/\\")
    return [
        seed
        for medium in media
        for seed in medium["seeds"]
        if seed["path"] == top or seed["path"].rpartition("/")[0] == top
    ]


def seed_title(seed: SeedOnMedium) -> str:
    """A seed drive that lies somewhere, in words."""
    title = f"“{seed['comment']}”" if seed["comment"] else seed["seed"][:8]
    points = count("{n} recovery point", "{n} recovery points", seed["points"])
    return say(
        "{title} from “{source}” for “{target}”, {points}, {size}",
        title=title,
        source=seed["source"],
        target=seed["target"],
        points=points,
        size=format_size(seed["bytes"]),
    )


def seeds_in_the_way(media: Sequence[MediumAnswer], places: Sequence[str]) -> list[Field]:
    """A warning for each seed drive that lies in one of the places."""
    return [
        Note(
            key=f"lies-there-{number}",
            label=say("A seed drive lies in {place} already: {title}.", place=place, title=seed_title(seed)),
            explain=say("The next step asks what may become of it."),
            level="warning",
        )
        for number, (place, seed) in enumerate((place, seed) for place in places for seed in seeds_at(media, place))
    ]


def _medium(medium: MediumAnswer) -> tuple[str, ...]:
    there = [seed_title(seed) for seed in medium["seeds"]]
    if medium["other_entries"]:
        there.append(count("{n} other entry", "{n} other entries", medium["other_entries"]))
    if medium["read_only"]:
        there.insert(0, say("read-only"))
    name = medium["label"] or medium["device"]
    if medium["removable"]:
        name = say("{name} (removable)", name=name)
    free, size = format_size(medium["free"]), format_size(medium["size"])
    return (medium["path"], name, free, size, "; ".join(there) or say("empty"))


def _chains() -> tuple[Option, ...]:
    return (
        Option(
            value=WHOLE,
            label=say("Whole chains"),
            explain=say("All points the target lacks, back to their base images: no orphan stays at the target."),
        ),
        Option(
            value=LATEST,
            label=say("Only the newest chain of each machine"),
            explain=say("Quicker and smaller. Older points go over the wire, or stay orphans until they do."),
        ),
    )


def _reuse() -> tuple[Option, ...]:
    return (
        Option(value=NEVER, label=say("Leave them"), explain=say("Nothing is written where a seed drive lies.")),
        Option(
            value=THIS_CORE,
            label=say("Replace those of this Core"),
            explain=say("Seed drives of other Cores stay. What was on ours counts as not sent."),
        ),
        Option(value=ERASE, label=say("Erase all seed drives there"), explain=say("Also those of other Cores.")),
    )
