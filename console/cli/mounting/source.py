"""Where a mount gets what it shows: a Core, asked through its API from threads that are not the event loop's."""

from __future__ import annotations

import asyncio
import os
from base64 import b64decode
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from console.client.client import Client
from console.domain import paths
from console.domain.keys import named_key_locked, unknown_key_locked
from console.domain.looking_answers import EntryAnswer

T = TypeVar("T")

WINDOW = 5000
"""Names of a folder that are asked for at once."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """One name as a file system shows it. `target` and names are bytes."""

    name: bytes
    type: str
    size: int = 0
    mode: int = 0o555
    uid: int = 0
    gid: int = 0
    mtime_ns: int = 0
    target: bytes = b""
    rdev: int = 0
    links: int = 0
    xattrs: tuple[tuple[bytes, bytes], ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A recovery point. `volumes`: the labels of its images."""

    id: str
    machine: str
    time: datetime
    volumes: tuple[str, ...] = ()


class Source(Protocol):
    """Every method may raise Failed; any thread may call."""

    def machines(self) -> list[str]:
        """Names of the machines that have points."""

    def points(self, machine: str) -> list[Point]:
        """Of one machine; without their volumes."""

    def point(self, id: str) -> Point:
        """With its volumes. Raises Failed `key-locked` where nothing of it could be read."""

    def folder(self, point: str, volume: str, path: bytes) -> list[Attributes]:
        """All names of a folder, sorted."""

    def content(self, point: str, volume: str, path: bytes, offset: int, length: int) -> Future[bytes]:
        """Bytes of a file, when they are there; fewer only at its end."""


class CoreSource:
    """A Core, through a client of an event loop that runs in another thread."""

    def __init__(self, client: Client, loop: asyncio.AbstractEventLoop) -> None:
        self._client = client
        self._loop = loop

    def machines(self) -> list[str]:
        return self._wait(self._machines())

    def points(self, machine: str) -> list[Point]:
        return self._wait(self._points(machine))

    def point(self, id: str) -> Point:
        found = self._wait(self._client.point(id))
        keys = found.get("keys", ())
        if keys and all(key["locked"] for key in keys):
            id, name = keys[0]["id"], keys[0]["name"]
            raise named_key_locked(id, name) if name != id else unknown_key_locked(id[:8])
        labels = tuple(image["volume"] for image in found["images"])
        return Point(found["id"], found["machine"], datetime.fromisoformat(found["time"]), labels)

    def folder(self, point: str, volume: str, path: bytes) -> list[Attributes]:
        return self._wait(self._folder(point, volume, paths.to_text(path)))

    def content(self, point: str, volume: str, path: bytes, offset: int, length: int) -> Future[bytes]:
        asked = self._client.content(point, volume, paths.to_text(path), offset, length)
        return asyncio.run_coroutine_threadsafe(asked, self._loop)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _machines(self) -> list[str]:
        names: list[str] = []
        after: str | None = None
        while True:
            page = await self._client.machines(limit=1000, after=after)
            names += [found["name"] for found in page["machines"] if found["points"]]
            after = page["next"]
            if after is None:
                return names

    async def _points(self, machine: str) -> list[Point]:
        found: list[Point] = []
        after: str | None = None
        while True:
            page = await self._client.points(machine=machine, limit=1000, after=after)
            found += [Point(p["id"], p["machine"], datetime.fromisoformat(p["time"])) for p in page["points"]]
            after = page["next"]
            if after is None:
                return found

    async def _folder(self, point: str, volume: str, path: str) -> list[Attributes]:
        found: list[Attributes] = []
        while True:
            page = await self._client.folder(point, volume, path, offset=len(found), limit=WINDOW)
            found += [_attributes(entry) for entry in page["entries"]]
            if not page["entries"] or len(found) >= page["total"]:
                return found


def _attributes(entry: EntryAnswer) -> Attributes:
    return Attributes(
        paths.from_text(entry["name"]),
        entry["type"],
        entry["size"],
        entry["mode"],
        entry["uid"],
        entry["gid"],
        entry["mtime_ns"],
        paths.from_text(entry["target"]),
        entry["rdev"],
        entry["links"],
        tuple((paths.from_text(name), b64decode(value)) for name, value in entry["xattrs"]),
        entry["problem"],
    )


def raw(path: str) -> bytes:
    """A path as FUSE gives it."""
    return os.fsencode(path)
