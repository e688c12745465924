"""Looking for files across recovery points: in the newest point of each machine, or in all points of one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from console.client.client import Client
from console.domain.answers import FileAnswer, PointAnswer
from console.domain.errors import Failed, FailureKind
from console.flows.listing import all_machines
from console.flows.wording import count, say

MOST = 1000
"""Files found at most; whoever has so many asks a better question."""
PAGE = 200
AT_ONCE = 8
"""Calls that look for the newest points side by side."""


@dataclass(frozen=True, slots=True)
class Question:
    """`text`: part of the path, case ignored. `machine` (id): empty: every machine. `every`: all points of that
    machine, not only its newest."""

    text: str
    machine: str = ""
    every: bool = False

    def problem(self) -> str:
        if not self.text.strip():
            return say("Type a part of the path.")
        return ""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """`versions`: in how many points it was found as it is (same size, same time); `point`: the newest of these."""

    file: FileAnswer
    point: PointAnswer
    versions: int = 1

    @property
    def key(self) -> str:
        file = self.file
        return "\0".join(
            (self.point["machine_id"], file["volume"], file["path"], str(file["size"]), str(file["mtime_ns"]))
        )


@dataclass
class Search:
    """What was found so far, and how far it has come. `unread`: points that could not be searched. `complete`: false
    where names are missing."""

    question: Question
    found: dict[str, FoundFile] = field(default_factory=dict)
    points: int = 0
    searched: int = 0
    unread: int = 0
    complete: bool = True
    ended: bool = False

    def text(self) -> str:
        """How it stands, in a sentence."""
        files = count("{n} file", "{n} files", len(self.found))
        if not self.ended:
            return say(
                "{files} so far; {done} of {all} points searched …", files=files, done=self.searched, all=self.points
            )
        where = count("in {n} recovery point", "in {n} recovery points", self.points)
        if len(self.found) >= MOST:
            return say("The first {files} {where}; type more of the path to see the others.", files=files, where=where)
        text = say("{files} {where}.", files=files, where=where)
        if not self.complete:
            text += " " + say("Some names have not arrived on this Core, so there may be more.")
        if self.unread:
            text += " " + count(
                "{n} point could not be searched: its names are damaged, or sealed with a key that is locked.",
                "{n} points could not be searched: their names are damaged, or sealed with keys that are locked.",
                self.unread,
            )
        return text


async def run(client: Client, question: Question) -> AsyncIterator[Search]:
    """Hands out the same search again and again, each time with more in it. Points that go meanwhile are passed over.
    Raises Failed when the Core is gone."""
    search = Search(question)
    points = await _points(client, question)
    search.points = len(points)
    yield search
    for point in points:
        after: str | None = None
        while len(search.found) < MOST:
            try:
                page = await client.find_files(point["id"], text=question.text.strip(), limit=PAGE, after=after)
            except Failed as known:
                if known.failure.kind is FailureKind.UNREACHABLE:
                    raise
                if known.failure.kind is not FailureKind.NOT_FOUND:
                    search.unread += 1
                break
            for file in page["files"]:
                _add(search, FoundFile(file, point))
            search.complete &= page["complete"]
            after = page["next"]
            yield search
            if after is None:
                break
        search.searched += 1
        if len(search.found) >= MOST:
            break
    search.ended = True
    yield search


async def _points(client: Client, question: Question) -> list[PointAnswer]:
    """The newest first."""
    if question.machine and question.every:
        found: list[PointAnswer] = []
        after: str | None = None
        while True:
            page = await client.points(machine=question.machine, limit=1000, after=after)
            found += page["points"]
            after = page["next"]
            if after is None:
                return found
    machines = [question.machine] if question.machine else [one["id"] for one in await all_machines(client)]
    newest: list[PointAnswer] = []
    for first in range(0, len(machines), AT_ONCE):
        some = machines[first : first + AT_ONCE]
        pages = await asyncio.gather(*(client.points(machine=machine, limit=1) for machine in some))
        newest += [point for page in pages for point in page["points"]]
    return newest


def _add(search: Search, one: FoundFile) -> None:
    known = search.found.get(one.key)
    if known is None:
        search.found[one.key] = one
    elif known.point["id"] != one.point["id"]:
        search.found[one.key] = FoundFile(known.file, known.point, known.versions + 1)
