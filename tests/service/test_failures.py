"""Every way a call can go wrong has one form."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from fastapi import FastAPI

from console.client.inside import InsideTransport
from console.client.local import read_token
from console.domain.errors import HTTP_STATUS, FailureKind, failed
from console.engine.core import Core
from console.service.failures import BODY_MAX
from console.service.routing import API

SECRET = "a secret password"


@pytest.fixture
def headers(core: Core, app: FastAPI) -> dict[str, str]:
    return {"Authorization": f"Bearer {read_token(core.data)}", "Content-Type": "application/json"}


async def error_of(
    transport: InsideTransport, headers: dict[str, str], method: str, path: str, body: bytes | None = None
) -> tuple[int, dict[str, Any]]:
    answer = await transport.call(method, API + path, headers=headers, body=body)
    document = json.loads(answer.body)
    assert set(document) == {"error"}
    assert set(document["error"]) == {"code", "message", "hint", "kind"}
    return answer.status, document["error"]


@pytest.mark.parametrize("kind", list(FailureKind))
async def test_a_failure_of_the_engine_keeps_its_words(
    kind: FailureKind,
    core: Core,
    transport: InsideTransport,
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> None:
        raise failed("some-code", "A sentence.", "A hint.", kind)

    monkeypatch.setattr(core.users, "list", fail)
    status, error = await error_of(transport, headers, "GET", "/users")
    assert status == HTTP_STATUS[kind]
    assert error == {"code": "some-code", "message": "A sentence.", "hint": "A hint.", "kind": kind.value}


@pytest.mark.parametrize(
    ("method", "path", "body", "named"),
    [
        ("POST", "/users", b"{", "JSON"),
        ("POST", "/users", b"", "required"),
        ("POST", "/users", b"[]", "dictionary"),
        ("POST", "/users", b'{"name": "x", "role": "king", "password": "' + SECRET.encode() + b'"}', "role"),
        ("POST", "/sign-in", b'{"user": "x", "password": ["' + SECRET.encode() + b'"]}', "password"),
        ("GET", "/points?limit=0", None, "limit"),
        ("GET", "/points?limit=1001", None, "limit"),
        ("GET", "/points?state=odd", None, "state"),
        ("GET", "/jobs?state=odd", None, "state"),
        ("GET", "/jobs/x?wait=31", None, "wait"),
        ("GET", "/events?since=yesterday", None, "since"),
        ("POST", "/points/x/restore-files", b'{"to": "/x", "overwrite": "maybe"}', "overwrite"),
    ],
)
async def test_a_call_that_is_not_right_names_what_and_never_repeats_it(
    method: str,
    path: str,
    body: bytes | None,
    named: str,
    transport: InsideTransport,
    headers: dict[str, str],
) -> None:
    plain, _, query = path.partition("?")
    pairs = dict(pair.split("=") for pair in query.split("&") if pair)
    answer = await transport.call(method, API + plain, query=pairs, headers=headers, body=body)
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["code"], error["kind"]) == (400, "bad-request", "usage")
    assert named in error["message"]
    assert SECRET not in answer.body.decode()


async def test_calls_that_do_not_exist(transport: InsideTransport, headers: dict[str, str]) -> None:
    status, error = await error_of(transport, headers, "GET", "/nothing")
    assert (status, error["code"], error["kind"]) == (404, "no-such-call", "not-found")
    status, error = await error_of(transport, headers, "DELETE", "/core")
    assert (status, error["code"]) == (405, "no-such-method")


@pytest.mark.parametrize("path", ["/machines/ghost", "/points/ghost", "/jobs/ghost", "/pairings/ghost", "/seeds/ghost"])
async def test_things_that_do_not_exist(path: str, transport: InsideTransport, headers: dict[str, str]) -> None:
    status, error = await error_of(transport, headers, "GET", path)
    assert (status, error["kind"]) == (404, "not-found")
    assert error["code"].startswith("no-such-")
    assert "ghost" in error["message"]


async def test_a_bug_is_answered_without_its_details_and_logged_once(
    core: Core,
    transport: InsideTransport,
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def crash(*_: object) -> None:
        raise ZeroDivisionError("details of the bug")

    monkeypatch.setattr(core.users, "add", crash)
    with caplog.at_level(logging.DEBUG):
        status, error = await error_of(
            transport,
            headers,
            "POST",
            "/users",
            json.dumps({"name": "ann", "role": "helpdesk", "password": SECRET}).encode(),
        )
    assert (status, error["code"], error["kind"]) == (500, "internal-error", "failed")
    assert "details of the bug" not in error["message"]
    records = [record for record in caplog.records if record.exc_info]
    assert len(records) == 1
    assert "details of the bug" in caplog.text
    assert SECRET not in caplog.text
    assert read_token(core.data) not in caplog.text


async def test_a_body_has_a_limit(transport: InsideTransport, headers: dict[str, str]) -> None:
    status, error = await error_of(transport, headers, "POST", "/users", b"x" * (BODY_MAX + 1))
    assert (status, error["code"]) == (413, "too-large")
    status, error = await error_of(transport, {}, "POST", "/sign-in", b"x" * (BODY_MAX + 1))
    assert (status, error["code"]) == (413, "too-large")
