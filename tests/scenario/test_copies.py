"""A backup that wants its copies ends well only when every target has the point; one point goes by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.scenario.conftest import change_tree
from tests.support.cores import CoreProcess, error_of, new_target, pair


def test_a_backup_wants_its_copies_and_one_point_is_sent_by_itself(
    source: CoreProcess, target: CoreProcess, tree: Path, tmp_path: Path, core: Callable[[str], CoreProcess]
) -> None:
    first = pair(source, target)
    other = new_target(tmp_path / "other")
    try:
        second = pair(source, other, name="other")
        base = source.ask("point", "list")["points"][0]["id"]
        for pairing in (first, second):
            source.ask("replication", "add", pairing, "web")
            source.ask("replication", "force", pairing)

        change_tree(tree)
        made = source.ask("backup", "web", "--replicate")
        assert [(one["there"], one["failure"], one["exit"]) for one in made["replicated"]] == [(True, None, 0)] * 2
        assert {one["pairing"] for one in made["replicated"]} == {
            p["pairing"] for p in source.ask("replication", "list")["pairings"]
        }

        # One target is gone: the other has it, and the command says of each how it is.
        other.kill()
        change_tree(tree, seed=3)
        done = source.run("backup", "web", "--replicate")
        assert (done.returncode, error_of(done)["code"]) == (10, "target-unreachable"), done.stderr
        point = source.ask("point", "list")["points"][0]["id"]
        assert target.ask("point", "list")["points"][0]["id"] == point

        # Nobody asks for copies, but a copy there is required.
        source.ask("replication", "pause", first)
        change_tree(tree, seed=4)
        source.ask("backup", "web")
        assert source.ask("replication", "require-copy", first, "web")["required"]
        change_tree(tree, seed=5)
        done = source.run("backup", "web")
        assert (done.returncode, error_of(done)["code"]) == (5, "replication-paused"), done.stderr
        source.ask("replication", "resume", first)
        source.ask("backup", "web")

        # A point that was deleted there is not sent again, until somebody asks for it.
        newest = source.ask("point", "list")["points"][0]["id"]
        target.ask("point", "delete", newest, "--yes")
        source.ask("replication", "force", first)
        assert newest not in {p["id"] for p in target.ask("point", "list")["points"]}
        source.refuse(
            "replication",
            "replicate-backup",
            newest,
            "--to",
            first,
            "--name",
            "two words",
            code="bad-replica-name",
            exit=2,
        )
        sent = source.ask(
            "replication", "replicate-backup", newest, "--to", first, "--name", "again", "--describe", "it was deleted"
        )
        assert (sent["point"], sent["name"], sent["points_sent"]) == (newest, "again", 1)
        there = {p["id"]: p["chain"] for p in target.ask("point", "list")["points"]}
        assert (there[newest], there[base]) == ("whole", "whole")
        assert target.ask("restore", "files", newest, "--to", tmp_path / "back")["verified"]
    finally:
        other.kill()
