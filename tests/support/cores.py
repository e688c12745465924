"""Real Cores in processes of their own, driven by the public commands."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

READY_S = 60
PASSWORD = "correct horse battery"


class CommandError(AssertionError):
    """A command ended with another exit code than expected."""


class CoreProcess:
    """A Core on a data directory; commands go to it, whether it runs or not."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = 0
        self.fingerprint = ""
        self.process: subprocess.Popen[str] | None = None

    def start(self, *, port: int = 0, env: dict[str, str] | None = None) -> CoreProcess:
        """`core run`; returns when it says that it is ready. Its log goes to `<data>.log`."""
        with self.data.with_suffix(".log").open("ab") as log:
            self.process = subprocess.Popen(
                [*_program(), "--data", str(self.data), "--json", "core", "run", "--listen", f"127.0.0.1:{port}"],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, **(env or {})},
            )
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], READY_S)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            self.kill()
            log_text = self.data.with_suffix(".log").read_text()
            raise AssertionError(f"the Core did not get ready: {log_text[-2000:]}")
        said = json.loads(line)
        self.port, self.fingerprint = said["port"], said["fingerprint"]
        return self

    def kill(self) -> None:
        """kill -9: nothing gets a chance to tidy up."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def run(self, *words: str | Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """One command with --json, whatever comes of it."""
        return subprocess.run(
            [*_program(), "--data", str(self.data), "--json", *map(str, words)],
            input=stdin if stdin is not None else "",
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    def ask(self, *words: str | Path, expect: int | tuple[int, ...] = 0, stdin: str | None = None) -> dict[str, Any]:
        """One command, its JSON. Fails the test when the exit code is not the expected one."""
        done = self.run(*words, stdin=stdin)
        wanted = (expect,) if isinstance(expect, int) else expect
        if done.returncode not in wanted:
            raise CommandError(f"{' '.join(map(str, words))}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        answer: dict[str, Any] = json.loads(done.stdout) if done.stdout.strip() else {}
        return answer

    def refuse(self, *words: str | Path, code: str, exit: int, stdin: str | None = None) -> dict[str, Any]:
        """One command that must be refused with this code and exit code; the error it gave."""
        done = self.run(*words, stdin=stdin)
        error = error_of(done)
        assert (error.get("code"), done.returncode) == (code, exit), f"{error} exit {done.returncode} {done.stderr}"
        assert error["message"].strip().endswith((".", "?", "!", "”")) or len(error["message"]) > 10
        assert "Traceback" not in done.stderr
        return error

    def spawn(self, *words: str | Path) -> subprocess.Popen[str]:
        """One command that is left running."""
        return subprocess.Popen(
            [*_program(), "--data", str(self.data), "--json", *map(str, words)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def error_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The error document on standard error (its last JSON line)."""
    for line in reversed(done.stderr.strip().splitlines()):
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict) and "error" in said:
            error: dict[str, Any] = said["error"]
            return error
    return {}


def _program() -> list[str]:
    return [sys.executable, "-m", "console"]


def new_target(directory: Path) -> CoreProcess:
    """A running Core with an administrator `admin` (password `PASSWORD`)."""
    core = CoreProcess(directory).start()
    core.ask("user", "add", "admin", "--role", "administrator", "--password-stdin", stdin=PASSWORD)
    return core


def pair(source: CoreProcess, target: CoreProcess, *, name: str = "target") -> str:
    """Pairs two Cores with the password; the pairing's id."""
    answer = source.ask(
        "replication",
        "pair",
        f"127.0.0.1:{target.port}",
        "--user",
        "admin",
        "--password-stdin",
        "--fingerprint",
        target.fingerprint,
        "--name",
        name,
        stdin=PASSWORD,
    )
    pairing: str = answer["pairing"]
    return pairing
