"""Real Cores in processes of their own, driven by the public commands."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.support.spawner import Spawned, spawn

READY_S = 240
ENDED_S = 120
COMMAND_S = 240
PASSWORD = "correct horse battery"


class CommandError(AssertionError):
    """A command ended with another exit code than expected."""


class CoreProcess:
    """A Core on a data directory; commands go to it, whether it runs or not."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = 0
        self.fingerprint = ""
        self.process: Spawned | None = None

    def start(self, *, port: int = 0, env: dict[str, str] | None = None) -> CoreProcess:
        """`core run`; returns when it says that it is ready. Its log goes to `<data>.log`."""
        said, telling = os.pipe()
        with self.data.with_suffix(".log").open("ab") as log, open(said) as answer, open(os.devnull) as nothing:
            self.process = spawn(
                ["--data", str(self.data), "--json", "core", "run", "--listen", f"127.0.0.1:{port}"],
                stdin=nothing.fileno(),
                stdout=telling,
                stderr=log.fileno(),
                env=env,
            )
            os.close(telling)
            ready, _, _ = select.select([answer], [], [], READY_S)
            line = answer.readline() if ready else ""
        if not line:
            self.kill()
            log_text = self.data.with_suffix(".log").read_text()
            raise AssertionError(f"the Core did not get ready: {log_text[-2000:]}")
        ready_line = json.loads(line)
        self.port, self.fingerprint = ready_line["port"], ready_line["fingerprint"]
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
            process.wait(ENDED_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def run(self, *words: str | Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """One command with --json, whatever comes of it."""
        args = ["--data", str(self.data), "--json", *map(str, words)]
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            given.write((stdin or "").encode())
            given.seek(0)
            process = spawn(args, stdin=given.fileno(), stdout=out.fileno(), stderr=err.fileno())
            try:
                code = process.wait(COMMAND_S)
            finally:
                process.kill()
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(args, code, out.read().decode(), err.read().decode())

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
