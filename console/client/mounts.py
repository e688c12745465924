"""Recovery points mounted on this computer: each by a process of its own (`replicore mount`), started and ended here.

The process speaks to the Core by itself. When it dies its mount is taken down, and what it said last is kept.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from console.client.child import Child
from console.domain.clock import Clock
from console.domain.errors import Failed, Failure, failed, refused

READY_S = 60.0
"""A mount that does not stand after so long will not."""
END_S = 10.0
TELL_S = 0.5
SAID = 3
"""Complaints that are shown."""
FUSE = Path("/dev/fuse")
MOUNTINFO = Path("/proc/self/mountinfo")
KIND = "fuse.replicore"


class MountState(StrEnum):
    MOUNTING = "mounting"
    MOUNTED = "mounted"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Mount:
    """`core`: key of the Core it is from, empty for one that somebody else made; `what`: what people call what it
    shows. `since`: None where nobody knows. `failure`: why it ended, where that was not asked for. `said`: what its
    process complained of last: what could not be read, and why."""

    id: str
    core: str
    point: str
    what: str
    place: str
    state: MountState
    since: datetime | None = None
    failure: Failure | None = None
    said: tuple[str, ...] = ()


class Mounts:
    """All mounts of this computer. To be used from one event loop; `changed` is called in it."""

    def __init__(self, command: Sequence[str], clock: Clock) -> None:
        """`command`: the words that start this program."""
        self.changed: list[Callable[[], object]] = []
        self._command = tuple(command)
        self._clock = clock
        self._mounts: dict[str, Mount] = {}
        self._children: dict[str, Child] = {}
        self._made: dict[str, Path] = {}
        self._asked: set[str] = set()
        self._ways: dict[str, tuple[str, ...]] = {}
        self._telling = False
        self._watching: set[asyncio.Task[None]] = set()

    def why_not(self) -> Failure | None:
        """What is missing on this computer; None: points can be mounted."""
        if not FUSE.exists():
            return _not_available("there is no /dev/fuse")
        if shutil.which("fusermount3") is None and shutil.which("fusermount") is None:
            return _not_available("the program fusermount3 is missing")
        if find_spec("mfusepy") is None:
            return _not_available("the Python package mfusepy is missing")
        return None

    def list(self) -> list[Mount]:
        """Those made here, newest first, then those of others that this computer shows."""
        own = [replace(one, said=_complaints(self._children[one.id])) for one in self._mounts.values()]
        own = sorted(own, key=lambda one: one.since or self._clock.now(), reverse=True)
        known = {os.path.realpath(one.place) for one in own if one.state is not MountState.ENDED}
        others = [place for place in _shown() if os.path.realpath(place) not in known]
        return own + [Mount(place, "", "", "", place, MountState.MOUNTED) for place in others]

    async def mount(self, core: str, way: Sequence[str], point: str, what: str, place: str) -> Mount:
        """Mounts a point (empty: all points) at a directory of this computer, which is made where it is not there, and
        returns when it stands. `way`: options of the command line that lead to the Core.

        Raises Failed: `mount-not-available`, `mount-point-not-empty`, `mount-point-unusable`, and what the command
        says.
        """
        missing = self.why_not()
        if missing is not None:
            raise Failed(missing)
        where, made = _make(place)
        id = uuid.uuid4().hex
        stands = asyncio.Event()
        loop = asyncio.get_running_loop()

        def heard(line: str) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody wants to know any more
                loop.call_soon_threadsafe(stands.set if _says_it_stands(line) else self._tell_soon)

        words = ["mount", *([point] if point else ["--all"]), str(where)]
        try:
            child = Child([*self._command, *way, "--json", *words], heard)
        except OSError as error:
            raise failed("mount-failed", f"The mount could not be started: {error.strerror or error}.") from error
        self._children[id] = child
        self._ways[id] = tuple(way)
        if made:
            self._made[id] = where
        self._put(Mount(id, core, point, what, str(where), MountState.MOUNTING, self._clock.now()))
        try:
            await self._begun(child, stands)
        except BaseException:
            self._asked.add(id)
            await self._take_down(id)
            self._forget(id)
            raise
        task = loop.create_task(self._watch(id, child))
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)
        self._put(replace(self._mounts[id], state=MountState.MOUNTED, since=self._clock.now()))
        return self._mounts[id]

    async def unmount(self, id: str) -> None:
        """Takes a mount down (also one of others), or forgets one that has ended. Who still reads there reads to the
        end. Raises Failed `unmount-failed`."""
        if id in self._mounts:
            self._asked.add(id)
            await self._take_down(id)
            self._forget(id)
            return
        await asyncio.to_thread(_unmount, id)
        if id in _shown():
            raise failed(
                "unmount-failed", f"{id} could not be unmounted.", "Only who mounted it, or root, may do that."
            )
        self._tell()

    async def again(self, id: str) -> Mount:
        """Mounts once more what was made here, at the same place: after its process died, or its Core went elsewhere.
        Raises Failed as `mount`."""
        before, way = self._mounts[id], self._ways[id]
        await self.unmount(id)
        return await self.mount(before.core, way, before.point, before.what, before.place)

    async def close(self) -> None:
        """Takes down all that were made here."""
        await asyncio.gather(*(self.unmount(id) for id in list(self._mounts)), return_exceptions=True)

    async def _begun(self, child: Child, stands: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        ended, begun = loop.create_task(child.gone()), loop.create_task(stands.wait())
        try:
            done, _ = await asyncio.wait([ended, begun], timeout=READY_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (ended, begun):
                task.cancel()
        if begun not in done:
            raise Failed(_why(child))

    async def _watch(self, id: str, child: Child) -> None:
        await child.gone()
        if id in self._asked or id not in self._mounts:
            return
        await asyncio.to_thread(_unmount, self._mounts[id].place)  # a dead one stands in the way of everybody
        failure = None if child.process.returncode == 0 else _why(child)
        self._put(replace(self._mounts[id], state=MountState.ENDED, failure=failure))

    async def _take_down(self, id: str) -> None:
        child, mount = self._children[id], self._mounts[id]
        await child.end(END_S, signal.SIGINT)
        await asyncio.to_thread(_unmount, mount.place)
        made = self._made.get(id)
        if made is not None:
            with suppress(OSError):
                made.rmdir()

    def _forget(self, id: str) -> None:
        self._mounts.pop(id, None)
        self._children.pop(id, None)
        self._made.pop(id, None)
        self._ways.pop(id, None)
        self._tell()

    def _put(self, mount: Mount) -> None:
        self._mounts[mount.id] = mount
        self._tell()

    def _tell_soon(self) -> None:
        """Who reads through damage may complain a thousand times a second; that is told now and then."""
        if not self._telling:
            self._telling = True
            asyncio.get_running_loop().call_later(TELL_S, self._tell)

    def _tell(self) -> None:
        self._telling = False
        for told in list(self.changed):
            told()


def _make(place: str) -> tuple[Path, bool]:
    """The directory, and whether it was made now. Raises Failed."""
    where = Path(place).expanduser().absolute()
    try:
        if not where.exists():
            where.mkdir(parents=True)
            return where, True
        if not where.is_dir() or next(iter(where.iterdir()), None) is not None:
            raise refused(
                "mount-point-not-empty", f"{where} is no empty directory.", "Choose a new or an empty directory."
            )
    except OSError as error:
        raise failed(
            "mount-point-unusable", f"{where} cannot be used: {error.strerror or error}.", "Choose another directory."
        ) from error
    return where, False


def _shown() -> list[str]:
    """Where this computer shows recovery points, whoever mounted them."""
    try:
        lines = MOUNTINFO.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        before, _, after = line.partition(" - ")
        if after.split(" ")[0] == KIND:
            found.append(before.split(" ")[4].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"))
    return found


def _unmount(place: str) -> None:
    """Nothing happens where nothing is mounted."""
    if place not in _shown():
        return
    program = shutil.which("fusermount3") or shutil.which("fusermount")
    words = [program, "-u", "-z", place] if program else ["umount", "-l", place]
    subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def _says_it_stands(line: str) -> bool:
    try:
        return "mounted" in json.loads(line)
    except (ValueError, TypeError):
        return False


def _complaints(child: Child) -> tuple[str, ...]:
    """Each begins with the path it is about; what the libraries below it say does not."""
    return tuple(line for line in list(child.lines) if line.startswith("“"))[-SAID:]


def _why(child: Child) -> Failure:
    """What a process that ended said of it."""
    said = child.failure()
    if said is not None:
        return said
    words = " ".join(line for line in child.lines if not line.startswith("{"))
    text = f"The mount has ended unexpectedly ({child.how()})." + (f" It said: {words}" if words else "")
    return failed("mount-ended", text, "Mount it again.").failure


def _not_available(why: str) -> Failure:
    return failed(
        "mount-not-available",
        f"Mounting is not possible on this computer: {why}.",
        "Install the system's package fuse3, and: pip install 'replicore[mount]'",
    ).failure
