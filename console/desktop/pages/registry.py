"""Which pages there are, in the order of the bar. A page is imported when it is first opened: start-up pays for one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from console.desktop.desk import Desk, PageName
from console.desktop.pages.page import Page
from console.flows.wording import say


@dataclass(frozen=True, slots=True)
class PageEntry:
    """`bar`: has a button of its own; the others stand under *More* (the machine is opened from the tree)."""

    name: PageName
    icon: str
    module: str
    cls: str
    title: Callable[[], str]
    bar: bool = True
    listed: bool = True

    def make(self, desk: Desk) -> Page:
        page: Page = getattr(import_module(self.module), self.cls)(desk)
        return page


def _entry(name: PageName, icon: str, title: Callable[[], str], *, bar: bool = True, listed: bool = True) -> PageEntry:
    return PageEntry(
        name, icon, f"console.desktop.pages.{name}", f"{name.capitalize()}Page", title, bar=bar, listed=listed
    )


PAGES: tuple[PageEntry, ...] = (
    _entry("home", "home", lambda: say("&Home")),
    _entry("machine", "machine", lambda: say("Machine"), listed=False),
    _entry("points", "point", lambda: say("Recovery &points")),
    _entry("replication", "pairing", lambda: say("&Replication")),
    _entry("seeds", "seed", lambda: say("&Seed drives")),
    _entry("jobs", "job", lambda: say("&Jobs")),
    _entry("events", "event", lambda: say("&Events")),
    _entry("repositories", "repository", lambda: say("Rep&ositories"), bar=False),
    _entry("keys", "key", lambda: say("Encryption &keys"), bar=False),
    _entry("finder", "finder", lambda: say("&File search"), bar=False),
    _entry("retention", "retention", lambda: say("Ret&ention"), bar=False),
    _entry("mounts", "folder", lambda: say("&Mounts"), bar=False),
    _entry("users", "user", lambda: say("&Users"), bar=False),
    _entry("settings", "settings", lambda: say("Se&ttings"), bar=False),
)


def entry(name: str) -> PageEntry:
    """Raises KeyError."""
    return next(page for page in PAGES if page.name == name)
