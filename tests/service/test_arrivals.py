"""Routes come with the calls they are meant for, and every call finds its own."""

from __future__ import annotations

from importlib import import_module

import pytest
from fastapi import FastAPI
from starlette.routing import Route as PlainRoute

from console.client.inside import InsideTransport
from console.service.nouns import GUESTS, NOUNS, WIRE, modules_of
from console.service.routing import API, Route
from console.wire.conversation import BASE
from tests.support.calls import whole


def paths(app: FastAPI) -> set[str]:
    return {route.path for route in app.routes if isinstance(route, PlainRoute)}


@pytest.mark.parametrize("module", sorted({*NOUNS, *GUESTS}))
def test_each_call_is_looked_for_where_it_is(module: str) -> None:
    for route in import_module(f"console.service.routers.{module}").router.routes:
        path = route.path.removeprefix(f"{API}/")
        assert module in list(modules_of(path)), path


def test_an_application_begins_without_calls(app: FastAPI) -> None:
    assert not [path for path in paths(app) if path.startswith(API) and not path.endswith("/openapi.json")]


async def test_a_call_brings_its_own_routes_once(app: FastAPI, transport: InsideTransport) -> None:
    for _ in range(2):
        assert (await transport.call("GET", f"{API}/points")).status == 401
    came = [route.path for route in app.routes if isinstance(route, Route)]
    assert f"{API}/points" in came
    assert not [path for path in came if path.startswith((f"{API}/machines", f"{API}/seeds"))]
    assert len(came) == len(import_module("console.service.routers.points").router.routes)


async def test_other_cores_find_theirs(app: FastAPI, transport: InsideTransport) -> None:
    assert not [path for path in paths(app) if path.startswith(WIRE)]
    assert (await transport.call("GET", f"{BASE}/hello")).status == 200


async def test_what_is_no_call_is_said_to_be_none(transport: InsideTransport) -> None:
    for path in ("nothing", "points/a/b/c/d", "rollup"):
        answer = await transport.call("GET", f"{API}/{path}")
        assert answer.status == 404
        assert b"no-such-call" in answer.body


async def test_the_description_has_them_all(app: FastAPI, transport: InsideTransport) -> None:
    assert (await transport.call("GET", f"{API}/openapi.json")).status == 200
    before = len(app.routes)
    assert len(whole(app)) == before
