"""Opening the Console from the command line: on a data directory, on a sample world, or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
import types
from pathlib import Path

import pytest

from console.assemble import House
from console.cli.main import run
from console.client.embedded import EmbeddedCore, Start
from console.domain.clock import Clock
from tests.cli.fakes import NoCore


class Opener(NoCore):
    """Remembers what it was asked to open."""

    def __init__(self) -> None:
        self.opened: list[tuple[Path | None, str | None]] = []

    def open_console(self, data: Path | None, world: str | None) -> int:
        self.opened.append((data, world))
        return 7


@pytest.mark.parametrize(
    ("words", "opened"),
    [
        ([], (None, None)),
        (["--data", "/srv/x"], (Path("/srv/x"), None)),
        (["--world", "empty"], (None, "empty")),
    ],
)
def test_without_a_noun_the_console_opens(words: list[str], opened: tuple[Path | None, str | None]) -> None:
    parts = Opener()
    assert run(words, parts) == 7, "its exit code is ours"
    assert parts.opened == [opened]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--world", "empty", "machine", "list"], "world-with-command"),
        (["machine", "list", "--world=empty"], "world-with-command"),
        (["--world", "empty", "--data", "/srv/x"], "world-with-data"),
        (["--core", "office"], "core-with-console"),
    ],
)
def test_what_cannot_go_together_is_refused(words: list[str], code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--json", *words], NoCore()) == 2
    assert json.loads(capsys.readouterr().err)["error"]["code"] == code


def test_an_unknown_world_is_refused_with_the_names_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--json", "--world", "atlantis"], House()) == 4
    error = json.loads(capsys.readouterr().err)["error"]
    assert error["code"] == "no-such-world"
    assert "two-cores-one-orphan" in error["hint"]


def test_without_qt_there_is_a_sentence_and_not_a_traceback() -> None:
    blocked = "import sys; sys.modules['PySide6'] = None; from console.__main__ import main; sys.argv[1:] = []; main()"
    done = subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 1
    assert "replicore[desktop]" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_world_is_built_shown_and_removed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[Start] = []

    def show(start: Start, clock: Clock) -> int:
        assert all((core / "catalog.sqlite").exists() for core in start.cores)
        shown.append(start)
        return 0

    monkeypatch.setitem(sys.modules, "console.desktop.app", types.SimpleNamespace(run=show))
    assert run(["--world", "two-cores-one-orphan"], House()) == 0
    (start,) = shown
    assert (start.world, start.data, len(start.cores)) == ("two-cores-one-orphan", start.cores[0], 2)
    assert "two-cores-one-orphan" in capsys.readouterr().err
    assert not start.data.parent.exists()


async def test_what_the_console_is_started_with_starts_a_core(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shown: list[Start] = []

    def show(start: Start, clock: Clock) -> int:
        shown.append(start)
        return 0

    monkeypatch.setitem(sys.modules, "console.desktop.app", types.SimpleNamespace(run=show))
    assert run(["--data", str(tmp_path / "core")], House()) == 0
    (start,) = shown
    assert (start.world, start.cores) == (None, ())
    async with EmbeddedCore(start.data, start.command) as core:
        assert (await core.client.status())["data"] == str(tmp_path / "core")
