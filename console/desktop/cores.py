"""The Cores a window knows: the one of this computer and those remembered, each with its link."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from console.client import connect, passwords
from console.client.client import Client
from console.client.cores import Cores, RememberedCore
from console.client.embedded import EmbeddedCore
from console.client.local import read_core, read_token
from console.client.mounts import Mounts
from console.desktop.link import Link
from console.desktop.mounting import Mounting
from console.domain.clock import Clock
from console.domain.errors import FailureKind, failed, unreachable
from console.flows.wording import say


class CoreList(QObject):
    """`changed` when a Core was added or forgotten. Links are opened by `open`, once they are looked at."""

    changed = Signal()

    def __init__(self, remembered: Cores, clock: Clock, command: Sequence[str]) -> None:
        super().__init__()
        self.remembered = remembered
        self._clock = clock
        self._command = tuple(command)
        self._links: dict[str, Link] = {}
        self._embedded: dict[str, EmbeddedCore] = {}
        self._known: dict[str, RememberedCore] = {}
        self._passwords: dict[str, str] = {}
        self._ways: dict[str, tuple[str, ...]] = {}
        self.mounts = Mounts(command, clock)

    @property
    def links(self) -> tuple[Link, ...]:
        return tuple(self._links.values())

    def link(self, key: str) -> Link:
        return self._links[key]

    def mounting(self, key: str) -> Mounting:
        """How points of a Core are mounted on this computer."""
        return Mounting(self.mounts, key, self._ways[key])

    def is_embedded(self, key: str) -> bool:
        """Whether this program started the Core, so that it ends with it."""
        core = self._embedded.get(key)
        return core is not None and core.pid is not None

    def add_local(self, data: Path, title: str = "", begun: EmbeddedCore | None = None) -> Link:
        """The Core of a data directory of this computer; started as a child process when nobody runs it. `begun`: it
        was begun already."""
        key = f"local:{data}"
        self._ways[key] = ("--data", str(data))
        core = self._embedded[key] = begun or EmbeddedCore(data, self._command)

        async def dial() -> Client:
            # The embedded Core keeps a client of its own, to notice its death; the link gets another one.
            await core.start()
            found = read_core(data)
            if found is None:
                raise unreachable("core-unreachable", say("The Core of this computer does not answer."))
            return connect.local(found, read_token(data))

        return self._add(Link(key, title or say("This computer"), dial, self._clock))

    def add_remembered(self, core: RememberedCore, password: str = "") -> Link:
        """A Core elsewhere. `password`: for this run, when no keyring keeps it."""
        key = f"core:{core.name.lower()}"
        self._known[key] = core
        self._ways[key] = ("--core", core.name)
        if password:
            self._passwords[key] = password

        async def dial() -> Client:
            secret = self._passwords.get(key) or await asyncio.to_thread(passwords.recall, core.name)
            if secret is None:
                raise failed(
                    "password-needed",
                    say(
                        "The password of “{user}” at “{core}” is not known on this computer.",
                        user=core.user,
                        core=core.name,
                    ),
                    say("Sign in again: open the menu of Cores and choose “{core}”.", core=core.name),
                    FailureKind.FORBIDDEN,
                )
            return await connect.remembered(core, secret)

        return self._add(Link(key, core.name, dial, self._clock))

    def add_all_remembered(self) -> None:
        """Those of the user's settings. Raises Failed `cores-unreadable`."""
        for core in self.remembered.list():
            self.add_remembered(core)

    def remembered_core(self, key: str) -> RememberedCore | None:
        """None: it is of this computer."""
        return self._known.get(key)

    def sign_in(self, key: str, password: str) -> None:
        """Tries again with a password that was typed; it is kept by the keyring where there is one."""
        self._passwords[key] = password
        core = self._known[key]
        asyncio.get_event_loop().run_in_executor(None, passwords.keep, core.name, password)
        self._links[key].try_again()

    async def forget(self, key: str) -> None:
        """A remembered Core is forgotten, with its password."""
        link = self._links.pop(key)
        core = self._known.pop(key)
        self._passwords.pop(key, None)
        self.remembered.forget(core.name)
        await asyncio.to_thread(passwords.drop, core.name)
        self.changed.emit()
        await link.close()

    async def close(self) -> None:
        """Takes mounts down, ends all links, then the Cores that were started here, politely."""
        await self.mounts.close()
        await asyncio.gather(*(link.close() for link in self._links.values()), return_exceptions=True)
        await asyncio.gather(*(core.stop() for core in self._embedded.values()), return_exceptions=True)

    def _add(self, link: Link) -> Link:
        self._links[link.key] = link
        self.changed.emit()
        return link
