"""The API of retention: policies, holds, rollup, simulator, nightly jobs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import get_type_hints

import pytest

from console.client.client import Client
from console.domain import answers, retention_answers
from console.domain.clock import from_iso
from console.domain.errors import Failed
from console.engine.core import Core
from tests.service.conftest import backed_up, ended


def same_keys(answer: object, kind: type) -> None:
    assert isinstance(answer, dict)
    assert set(answer) == set(get_type_hints(kind))


async def test_a_machine_follows_the_core_until_it_has_a_policy_of_its_own(client: Client, tree: Path) -> None:
    await backed_up(client, tree)
    found = await client.retention("web")
    same_keys(found, retention_answers.RetentionAnswer)
    assert (found["own"], found["policy"]) == (False, "all 3d hourly 2d daily 4d weekly 3w monthly 2m")
    assert found["blocks"]["all"] == "3d"
    assert found["blocks"]["yearly"] is None
    await client.set("retention", "all 1w yearly 5y")
    assert (await client.retention("web"))["policy"] == "all 1w yearly 5y"
    assert (await client.core_retention())["policy"] == "all 1w yearly 5y"
    own = await client.set_retention("web", "everything")
    assert (own["own"], own["everything"], own["text"]) == (True, True, "Every point is kept.")
    assert not (await client.set_retention("web", None))["own"]
    with pytest.raises(Failed, match="bad-retention"):
        await client.set_retention("web", "hourly 2d")


async def test_the_policies_of_all_machines_are_one_list(client: Client, tree: Path) -> None:
    await backed_up(client, tree)
    await client.protect("api", [("files", str(tree))])
    await client.set_retention("web", "all 1w")
    page = await client.retentions(limit=1)
    same_keys(page["machines"][0], retention_answers.MachineRetentionAnswer)
    assert [one["machine"] for one in page["machines"]] == ["api"]
    rest = await client.retentions(after=page["next"])
    assert [(one["machine"], one["own"], one["points"]) for one in rest["machines"]] == [("web", True, 1)]
    assert [one["machine"] for one in (await client.retentions(text="AP"))["machines"]] == ["api"]


async def test_a_held_point_says_so_and_stays(client: Client, tree: Path) -> None:
    point = await backed_up(client, tree)
    assert not (await client.points())["points"][0]["held"]
    held = await client.hold(point, "audit")
    same_keys(held, retention_answers.KeptAnswer)
    assert held["hold"] is not None
    assert (held["held"], held["hold"]["reason"]) == (True, "audit")
    assert [why["code"] for why in held["kept_by"]] == ["newest", "held", "all"]
    shown = (await client.points())["points"][0]
    assert shown["held"]
    assert shown["hold"] is not None
    assert shown["hold"]["reason"] == "audit"
    assert (await client.point(point))["hold"] == shown["hold"]
    loss = await client.points_loss([point])
    same_keys(loss, answers.Loss)
    assert loss["held"] == 1
    with pytest.raises(Failed, match="point-held"):
        await client.delete_points([point])
    with pytest.raises(Failed, match="point-held"):
        await client.remove_machine("web", delete_points=True)
    assert not (await client.release(point))["held"]
    with pytest.raises(Failed, match="not-held"):
        await client.release(point)
    assert (await client.delete_points([point]))["points_deleted"] == 1


async def test_a_rollup_is_foreseen_and_done(core: Core, client: Client, tree: Path) -> None:
    first = await backed_up(client, tree)
    (tree / "new").write_bytes(b"new" * 1000)
    await ended(client, await client.back_up("web"))
    await client.set_retention("web", "all 1d")
    assert (await client.rollup_plan("web"))["points_removed"] == 0
    _age(core, first, 9)
    plan = await client.rollup_plan("web")
    same_keys(plan, retention_answers.RollupAnswer)
    assert [(one["id"], one["code"]) for one in plan["points"]] == [(first, "aged")]
    assert plan["images_reparented"] == 1
    assert plan["staying"] == []
    (stays,) = (await client.rollup_plan("web", staying=True))["staying"]
    assert [why["code"] for why in stays["kept_by"]] == ["newest", "all"]
    several = (await client.kept_points([first, stays["id"]]))["points"]
    assert [(one["point"], one["goes"] is None) for one in several] == [(first, False), (stays["id"], True)]
    await client.hold(first, "audit")
    (held,) = (await client.kept_points([first]))["points"]
    assert [why["code"] for why in held["kept_by"]] == ["held"], "what was known before the hold is not said again"
    await client.release(first)
    assert (await client.rollup_plan("web", policy="everything"))["points"] == []
    assert (await client.kept(first))["goes"] is not None
    job = await ended(client, await client.roll_up("web"))
    assert (job["kind"], job["state"], job["subject_name"]) == ("rollup", "succeeded", "web")
    assert job["result"] is not None
    assert job["result"]["points_removed"] == 1
    (left,) = (await client.points())["points"]
    shown = (await client.point(left["id"]))["images"][0]
    assert (shown["kind"], shown["base_reason"], shown["parent"]) == ("base", "policy", None)
    files = (await client.files(left["id"]))["files"]
    assert {file["path"] for file in files if file["here"]} >= {"new", "empty"}


async def test_the_simulator_and_the_nightly_jobs_answer(client: Client, tree: Path) -> None:
    await backed_up(client, tree)
    found = await client.simulate_retention("web", days=30, interval_s=3600, change=500)
    same_keys(found, retention_answers.SimulationAnswer)
    (course,) = found["courses"]
    assert (course["place"], course["known"], len(course["days"])) == (None, True, 30)
    assert course["days"][-1]["points"] > 72 + 48
    assert found["change"] == 500
    assert found["size"] > 0
    with pytest.raises(Failed, match="simulation-too-long"):
        await client.simulate_retention("web", days=4000)
    job = await ended(client, await client.run_nightly())
    assert (job["kind"], job["state"]) == ("nightly", "succeeded")


def _age(core: Core, point: str, days: int) -> None:
    """Makes a point older in the catalog: the API has no clock that can be moved."""
    from sqlalchemy import text

    found = core.catalog.points.get(point)
    assert found.time > from_iso("2020-01-01T00:00:00Z")
    span = int(timedelta(days=days).total_seconds()) * 1_000_000
    with core.catalog.transaction(), core.catalog._database.transaction() as connection:
        for table, column in (("points", "id"), ("images", "point")):
            statement = f"UPDATE {table} SET time_us = time_us - :span WHERE {column} = :point"
            connection.execute(text(statement), {"span": span, "point": point})
