"""Who may call what: a right on every route, roles, sessions, the local token."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest
from fastapi import FastAPI

from console.client.client import Client
from console.client.inside import InsideTransport
from console.domain.errors import Failed, FailureKind, failed
from console.domain.roles import RIGHTS, Right, Role, User
from console.service import access as access_module
from console.service.access import IDLE_S, Access, Needs, local_token
from console.service.routing import API, Route
from tests.support.calls import whole
from tests.support.clock import FixedClock

OPEN = {f"{API}/sign-in"}
"""Calls of the API that need nobody to be signed in; openapi.json is no call, and the pairing calls are the wire's."""


def rights(app: FastAPI) -> dict[tuple[str, str], set[Right]]:
    """The rights that each call of the API declares."""
    found: dict[tuple[str, str], set[Right]] = {}
    for route in whole(app):
        if isinstance(route, Route):
            needs = {d.call.right for d in route.dependant.dependencies if isinstance(d.call, Needs)}
            for method in route.methods:
                found[method, route.path] = needs
    return found


def test_every_route_declares_exactly_one_right(app: FastAPI) -> None:
    found = rights(app)
    assert len(found) > 40
    for (method, path), needs in found.items():
        assert len(needs) == (0 if path in OPEN else 1), f"{method} {path}"


def test_there_are_no_other_routes_below_the_api(app: FastAPI) -> None:
    others = [getattr(route, "path", "") for route in whole(app) if not isinstance(route, Route)]
    assert [path for path in others if path.startswith(API)] == [f"{API}/openapi.json"]


def test_what_changes_something_needs_more_than_read(app: FastAPI) -> None:
    reads = ("sign-out", "points/kept", "points/loss", "repairs/plan", "pairings/{pairing}/loss")
    harmless = {("POST", f"{API}/{path}") for path in reads}
    for (method, path), needs in rights(app).items():
        if method != "GET" and path not in OPEN and (method, path) not in harmless:
            assert Right.READ not in needs, f"{method} {path}"


@pytest.mark.parametrize("role", [*Role, None])
async def test_each_role_reaches_what_it_has_a_right_to(role: Role | None, app: FastAPI, client: Client) -> None:
    """Every call with no valid arguments: who may not is refused before they are even looked at."""
    transport = InsideTransport(app)
    headers = {"Content-Type": "application/json"}
    if role is not None:
        await client.add_user("ann", role.value, "a long password")
        token = (await Client(transport).sign_in("ann", "a long password"))["token"]
        headers["Authorization"] = f"Bearer {token}"
    for (method, path), needs in rights(app).items():
        if path in OPEN or path == f"{API}/changes" or path == f"{API}/sign-out":
            continue
        target = path.replace("{", "no-").replace("}", "")
        body = b'{"host": "", "port": "x", "to": 5}' if method != "GET" else None
        if path == f"{API}/core/rebuild-catalog" and role is Role.ADMINISTRATOR:
            continue
        answer = await transport.call(method, target, headers=headers, body=body)
        error = json.loads(answer.body).get("error", {})
        if role is None:
            assert (answer.status, error["code"]) == (401, "not-signed-in"), f"{method} {path}"
        elif needs <= RIGHTS[role]:
            assert answer.status not in (401, 403, 500), f"{method} {path}: {error}"
        else:
            assert (answer.status, error["code"]) == (403, "role-forbids"), f"{method} {path}"
            assert "administrator" in error["hint"]
    await transport.close()


async def test_people_sign_in_and_out(transport: InsideTransport, client: Client) -> None:
    await client.add_user("ann", "helpdesk", "a long password")
    person = Client(transport)
    signed = await person.sign_in("ann", "a long password")
    assert (signed["user"], signed["role"], signed["idle_s"]) == ("ann", "helpdesk", IDLE_S)
    status = await person.status()
    assert (status["user"], status["role"]) == ("ann", "helpdesk")
    token = signed["token"]
    await person.sign_out()
    with pytest.raises(Failed) as caught:
        await Client(transport, token).status()
    assert caught.value.failure.code == "not-signed-in"


async def test_a_wrong_password_is_refused(transport: InsideTransport, client: Client) -> None:
    await client.add_user("ann", "helpdesk", "a long password")
    for user, password in [("ann", "another password"), ("nobody", "a long password")]:
        with pytest.raises(Failed) as caught:
            await Client(transport).sign_in(user, password)
        assert (caught.value.failure.code, caught.value.failure.kind) == ("wrong-credentials", FailureKind.FORBIDDEN)


@pytest.mark.parametrize("how", ["password", "removal"])
async def test_sessions_end_with_what_they_were_opened_with(
    how: str, transport: InsideTransport, client: Client
) -> None:
    await client.add_user("ann", "helpdesk", "a long password")
    person = Client(transport)
    await person.sign_in("ann", "a long password")
    if how == "password":
        await client.set_password("ann", "another password")
    else:
        await client.remove_user("ann")
    with pytest.raises(Failed) as caught:
        await person.status()
    assert caught.value.failure.code == "not-signed-in"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer  ", "Basic YTpi", "Bearer wrong", "bearer ü"])
async def test_what_is_no_token_is_nobody(header: str, transport: InsideTransport) -> None:
    answer = await transport.call("GET", f"{API}/core", headers={"Authorization": header})
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (401, "not-signed-in")


class OneUser:
    """Stands for `engine.users.Users`: one user, whose password is checked when `go` is set."""

    def __init__(self, clock: FixedClock) -> None:
        self.user = User("1", "Ann", Role.TECHNICIAN, "", clock.now())
        self.go = threading.Event()
        self.go.set()

    def verify(self, name: str, password: str) -> User:
        assert self.go.wait(120)
        if password != "right":
            raise failed("wrong-credentials", "Wrong.", "", FailureKind.FORBIDDEN)
        return self.user


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


def test_sessions_end_when_nobody_uses_them(clock: FixedClock) -> None:
    access = Access("local", OneUser(clock).verify, clock)
    token, user = access.sign_in("ann", "right")
    assert user.name == "Ann"
    for _ in range(3):
        clock.forward(IDLE_S - 1)
        assert access.who(token).role is Role.TECHNICIAN
    clock.forward(IDLE_S + 1)
    for _ in range(2):
        with pytest.raises(Failed):
            access.who(token)
    assert access.who("local").role is Role.ADMINISTRATOR
    access.close()


def test_sessions_do_not_grow_without_end(clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_module, "KEPT_SESSIONS", 3)
    access = Access("local", OneUser(clock).verify, clock)
    tokens = []
    for _ in range(4):
        tokens.append(access.sign_in("ann", "right")[0])
        clock.forward(1)
    with pytest.raises(Failed):
        access.who(tokens[0])
    for token in tokens[1:]:
        access.who(token)
    access.dismiss("ANN")
    for token in tokens:
        with pytest.raises(Failed):
            access.who(token)
    access.close()


def test_who_guesses_does_not_keep_others_waiting(clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_module, "WAITING_SIGN_INS", 3)
    users = OneUser(clock)
    access = Access("local", users.verify, clock)
    users.go.clear()
    waiting = [threading.Thread(target=access.sign_in, args=("ann", "right")) for _ in range(3)]
    for thread in waiting:
        thread.start()
    deadline = threading.Event()
    while access._waiting < 3:
        deadline.wait(0.01)
    with pytest.raises(Failed) as caught:
        access.sign_in("ann", "right")
    assert caught.value.failure.code == "too-many-attempts"
    users.go.set()
    for thread in waiting:
        thread.join()
    access.sign_in("ann", "right")
    access.close()


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_the_local_token_is_its_owners_only(tmp_path: Path) -> None:
    token = local_token(tmp_path)
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    assert len(token) > 40
    assert local_token(tmp_path) == token
    (tmp_path / "token.partial").write_text("left by a Core that died")
    (tmp_path / "token").unlink()
    assert local_token(tmp_path) != token
    assert sorted(path.name for path in tmp_path.iterdir()) == ["token"]
