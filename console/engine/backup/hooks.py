"""The commands around a backup: before it, so that what it reads is at rest, and after it, come what may."""

from __future__ import annotations

import os

from console.domain import paths
from console.domain.errors import failed
from console.domain.machines import Machine, VolumeSource
from console.domain.progress import Reporter
from console.sources.commands import Ran, run

LOG_LINES = 40
"""So many of the last lines that a command said stand in the job's log. Its command line never does."""


class Hooks:
    """The commands of one machine around one backup."""

    def __init__(self, machine: Machine, point: str, reporter: Reporter) -> None:
        """`point`: id of the recovery point that shall be made."""
        self._options = machine.options
        self._reporter = reporter
        trees = [volume for volume in machine.volumes if volume.source != VolumeSource.STREAM]
        self._environment = {
            "REPLICORE_MACHINE": machine.name,
            "REPLICORE_MACHINE_ID": machine.id,
            "REPLICORE_VOLUMES": "\n".join(os.fsdecode(paths.from_text(volume.path)) for volume in trees),
            "REPLICORE_POINT": point,
        }

    def before(self) -> None:
        """Raises Failed `before-command-failed`, Cancelled."""
        if not self._options.before:
            return
        self._reporter.phase("Running the command before the backup")
        ran = self._run(self._options.before, "before", cancellable=True)
        if not ran.well:
            raise failed(
                "before-command-failed",
                f"The command before the backup {ran.how}. No recovery point was made.",
                "What it said stands in the job's log (replicore job log). Try it in a shell, as the Core's user; "
                "change it with: replicore machine edit NAME --before CMD",
            )

    def after(self, *, made: bool) -> tuple[str, str] | None:
        """`made`: whether there is a recovery point. Returns the warning that it gave (code, message)."""
        if not self._options.after:
            return None
        self._environment["REPLICORE_RESULT"] = "made" if made else "failed"
        # Not to be cancelled: it tidies up. Its time-out bounds it.
        ran = self._run(self._options.after, "after", cancellable=False)
        if ran.well:
            return None
        warning = "after-command-failed", f"The command after the backup {ran.how}; the job's log has what it said."
        self._reporter.warn(*warning)
        return warning

    def _run(self, line: str, which: str, *, cancellable: bool) -> Ran:
        timeout = self._options.command_timeout_s
        if cancellable:
            ran = run(line, self._environment, timeout, self._reporter.check)
        else:
            ran = run(line, self._environment, timeout)
        for text in ran.tail[-LOG_LINES:]:
            self._reporter.log(f"[{which}] {text}")
        return ran
