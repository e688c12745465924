"""A real Core and its API, in this process, without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from console.client.client import Client
from console.client.inside import InsideTransport
from console.client.local import read_token
from console.domain.answers import JobAnswer
from console.engine.core import Core
from console.service.app import close, create_app


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    core = Core(tmp_path / "data", name="here")
    yield core
    core.stop()


@pytest.fixture
def app(core: Core) -> Iterator[FastAPI]:
    app = create_app(core)
    yield app
    core.jobs.stop()
    core.feed.close()
    close(app)


@pytest.fixture
async def transport(app: FastAPI) -> AsyncIterator[InsideTransport]:
    transport = InsideTransport(app)
    yield transport
    await transport.close()


@pytest.fixture
def client(core: Core, transport: InsideTransport) -> Client:
    """The owner of the data directory."""
    return Client(transport, read_token(core.data))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A few files to protect."""
    tree = tmp_path / "tree"
    (tree / "folder").mkdir(parents=True)
    (tree / "folder" / "text").write_text("a line\n" * 1000)
    (tree / "empty").touch()
    (tree / "link").symlink_to("folder")
    return tree


async def ended(client: Client, job: JobAnswer) -> JobAnswer:
    """A job when it has ended."""
    last = job
    async for state in client.watch(job["id"]):
        last = state
    return last


async def backed_up(client: Client, tree: Path, name: str = "web") -> str:
    """A machine with one recovery point; the point's id."""
    await client.protect(name, [("tree", str(tree))], interval_s=0)
    job = await ended(client, await client.back_up(name))
    assert job["state"] == "succeeded", job["failure"]
    assert job["result"] is not None
    point: str = job["result"]["point"]
    return point
