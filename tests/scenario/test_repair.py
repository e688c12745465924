"""Damage and its repair by the commands: exit codes, and what they say, between two Cores in processes of their own."""

from __future__ import annotations

import random
from pathlib import Path

from console.cli.tour_tree import compare
from tests.support.cores import CoreProcess, pair


def hurt(core: CoreProcess, spots: int, *, parity: bool = False) -> None:
    """Flips a bit at so many places in the largest pack (of those with parity, if there are any), or in its parity."""
    packs = list((core.data / "repository").rglob("*.pack"))
    guarded = [pack for pack in packs if pack.with_suffix(".parity").exists()]
    pack = max(guarded or packs, key=lambda path: path.stat().st_size)
    if parity:
        pack = pack.with_suffix(".parity")
    raw = bytearray(pack.read_bytes())
    rng = random.Random(spots)
    for _ in range(spots):
        raw[rng.randrange(len(raw) // 10, len(raw) * 9 // 10)] ^= 1 << rng.randrange(8)
    pack.write_bytes(raw)


def test_damage_is_found_repaired_and_said(
    source: CoreProcess, target: CoreProcess, tree: Path, tmp_path: Path
) -> None:
    assert source.ask("repository", "show", "default")["parity"] == {"percent": 0, "packs": 0, "bytes": 0}
    hurt(source, 1)
    found = source.ask("repository", "check", "--read-data", expect=6)
    assert found["damaged"]
    left = source.ask("repository", "repair", expect=6)
    assert left["left_count"] == len(found["damaged"])
    assert {image["machine"] for image in left["images_left"]} == {"web"}
    assert "--from" in left["help"]

    # A new base stores again what was damaged: the old point is whole with it.
    source.ask("backup", "web", "--base", expect=3)  # it says why it had to be one
    assert source.ask("repository", "check", "--read-data")["damaged"] == []

    source.refuse("repository", "edit", "default", "--parity", "101%", code="bad-parity", exit=2)
    source.refuse("repository", "edit", "default", "--parity", "much", code="bad-percent", exit=2)
    source.ask("repository", "edit", "default", "--parity", "20%")
    made = source.ask("repository", "parity")
    assert made["made"] == made["packs"] > 0
    assert source.ask("repository", "show", "default")["parity"]["percent"] == 20
    hurt(source, 2)
    hurt(source, 2, parity=True)
    both = source.ask("repository", "check", "--read-data", "--repair")
    assert both["damaged"]
    assert [one["source"] for one in both["repair"]["sources"]] == ["parity"]
    assert source.ask("repository", "check", "--read-data", "--ids")["damaged"] == []

    pairing = pair(source, target)
    source.ask("replication", "add", pairing, "web")
    source.ask("replication", "force", pairing)
    hurt(source, 200)
    both = source.ask("repository", "check", "--read-data", "--repair")
    assert both["repair"]["left_count"] == 0
    assert "the Core “target”" in {one["source"] for one in both["repair"]["sources"]}
    hurt(target, 3)
    assert target.ask("repository", "check", "--read-data", expect=6)["damaged"]
    source.ask("replication", "force", pairing)
    assert target.ask("repository", "check", "--read-data")["damaged"] == []
    for core in (source, target):
        assert {point["chain"] for point in core.ask("point", "list")["points"]} == {"whole"}
        point = core.ask("point", "list")["points"][0]["id"]
        core.ask("restore", "files", point, "--to", tmp_path / f"back-{core.data.name}")
        assert compare(tree, tmp_path / f"back-{core.data.name}") == []
    assert "damage-repaired" in {event["code"] for event in source.ask("event", "list")["events"]}
    source.ask("repository", "edit", "default", "--parity", "none")
    assert source.ask("repository", "parity")["packs"] == 0
    source.refuse("repository", "check", "--repair", "--detach", code="repair-waits", exit=2)
