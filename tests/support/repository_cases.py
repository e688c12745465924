"""The wizards about repositories and whole volumes, as `wizard_cases` has the others."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from console.client.client import Client
from tests.support.images import sparse
from tests.support.named_worlds import RunningWorld
from tests.support.wizard_cases import Case, Fill, Running, nothing

MIB = 1 << 20


class NewRepository(Case):
    name = "repository"

    def begin(self, running_world: Running) -> RunningWorld:
        return running_world("empty")

    @property
    def steps(self) -> Mapping[str, Fill]:
        def place(hand: Any) -> None:
            hand.type("name", "cellar")
            hand.type("folder", str(self.beside / "cellar"))

        return {"place": place, "limits": lambda hand: hand.type("limit", "2 GB"), "summary": nothing}

    async def effect(self, client: Client) -> None:
        made = await client.repository("cellar")
        assert (made["path"], made["limit"]) == (str(self.beside / "cellar"), 2 * 10**9)


class MoveRepository(Case):
    name = "repository-move"

    def begin(self, running_world: Running) -> RunningWorld:
        return running_world("one-machine")

    @property
    def to(self) -> Path:
        return self.beside / "larger"

    @property
    def steps(self) -> Mapping[str, Fill]:
        return {"to": lambda hand: hand.type("folder", str(self.to)), "summary": nothing}

    async def effect(self, client: Client) -> None:
        assert (await client.repository("default"))["path"] == str(self.to)


class MendRepository(Case):
    """From another repository of the same Core, that has the same point."""

    name = "repository-repair"

    def begin(self, running_world: Running) -> RunningWorld:
        return running_world("broken")

    @property
    def steps(self) -> Mapping[str, Fill]:
        return {"damage": nothing, "sources": nothing, "summary": nothing}

    async def effect(self, client: Client) -> None:
        jobs = (await client.jobs(kind="repository-repair", offset=0))["jobs"]
        assert [job["state"] for job in jobs] == ["succeeded"]


class RestoreMachine(Case):
    """A disk, onto a file that is there, and a directory."""

    name = "restore"

    def begin(self, running_world: Running) -> RunningWorld:
        running = running_world("empty")
        self.disk = sparse(self.tmp / "disk.img", 2 * MIB, {0: os.urandom(300_000)})
        self.home = self.tmp / "home"
        self.home.mkdir()
        (self.home / "letter").write_text("Dear all")
        (self.beside / "system.img").write_bytes(b"precious")

        async def back_up() -> None:
            async with running.client() as core:
                await core.protect("server", [("system", str(self.disk)), ("home", str(self.home))])
                async for job in core.watch((await core.back_up("server"))["id"]):
                    state = job["state"]
                assert state == "succeeded"

        self.bench.run(back_up())
        return running

    @property
    def presets(self) -> Mapping[str, Any]:
        return {"machine": "server"}

    @property
    def steps(self) -> Mapping[str, Fill]:
        def targets(hand: Any) -> None:
            hand.type("to:system", str(self.beside))
            hand.type("to:home", str(self.beside / "home"))

        return {
            "machine": nothing,
            "point": nothing,
            "what": lambda hand: hand.choose("what", "machine"),
            "targets": targets,
            "overwrite": lambda hand: hand.type("agree:system", "system.img"),
            "summary": nothing,
        }

    async def effect(self, client: Client) -> None:
        assert (self.beside / "system.img").read_bytes() == self.disk.read_bytes()
        assert (self.beside / "home" / "letter").read_text() == "Dear all"


ROOM: tuple[type[Case], ...] = (NewRepository, MoveRepository, MendRepository, RestoreMachine)
