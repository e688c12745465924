"""The benchmark itself must not lie: its second day can be undone, its scales weigh, its comparison sees."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.benchmarks import measure, report
from tests.benchmarks.corpus import Corpus, walk
from tests.benchmarks.measure import CommandFailed, Cost
from tests.benchmarks.report import Record


def contents(top: Path) -> dict[Path, bytes]:
    return {path.relative_to(top): path.read_bytes() for path in walk(top)}


@pytest.mark.parametrize(("name", "scale"), [("small", 0.004), ("random", 0.002)])
def test_second_day_changes_a_little_and_can_be_undone(tmp_path: Path, name: str, scale: float) -> None:
    tree = Corpus(name, tmp_path, scale)
    tree.make()
    first = contents(tree.source)
    untouched = {path: os.lstat(tree.source / path).st_ctime_ns for path in first}

    tree.second_day()
    second = contents(tree.source)
    assert second != first
    same = [path for path in first if second.get(path) == first[path]]
    assert len(same) >= 0.8 * len(first)
    assert all(os.lstat(tree.source / path).st_ctime_ns == untouched[path] for path in same)

    tree.first_day()
    assert contents(tree.source) == first


def test_the_same_corpus_is_made_twice(tmp_path: Path) -> None:
    trees = [Corpus("small", tmp_path / place, 0.002) for place in ("here", "there")]
    for tree in trees:
        tree.make()
        tree.second_day()
    assert trees[0].facts() == trees[1].facts()
    assert contents(trees[0].source) == contents(trees[1].source)


def test_a_command_is_weighed_with_its_children(tmp_path: Path) -> None:
    inner = (
        "block = b'x' * 60_000_000; import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    )
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}]); print('done')"
    cost, said = measure.run([sys.executable, "-c", outer], log=tmp_path / "log", cwd=tmp_path, env=os.environ)
    assert said == "done\n"
    assert cost.wall >= 0.3
    assert cost.cpu >= 0.3
    assert 60e6 < cost.memory < 200e6


def test_a_small_command_does_not_inherit_the_weight_of_its_parent(tmp_path: Path) -> None:
    ballast = b"x" * 150_000_000
    cost, _ = measure.run(["sleep", "0.1"], log=tmp_path / "log", cwd=tmp_path, env=os.environ)
    assert len(ballast) > 150e6 - 1
    assert 0 < cost.memory < 30e6


def test_a_failed_command_gives_no_figure(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match=r"(?s)ended with 3.*broken"):
        measure.run(
            [sys.executable, "-c", "import sys; print('broken', file=sys.stderr); sys.exit(3)"],
            log=tmp_path / "log",
            cwd=tmp_path,
            env=os.environ,
        )


@pytest.mark.parametrize("damage", ["content", "mode", "time", "missing", "added", "link"])
def test_a_restored_tree_is_compared_in_every_respect(tmp_path: Path, damage: str) -> None:
    for name in ("source", "restored"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"content")
        (tmp_path / name / "link").symlink_to("file")
        os.utime(tmp_path / name / "file", ns=(1, 1))
    assert measure.differences(tmp_path / "source", tmp_path / "restored") == []

    file, link = tmp_path / "restored" / "file", tmp_path / "restored" / "link"
    if damage == "content":
        file.write_bytes(b"CONTENT")
        os.utime(file, ns=(1, 1))
    elif damage == "mode":
        file.chmod(0o400)
    elif damage == "time":
        os.utime(file, ns=(1, 2))
    elif damage == "missing":
        file.unlink()
    elif damage == "added":
        file.with_name("other").touch()
    else:
        link.unlink()
        link.symlink_to("elsewhere")
    assert len(measure.differences(tmp_path / "source", tmp_path / "restored")) == 1


FACTS = {"files": 3, "bytes": 3_000_000, "digest": "abc"}


def records(phase: str, **walls: list[float]) -> list[Record]:
    return [
        Record(tool, run, phase, Cost(wall=wall), sync=0.0)
        for tool, seconds in walls.items()
        for run, wall in enumerate(seconds)
    ]


def test_ratios_are_of_medians_and_to_the_best_peer() -> None:
    page = report.section("usr", FACTS, [], records("first", replicore=[1, 2, 90], restic=[8, 8, 8], borg=[4, 5, 4]))
    assert "| first backup | 2.00 | 8.00 | 4.00 | 0.50 |" in page
    assert "medians of 3 interleaved runs" in page


def test_a_peer_that_does_something_else_is_shown_but_no_measure() -> None:
    page = report.section("usr", FACTS, [], records("replicate", replicore=[1], restic=[4], borg=[0.5]))
    assert "| replicate everything | 1.00 | 4.00 | 0.50* | 0.25 |" in page
    assert "\\* a copy of the repository's files by rsync" in page


def test_a_bad_restore_is_said() -> None:
    bad = Record("borg", 1, "restore", Cost(), 0.0, differences=["file: mode"])
    assert "Restored otherwise than the source: borg." in report.section("usr", FACTS, [], [bad])


def test_writing_one_corpus_keeps_the_others(tmp_path: Path) -> None:
    page = tmp_path / "REPORT.md"
    report.write(page, "usr", "## usr\n\nold\n")
    report.write(page, "small", "## small\n\nkept\n")
    report.write(page, "usr", "## usr\n\nnew\n")
    text = page.read_text()
    assert text.startswith("# Replicore beside its peers")
    assert text.count("## usr") == 1
    assert "old" not in text
    assert text.index("kept") < text.index("new")
