"""How time and memory of a backup grow, from a thousand files to a million and from one GiB to a hundred.

.venv/bin/python -m tests.benchmarks.growth --work DIR
.venv/bin/python -m tests.benchmarks.growth --work DIR --files 1000 10000 --gib 1 2 --print

Files: of 1 KiB, a hundred in a directory, backed up by the command, twice. Bytes: a stream of so many GiB of which no
two MiB are alike, which compresses to about a fiftieth, so that DIR needs 3 GB of room. Sealed, as in `run.py`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import report
from tests.benchmarks.measure import Cost
from tests.benchmarks.run import surroundings
from tests.benchmarks.tools import Replicore

SECTION = "Growth"
HERE = Path(__file__).resolve().parent
FILE_BYTES = 1024
IN_DIRECTORY = 100
MIB = 1 << 20


class Growing(Replicore):
    """Replicore with one machine whose only volume is `volume`."""

    def __init__(self, place: Path, volume: str) -> None:
        super().__init__(place, Path(volume))
        self._volume = volume

    def volume(self) -> str:
        return self._volume

    def back_up(self) -> Cost:
        return self.phases()["first"]()


@dataclass(frozen=True)
class Row:
    what: str
    cost: Cost
    units: float
    unit: str


def pour(gib: int) -> None:
    """Writes so many GiB to standard output."""
    block = bytearray(os.urandom(16 << 10) * (MIB // (16 << 10)))
    for number in range(gib << 10):
        for at in range(0, MIB, 64 << 10):
            block[at : at + 8] = (number << 20 | at).to_bytes(8, "little")
        sys.stdout.buffer.write(block)


def plant(top: Path, files: int) -> None:
    for number in range(files):
        directory = top / f"d{number // IN_DIRECTORY // 1000:03}" / f"d{number // IN_DIRECTORY % 1000:03}"
        if number % IN_DIRECTORY == 0:
            directory.mkdir(parents=True, exist_ok=True)
        (directory / f"f{number % IN_DIRECTORY:02}").write_bytes(number.to_bytes(8, "little") * (FILE_BYTES // 8))


def of_files(work: Path, files: int) -> list[Row]:
    tree, place = work / "tree", work / "place"
    plant(tree, files)
    tool = Growing(place, f"src={tree}")
    try:
        tool.prepare()
        rows = [
            Row(f"{files:,} files, {what}", tool.back_up(), files, "files") for what in ("first backup", "unchanged")
        ]
    finally:
        tool.close()
        shutil.rmtree(place)
        shutil.rmtree(tree)
    return rows


def of_bytes(work: Path, gib: int) -> list[Row]:
    place = work / "place"
    root = HERE.parent.parent
    command = f"cd '{root}' && '{sys.executable}' -m tests.benchmarks.growth --pour {gib}"
    tool = Growing(place, f"src=cmd:{command}")
    try:
        tool.prepare()
        return [Row(f"{gib} GiB", tool.back_up(), gib * 1073.741824, "MB")]
    finally:
        tool.close()
        shutil.rmtree(place)


def section(rows: Sequence[Row]) -> str:
    lines = [f"## {SECTION}", "", *surroundings([]), "One run each; the memory is that of the whole process tree.", ""]
    lines += ["| | s | each second | processor s | peak memory, MB |", "| --- | ---: | ---: | ---: | ---: |"]
    for row in rows:
        rate = f"{row.units / row.cost.wall:,.0f} {row.unit}"
        lines.append(
            f"| {row.what} | {row.cost.wall:.2f} | {rate} | {row.cost.cpu:.2f} | {row.cost.memory / 1e6:.0f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--work", type=Path)
    asked.add_argument("--files", type=int, nargs="*", default=[1_000, 10_000, 100_000, 1_000_000])
    asked.add_argument("--gib", type=int, nargs="*", default=[1, 10, 100])
    asked.add_argument("--print", action="store_true", help="only print")
    asked.add_argument("--pour", type=int, metavar="GIB", help="write that stream, and nothing else")
    options = asked.parse_args()
    if options.pour is not None:
        pour(options.pour)
        return
    if options.work is None:
        asked.error("--work is needed")
    options.work.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    for files in options.files:
        rows += of_files(options.work, files)
        print(section(rows[-2:]).splitlines()[-2:], flush=True)
    for gib in options.gib:
        rows += of_bytes(options.work, gib)
        print(section(rows[-1:]).splitlines()[-1:], flush=True)
    text = section(rows)
    print(text)
    if not options.print:
        report.write(HERE / "REPORT.md", SECTION, text)


if __name__ == "__main__":
    main()
