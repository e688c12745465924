"""Asking over the API what a job would do."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.client.client import Client
from console.client.inside import InsideTransport
from console.domain import plan_answers
from console.domain.errors import Failed
from tests.service.conftest import backed_up
from tests.service.test_nouns import same_keys


async def code_of(awaitable: object) -> str:
    with pytest.raises(Failed) as caught:
        await awaitable  # type: ignore[misc]
    return caught.value.failure.code


async def test_plans_of_seed_drives_refuse_what_cannot_be_planned(client: Client, tmp_path: Path) -> None:
    assert await code_of(client.seed_plan("nobody", [])) == "no-such-pairing"
    assert await code_of(client.consume_plan([str(tmp_path)])) == "not-a-seed"


async def test_helpdesk_may_not_plan(client: Client, transport: InsideTransport) -> None:
    await client.add_user("ann", "helpdesk", "a long password")
    person = Client(transport)
    await person.sign_in("ann", "a long password")
    assert await code_of(person.seed_plan("nobody", [])) == "role-forbids"
    assert await code_of(person.consume_plan(["/"])) == "role-forbids"


async def test_a_restore_is_foreseen(client: Client, tree: Path, tmp_path: Path) -> None:
    point = await backed_up(client, tree)
    plan = await client.restore_plan(point, [], str(tmp_path / "to"))
    same_keys(plan, plan_answers.RestorePlan)
    assert (plan["files"], plan["conflict_count"], plan["problems"]) == (2, 0, [])
    assert await code_of(client.restore_plan("f" * 32, [], "/")) == "no-such-recovery-point"
    assert await code_of(client.restore_plan(point, ["none"], "/")) == "no-such-file"


async def test_a_protection_is_foreseen(client: Client, tree: Path) -> None:
    plan = await client.protect_plan("web", [(None, str(tree)), ("none", "/no/such")])
    same_keys(plan, plan_answers.ProtectPlan)
    assert (plan["files"], plan["problems"], plan["repository"]) == (2, [], "default")
    assert [volume["label"] for volume in plan["volumes"]] == ["tree", "none"]
    assert plan["volumes"][1]["problem"] is not None
    assert (await client.machines())["machines"] == []


async def test_a_source_is_asked_only_for_what_is_missing(client: Client, tree: Path) -> None:
    point = await backed_up(client, tree)
    assert await code_of(client.ask_source(point)) == "point-whole"
