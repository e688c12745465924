"""kill -9 at durable steps of every kind of work, on either side: then it goes on, and a check is clean."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from console.cli.tour_tree import compare
from tests.scenario.conftest import change_tree
from tests.support.cores import CoreProcess, new_target, pair

AT = [3, *(pytest.param(at, marks=pytest.mark.slow) for at in (1, 2, 4, 7, 11, 16))]
"""At which durable steps; the slow proofs have more of them, and `tests/torture/test_every_step.py` each there is."""


def dying(core: CoreProcess, at: int, *words: str | Path) -> int:
    """Runs one command with a Core of its own that dies at its `at`th durable step; then starts the Core again."""
    core.stop()
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.support.dying_core",
            str(at),
            "--data",
            str(core.data),
            "--json",
            *map(str, words),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        stdin=subprocess.DEVNULL,
    )
    assert "Traceback" not in done.stderr, done.stderr
    core.start(port=core.port)
    return done.returncode


def clean(core: CoreProcess) -> None:
    report = core.ask("repository", "check", "--read-data")
    assert report["damaged"] == []
    assert report["missing_packs"] == []


def restores(core: CoreProcess, tree: Path, to: Path) -> None:
    newest = core.ask("point", "list")["points"][0]
    assert newest["chain"] == "whole"
    core.ask("restore", "files", newest["id"], "--to", to)
    assert compare(tree, to) == []


@pytest.mark.parametrize("at", AT)
def test_killed_while_backing_up(source: CoreProcess, tree: Path, tmp_path: Path, at: int) -> None:
    change_tree(tree)
    dying(source, at, "backup", "web")
    source.ask("backup", "web")
    clean(source)
    restores(source, tree, tmp_path / "back")


@pytest.mark.parametrize("at", AT)
def test_the_source_is_killed_while_sending(
    source: CoreProcess, target: CoreProcess, tree: Path, tmp_path: Path, at: int
) -> None:
    pairing = pair(source, target)
    source.ask("replication", "add", pairing, "web", "--paused")
    source.ask("replication", "resume", pairing, "web")
    dying(source, at, "replication", "force", pairing)
    source.ask("replication", "force", pairing)
    clean(target)
    restores(target, tree, tmp_path / "back")


@pytest.mark.parametrize("at", AT)
def test_the_target_is_killed_while_receiving(source: CoreProcess, tree: Path, tmp_path: Path, at: int) -> None:
    target = new_target(tmp_path / "target")
    pairing = pair(source, target)
    port = target.port
    target.stop()
    mortal = subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.support.dying_core", str(at + 6)),
            *("--data", str(target.data), "--json", "core", "run", "--listen", f"127.0.0.1:{port}"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert mortal.stdout is not None
    try:
        mortal.stdout.readline()
        source.run("replication", "add", pairing, "web")
        source.run("replication", "force", pairing)
    finally:
        mortal.kill()
        mortal.wait()
        mortal.stdout.close()
    target.start(port=port)
    try:
        if not source.ask("replication", "show", pairing)["machines"]:
            source.ask("replication", "add", pairing, "web")
        source.ask("replication", "force", pairing)
        clean(target)
        restores(target, tree, tmp_path / "back")
    finally:
        target.kill()


@pytest.mark.parametrize("at", AT)
def test_killed_while_writing_a_seed(
    source: CoreProcess, target: CoreProcess, tree: Path, tmp_path: Path, at: int
) -> None:
    pairing = pair(source, target)
    source.ask("replication", "add", pairing, "web", "--seed-drive")
    drive = tmp_path / "drive"
    drive.mkdir()
    dying(source, at, "seed", "create", pairing, "--to", drive, "--segment-size", "1M")
    if [s["state"] for s in source.ask("seed", "list")["seeds"]] != ["outstanding"]:
        source.ask("seed", "create", pairing, "--to", drive, "--segment-size", "1M")
    assert target.ask("seed", "verify", drive)["damaged"] == []
    target.ask("seed", "consume", drive)
    clean(target)
    restores(target, tree, tmp_path / "back")


@pytest.mark.parametrize("at", AT)
def test_killed_while_consuming(source: CoreProcess, target: CoreProcess, tree: Path, tmp_path: Path, at: int) -> None:
    pairing = pair(source, target)
    source.ask("replication", "add", pairing, "web", "--seed-drive")
    drive = tmp_path / "drive"
    drive.mkdir()
    source.ask("seed", "create", pairing, "--to", drive, "--segment-size", "1M")
    dying(target, at, "seed", "consume", drive)
    target.ask("seed", "consume", drive)
    clean(target)
    restores(target, tree, tmp_path / "back")
