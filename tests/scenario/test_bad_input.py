"""Bad input and bad luck: each a clear sentence with a code, and nothing lost."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.cli.tour_tree import compare
from tests.scenario.conftest import change_tree, make_tree
from tests.support.cores import PASSWORD, CoreProcess, pair

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def pair_words(host: str, fingerprint: str, user: str = "admin") -> list[str]:
    return ["replication", "pair", host, "--user", user, "--password-stdin", "--fingerprint", fingerprint]


def test_pairing_refusals(source: CoreProcess, target: CoreProcess) -> None:
    here = f"127.0.0.1:{target.port}"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{free.getsockname()[1]}"
    source.refuse(*pair_words(nobody, target.fingerprint), code="target-unreachable", exit=10, stdin=PASSWORD)
    wrong = ":".join(["AB"] * 32)
    source.refuse(*pair_words(here, wrong), code="wrong-fingerprint", exit=5, stdin=PASSWORD)
    source.refuse(*pair_words(here, target.fingerprint), code="wrong-credentials", exit=5, stdin="wrong password")
    source.refuse(*pair_words(here, target.fingerprint, "ghost"), code="wrong-credentials", exit=5, stdin=PASSWORD)
    target.ask("user", "add", "tech", "--role", "technician", "--password-stdin", stdin=PASSWORD)
    source.refuse(*pair_words(here, target.fingerprint, "tech"), code="not-administrator", exit=5, stdin=PASSWORD)
    target.refuse(*pair_words(here, target.fingerprint), code="target-is-this-core", exit=5, stdin=PASSWORD)
    assert source.ask("replication", "list")["pairings"] == []
    pair(source, target)
    source.refuse(*pair_words(here, target.fingerprint), code="already-paired", exit=5, stdin=PASSWORD)
    assert len(source.ask("replication", "list")["pairings"]) == 1


def test_a_target_without_a_repository_pairs_but_takes_no_machines(source: CoreProcess, target: CoreProcess) -> None:
    target.ask("repository", "remove", "default", "--yes")
    pairing = pair(source, target)
    source.refuse("replication", "add", pairing, "web", code="no-repository", exit=5)
    target.ask("repository", "create", "main", "--path", target.data.parent / "main")
    source.ask("replication", "add", pairing, "web", "--repository", "web=main")
    source.ask("replication", "force", pairing)
    assert len(target.ask("point", "list")["points"]) == 1


def test_the_target_goes_away_and_comes_back(source: CoreProcess, target: CoreProcess, tree: Path) -> None:
    pairing = pair(source, target)
    source.ask("replication", "add", pairing, "web")
    source.ask("replication", "force", pairing)
    port = target.port
    target.stop()
    source.refuse("replication", "force", pairing, code="target-unreachable", exit=10)
    change_tree(tree)
    source.ask("backup", "web")
    shown = source.ask("replication", "show", pairing)
    assert shown["link"] == "unreachable"
    assert shown["machines"][0]["lag_points"] == 1
    target.start(port=port)
    assert source.ask("replication", "force", pairing)["points_sent"] == 1
    assert source.ask("replication", "show", pairing)["link"] == "online"


def test_two_processes_on_one_data_directory(source: CoreProcess) -> None:
    again = subprocess.run(
        [
            sys.executable,
            "-m",
            "console",
            "--data",
            str(source.data),
            "--json",
            "core",
            "run",
            "--listen",
            "127.0.0.1:0",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert again.returncode == 5
    assert "data-directory-in-use" in again.stderr
    assert source.ask("machine", "show", "web")["name"] == "web", "the first one goes on, and is talked to"


def test_the_repository_directory_is_gone_and_comes_back(source: CoreProcess, tree: Path, tmp_path: Path) -> None:
    repository = source.data / "repository"
    away = tmp_path / "away"
    repository.rename(away)
    source.refuse("backup", "web", code="repository-gone", exit=1)
    assert not repository.exists(), "no new, empty repository is put in its place"
    away.rename(repository)
    source.ask("backup", "web")
    assert source.ask("repository", "check", "--read-data")["damaged"] == []


def test_paths_where_seeds_and_restores_do_not_belong(source: CoreProcess, target: CoreProcess, tmp_path: Path) -> None:
    pairing = pair(source, target)
    source.ask("replication", "add", pairing, "web", "--seed-drive")
    inside = source.data / "repository" / "drive"
    source.refuse("seed", "create", pairing, "--to", inside, code="location-in-repository", exit=5)
    point = source.ask("point", "list")["points"][0]["id"]
    source.refuse("restore", "files", point, "--to", inside, code="destination-in-repository", exit=5)
    source.refuse(
        "machine", "protect", "x", "--volume", source.data / "repository", code="volume-in-repository", exit=5
    )
    source.refuse("machine", "protect", "x", "--volume", tmp_path / "nowhere", code="volume-gone", exit=1)
    source.refuse("machine", "protect", "web", "--volume", tmp_path, code="name-taken", exit=5)
    source.refuse("backup", "nobody", code="no-such-machine", exit=4)
    source.refuse("seed", "consume", tmp_path, code="not-a-seed", exit=1)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 4 MiB on a loop device."""
    if not ROOT or not shutil.which("mkfs.ext4") or not os.path.exists("/dev/loop-control"):
        pytest.skip("needs root, mkfs.ext4 and loop devices")
    image, mount = tmp_path / "disk.img", tmp_path / "disk"
    with open(image, "wb") as handle:
        handle.truncate(4 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-O", "^has_journal", image], check=True)
    mount.mkdir()
    done = subprocess.run(["mount", "-o", "loop", image, mount], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"loop devices cannot be mounted here: {done.stderr.strip()}")
    yield mount
    subprocess.run(["umount", mount], check=True)


def test_a_full_and_a_read_only_medium(
    source: CoreProcess, target: CoreProcess, tree: Path, small_disk: Path, tmp_path: Path
) -> None:
    (tree / "more").write_bytes(os.urandom(6_000_000))
    source.ask("backup", "web")
    pairing = pair(source, target)
    source.ask("replication", "add", pairing, "web", "--seed-drive")
    source.refuse("seed", "create", pairing, "--to", small_disk, code="medium-full", exit=1)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    source.refuse("seed", "create", pairing, "--to", small_disk, code="medium-read-only", exit=1)
    good = tmp_path / "good"
    good.mkdir()
    source.ask("seed", "create", pairing, "--to", good)
    assert target.ask("seed", "consume", good)["orphans_left"] == 0


def test_a_full_repository_refuses_and_goes_on_when_there_is_room(
    small_disk: Path, core: Callable[[str], CoreProcess], tree: Path
) -> None:
    full = core("full").start()
    full.ask("repository", "create", "small", "--path", small_disk / "repository")
    big = make_tree(small_disk.parent / "big", seed=9)
    (big / "too much").write_bytes(os.urandom(9_000_000))
    full.ask("machine", "protect", "web", "--volume", big, "--repository", "small", "--every", "off")
    full.refuse("backup", "web", code="repository-full", exit=1)
    (big / "too much").unlink()
    (big / "large").unlink()
    (big / "folder 1" / "same as large").unlink()
    result = full.run("backup", "web")
    assert result.returncode in (0, 1)
    report = full.ask("repository", "check", "small", "--read-data")
    assert report["damaged"] == []


def files_of_ours(data: Path) -> list[Path]:
    return sorted(p for p in data.rglob("*") if p.is_file() and p.name not in ("lock", "core.json"))


def test_random_bytes_in_place_of_each_file_of_ours(source: CoreProcess, tree: Path, tmp_path: Path) -> None:
    """One file after the other is overwritten; commands answer with a sentence, and the original brings all back."""
    point = source.ask("point", "list")["points"][0]["id"]
    source.stop()
    for number, path in enumerate(files_of_ours(source.data)):
        if path.name.endswith(("-wal", "-shm")) or not path.exists():
            continue
        original = path.read_bytes()
        wal = [p for p in (Path(f"{path}-wal"), Path(f"{path}-shm")) if p.exists()]
        kept = {p: p.read_bytes() for p in wal}
        path.write_bytes(os.urandom(max(64, len(original))))
        for side in wal:
            side.unlink()
        out = tmp_path / f"out-{number}"
        restored = source.run("restore", "files", point, "--to", out)
        assert "Traceback" not in restored.stderr, f"{path}: {restored.stderr}"
        assert restored.returncode in (0, 1, 3, 5, 6), f"{path}: exit {restored.returncode}: {restored.stderr}"
        if restored.returncode == 0:
            assert compare(tree, out) == [], f"{path}: a wrong file was restored"
        elif out.exists():
            assert compare(tree, out, only_existing=True) == [], f"{path}: a wrong file was restored"
        if path.suffix == ".pack":
            checked = source.run("repository", "check", "--read-data")
            assert checked.returncode == 6, "a damaged pack is named as damage"
            assert path.stem in checked.stdout
        path.write_bytes(original)
        for side, content in kept.items():
            side.write_bytes(content)
    assert source.ask("repository", "check", "--read-data")["damaged"] == []
    source.ask("restore", "files", point, "--to", tmp_path / "good")
    assert compare(tree, tmp_path / "good") == []
