"""Damage is found, named, never restored as if it were good, never deduplicated against, and healed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.domain.chains import ChainState
from console.domain.objects import Kind
from console.domain.progress import Silent
from console.engine.core import Core
from tests.support.clock import FixedClock

RNG = random.Random(21)


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    tree = tmp_path / "tree"
    tree.mkdir()
    for number in range(10):
        (tree / f"file {number}").write_bytes(RNG.randbytes(150_000))
    core = Core(tmp_path / "core", clock=FixedClock(), name="here")
    core.protect.add("web", [("tree", str(tree))], interval_s=0)
    yield core
    core.stop()


def back_up(core: Core, *, base: bool = False) -> str:
    point: str = core.protect.backup(core.catalog.machines.get("web"), base=base, reporter=Silent())["point"]
    return point


def check(core: Core) -> dict[str, Any]:
    return core.check.repository(core.repositories.list()[0], read_data=True, reporter=Silent())


def flip_a_chunk(core: Core) -> str:
    """Flips one bit in the stored bytes of a chunk; its id."""
    repository = core.repositories.open("default")
    chunk = next(iter(repository.records(Kind.CHUNK)))
    for pack in (repository.path / "own" / "packs").rglob("*.pack"):
        raw = bytearray(pack.read_bytes())
        at = raw.find(chunk)
        # The id stands in the frame's header (kind four bytes before it), and may stand in tree nodes too.
        if at > 0 and raw[at - 4] == Kind.CHUNK and raw[at - 1] == 0:
            raw[at + 60] ^= 4
            pack.write_bytes(raw)
            return chunk.hex()
    raise AssertionError("the chunk is in no pack")


def test_a_clean_repository_is_clean(core: Core) -> None:
    back_up(core)
    back_up(core)
    report = check(core)
    assert report["damaged"] == []
    assert report["objects"] >= 15
    assert report["unreferenced_bytes"] == 0


def test_damage_names_object_pack_and_images_and_breaks_the_chain(core: Core) -> None:
    first, second = back_up(core), back_up(core)
    chunk = flip_a_chunk(core)
    report = check(core)
    images = core.catalog.points.get(first).images
    assert [d["object"] for d in report["damaged"]] == [chunk]
    assert report["damaged"][0]["images"] == [images[0].id]
    assert report["damaged"][0]["pack"]
    assert core.points.view(first).state is ChainState.BROKEN
    assert core.points.view(second).state is ChainState.BROKEN, "what builds on it is hurt too"
    alerts, _ = core.catalog.events.page(alerts_only=True)
    assert [event.code for event in alerts] == ["damage-found"]


def test_what_is_damaged_is_stored_again_and_everything_heals(core: Core, tmp_path: Path) -> None:
    first = back_up(core)
    flip_a_chunk(core)
    assert len(check(core)["damaged"]) == 1
    fresh = back_up(core, base=True)
    assert core.points.view(fresh).state is ChainState.WHOLE
    assert check(core)["damaged"] == []
    assert core.points.view(first).state is ChainState.WHOLE
    assert core.catalog.damage.list() == []


def test_what_is_true_again_is_taken_back(core: Core) -> None:
    first = back_up(core)
    packs = list((core.repositories.open("default").path / "own" / "packs").rglob("*.pack"))
    kept = {pack: pack.read_bytes() for pack in packs}
    flip_a_chunk(core)
    assert len(check(core)["damaged"]) == 1
    for pack, content in kept.items():
        pack.write_bytes(content)
    assert check(core)["damaged"] == [], "a cable was loose, the disk is good"
    assert core.catalog.events.open_alerts() == [], "nobody need look at it any more"
    assert core.points.view(first).state is ChainState.WHOLE


def test_deleted_points_leave_bytes_that_nobody_needs(core: Core) -> None:
    back_up(core)
    for file in (core.data.parent / "tree").iterdir():
        file.write_bytes(RNG.randbytes(150_000))
    point = back_up(core)
    core.retain.delete([point])
    assert check(core)["unreferenced_bytes"] > 1_000_000
