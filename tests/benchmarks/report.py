"""Medians, ratios to the best peer, and the pages they are written on."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.measure import Cost
from tests.benchmarks.tools import PHASES, TOOLS

OURS = "replicore"
HEAD = """# Replicore beside its peers

Written by `tests/benchmarks/run.py` and `console.py`; how they measure stands in [README.md](README.md). Compare
ratios, not seconds: seconds are those of one machine on one day.
"""


@dataclass(frozen=True)
class Record:
    """One phase of one tool in one run."""

    tool: str
    run: int
    phase: str
    cost: Cost
    sync: float  # seconds the system needed afterwards to write what the tool had left in memory
    stored: int = 0  # bytes of the repository the phase wrote to
    differences: Sequence[str] = ()  # of what was restored from its source


def _median(records: Sequence[Record], tool: str, phase: str, value: Callable[[Record], float]) -> float | None:
    values = [value(record) for record in records if record.tool == tool and record.phase == phase]
    return statistics.median(values) if values else None


def _table(
    records: Sequence[Record],
    phases: Mapping[str, str],
    value: Callable[[Record], float],
    shown: Callable[[float], str],
) -> list[str]:
    tools = list(dict.fromkeys(record.tool for record in records))
    tools.sort(key=lambda tool: tool != OURS)
    ratio = OURS in tools and len(tools) > 1
    lines = [f"| | {' | '.join(tools)} |{' to the best peer |' if ratio else ''}"]
    lines.append("| --- |" + " ---: |" * (len(tools) + ratio))
    for phase, title in phases.items():
        medians = {tool: _median(records, tool, phase, value) for tool in tools}
        cells = []
        for tool, median in medians.items():
            mark = "*" if phase in TOOLS[tool].remarks else ""
            cells.append("–" if median is None else shown(median) + mark)
        equals = [
            median
            for tool, median in medians.items()
            if tool != OURS and median is not None and phase not in TOOLS[tool].remarks
        ]
        line = f"| {title} | {' | '.join(cells)} |"
        if ratio:
            ours = medians[OURS]
            line += f" {ours / min(equals):.2f} |" if ours is not None and equals and min(equals) else " – |"
        lines.append(line)
    return lines


def _megabytes(size: float) -> str:
    return f"{size / 1e6:.1f}" if size < 1e7 else f"{size / 1e6:.0f}"


def section(corpus: str, facts: Mapping[str, object], around: Sequence[str], records: Sequence[Record]) -> str:
    """One corpus: what was measured, on what, and the tables."""
    runs = len({record.run for record in records})
    lines = [
        f"## {corpus}",
        "",
        f"{facts['files']} files, {int(str(facts['bytes'])) / 1e6:.0f} MB (digest {facts['digest']}); "
        f"medians of {runs} interleaved run{'s' if runs != 1 else ''}.",
        "",
        *(f"- {line}" for line in around),
        "",
        "Wall time, seconds:",
        "",
        *_table(records, PHASES, lambda r: r.cost.wall, lambda s: f"{s:.2f}"),
        "",
        "Processor time, seconds (replication: both ends):",
        "",
        *_table(records, PHASES, lambda r: r.cost.cpu + r.cost.served_cpu, lambda s: f"{s:.2f}"),
        "",
        "Peak memory of the process tree, MB (replication: both ends):",
        "",
        *_table(records, PHASES, lambda r: r.cost.memory + r.cost.served_memory, _megabytes),
        "",
        "Repository, MB:",
        "",
        *_table(
            records,
            {
                "first": "after the first backup",
                "day2": "after day 2",
                "replicate2": "second repository, after day 2",
            },
            lambda r: r.stored,
            _megabytes,
        ),
        "",
    ]
    remarks = {remark for tool in {r.tool for r in records} for remark in TOOLS[tool].remarks.values()}
    lines += [f"\\* {remark}; left out of the ratio." for remark in sorted(remarks)]
    for phase in ("replicate", "replicate2"):
        source = _median(records, OURS, phase, lambda r: r.cost.cpu)
        target = _median(records, OURS, phase, lambda r: r.cost.served_cpu)
        if source is not None and target is not None:
            lines.append(
                f"\n{PHASES[phase].capitalize()}: {source:.2f} processor seconds at the source,"
                f" {target:.2f} at the target."
            )
    lines += [f"\n{TOOLS[tool].note}" for tool in sorted({r.tool for r in records}) if TOOLS[tool].note]
    damaged = sorted({record.tool for record in records if record.differences})
    restored = {record.tool for record in records if record.phase == "restore"}
    if damaged:
        lines.append(f"\nRestored otherwise than the source: {', '.join(damaged)}.")
    elif restored:
        lines.append("\nEvery restored tree was the same as its source: names, modes, times, links, contents.")
    return "\n".join(lines).rstrip() + "\n"


def write(page: Path, corpus: str, text: str) -> None:
    """Put a corpus's section in its place on the page; the other sections stay."""
    sections = page.read_text().split("\n## ")[1:] if page.exists() else []
    kept = {part.split("\n", 1)[0]: f"## {part}".rstrip() + "\n" for part in sections}
    kept[corpus] = text
    page.write_text("\n".join([HEAD, *(kept[name] for name in sorted(kept))]))
