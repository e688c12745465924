"""Replicore beside restic and Borg, on the same tree, in one interleaved run.

.venv/bin/python -m tests.benchmarks.run                          all tools, corpus usr, three runs
.venv/bin/python -m tests.benchmarks.run --corpus small random    other trees
.venv/bin/python -m tests.benchmarks.run --tools restic,borg      the peers alone; prints, writes no page
.venv/bin/python -m tests.benchmarks.run --scale 0.02 --runs 1    does it work at all?
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks import corpus as corpora
from tests.benchmarks import measure, report
from tests.benchmarks.corpus import Corpus
from tests.benchmarks.measure import CommandFailed
from tests.benchmarks.report import OURS, Record
from tests.benchmarks.tools import PHASES, TOOLS, Replicore, Tool

HERE = Path(__file__).resolve().parent


def settle() -> float:
    """Have everything written; the seconds it took."""
    start = time.perf_counter()
    os.sync()
    taken = time.perf_counter() - start
    threading.Event().wait(0.5)  # let the disks fall silent before the next clock starts
    return taken


def run_phase(tool: Tool, tree: Corpus, run: int, phase: str) -> Record:
    if phase == "day2":
        tree.second_day()
        tree.warm()
    tool.before(phase)
    settle()
    cost = tool.phases()[phase]()
    sync = settle()
    tool.after(phase)
    record = Record(tool.name, run, phase, cost, sync)
    if phase in ("first", "same", "day2"):
        record = dataclasses.replace(record, stored=measure.stored(tool.first_repository))
    elif phase in ("replicate", "replicate2"):
        record = dataclasses.replace(record, stored=measure.stored(tool.second_repository))
    elif phase == "restore":
        found = measure.differences(tree.source, tool.restored_tree())
        record = dataclasses.replace(record, differences=found)
    return record


def run_tool(kind: type[Tool], tree: Corpus, work: Path, run: int) -> list[Record]:
    """One tool through all phases, in a fresh place."""
    place = work / "run"
    shutil.rmtree(place, ignore_errors=True)
    tree.first_day()
    tree.warm()
    tool = kind(place, tree.source)
    records = []
    try:
        tool.prepare()
        for phase in PHASES:
            record = run_phase(tool, tree, run, phase)
            records.append(record)
            cost = record.cost
            print(
                f"{tree.name} run {run} {tool.name:10} {phase:11} {cost.wall:8.2f} s"
                f"  cpu {cost.cpu:7.2f} + {cost.served_cpu:.2f}"
                f"  memory {cost.memory / 1e6:5.0f} + {cost.served_memory / 1e6:.0f} MB"
                f"  sync {record.sync:5.2f} s",
                flush=True,
            )
            for difference in record.differences:
                print(f"   not as in the source: {difference}", flush=True)
    finally:
        tool.close()
        tree.first_day()
    shutil.rmtree(place)
    return records


def _file_system(place: Path) -> str:
    return subprocess.run(["stat", "-f", "-c", "%T", place], capture_output=True, text=True, check=True).stdout.strip()


def surroundings(kinds: Sequence[type[Tool]]) -> list[str]:
    """What the figures depend on besides the programs' speed."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=HERE, capture_output=True, text=True, check=False
    ).stdout.strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return [
        f"commit {commit or 'unknown'}, {time.strftime('%Y-%m-%d', time.gmtime())}",
        f"{os.cpu_count()} processors ({platform.machine()}), {memory:.0f} GiB, Linux {platform.release()},"
        f" Python {platform.python_version()}",
        ", ".join(kind.version() for kind in kinds),
    ]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", nargs="+", default=["usr"], choices=corpora.NAMES)
    parser.add_argument("--tools", default=",".join(TOOLS), help="default: %(default)s")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="a fraction of the corpus's size")
    parser.add_argument(
        "--work",
        type=Path,
        default=Path(tempfile.gettempdir(), "replicore-benchmarks"),
        help="where corpora and repositories lie; about 12 GB on a real disk (default: %(default)s)",
    )
    parser.add_argument(
        "--sources",
        type=Path,
        help="where the trees lie: in memory (/dev/shm, up to 10 GB) where the system soon lets go of cached files"
        " (default: where --work is)",
    )
    parser.add_argument("--report", type=Path, default=HERE / "REPORT.md", help="page to write (default: %(default)s)")
    parser.add_argument("--replicore", type=Path, default=Replicore.program, help="default: %(default)s")
    return parser.parse_args()


def compare(name: str, kinds: Sequence[type[Tool]], options: argparse.Namespace) -> list[Record]:
    """All tools on one corpus; prints the section and writes it where it belongs."""
    usr = None
    if name == "image":
        usr = Corpus("usr", options.sources, options.scale)
        usr.make()
    tree = Corpus(name, options.sources, options.scale)
    tree.make(usr)
    records: list[Record] = []
    results = options.work / f"{name}.json"
    for run in range(1, options.runs + 1):
        turn = (run - 1) % len(kinds)  # nobody is always first
        for kind in (*kinds[turn:], *kinds[:turn]):
            records += run_tool(kind, tree, options.work, run)
            results.write_text(json.dumps([dataclasses.asdict(record) for record in records], indent=1))
    places = f"sources on {_file_system(options.sources)}, repositories and restores on {_file_system(options.work)}"
    text = report.section(name, tree.facts(), [*surroundings(kinds), places], records)
    print(f"\n{text}\nEvery record: {results}")
    if OURS in {kind.name for kind in kinds} and len(kinds) > 1 and options.scale == 1:
        report.write(options.report, name, text)
        print(f"Written to {options.report}")
    return records


def main() -> int:
    options = arguments()
    options.work = options.work.resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    options.sources = (options.sources or options.work).resolve()
    options.sources.mkdir(parents=True, exist_ok=True)
    Replicore.program = options.replicore.absolute()
    unknown = set(options.tools.split(",")) - TOOLS.keys()
    if unknown:
        print(f"Unknown: {', '.join(sorted(unknown))}. Known: {', '.join(TOOLS)}.", file=sys.stderr)
        return 2
    kinds = [TOOLS[name] for name in options.tools.split(",")]
    try:
        for kind in kinds:
            kind.version()
        records = [record for name in options.corpus for record in compare(name, kinds, options)]
    except FileNotFoundError as missing:
        print(f"Not installed: {missing.filename}. See tests/benchmarks/README.md, or --tools.", file=sys.stderr)
        return 1
    except CommandFailed as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    return 1 if any(record.differences for record in records) else 0


if __name__ == "__main__":
    sys.exit(main())
