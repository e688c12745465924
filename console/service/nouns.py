"""Which module serves which call. It is imported when the first such call comes: a command in whose process a Core
lives makes two or three calls, and does not wait for the handlers of all the others and what they are made of."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from importlib import import_module

from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from console.engine.core import Core
from console.service.described import without_plugins
from console.service.routing import API

WIRE = "/core/"
"""What other Cores call begins so."""
NOUNS = {
    "core": ("core", "sign-in", "sign-out"),
    "users": ("users",),
    "repositories": ("repositories", "checks", "indexes", "parities", "reclaims", "repairs"),
    "keys": ("keys",),
    "machines": ("machines",),
    "points": ("points",),
    "pairings": ("pairings",),
    "seeds": ("seeds",),
    "jobs": ("jobs",),
    "events": ("events", "changes"),
    "host": ("host", "media"),
    "overview": ("home", "safety", "search", "throughput", "topology"),
    "retention": ("retention",),
}
"""Module → what its calls begin with, below the API's own prefix."""
GUESTS = {
    "comparing": ("comparison", "comparison-fix"),
    "copies": ("copies", "replicate-backup", "require-copy"),
    "keys": ("key-change",),
    "looking": ("folder", "entry", "content"),
    "overview": ("chain-map", "days", "orphan", "find-files"),
    "plans": ("plan", "consume-plan", "restore-plan", "restore-volumes-plan", "ask-source"),
    "retention": ("retention", "rollup", "simulation", "kept", "hold", "release", "nightly"),
}
"""Module → what its calls end with, where they begin with a noun of another module."""
_BEGIN = {word: module for module, words in NOUNS.items() for word in words}
_END = {word: module for module, words in GUESTS.items() for word in words}


def modules_of(path: str) -> Iterator[str]:
    """The modules that may serve a path below the API's prefix (`points/abc/kept`)."""
    words = path.split("/")
    if words[0] in _BEGIN:
        yield _BEGIN[words[0]]
    if words[-1] in _END:
        yield _END[words[-1]]


class Arrivals:
    """The routes of an application, which come with the calls they are meant for."""

    def __init__(self, core: Core, router: Router) -> None:
        self._core = core
        self._router = router
        self._lock = threading.Lock()
        self._here: set[str] = set()

    def meet(self, path: str) -> None:
        """Brings the routes for a call. `path`: the whole of it."""
        if path.startswith(WIRE):
            self._bring(WIRE)
        for module in modules_of(path.removeprefix(f"{API}/")):
            self._bring(module)

    def all(self) -> None:
        for module in (*NOUNS, *GUESTS, WIRE):
            self._bring(module)

    def _bring(self, module: str) -> None:
        if module in self._here:
            return
        with self._lock:
            if module in self._here:
                return
            if module == WIRE:
                from console.wire import listener

                brought = listener.router(self._core.receive).routes
            else:
                with without_plugins():
                    # They are whole already: including them would build each one a second time.
                    brought = import_module(f"console.service.routers.{module}").router.routes
            self._router.routes.extend(brought)
            self._here.add(module)


class Meeting:
    """Around the router of an application: when a call gets there, so have its routes."""

    def __init__(self, app: ASGIApp, arrivals: Arrivals) -> None:
        self._app = app
        self._arrivals = arrivals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self._arrivals.meet(scope["path"])
        await self._app(scope, receive, send)
