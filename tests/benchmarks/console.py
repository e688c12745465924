"""How fast the Console is: its start, its pages, a table of a million points. Real Cores in processes of their own.

.venv/bin/python -m tests.benchmarks.console                      all of it, five runs, and the page REPORT.md
.venv/bin/python -m tests.benchmarks.console --points 20000 --runs 1 --print
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks import report
from tests.benchmarks.run import surroundings

HERE = Path(__file__).resolve().parent
SECTION = "Console"
PYTHON = sys.executable
READY_S = 120


@dataclass
class Figures:
    """Values in the unit of their name, run by run."""

    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, value: float) -> None:
        self.values.setdefault(name, []).append(value)

    def median(self, name: str) -> float:
        return statistics.median(self.values[name])


def set_up(data: Path, points: int) -> None:
    """A Core of its own with so many points in its catalog."""
    from console.engine.core import Core
    from console.host.clock import SystemClock
    from console.worlds.filling import fill

    core = Core(data)
    try:
        if points:
            fill(core.catalog, points, SystemClock().now())
    finally:
        core.stop()


def start_window(data: Path, settings: Path) -> float:
    """Seconds from the start of the process until the window can be used: the first page shows something."""
    began = time.monotonic()
    done = subprocess.run(
        [PYTHON, "-m", "tests.benchmarks.console_start", str(data), str(settings), repr(began)],
        capture_output=True,
        text=True,
        check=True,
        timeout=READY_S,
        cwd=HERE.parent.parent,
        env={**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")},
    )
    return float(done.stdout.strip().splitlines()[-1])


def running_core(data: Path) -> subprocess.Popen[str]:
    core = subprocess.Popen(
        [PYTHON, "-m", "console", "--data", str(data), "--json", "core", "run", "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert core.stdout is not None
    core.stdout.readline()
    return core


def stop(core: subprocess.Popen[str]) -> None:
    core.terminate()
    core.wait(30)
    assert core.stdout is not None
    core.stdout.close()


def measure(work: Path, points: int, runs: int) -> Figures:
    figures = Figures()
    small, large = work / "small", work / "large"
    set_up(small, 0)
    set_up(large, points)
    for _ in range(runs):
        figures.add("start, embedded Core to be started, s", start_window(small, work / "settings"))
        core = running_core(small)
        try:
            figures.add("start, Core running, s", start_window(small, work / "settings"))
        finally:
            stop(core)
    core = running_core(large)
    try:
        for _ in range(runs):
            done = subprocess.run(
                [PYTHON, "-m", "tests.benchmarks.console_table", str(large), str(work / "settings")],
                capture_output=True,
                text=True,
                check=True,
                timeout=600,
                cwd=HERE.parent.parent,
                env={**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")},
            )
            for line in done.stdout.splitlines():
                name, equals, value = line.rpartition(" = ")
                if equals:
                    figures.add(name, float(value))
    finally:
        stop(core)
    return figures


TARGETS = {
    "start, Core running, s": 1.0,
    "start, embedded Core to be started, s": 2.5,
    "table: open, ms": 150.0,
    "table: sort, ms": 150.0,
    "table: filter, ms": 150.0,
    "table: jump to the middle, ms": 150.0,
    "table: a frame while scrolling, median ms": 16.7,
    "table: a frame while scrolling, 99 %, ms": 16.7,
    "memory after, MB": 250.0,
}


def section(figures: Figures, points: int, runs: int) -> str:
    lines = [f"## {SECTION}", "", *surroundings([]), f"A table of {points:,} points; medians of {runs} runs.", ""]
    lines += ["| | measured | target |", "| --- | ---: | ---: |"]
    for name in sorted(figures.values):
        target = TARGETS.get(name, 100.0 if name.startswith("page ") else None)
        lines.append(f"| {name} | {figures.median(name):.2f} | {'' if target is None else f'{target:g}'} |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--print", action="store_true", dest="only_print")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="replicore-bench-") as place:
        figures = measure(Path(place), options.points, options.runs)
    text = section(figures, options.points, options.runs)
    print(text)
    if not options.only_print:
        report.write(HERE / "REPORT.md", SECTION, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
