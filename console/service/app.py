"""The application that a Core serves: its API for people and programs, and its side of the Core-to-Core protocol."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fastapi import FastAPI

from console import __version__
from console.engine.core import Core
from console.service import failures
from console.service.access import Access, local_token
from console.service.nouns import Arrivals, Meeting
from console.service.routing import API, describe
from console.service.serving import Serving

WAITERS = 256
"""So many callers may wait for jobs and changes at once."""


def create_app(core: Core, serving: Serving | None = None) -> FastAPI:
    """The ASGI application of one Core; it ends none of the Core's parts. `close` gives its threads back."""
    app = FastAPI(
        title="Replicore",
        version=__version__,
        description="The API of a Core. Every list is paged: hand `next` back as `after`.",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.core = core
    app.state.serving = serving or Serving()
    app.state.access = Access(local_token(core.data), lambda name, word: core.users.verify(name, word), core.clock)
    app.state.waiters = ThreadPoolExecutor(WAITERS, thread_name_prefix="waiter")
    arrivals = app.state.arrivals = Arrivals(core, app.router)
    app.add_middleware(Meeting, arrivals=arrivals)
    failures.handle_failures(app)

    def described() -> dict[str, Any]:
        arrivals.all()
        return describe(app)

    app.openapi = described  # type: ignore[method-assign]
    return app


def close(app: FastAPI) -> None:
    """Ends the threads of an application that is not served any more."""
    app.state.access.close()
    app.state.waiters.shutdown(wait=False, cancel_futures=True)
