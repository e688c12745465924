"""How a handler becomes a call of the API: plain values in, JSON out, described in the OpenAPI document."""

from __future__ import annotations

import functools
import inspect
import json
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, get_type_hints

import msgspec
from fastapi import APIRouter, FastAPI, Query
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from console.domain.answers import ErrorAnswer
from console.domain.errors import usage
from console.service.described import without_plugins

API = "/api/v1"
REFERENCE = "#/components/schemas/{name}"
_MAKING = threading.RLock()

Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many.")]
Offset = Annotated[int | None, Query(ge=0, description="Where the window begins, in place of a cursor.")]
After = Annotated[str | None, Query(description="The `next` of the page before.")]


class Route(APIRoute):
    """A call whose handler returns one of `domain.answers`. It is encoded at once, without building a model of it: a
    page of a thousand points costs a millisecond.

    What FastAPI makes of a handler is made when the route is first asked for, with the first call that may be meant for
    it: a Core that serves one command does not wait for all the others.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        options["response_model"] = None
        self.path = path
        self._begins = path.partition("{")[0]
        self._slashes = path.count("/")
        self._later = functools.partial(super().__init__, path, _encoding(endpoint), **options)

    def __getattr__(self, name: str) -> Any:
        # Only called for what is not there yet. Several Cores of a process share the routes, each in its own thread.
        with _MAKING:
            later = self.__dict__.pop("_later", None)
            if later is not None:
                with without_plugins():
                    later()
        return object.__getattribute__(self, name)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        asked = scope.get("path", "")
        if not asked.startswith(self._begins) or asked.count("/") != self._slashes:
            return Match.NONE, {}
        return super().matches(scope)


def noun(tag: str) -> APIRouter:
    """A router for the calls of one noun; handlers give paths below `/api/v1`."""
    return APIRouter(prefix=API, route_class=Route, tags=[tag])


def encoded(answer: Any) -> Response:
    try:
        body = msgspec.json.encode(answer)
    except UnicodeEncodeError:
        # A name that is not UTF-8 got into a sentence as it was; JSON has a form for it, and nobody's answer is lost.
        body = json.dumps(msgspec.to_builtins(answer)).encode("ascii")
    return Response(body, media_type="application/json")


def page(
    items: Sequence[Any], limit: int, after: str | None, key: Callable[[Any], str]
) -> tuple[list[Any], str | None]:
    """One page of a list that is short enough to be in memory whole: (items, next). `after` is the last item's key."""
    keys = [key(item) for item in items]
    start = keys.index(after) + 1 if after is not None and after in keys else 0
    found = list(items[start : start + limit])
    more = start + limit < len(items)
    return found, keys[start + limit - 1] if more else None


def not_both(offset: int | None, after: str | None) -> None:
    """Raises Failed `offset-and-after`: a list is gone through by windows or by pages."""
    if offset is not None and after is not None:
        raise usage("offset-and-after", "A list is read by windows or by pages.", "Give an offset, or a cursor.")


def zoned(moment: datetime | None) -> datetime | None:
    """A time of a query; UTC where it names no zone."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the schema of every answer; made when it is first asked for."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        routes = [route for route in app.routes if isinstance(route, Route)]
        kinds = [_answers(route.endpoint) for route in routes]
        named = [kind for kind in kinds if kind is not None]
        schemas, components = msgspec.json.schema_components([*named, ErrorAnswer], ref_template=REFERENCE)
        by_kind = dict(zip([*named, ErrorAnswer], schemas, strict=True))
        described = document.setdefault("components", {}).setdefault("schemas", {})
        described.update(components)
        for replaced in ("HTTPValidationError", "ValidationError"):
            described.pop(replaced, None)
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        for route, kind in zip(routes, kinds, strict=True):
            for method in route.methods or ():
                call = document["paths"][route.path][method.lower()]
                call["responses"].pop("422", None)
                call["responses"]["4XX"] = _content("It failed, or was refused.", by_kind[ErrorAnswer])
                if kind is not None:
                    call["responses"]["200"] = _content("Done.", by_kind[kind])
                if route.dependant.dependencies:
                    call["security"] = [{"token": []}]
        app.openapi_schema = document
    return app.openapi_schema


def _encoding(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(endpoint):

        @functools.wraps(endpoint)
        async def answer_later(*args: Any, **named: Any) -> Response:
            answer = await endpoint(*args, **named)
            return answer if isinstance(answer, Response) else encoded(answer)

        return answer_later

    @functools.wraps(endpoint)
    def answer(*args: Any, **named: Any) -> Response:
        answer = endpoint(*args, **named)
        return answer if isinstance(answer, Response) else encoded(answer)

    return answer


def _answers(endpoint: Callable[..., Any]) -> Any:
    """The type of answer a handler declares; None where it streams."""
    kind = get_type_hints(inspect.unwrap(endpoint)).get("return")
    return None if kind is None or (isinstance(kind, type) and issubclass(kind, Response)) else kind


def _content(text: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": schema}}}
