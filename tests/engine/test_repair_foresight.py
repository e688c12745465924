"""Who could mend what is damaged, said before anything is mended, and true afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.objects import Kind
from console.domain.progress import Silent
from tests.engine.test_repair import Ward, check, hurt, repair, repository_of


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    made = Ward(tmp_path)
    yield made
    made.close()


def test_the_sources_there_are_and_whom_it_hurts(ward: Ward) -> None:
    [oid] = hurt(ward.source, Kind.CHUNK)
    check(ward.source)
    plan = ward.source.repair_foresight.plan(None, [str(ward.place / "no drive")])
    assert [one["object"] for one in plan["objects"]] == [oid.hex()]
    assert plan["image_count"] == len(plan["images"]) > 0
    assert {image["machine"] for image in plan["images"]} == {"web"}
    told = {source["kind"]: source for source in plan["sources"]}
    assert set(told) == {"seed", "core"}
    assert told["seed"]["problem"] is not None
    assert told["core"]["images"] == plan["image_count"]
    result = repair(ward.source)
    assert result["left_count"] == 0
    after = ward.source.repair_foresight.plan(None)
    assert (after["object_count"], after["image_count"], after["sources"]) == (0, 0, [])


def test_another_repository_and_parity_say_how_much_they_have(ward: Ward, tmp_path: Path) -> None:
    core = ward.source
    core.parity.set("default", 20)
    repository_of(core).mending.look_after_parity(Silent())
    hurt(core, Kind.CHUNK, 2)
    check(core)
    core.repositories.create("other", tmp_path / "other")
    plan = core.repair_foresight.plan(None)
    told = {source["kind"]: source["objects"] for source in plan["sources"]}
    assert told["repository"] == 0
    assert told["parity"] == plan["object_count"]
    assert repair(core)["sources"][0]["source"] == "parity"
