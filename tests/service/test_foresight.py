"""What can be asked before volumes are restored or a repository is mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.client.client import Client
from console.client.inside import InsideTransport
from console.domain import plan_answers, repair_answers
from console.domain.errors import Failed
from console.engine.core import Core
from tests.service.conftest import backed_up
from tests.service.test_nouns import same_keys
from tests.support.images import sparse

MIB = 1 << 20


async def code_of(awaitable: object) -> str:
    with pytest.raises(Failed) as caught:
        await awaitable  # type: ignore[misc]
    return caught.value.failure.code


async def disk_point(client: Client, tmp_path: Path) -> str:
    """A point of a disk image and a tree."""
    disk = sparse(tmp_path / "system.img", 2 * MIB, {0: b"disk" * 1000})
    tree = tmp_path / "home"
    tree.mkdir()
    (tree / "letter").write_text("Dear all")
    await client.protect("server", [("system", str(disk)), ("home", str(tree))])
    job = await client.back_up("server")
    async for seen in client.watch(job["id"]):
        job = seen
    assert job["result"] is not None, job["failure"]
    return str(job["result"]["point"])


async def test_volumes_are_told_of_before_anybody_says_where_to(client: Client, tmp_path: Path) -> None:
    point = await disk_point(client, tmp_path)
    plan = await client.restore_volumes_plan(point)
    same_keys(plan, plan_answers.VolumesPlan)
    told = {one["volume"]: one for one in plan["volumes"]}
    for one in told.values():
        same_keys(one, plan_answers.VolumePlan)
    assert (told["system"]["source"], told["system"]["bytes"], told["system"]["kind"]) == ("image", 2 * MIB, "")
    assert (told["home"]["source"], told["home"]["files"], told["home"]["whole"]) == ("tree", 1, True)
    assert (plan["problems"], plan["files"]) == ([], 2)


async def test_each_place_is_judged_and_nothing_is_written(client: Client, tmp_path: Path, core: Core) -> None:
    point = await disk_point(client, tmp_path)
    there = tmp_path / "there.img"
    there.write_bytes(b"precious")
    plan = await client.restore_volumes_plan(point, [("system", str(there)), ("home", str(tmp_path / "back"))])
    [disk, home] = plan["volumes"]
    assert (disk["kind"], disk["there"], disk["confirm"]) == ("file", True, "there.img")
    assert disk["problem"] is not None
    assert disk["problem"]["code"] == "target-exists"
    assert (home["kind"], home["problem"]) == ("directory", None)
    assert [problem["code"] for problem in plan["problems"]] == ["target-exists"]

    plan = await client.restore_volumes_plan(point, [("system", str(there))], confirm=["there.img"])
    assert plan["problems"] == []
    assert any("lost" in warning for warning in plan["warnings"])
    assert there.read_bytes() == b"precious"

    same = str(tmp_path / "one.img")
    plan = await client.restore_volumes_plan(point, [("system", same), ("home", same)])
    assert [problem["code"] for problem in plan["problems"]] == ["target-twice"]
    plan = await client.restore_volumes_plan(point, [("system", str(core.data / "x"))])
    assert [problem["code"] for problem in plan["problems"]] == ["destination-in-repository"]
    assert (plan["volumes"][0]["kind"], plan["volumes"][0]["to"]) == ("", "")
    (tmp_path / "back").mkdir()
    (tmp_path / "back" / "letter").write_text("mine")
    plan = await client.restore_volumes_plan(point, [("home", str(tmp_path / "back"))], overwrite="always")
    assert plan["volumes"][0]["conflict_count"] == 1
    assert await code_of(client.restore_volumes_plan(point, [("nothing", "/x")])) == "no-such-volume"


async def test_disks_of_the_host_are_listed_for_those_who_may_restore(
    client: Client, transport: InsideTransport
) -> None:
    found = await client.host_devices()
    same_keys(found, plan_answers.HostDevices)
    for device in found["devices"]:
        same_keys(device, plan_answers.HostDevice)
    await client.add_user("ann", "helpdesk", "a long password")
    person = Client(transport)
    await person.sign_in("ann", "a long password")
    assert await code_of(person.host_devices()) == "role-forbids"


async def test_a_whole_repository_has_nothing_to_mend_and_grew_today(client: Client, tree: Path) -> None:
    await backed_up(client, tree)
    plan = await client.repair_plan(None)
    same_keys(plan, repair_answers.RepairPlan)
    assert (plan["object_count"], plan["image_count"], plan["sources"]) == (0, 0, [])
    growth = await client.repository_growth("default")
    same_keys(growth, repair_answers.RepositoryGrowth)
    assert len(growth["days"]) == 1
    assert growth["protected"] > 0
    assert growth["days_to_full"] is not None
    assert await code_of(client.repair_plan("nothing")) == "no-such-repository"
