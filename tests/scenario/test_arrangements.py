"""Every arrangement of Cores, each to the point that is restored where it went last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from console.cli.tour_tree import compare
from tests.support.cores import PASSWORD, CoreProcess, new_target, pair


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[[str], CoreProcess]]:
    """Makes a Core that runs and can be a target: `running("a")`."""
    made: list[CoreProcess] = []

    def make(name: str) -> CoreProcess:
        made.append(new_target(tmp_path / name))
        return made[-1]

    yield make
    for one in made:
        one.kill()


def protect(core: CoreProcess, name: str, tree: Path) -> str:
    """A machine with one small tree and one point; the point's id."""
    tree.mkdir()
    (tree / "said").write_text(f"{name} was here\n")
    (tree / "bytes").write_bytes(name.encode() * 20_000)
    core.ask("machine", "protect", name, "--volume", f"tree={tree}", "--every", "off")
    point: str = core.ask("backup", name)["point"]
    return point


def replicated(source: CoreProcess, target: CoreProcess, machine: str, name: str) -> str:
    """Pairs them and sends what there is of a machine; the pairing."""
    pairing = pair(source, target, name=name)
    source.ask("replication", "add", pairing, machine)
    source.ask("replication", "force", pairing)
    return pairing


def points(core: CoreProcess, machine: str) -> dict[str, Any]:
    """Of a machine, by id."""
    return {p["id"]: p for p in core.ask("point", "list", "--machine", machine)["points"]}


def is_like(core: CoreProcess, point: str, tree: Path, to: Path) -> None:
    core.ask("restore", "files", point, "--to", to)
    assert compare(tree, to) == []


def test_many_sources_replicate_to_one_target(running: Callable[[str], CoreProcess], tmp_path: Path) -> None:
    """Two of them have a machine of the same name; each is kept as its own, and none sees the other's."""
    target, sources = running("target"), [running("munich"), running("oslo")]
    made = [protect(source, "web", tmp_path / f"tree {i}") for i, source in enumerate(sources)]
    pairings = [replicated(source, target, "web", "vault") for source in sources]
    machines = target.ask("machine", "list")["machines"]
    assert {m["id"] for m in machines} == {source.ask("machine", "show", "web")["id"] for source in sources}
    assert len({m["name"] for m in machines}) == 2
    for number, (source, point) in enumerate(zip(sources, made, strict=True)):
        machine = source.ask("machine", "show", "web")["id"]
        assert {p["chain"] for p in points(target, machine).values()} == {"whole"}
        assert set(points(target, machine)) == {point}
        assert set(points(source, "web")) == {point}
        is_like(target, point, tmp_path / f"tree {number}", tmp_path / f"back {number}")
    # One ends; the other's machine does not feel it.
    done = sources[0].ask("replication", "remove", pairings[0], "web", "--yes")
    assert (done["machines"], done["points_deleted"], done["target_told"]) == (["web"], 0, True)
    (tmp_path / "tree 1" / "more").write_text("more")
    later = sources[1].ask("backup", "web", "--replicate")["point"]
    is_like(target, later, tmp_path / "tree 1", tmp_path / "later")
    # The target takes the other one no longer either; its source learns of it when it calls.
    machine = sources[1].ask("machine", "show", "web")["id"]
    gone = target.ask("replication", "remove", pairings[1], machine, "--delete-points", "--yes")
    assert gone["points_deleted"] == 2
    sources[1].ask("replication", "force", pairings[1])
    assert sources[1].ask("replication", "show", pairings[1])["machines"] == []
    assert sources[1].ask("event", "list", "--alerts")["events"][0]["code"] == "replication-ended-there"


def test_one_source_replicates_to_several_targets(running: Callable[[str], CoreProcess], tmp_path: Path) -> None:
    source, near, far = running("source"), running("near"), running("far")
    first = protect(source, "web", tmp_path / "tree")
    replicated(source, near, "web", "near")
    away = replicated(source, far, "web", "far")
    (tmp_path / "tree" / "more").write_text("more")
    second = source.ask("backup", "web", "--replicate")["point"]
    for target in (near, far):
        assert {id: p["chain"] for id, p in points(target, "web").items()} == {first: "whole", second: "whole"}
        is_like(target, second, tmp_path / "tree", tmp_path / f"{target.data.name} back")
    assert sorted(points(source, "web")[second]["targets"]) == ["far", "near"]
    # One of them is away: the other gets what is new all the same, and this one later.
    far.stop()
    (tmp_path / "tree" / "third").write_text("third")
    third = source.ask("backup", "web")["point"]
    source.ask("replication", "force", "near")
    assert third in points(near, "web")
    far.start(port=far.port)
    source.ask("replication", "force", away)
    is_like(far, third, tmp_path / "tree", tmp_path / "third back")


def test_a_point_goes_on_from_hop_to_hop(running: Callable[[str], CoreProcess], tmp_path: Path) -> None:
    a, b, c = running("a"), running("b"), running("c")
    first = protect(a, "web", tmp_path / "tree")
    replicated(a, b, "web", "b")
    replicated(b, c, "web", "c")
    (tmp_path / "tree" / "more").write_text("more")
    second = a.ask("backup", "web", "--replicate")["point"]
    b.ask("replication", "force", "c")
    assert list(points(c, "web")) == list(points(a, "web"))
    assert {p["chain"] for p in points(c, "web").values()} == {"whole"}
    shown, origin = c.ask("machine", "show", "web"), a.ask("machine", "show", "web")
    assert (shown["id"], shown["kind"], shown["origin"]) == (origin["id"], "replicated", origin["origin"])
    assert set(points(c, "web")) == {first, second}
    cores = [one.ask("core", "status") for one in (a, b)]
    assert shown["via"] == [{"id": core["id"], "name": core["name"]} for core in cores]
    # A new name goes the same way, whether there is something to send or not.
    a.ask("machine", "edit", "web", "--name", "shop")
    a.ask("replication", "force", "b")
    b.ask("replication", "force", "c")
    assert c.ask("machine", "show", "shop")["id"] == origin["id"]
    # What lies between goes away altogether; the last one stands for itself.
    b.kill()
    a.kill()
    is_like(c, second, tmp_path / "tree", tmp_path / "back")


def test_two_cores_keep_each_others_machines(running: Callable[[str], CoreProcess], tmp_path: Path) -> None:
    a, b = running("a"), running("b")
    ours, theirs = protect(a, "web", tmp_path / "web"), protect(b, "db", tmp_path / "db")
    replicated(a, b, "web", "there")
    replicated(b, a, "db", "there")
    is_like(b, ours, tmp_path / "web", tmp_path / "web back")
    is_like(a, theirs, tmp_path / "db", tmp_path / "db back")
    kinds = {m["name"]: m["kind"] for m in a.ask("machine", "list")["machines"]}
    assert kinds == {"web": "protected", "db": "replicated"}
    # What came from the other one is not sent back to it.
    a.refuse("replication", "add", "there", "db", code="machine-elsewhere", exit=5)
    # The end of one direction leaves the other alone.
    a.ask("replication", "remove", "there", "--yes")
    (tmp_path / "db" / "more").write_text("more")
    later = b.ask("backup", "db", "--replicate")["point"]
    assert later in points(a, "db")


def test_a_target_on_the_same_site(running: Callable[[str], CoreProcess], tmp_path: Path) -> None:
    """A second Core on this machine is a target as any other; this Core itself is none."""
    source, local = running("source"), running("local")
    point = protect(source, "web", tmp_path / "tree")
    replicated(source, local, "web", "local")
    is_like(local, point, tmp_path / "tree", tmp_path / "back")
    words = ("--user", "admin", "--password-stdin", "--fingerprint", source.fingerprint)
    itself = f"127.0.0.1:{source.port}"
    source.refuse("replication", "pair", itself, *words, stdin=PASSWORD, code="target-is-this-core", exit=5)
