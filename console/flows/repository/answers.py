"""What a person answers about a repository, and what several of these wizards ask in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.client.client import Client
from console.domain.errors import refused
from console.domain.repository_answers import RepositoryAnswer
from console.flows.fields import Choice, Option, Size
from console.flows.flow import Flow
from console.flows.listing import all_repositories
from console.flows.places import folder_problem
from console.flows.wording import say

PARITIES = (0, 5, 10, 20, 50)
"""Percent that are offered; the one that is set is too."""
LIMITS = (100 * 10**9, 500 * 10**9, 10**12, 2 * 10**12, 4 * 10**12)


@dataclass(frozen=True, slots=True)
class RepositoryAnswers:
    """`folder`: a directory of the Core's machine as text. `limit`: bytes, None: what the disk takes. `parity`: percent
    of each pack, 0: none. `parity_now`: also of the packs that are there. `places`: directories of seed drives."""

    name: str = ""
    folder: str = ""
    limit: int | None = None
    parity: int = 0
    default: bool = False
    parity_now: bool = True
    places: tuple[str, ...] = ()


class AboutRepository(Flow):
    """What the steps know of their flow. `repository`: its id, or its name; empty: the default one. `here`: that one,
    once it is loaded; `others`: all others of this Core."""

    def __init__(self, client: Client, answers: RepositoryAnswers, repository: str = "") -> None:
        super().__init__(client)
        self.answers = answers
        self.repository = repository
        self.here: RepositoryAnswer | None = None
        self.others: tuple[RepositoryAnswer, ...] = ()

    async def look(self, *, new: bool = False) -> None:
        """Reads which repositories there are. `new`: it is about none of them. Raises Failed `no-repository`."""
        found = await all_repositories(self.client)
        self.here = None
        if not new:
            wanted = (one for one in found if self.repository in ("", one["id"], one["name"]))
            self.here = next(wanted, None)
            if self.here is None:
                raise refused(
                    "no-repository",
                    say("This repository is not there any more."),
                    say("Close this window, and choose one from the page of repositories."),
                )
            self.repository = self.here["id"]
        self.others = tuple(one for one in found if self.here is None or one["id"] != self.here["id"])

    @property
    def called(self) -> str:
        return self.here["name"] if self.here is not None else self.answers.name


def name_problem(name: str, others: Sequence[RepositoryAnswer]) -> str | None:
    """Why a repository cannot be called so; None: it can."""
    if not name.strip():
        return say("Give it a name.")
    if any(one["name"].casefold() == name.strip().casefold() for one in others):
        return say("There is a repository “{name}” already.", name=name.strip())
    return None


def place_problem(folder: str, others: Sequence[RepositoryAnswer]) -> str | None:
    """Why a repository cannot lie there, as far as names say; None: it can."""
    problem = folder_problem(folder)
    if problem is None and any(one["path"].rstrip("/") == folder.rstrip("/") for one in others):
        problem = say("Another repository of this Core lies there.")
    return problem


def parity_field(value: int) -> Choice:
    options = tuple(
        Option(
            value=str(percent),
            label=say("{percent} % of each pack", percent=percent) if percent else say("None"),
            explain=say("Heals the loss of any {percent} % of a pack.", percent=percent)
            if percent
            else say("What the disk spoils has to come from elsewhere."),
        )
        for percent in sorted({*PARITIES, value})
    )
    explain = say("More data beside the packs, from which damage is mended without any other copy.")
    return Choice(key="parity", label=say("Parity"), explain=explain, value=str(value), options=options, compact=True)


def limit_field(value: int | None) -> Size:
    return Size(
        key="limit",
        label=say("Limit"),
        explain=say("How much its packs may take. What does not fit any more is refused before it is begun."),
        value=value,
        none_text=say("What the disk takes"),
        suggestions=LIMITS,
    )
