"""The main job, step by step: with a seed drive, to the orphan, to the whole chain, to the restored files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from console.cli.tour_tree import compare
from tests.scenario.conftest import change_tree
from tests.support.cores import CoreProcess, pair


def test_everything_goes_by_wire_without_a_seed_drive(
    source: CoreProcess, target: CoreProcess, tree: Path, tmp_path: Path
) -> None:
    pairing = pair(source, target)
    source.ask("replication", "add", pairing, "web")
    source.ask("replication", "force", pairing)
    points = source.ask("point", "list")["points"]
    there = target.ask("point", "list")["points"]
    assert [p["id"] for p in there] == [p["id"] for p in points]
    assert there[0]["chain"] == "whole"
    change_tree(tree)
    made = source.ask("backup", "web", "--replicate")
    assert made["images"][0]["kind"] == "incremental"
    assert made["images"][0]["bytes_read"] < 2_000_000, "only what changed is read"
    there = target.ask("point", "list")["points"]
    assert {p["chain"] for p in there} == {"whole"}
    assert there[0]["id"] == made["point"]
    again = source.ask("replication", "force", pairing)
    assert (again["points_sent"], again["objects_sent"], again["bytes_sent"]) == (0, 0, 0)
    result = target.ask("restore", "files", made["point"], "--to", tmp_path / "back")
    assert result["verified"]
    assert compare(tree, tmp_path / "back") == []
    shown = target.ask("machine", "show", "web")
    assert shown["kind"] == "replicated"
    assert shown["id"] == source.ask("machine", "show", "web")["id"]
    assert target.ask("repository", "check", "--read-data")["damaged"] == []


def test_the_seed_path(source: CoreProcess, target: CoreProcess, tree: Path, tmp_path: Path) -> None:
    pairing = pair(source, target)
    base = source.ask("point", "list")["points"][0]["id"]
    source.ask("replication", "add", pairing, "web", "--seed-drive")
    assert target.ask("point", "list")["points"] == [], "history does not travel"

    change_tree(tree)
    orphan = source.ask("backup", "web", "--replicate")["point"]
    listed = target.ask("point", "list", "--state", "orphaned")["points"]
    assert [(p["id"], p["chain"], p["restorability"]) for p in listed] == [(orphan, "awaiting-seed", "some-files")]
    image = target.ask("point", "show", orphan)["images"][0]
    assert image["missing_objects"] > 0
    assert image["missing_bytes"] > 2_000_000
    assert "seed" in image["why"]

    part = tmp_path / "part"
    result = target.ask("restore", "files", orphan, "--to", part, "--partial", expect=3)
    assert result["files"] > 0
    assert any(skipped["path"].endswith("large") for skipped in result["skipped"])
    assert not (part / "large").exists()
    assert (part / "new 2").read_bytes() == (tree / "new 2").read_bytes()
    assert compare(tree, part, only_existing=True) == []

    drive = tmp_path / "drive"
    drive.mkdir()
    seed = source.ask("seed", "create", pairing, "--to", drive, "--comment", "Blue 1")
    assert [s["state"] for s in source.ask("seed", "list")["seeds"]] == ["outstanding"]
    assert target.ask("seed", "inspect", drive)["comment"] == "Blue 1"
    assert target.ask("seed", "verify", drive)["damaged"] == []

    source.ask("replication", "force", pairing)
    assert [p["id"] for p in target.ask("point", "list")["points"]] == [orphan], "what is on the drive is not sent"
    image = target.ask("point", "show", orphan)["images"][0]
    assert image["waiting_for"] == seed["seed"]
    assert "Blue 1" in image["why"]

    result = target.ask("seed", "consume", drive)
    assert (result["points_imported"], result["orphans_repaired"], result["orphans_left"]) == (1, 1, 0)
    states = {p["id"]: p["chain"] for p in target.ask("point", "list")["points"]}
    assert states == {base: "whole", orphan: "whole"}
    again = target.ask("seed", "consume", drive)
    assert (again["points_imported"], again["points_skipped"]) == (0, 1)

    assert source.ask("replication", "force", pairing)["objects_sent"] == 0
    assert [s["state"] for s in source.ask("seed", "list")["seeds"]] == ["consumed"]
    result = target.ask("restore", "files", orphan, "--to", tmp_path / "back")
    assert compare(tree, tmp_path / "back") == []


def test_an_abandoned_seed_sends_its_history_over_the_wire(
    source: CoreProcess, target: CoreProcess, tree: Path, tmp_path: Path
) -> None:
    pairing = pair(source, target)
    source.ask("replication", "add", pairing, "web", "--seed-drive")
    change_tree(tree)
    source.ask("backup", "web", "--replicate")
    drive = tmp_path / "drive"
    drive.mkdir()
    seed = source.ask("seed", "create", pairing, "--to", drive)["seed"]
    before = sorted(p.name for p in drive.rglob("*"))
    source.ask("seed", "abandon", seed, "--yes")
    assert sorted(p.name for p in drive.rglob("*")) == before, "the drive itself is not touched"
    assert source.ask("replication", "force", pairing)["points_sent"] == 1
    assert {p["chain"] for p in target.ask("point", "list")["points"]} == {"whole"}


def test_a_damaged_drive_gives_what_is_whole_and_names_the_rest(
    source: CoreProcess, target: CoreProcess, tree: Path, tmp_path: Path, core: Callable[[str], CoreProcess]
) -> None:
    other = tmp_path / "other machine"
    shutil.copytree(tree / "folder 1", other)
    source.ask("machine", "protect", "db", "--volume", f"tree={other}", "--every", "off")
    source.ask("backup", "db")
    (other / "added").write_bytes(b"x" * 100_000)
    source.ask("backup", "db")
    pairing = pair(source, target)
    source.ask("replication", "add", pairing, "web", "db", "--seed-drive")
    drive = tmp_path / "drive"
    drive.mkdir()
    source.ask("seed", "create", pairing, "--to", drive, "--segment-size", "1M")
    segments = sorted(drive.rglob("*.rps"))
    assert len(segments) > 2
    broken = bytearray(segments[0].read_bytes())
    broken[len(broken) // 2] ^= 1
    segments[0].write_bytes(broken)
    verified = target.ask("seed", "verify", drive, expect=6)
    assert segments[0].name in str(verified["damaged"])
    result = target.ask("seed", "consume", drive, expect=6)
    assert segments[0].name in str(result["damaged"])
    assert result["points_imported"] >= 1
    state = source.ask("replication", "force", pairing)
    assert state["points_sent"] == 0
    assert [s["state"] for s in source.ask("seed", "list")["seeds"]] == ["outstanding"], "the rest stays outstanding"
    seed = source.ask("seed", "list")["seeds"][0]["id"]
    source.ask("seed", "abandon", seed, "--yes")
    source.ask("replication", "force", pairing)
    assert {p["chain"] for p in target.ask("point", "list")["points"]} == {"whole"}
    assert len(target.ask("point", "list")["points"]) == 3
