"""Windows of points, jobs and events at the API."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from console.client.client import Client
from console.domain.clock import iso
from console.domain.errors import Failed
from console.domain.events import Severity
from console.engine.core import Core
from tests.service.conftest import backed_up, ended


async def refused(call: object) -> str:
    with pytest.raises(Failed) as caught:
        await call  # type: ignore[misc]
    return caught.value.failure.code


async def several(client: Client, tree: Path) -> list[str]:
    """Two points of one machine and one of another, oldest first."""
    first = await backed_up(client, tree, "web")
    (tree / "more").write_text("x" * 50_000)
    job = await ended(client, await client.back_up("web"))
    assert job["result"] is not None
    (tree / "yet more").write_text("y" * 90_000)
    return [first, job["result"]["point"], await backed_up(client, tree, "Mail")]


async def test_points_in_every_order(client: Client, tree: Path) -> None:
    web, web2, mail = await several(client, tree)

    async def window(**how: object) -> list[str]:
        page = await client.points(offset=0, **how)  # type: ignore[arg-type]
        assert page["next"] is None
        assert page["total"] == len(page["points"])
        return [point["id"] for point in page["points"]]

    assert await window() == [mail, web2, web]
    assert await window(descending=False) == [web, web2, mail]
    assert await window(sort="machine", descending=False) == [mail, web, web2]
    assert await window(sort="size") == [mail, web2, web]
    assert await window(machine="web", sort="new", descending=False) == [web, web2]
    assert await window(kind="incremental") == [web2]
    assert await window(state="whole") == [mail, web2, web]
    assert await window(state="orphaned") == []
    times = {point["id"]: point["time"] for point in (await client.points())["points"]}
    assert await window(since=times[web2]) == [mail, web2]
    assert await window(until=times[web2]) == [web2, web]
    assert await window(since=times[web2].rstrip("Z"), until=times[web2]) == [web2], "UTC where no zone is named"
    page = await client.points(offset=1, limit=1)
    assert ([point["id"] for point in page["points"]], page["total"]) == ([web2], 3)
    assert (page["points"][0]["kind"], page["points"][0]["targets"]) == ("incremental", [])
    assert page["points"][0]["bytes_new"] >= 50_000
    assert (await client.points(offset=99))["points"] == []
    assert "total" not in await client.points()
    assert [p["id"] for p in (await client.points(descending=False, kind="base"))["points"]] == [web, mail]


async def test_an_order_that_pages_have_not_got_is_refused(client: Client) -> None:
    assert await refused(client.points(sort="size")) == "order-needs-offset"
    assert await refused(client.points(offset=0, after="x")) == "offset-and-after"
    assert await refused(client.jobs(state="active")) == "order-needs-offset"
    assert await refused(client.events(text="x")) == "order-needs-offset"


async def test_orphans_are_listed_at_once_and_said_again_when_they_are_counted(
    core: Core, client: Client, tree: Path
) -> None:
    web, web2, mail = await several(client, tree)
    image = core.catalog.points.get(web).images[0]
    heard = core.feed.subscribe()
    core.catalog.points.set_damaged([image.id], True)
    heard.get(0)
    page = await client.points(offset=0, state="orphaned")
    assert [(p["id"], p["chain"], p["restorability"]) for p in page["points"]] == [
        (web2, "broken", "some-files"),
        (web, "broken", "some-files"),
    ]
    assert page["points"][0]["why"]
    assert page["total"] == 2
    assert "recovery points" in {kind.value for kind in heard.get(10)}
    heard.close()
    page = await client.points(offset=0, state="broken", descending=False)
    assert [(p["id"], p["restorability"]) for p in page["points"]] == [(web, "all-files"), (web2, "all-files")]
    assert [p["id"] for p in (await client.points(offset=0, state="whole"))["points"]] == [mail]
    assert [p["id"] for p in (await client.points(offset=1, state="orphaned", sort="machine"))["points"]] == [web]
    core.catalog.points.set_damaged([image.id], False)
    assert (await client.points(offset=0, state="orphaned"))["total"] == 0


async def test_jobs(client: Client, tree: Path) -> None:
    await several(client, tree)
    newest = await client.jobs(offset=0)
    assert (newest["total"], len(newest["jobs"])) == (3, 3)
    oldest = await client.jobs(offset=0, descending=False)
    assert [job["id"] for job in oldest["jobs"]] == [job["id"] for job in reversed(newest["jobs"])]
    assert (await client.jobs(offset=2, limit=1))["jobs"] == newest["jobs"][2:]
    assert (await client.jobs(offset=0, state="ended"))["total"] == 3
    assert (await client.jobs(offset=0, state="succeeded", kind="backup"))["total"] == 3
    assert (await client.jobs(offset=0, state="active"))["jobs"] == []
    subject = newest["jobs"][0]["subject"]
    assert [job["id"] for job in (await client.jobs(offset=0, subject=subject))["jobs"]] == [newest["jobs"][0]["id"]]


async def test_events(core: Core, client: Client, tree: Path) -> None:
    machine = await client.protect("web", [("tree", str(tree))], interval_s=0)
    for severity, text in [(Severity.INFO, "One 100% done"), (Severity.WARNING, "Two"), (Severity.ERROR, "three 1000")]:
        core.journal.note(severity, uuid.uuid4().hex, text, machine["id"] if text == "Two" else "")
    core.catalog.events.dismiss(None)

    async def texts(**how: object) -> list[str]:
        page = await client.events(offset=0, **how)  # type: ignore[arg-type]
        assert page["total"] == len(page["events"])
        return [event["message"] for event in page["events"] if event["code"] != "machine-protected"]

    assert await texts() == ["three 1000", "Two", "One 100% done"]
    assert await texts(descending=False) == ["One 100% done", "Two", "three 1000"]
    assert await texts(severity="warning") == ["three 1000", "Two"]
    assert await texts(text="t") == ["three 1000", "Two"]
    assert await texts(text="100%") == ["One 100% done"], "no wildcard"
    assert "Two" in await texts(subject="web")
    assert await texts(subject="nobody") == []
    assert await texts(alerts=True) == []
    assert await texts(since=iso(core.clock.now())) == []
    assert [e["message"] for e in (await client.events(offset=1, limit=1))["events"]] == ["Two"]
