"""All the calls of an application, also those whose routes nobody has asked for yet."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.routing import BaseRoute


def whole(app: FastAPI) -> list[BaseRoute]:
    app.state.arrivals.all()
    return app.routes
