"""Files looked for across points, with a client that answers from values."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from console.client.client import Client
from console.domain.errors import Failed, failed, not_found, unreachable
from console.flows import file_search
from console.flows.file_search import Question, Search


class Told:
    """Machines (id → points, newest first), and what each point has: (path, size)."""

    def __init__(self, machines: dict[str, list[str]], files: dict[str, list[tuple[str, int]]]) -> None:
        self.known, self.files = machines, files
        self.asked: list[str] = []
        self.fails: dict[str, Failed] = {}
        self.page = 2

    async def machines(self, **_: Any) -> dict[str, Any]:
        return {"machines": [{"id": id} for id in self.known], "next": None}

    async def points(self, *, machine: str, limit: int, after: str | None = None) -> dict[str, Any]:
        found = [{"id": id, "machine_id": machine, "machine": machine} for id in self.known[machine]]
        start = int(after or 0)
        end = start + min(limit, 2)
        return {"points": found[start:end], "next": str(end) if end < len(found) and limit > 1 else None}

    async def find_files(self, point: str, *, text: str, limit: int, after: str | None) -> dict[str, Any]:
        self.asked.append(point)
        if point in self.fails:
            raise self.fails[point]
        named = [
            {"volume": "srv", "path": path, "size": size, "mtime_ns": size, "type": "file", "here": True}
            for path, size in self.files.get(point, [])
            if text in path
        ]
        start = int(after or 0)
        end = start + self.page
        return {"files": named[start:end], "next": str(end) if end < len(named) else None, "complete": point != "torn"}


def searched(client: Told, question: Question) -> tuple[Search, list[str]]:
    """The ended search, and what was said on the way."""

    async def work() -> tuple[Search, list[str]]:
        said, last = [], None
        async for search in file_search.run(cast(Client, client), question):
            said.append(search.text())
            last = search
        assert last is not None
        return last, said

    return asyncio.run(work())


def test_the_newest_point_of_each_machine_is_searched_page_by_page() -> None:
    client = Told(
        {"a": ["a2", "a1"], "b": [], "c": ["c1"]}, {"a2": [("x/1", 1), ("x/2", 2), ("x/3", 3)], "c1": [("x/4", 4)]}
    )
    search, said = searched(client, Question(" x/ "))
    assert client.asked == ["a2", "a2", "c1"]
    assert sorted(one.file["path"] for one in search.found.values()) == ["x/1", "x/2", "x/3", "x/4"]
    assert said[0] == "0 files so far; 0 of 2 points searched …"
    assert said[-1] == "4 files in 2 recovery points."


def test_all_points_of_a_machine_tell_versions_apart() -> None:
    client = Told(
        {"a": ["a3", "a2", "a1"], "b": ["b1"]}, {"a3": [("x", 5)], "a2": [("x", 5)], "a1": [("x", 4)], "b1": [("x", 5)]}
    )
    search, _ = searched(client, Question("x", "a", every=True))
    found = {one.file["size"]: (one.point["id"], one.versions) for one in search.found.values()}
    assert found == {5: ("a3", 2), 4: ("a1", 1)}
    assert client.asked == ["a3", "a2", "a1"]


def test_points_that_go_meanwhile_are_passed_over_and_other_failures_told() -> None:
    client = Told({"a": ["a1"], "b": ["b1"]}, {"b1": [("x", 1)]})
    client.fails["a1"] = not_found("recovery point", "a1")
    search, _ = searched(client, Question("x"))
    assert len(search.found) == 1
    assert not search.unread
    client.fails["a1"] = failed("key-locked", "The key is locked.", "")
    search, said = searched(client, Question("x"))
    assert len(search.found) == 1
    assert "1 point could not be searched" in said[-1]
    client.fails["a1"] = unreachable("core-unreachable", "It does not answer.", "")
    with pytest.raises(Failed, match="core-unreachable"):
        searched(client, Question("x"))


def test_it_is_said_when_there_may_be_more(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Told({"a": ["torn"]}, {"torn": [("x", 1)]})
    search, said = searched(client, Question("x"))
    assert not search.complete
    assert "there may be more" in said[-1]
    monkeypatch.setattr(file_search, "MOST", 3)
    many = Told({"a": ["a1"], "b": ["b1"]}, {"a1": [(f"x{n}", n) for n in range(9)], "b1": [("x", 1)]})
    search, said = searched(many, Question("x"))
    assert many.asked == ["a1", "a1"], "enough is enough"
    assert "type more of the path" in said[-1]


def test_a_question_needs_a_text() -> None:
    assert Question("  ").problem()
    assert not Question("x").problem()
