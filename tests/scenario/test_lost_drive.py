"""A seed drive is lost in the post: what the target sees before, what it asks for, and how its orphan becomes whole."""

from __future__ import annotations

import shutil
from pathlib import Path

from console.cli.tour_tree import compare
from console.client.connect import local
from console.client.local import LocalCore, read_core, read_token
from tests.scenario.conftest import change_tree
from tests.support.cores import CoreProcess, pair


async def test_an_orphan_becomes_whole_without_its_drive(
    source: CoreProcess, target: CoreProcess, tree: Path, tmp_path: Path
) -> None:
    pairing = pair(source, target)
    source.ask("replication", "add", pairing, "web", "--seed-drive")
    change_tree(tree)
    orphan = source.ask("backup", "web", "--replicate")["point"]
    usb = tmp_path / "usb"
    usb.mkdir()

    at_source = local(_running(source), read_token(source.data))
    plan = await at_source.seed_plan(pairing, [str(usb)])
    made = source.ask("seed", "create", pairing, "--to", usb)
    assert (plan["points"], plan["problems"]) == (made["points"], [])
    assert made["bytes"] <= plan["bytes"]
    assert made["seed"] in [seed["seed"] for medium in (await at_source.media())["media"] for seed in medium["seeds"]]
    await at_source.close()

    at_target = local(_running(target), read_token(target.data))
    coming = await at_target.consume_plan([str(usb)])
    assert (coming["heals"], coming["stays"], coming["problems"]) == (1, [], [])
    shutil.rmtree(usb)
    before = await at_target.restore_plan(orphan, [], str(tmp_path / "back"))
    assert before["missing_count"] > 0
    wished = await at_target.ask_source(orphan)
    assert (wished["peer"], wished["points"]) == (source.ask("core", "status")["name"], 1)

    source.ask("replication", "force", pairing)
    assert {point["chain"] for point in target.ask("point", "list")["points"]} == {"whole"}
    assert source.ask("seed", "show", made["seed"])["state"] == "abandoned"
    after = await at_target.restore_plan(orphan, [], str(tmp_path / "back"))
    result = target.ask("restore", "files", orphan, "--to", tmp_path / "back")
    assert (after["missing_count"], after["bytes"]) == (0, result["bytes"])
    assert compare(tree, tmp_path / "back") == []
    await at_target.close()


def _running(core: CoreProcess) -> LocalCore:
    found = read_core(core.data)
    assert found is not None
    return found
