"""Walking through wizards as a person does, without a window."""

from __future__ import annotations

import shlex
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest

from console.client.client import Client
from console.client.inside import InsideTransport
from console.client.local import read_token
from console.client.transport import CALL_S, Answer, Transport, core_unreachable
from console.domain.answers import JobAnswer
from console.domain.errors import Failed, Failure
from console.engine.core import Core
from console.flows import fields
from console.flows.flow import Flow, Summary
from console.flows.plan import Finished, Plan
from console.service.app import close, create_app
from console.worlds import World

F = TypeVar("F", bound=fields.Field)


class Cord:
    """A way to a Core that can be cut: while it is, every call ends with `core-unreachable`."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.cut = False

    async def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = CALL_S,
    ) -> Answer:
        if self.cut:
            raise core_unreachable("test", "the cord is cut.")
        return await self.inner.call(method, path, query=query, headers=headers, body=body, timeout=timeout)

    def lines(
        self, path: str, *, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> AsyncGenerator[bytes]:
        return self.inner.lines(path, query=query, headers=headers)

    async def close(self) -> None:
        await self.inner.close()


@asynccontextmanager
async def at_home(world: World, name: str | None = None) -> AsyncIterator[Client]:
    """The owner's client of a Core of a world (None: the primary one) that lives in this process meanwhile. It listens
    to nobody: other Cores find it gone."""
    core = Core((world.primary if name is None else world.core(name)).data)
    app = create_app(core)
    transport = InsideTransport(app)
    try:
        yield Client(transport, read_token(core.data))
    finally:
        await transport.close()
        core.jobs.stop()
        core.feed.close()
        close(app)
        core.stop()


def corded(client: Client) -> Cord:
    """Puts a cord between a client and its Core."""
    cord = Cord(client._transport)
    client._transport = cord
    return cord


def field(flow: Flow, key: str, kind: type[F]) -> F:
    """The field of the step in front."""
    for found in flow.step.fields():
        if found.key == key:
            assert isinstance(found, kind), found
            return found
    raise AssertionError(f"{flow.step.key} shows no {key}: {[one.key for one in flow.step.fields()]}")


def keys(flow: Flow) -> set[str]:
    return {one.key for one in flow.step.fields()}


async def walk(flow: Flow, until: str) -> None:
    """Forward, answering nothing, to the step of this key."""
    while flow.step.key != until:
        assert not flow.last, f"there is no step {until}"
        await flow.forward()


async def refused(flow: Flow, code: str) -> Failure:
    """Forward is refused with this code, and the step in front stays."""
    number = flow.number
    with pytest.raises(Failed) as caught:
        await flow.forward()
    assert caught.value.failure.code == code
    assert flow.number == number
    return caught.value.failure


def plan_of(flow: Flow) -> Plan:
    """The plan of the last step, which is in front."""
    step = flow.step
    assert isinstance(step, Summary)
    assert step.plan is not None
    return step.plan


def words_of(plan: Plan) -> list[str]:
    """The equal command line, without the program's name."""
    program, *words = shlex.split(plan.command)
    assert program == "replicore"
    return words


async def ended(client: Client, finished: Finished) -> JobAnswer:
    """The last job that a flow started, when it has succeeded."""
    job = await client.job(finished.jobs[-1])
    async for state in client.watch(job["id"]):
        job = state
    assert job["state"] == "succeeded", job["failure"]
    return job
