"""What every page is handed: the Core in front, the way to other pages and wizards, and the clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from PySide6.QtCore import QObject, Signal

from console.client.client import Client
from console.desktop.link import Link
from console.desktop.mounting import Mounting
from console.desktop.tasks import Tasks
from console.domain.clock import Clock
from console.domain.roles import Right

PageName = Literal[
    "home",
    "machine",
    "points",
    "replication",
    "seeds",
    "jobs",
    "events",
    "repositories",
    "keys",
    "mounts",
    "retention",
    "finder",
    "users",
    "settings",
]
WizardName = Literal[
    "first-start",
    "protect",
    "replication",
    "seed-drive",
    "consume",
    "restore",
    "repository",
    "repository-edit",
    "repository-move",
    "repository-adopt",
    "repository-repair",
]


@dataclass(frozen=True, slots=True)
class Place:
    """Where to go. `id`: what to show there (a machine, a point, a job …). `tab`: which tab. `filter`: a filter of the
    page, as that page names them (`orphaned`)."""

    page: PageName
    id: str = ""
    tab: str = ""
    filter: str = ""


class Desk(QObject):
    """One per window and Core. Pages ask here and never know each other."""

    going = Signal(object)
    """Place: somebody wants to be there."""
    opening = Signal(str, object)
    """Wizard name, presets: somebody wants a wizard."""
    noticed = Signal(str)
    """A sentence about something that was done, shown for a while."""
    helping = Signal(str)
    """Help topic: somebody wants to read it."""

    def __init__(self, link: Link, clock: Clock, tasks: Tasks) -> None:
        super().__init__()
        self.link = link
        self.clock = clock
        self.tasks = tasks
        self.others: Callable[[], Sequence[Link]] = tuple
        """Links of the other Cores of the window."""
        self.mounting: Mounting | None = None
        """The way to mount points of this Core on this computer; None: there is none."""

    @property
    def client(self) -> Client:
        """Raises Failed `core-unreachable` while the Core does not answer."""
        return self.link.client

    def may(self, right: Right) -> bool:
        return self.link.may(right)

    def go(self, page: PageName, id: str = "", *, tab: str = "", filter: str = "") -> None:
        self.going.emit(Place(page, id, tab, filter))

    def open_wizard(self, name: WizardName, **presets: Any) -> None:
        """`presets`: keyword arguments of the flow (`pairing`, `machine`, `point` …)."""
        self.opening.emit(name, presets)

    def help(self, topic: str) -> None:
        self.helping.emit(topic)

    def notice(self, sentence: str) -> None:
        self.noticed.emit(sentence)
