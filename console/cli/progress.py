"""A job's progress while a command waits: a bar on a terminal, plain lines elsewhere, JSON lines for programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

from console.cli.output import Output
from console.domain.answers import JobAnswer, ProgressAnswer
from console.domain.sizes import format_duration, format_rate, format_size

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

STEP_PERCENT = 10


class Shown(Protocol):
    """Told the job each time it changes."""

    def update(self, job: JobAnswer) -> None: ...

    def close(self) -> None: ...


def shown(output: Output) -> Shown:
    """The way to show progress that fits where the command runs."""
    if output.quiet:
        return Nothing()
    if output.json:
        return JsonLines(output)
    return Bar() if sys.stderr.isatty() else Lines()


class Nothing:
    def update(self, job: JobAnswer) -> None:
        del job

    def close(self) -> None:
        return


class JsonLines:
    def __init__(self, output: Output) -> None:
        self._output = output

    def update(self, job: JobAnswer) -> None:
        self._output.event(
            {"job": job["id"], "kind": job["kind"], "state": job["state"], "progress": dict(job["progress"])}
        )

    def close(self) -> None:
        return


class Lines:
    """A line when a phase begins, and one for each tenth of it."""

    def __init__(self) -> None:
        self._phase = ""
        self._tenth = 0

    def update(self, job: JobAnswer) -> None:
        progress = job["progress"]
        if progress["phase"] != self._phase:
            self._phase, self._tenth = progress["phase"], 0
            print(f"{self._phase} …", file=sys.stderr, flush=True)
        done, total = measure(progress)
        tenth = done * 100 // total // STEP_PERCENT if total else 0
        if tenth > self._tenth:
            self._tenth = tenth
            print(f"  {min(100, tenth * STEP_PERCENT)} %  {figures(progress)}", file=sys.stderr, flush=True)

    def close(self) -> None:
        return


class Bar:
    """rich's bar; figures are the job's own."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def update(self, job: JobAnswer) -> None:
        progress = job["progress"]
        done, total = measure(progress)
        bar, task = self._opened()
        bar.update(
            task,
            description=progress["phase"] or job["kind"],
            completed=done,
            total=total,
            figures=figures(progress),
            refresh=True,
        )

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _opened(self) -> tuple[Progress, TaskID]:
        if self._progress is None or self._task is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            self._progress = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=None),
                TextColumn("{task.fields[figures]}", markup=False),
                console=Console(file=sys.stderr),
                transient=True,
                expand=True,
            )
            self._task = self._progress.add_task("", total=None, figures="")
            self._progress.start()
        return self._progress, self._task


def measure(progress: ProgressAnswer) -> tuple[int, int | None]:
    """What the bar measures: bytes where their sum is known, else items; (done, total)."""
    if progress["bytes_total"]:
        return progress["bytes_done"], progress["bytes_total"]
    if progress["items_total"]:
        return progress["items_done"], progress["items_total"]
    return 0, None


def figures(progress: ProgressAnswer) -> str:
    """`1.2 GB of 3.4 GB · 48 MB/s · 45 s`, as far as it is known."""
    parts = []
    if progress["bytes_done"] or progress["bytes_total"]:
        whole = f" of {format_size(progress['bytes_total'])}" if progress["bytes_total"] else ""
        parts.append(f"{format_size(progress['bytes_done'])}{whole}")
    elif progress["items_done"] or progress["items_total"]:
        whole = f" of {progress['items_total']}" if progress["items_total"] else ""
        parts.append(f"{progress['items_done']}{whole}")
    if progress["rate_bps"]:
        parts.append(format_rate(progress["rate_bps"]))
    if progress["eta_s"]:
        parts.append(format_duration(progress["eta_s"]))
    return " · ".join(parts)
