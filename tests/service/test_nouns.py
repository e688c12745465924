"""The API at work on a real Core: what each noun answers."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import get_type_hints

import pytest

from console.client.client import Client
from console.client.inside import InsideTransport
from console.client.local import read_token
from console.domain import answers, repository_answers
from console.domain.errors import Failed
from console.domain.events import Severity
from console.domain.jobs import JobKind
from console.engine.core import Core
from console.engine.jobs import JobReporter
from console.service.routers import events
from console.service.routing import API
from tests.service.conftest import backed_up, ended


def same_keys(answer: object, kind: type) -> None:
    assert isinstance(answer, dict)
    assert set(answer) == set(get_type_hints(kind))


async def test_a_new_core_tells_who_it_is(core: Core, client: Client) -> None:
    status = await client.status()
    same_keys(status, answers.CoreStatus)
    assert (status["name"], status["user"], status["role"]) == ("here", "local", "administrator")
    assert status["counts"] == {
        "machines": 0,
        "points": 0,
        "repositories": 1,
        "pairings": 0,
        "jobs_running": 0,
        "alerts": 0,
    }
    certificate = await client.certificate()
    same_keys(certificate, answers.Certificate)
    assert certificate["fingerprint"] == status["fingerprint"] == core.identity.fingerprint
    assert len(certificate["words"]) == 6
    assert certificate["certificate"].startswith("-----BEGIN CERTIFICATE-----")
    assert "PRIVATE" not in str(certificate)


async def test_settings_are_known_ones_only(client: Client) -> None:
    settings = (await client.settings())["settings"]
    assert [s["key"] for s in settings] == [
        "keep-events",
        "keep-jobs",
        "listen",
        "nightly-at",
        "nightly-checks",
        "nightly-jobs",
        "protect-every",
        "retention",
        "schedules",
        "zone",
    ]
    assert all(s["value"] == s["default"] for s in settings)
    assert (await client.set("protect-every", "4h"))["value"] == "4h"
    assert {s["key"]: s["value"] for s in (await client.settings())["settings"]}["protect-every"] == "4h"
    for key, value, code in [
        ("protect-every", "often", "bad-setting"),
        ("listen", "x:y", "bad-address"),
        ("schedules", "sometimes", "bad-setting"),
        ("retention", "for ever", "bad-retention"),
        ("zone", "Middle/Earth", "bad-setting"),
        ("nightly-at", "25:00", "bad-setting"),
        ("keep-jobs", "0", "bad-setting"),
        ("core.set-up", "x", "no-such-setting"),
    ]:
        with pytest.raises(Failed) as caught:
            await client.set(key, value)
        assert caught.value.failure.code == code
    assert (await client.set("protect-every", None))["value"] == "60m"


async def test_users_are_listed_in_pages_and_without_hashes(client: Client) -> None:
    for name in ("cid", "ann", "Bob"):
        same_keys(await client.add_user(name, "helpdesk", "a long password"), answers.UserAnswer)
    first = await client.users(limit=2)
    second = await client.users(limit=2, after=first["next"])
    assert [user["name"] for user in [*first["users"], *second["users"]]] == ["ann", "Bob", "cid"]
    assert second["next"] is None
    assert "argon2" not in str(first)
    with pytest.raises(Failed) as caught:
        await client.add_user("ANN", "helpdesk", "a long password")
    assert caught.value.failure.code == "name-taken"
    with pytest.raises(Failed) as caught:
        await client.add_user("dan", "helpdesk", "short")
    assert caught.value.failure.code == "password-too-short"
    with pytest.raises(Failed) as caught:
        await client.remove_user("nobody")
    assert caught.value.failure.code == "no-such-user"


async def test_repositories(client: Client, tmp_path: Path) -> None:
    with pytest.raises(Failed) as caught:
        await client.create_repository("odd", rf"{tmp_path}/odd \xff")
    assert caught.value.failure.code == "path-not-utf-8"
    place = tmp_path / "big"
    made = await client.create_repository("big", str(place), default=True)
    same_keys(made, repository_answers.RepositoryAnswer)
    assert place.is_dir()
    listed = (await client.repositories())["repositories"]
    assert [(r["name"], r["default"]) for r in listed] == [("big", True), ("default", False)]
    shown = await client.repository("big")
    same_keys(shown, repository_answers.RepositoryDetail)
    same_keys(shown["usage"], repository_answers.UsageAnswer)
    assert shown["usage"]["free_bytes"] > 0
    checked = await ended(client, await client.check_repository("big", read_data=True))
    assert checked["result"] is not None
    assert {"objects", "bytes", "damaged", "unreferenced_bytes"} <= set(checked["result"])
    rebuilt = await ended(client, await client.rebuild_index("big"))
    assert rebuilt["result"] == {"repository": "big", "packs": 0, "objects": 0, "objects_before": 0}
    assert (await client.remove_repository("big"))["name"] == "big"
    assert place.is_dir(), "its files stay"


async def test_the_room_of_repositories(client: Client, tmp_path: Path) -> None:
    made = await client.create_repository("big", str(tmp_path / "big"), limit=5 << 30)
    assert (made["limit"], made["unreferenced_bytes"]) == (5 << 30, None)
    assert made["used_bytes"] == 0
    assert 0 < made["free_bytes"] <= 5 << 30
    planned = await ended(client, await client.reclaim_repository("big", dry_run=True))
    assert planned["result"] is not None
    assert {"packs_delete", "packs_rewrite", "bytes_freed", "bytes_written", "bytes_won"} <= set(planned["result"])
    assert (planned["kind"], "done" in planned["result"]) == ("reclaim-plan", False)
    done = await ended(client, await client.reclaim_repository("big"))
    assert done["result"] is not None
    assert {"packs_deleted", "bytes_won", "objects_removed"} <= set(done["result"]["done"])
    edited = await client.edit_repository("big", name="large", limit=0, default=True)
    assert (edited["name"], edited["limit"], edited["default"]) == ("large", None, True)
    assert (edited["unreferenced_bytes"], edited["looked"] is not None) == (0, True)
    moved = await ended(client, await client.move_repository("large", str(tmp_path / "else")))
    assert moved["result"] is not None
    assert (moved["result"]["to"], moved["result"]["old_removed"]) == (str(tmp_path / "else"), True)
    await client.remove_repository("large")
    taken = await client.adopt_repository("again", str(tmp_path / "else"))
    assert (taken["name"], taken["id"]) == ("again", made["id"])
    with pytest.raises(Failed) as caught:
        await client.adopt_repository("thrice", str(tmp_path / "nothing"))
    assert caught.value.failure.code == "repository-gone"


async def test_a_repository_that_machines_use_is_not_forgotten(client: Client, tree: Path) -> None:
    await client.protect("web", [("tree", str(tree))], interval_s=0)
    with pytest.raises(Failed) as caught:
        await client.remove_repository("default")
    assert caught.value.failure.code == "repository-in-service"


async def test_machines(client: Client, tree: Path) -> None:
    made = await client.protect("web", [("tree", str(tree))], excludes=["*.tmp"])
    same_keys(made, answers.MachineAnswer)
    assert (made["interval_s"], made["kind"], made["origin"]) == (3600, "protected", "here")
    assert [(v["label"], v["path"]) for v in made["volumes"]] == [("tree", str(tree))]
    await client.set("protect-every", "4h")
    other = await client.protect("mail", [(None, str(tree / "folder"))])
    assert (other["interval_s"], other["volumes"][0]["label"]) == (4 * 3600, "folder")
    edited = await client.edit_machine("web", name="www", interval_s=0, excludes=[])
    assert (edited["name"], edited["interval_s"], edited["excludes"]) == ("www", 0, [])
    assert edited["volumes"] == made["volumes"]
    assert (await client.pause_machine("mail"))["paused"]
    assert not (await client.resume_machine("mail"))["paused"]
    listed = await client.machines(limit=1)
    assert [m["name"] for m in listed["machines"]] == ["mail"]
    assert [m["name"] for m in (await client.machines(after=listed["next"]))["machines"]] == ["www"]
    assert (await client.machines(kind="replicated"))["machines"] == []
    assert (await client.machine(made["id"][:8]))["name"] == "www"
    gone = await client.remove_machine("mail")
    same_keys(gone, answers.MachineRemoved)
    assert gone["points_deleted"] == 0


async def test_a_backup_its_point_and_its_files(client: Client, tree: Path, tmp_path: Path) -> None:
    await client.protect("web", [("tree", str(tree))], interval_s=0)
    job = await client.back_up("web")
    same_keys(job, answers.JobAnswer)
    assert (job["kind"], job["subject_name"], job["user"], job["trigger"]) == ("backup", "web", "local", "person")
    done = await ended(client, job)
    result = done["result"]
    assert result is not None
    assert {"point", "machine", "images", "duration_s", "warnings"} <= set(result)
    keys = "volume id kind base_reason bytes_read bytes_new bytes_stored files files_unreadable"
    assert set(keys.split()) <= set(result["images"][0])
    page = await client.points(machine="web")
    assert [one["base_reasons"] for one in page["points"]] == [["first"]]
    same_keys(page["points"][0], answers.PointAnswer)
    point = page["points"][0]
    assert (point["id"], point["chain"], point["restorability"], point["why"]) == (
        result["point"],
        "whole",
        "volume",
        "",
    )
    detail = await client.point(point["id"][:8])
    same_keys(detail, answers.PointDetailAnswer)
    same_keys(detail["images"][0], answers.ImageAnswer)
    assert detail["images"][0]["waiting_for"] is None
    names = await client.files(point["id"])
    assert names["point"] == point["id"]
    assert {f["path"]: f["type"] for f in names["files"]} == {"empty": "file", "folder": "directory", "link": "symlink"}
    same_keys(names["files"][0], answers.FileAnswer)
    assert [f["path"] for f in (await client.files(point["id"], "tree:folder"))["files"]] == ["folder/text"]
    to = tmp_path / "restored"
    restored = await ended(client, await client.restore_files(point["id"], [], str(to)))
    assert restored["result"] is not None
    assert {"files", "bytes", "skipped", "verified"} <= set(restored["result"])
    assert (to / "folder" / "text").read_text() == (tree / "folder" / "text").read_text()
    log = await client.job_log(done["id"])
    assert log["lines"]
    jobs = await client.jobs(limit=1)
    assert [j["kind"] for j in jobs["jobs"]] == ["restore"]
    assert "web" in jobs["jobs"][0]["subject_name"]
    more = await client.jobs(after=jobs["next"])
    assert [j["kind"] for j in more["jobs"]] == ["backup"]


async def test_deleting_points_says_first_what_is_lost(client: Client, tree: Path) -> None:
    base = await backed_up(client, tree)
    (tree / "new").write_text("more")
    await ended(client, await client.back_up("web"))
    assert (await client.points_loss([base]))["points"] == 1
    loss = await client.points_loss([base[:8]], chain=True)
    assert (loss["machines"], loss["points"]) == (["web"], 2)
    assert loss["bytes"] > 0
    with pytest.raises(Failed) as caught:
        await client.delete_points([base])
    assert caught.value.failure.code == "points-depend"
    machine_loss = await client.machine_loss("web")
    assert (machine_loss["points"], machine_loss["bytes"]) == (2, loss["bytes"])
    assert await client.delete_points([base], chain=True) == {"points_deleted": 2}
    assert (await client.points())["points"] == []


async def test_a_job_is_waited_for_and_cancelled(core: Core, client: Client) -> None:
    tick = threading.Event()  # never set: only a wish to cancel ends the work

    def work(reporter: JobReporter) -> dict[str, object]:
        reporter.phase("Waiting", bytes_total=10)
        while True:
            reporter.check()
            tick.wait(0.01)

    job = core.jobs.submit(JobKind.BACKUP, "nothing", work)
    shown = await client.job(job.id)
    while shown["state"] == "queued":
        shown = await client.job(job.id, wait_s=5, version=shown["version"])
    assert shown["state"] == "running"
    same = await client.job(job.id, wait_s=0, version=shown["version"])
    assert same["state"] == "running"
    cancelled = await client.cancel_job(job.id[:8])
    assert cancelled["state"] in ("cancelling", "cancelled")
    done = await ended(client, cancelled)
    assert (done["state"], done["failure"] and done["failure"]["kind"]) == ("cancelled", "cancelled")
    assert (await client.cancel_job(job.id))["state"] == "cancelled"
    assert (await client.jobs(state="running"))["jobs"] == []


async def test_events_are_listed_and_dismissed(core: Core, client: Client) -> None:
    core.journal.note(Severity.INFO, "one", "One.")
    core.journal.note(Severity.ERROR, "two", "Two.", "x", alert=True)
    core.journal.note(Severity.ERROR, "two", "Two.", "x", alert=True)
    journal = (await client.events())["events"]
    same_keys(journal[0], answers.EventAnswer)
    alerts = (await client.events(alerts=True))["events"]
    assert [(e["code"], e["count"]) for e in alerts] == [("two", 2)]
    assert (await client.status())["counts"]["alerts"] == 1
    assert [e["code"] for e in (await client.events(severity="error"))["events"]] == ["two"]
    assert (await client.events(since="2999-01-01T00:00:00Z"))["events"] == []
    assert await client.dismiss(alerts[0]["id"][:8]) == {"dismissed": 1}
    assert await client.dismiss(None) == {"dismissed": 0}
    assert (await client.events(alerts=True))["events"] == []


async def test_the_change_feed_names_what_changed(client: Client, tree: Path) -> None:
    changes = client.changes()
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        first = group.create_task(changes.__anext__())
        while not first.done():
            await client.set("protect-every", "4h")
    assert "settings" in first.result()["kinds"]
    await client.protect("web", [("tree", str(tree))], interval_s=0)
    seen: set[str] = set()
    async with asyncio.timeout(30):
        while "machines" not in seen:
            seen |= set((await anext(changes))["kinds"])
    await changes.aclose()


async def test_the_change_feed_keeps_the_line_alive_and_ends_with_the_core(
    core: Core, client: Client, transport: InsideTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "KEEP_ALIVE_S", 0.01)
    headers = {"Authorization": f"Bearer {read_token(core.data)}"}
    lines = transport.lines(f"{API}/changes", headers=headers)
    async with asyncio.timeout(30):
        assert [await anext(lines) for _ in range(3)] == [b'{"kinds": []}\n'] * 3
        core.feed.close()
        assert {line async for line in lines} <= {b'{"kinds": []}\n'}


async def test_pairings_and_seeds_of_a_lonely_core(client: Client) -> None:
    assert await client.pairings() == {"pairings": [], "next": None}
    assert await client.seeds() == {"seeds": [], "next": None}
    with pytest.raises(Failed) as caught:
        await client.probe("127.0.0.1", 1)
    assert caught.value.failure.code == "target-unreachable"


async def test_names_that_cannot_be_are_not_found(client: Client, transport: InsideTransport) -> None:
    for name in ("", ".", "..", "a/b", "../core"):
        with pytest.raises(Failed) as caught:
            await client.machine(name)
        assert caught.value.failure.code == "no-such-machine"
    with pytest.raises(Failed) as caught:
        await client.machine("a b%2F?x#y ü")
    assert "a b%2F?x#y ü" in caught.value.failure.message
