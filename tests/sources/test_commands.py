"""Command lines that are run around backups: what they say, how they end, and that they end."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from pathlib import Path

import pytest

from console.domain.errors import Cancelled
from console.sources import commands
from console.sources.commands import TAIL_BYTES, run


def test_a_command_line_is_the_shells(tmp_path: Path) -> None:
    ran = run(f'echo "$GREETING" there | tee {tmp_path}/said; echo aside >&2', {"GREETING": "hello"}, 60)
    assert (ran.status, ran.well, ran.tail) == (0, True, ("hello there", "aside"))
    assert (tmp_path / "said").read_text() == "hello there\n"


@pytest.mark.skipif(shutil.which("bash") is None, reason="without bash a pipe ends as its last command does")
def test_what_fails_early_in_a_pipe_fails() -> None:
    assert run("false | tail -n 1", {}, 60).status == 1


def test_nothing_waits_for_an_answer() -> None:
    assert run("cat; exit 3", {}, 60).status == 3


def test_only_the_end_of_what_is_said_is_kept() -> None:
    ran = run("seq 1 200000; printf 'no newline \\377'", {}, 60)
    assert ran.tail[-2:] == ("200000", "no newline \ufffd")
    assert sum(len(line) + 1 for line in ran.tail) <= TAIL_BYTES + 3


def test_how_it_ended_is_a_sentence() -> None:
    assert run("exit 7", {}, 60).how == "ended with exit status 7"
    assert run("kill -9 $$", {}, 60).how == f"was ended by signal {int(signal.SIGKILL)}"


def test_when_its_time_is_up_all_it_started_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "GRACE_S", 0.2)
    # The inner one does not listen to requests.
    ran = run(
        f"sh -c 'trap \"\" TERM; echo $$ > {tmp_path}/pid; while :; do sleep 0.05; done' & echo on; wait", {}, 0.5
    )
    assert (ran.status, ran.well) == (None, False)
    assert ran.tail[0] == "on"
    assert _ends(int((tmp_path / "pid").read_text()))


def test_what_it_leaves_in_the_background_does_not_hold_us_up(tmp_path: Path) -> None:
    ran = run(f"sleep 60 & echo $! > {tmp_path}/pid; echo started", {}, 30)
    pid = int((tmp_path / "pid").read_text())
    try:
        assert (ran.status, ran.tail) == (0, ("started",))
        assert _lives(pid)
    finally:
        os.kill(pid, signal.SIGKILL)


def test_cancelling_ends_it(tmp_path: Path) -> None:
    asked = []

    def check() -> None:
        asked.append(1)
        if (tmp_path / "pid").exists():
            raise Cancelled

    with pytest.raises(Cancelled):
        run(f"echo $$ > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/pid; exec sleep 60", {}, 60, check)
    assert _ends(int((tmp_path / "pid").read_text()))
    assert asked


def _ends(pid: int) -> bool:
    """Whether a process that was killed ends: the system takes a moment for it."""
    moment = threading.Event()
    return not _lives(pid) or any(moment.wait(0.02) or not _lives(pid) for _ in range(500))


def _lives(pid: int) -> bool:
    """Whether a process runs; one that ended and was not asked for its status does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"
