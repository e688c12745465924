"""What commands show: one document for programs, sentences and tables for people."""

from __future__ import annotations

import io
import json
import sys

import pytest

from console.cli import progress
from console.cli.output import Output, amount, loss_text, when
from console.cli.progress import JsonLines, Lines, Nothing
from console.cli.session import code_of
from console.domain.answers import JobAnswer, ProgressAnswer
from console.domain.errors import Failure, FailureKind
from console.domain.jobs import JobState


def at(phase: str, done: int = 0, total: int | None = None, **more: float) -> ProgressAnswer:
    return {
        "phase": phase,
        "bytes_done": done,
        "bytes_total": total,
        "items_done": int(more.get("items", 0)),
        "items_total": None,
        "rate_bps": more.get("rate"),
        "eta_s": more.get("eta"),
        "text": "",
    }


def job(shown: ProgressAnswer | None = None, **changed: object) -> JobAnswer:
    answer: JobAnswer = {
        "id": "a" * 32,
        "kind": "backup",
        "subject": "b" * 32,
        "subject_name": "web",
        "state": JobState.RUNNING.value,
        "trigger": "person",
        "reason": "",
        "user": "local",
        "created": "2026-05-04T12:00:00.000000Z",
        "started": None,
        "ended": None,
        "progress": shown or at("Reading"),
        "result": None,
        "failure": None,
        "warnings": [],
        "warning_count": 0,
        "version": 1,
    }
    return {**answer, **changed}  # type: ignore[typeddict-item]


def test_with_json_only_the_document_is_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(json=True)
    output.say("a sentence")
    output.note("a warning")
    output.event({"progress": 1})
    output.document({"points": [], "next": None})
    out, err = capsys.readouterr()
    assert json.loads(out) == {"points": [], "next": None}
    assert json.loads(err) == {"progress": 1}


def test_errors_are_told_in_every_mode(capsys: pytest.CaptureFixture[str]) -> None:
    failure = Failure("no-such-machine", "There is none.", "Make one.", FailureKind.NOT_FOUND)
    Output(json=True, quiet=True).error(failure)
    Output(quiet=True).error(failure)
    out, err = capsys.readouterr()
    assert out == ""
    first, *rest = err.splitlines()
    assert json.loads(first) == {
        "error": {"code": "no-such-machine", "message": "There is none.", "hint": "Make one.", "kind": "not-found"}
    }
    assert rest == ["Error: There is none. [no-such-machine]", "       Make one."]


def test_quiet_says_nothing_but_shows_what_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(quiet=True)
    output.say("a sentence")
    output.note("a warning")
    output.table(("Name", ">Size"), [("web", 5)], "none")
    assert capsys.readouterr().out.split()[-2:] == ["web", "5"]
    output.table(("Name",), [], "none")
    out, err = capsys.readouterr()
    assert (out, err) == ("", "")


def test_tables_are_not_folded_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    Output().table(("Path", ">N"), [("/x" * 150, 1), ("[bold]no markup[/bold]", None)], "none")
    lines = capsys.readouterr().out.splitlines()
    assert any("/x" * 150 in line for line in lines)
    assert any("[bold]no markup[/bold]" in line for line in lines)


def test_a_stream_that_is_not_utf8_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    Output(json=True).document({"name": "ü \udcff"})
    assert json.loads(raw.getvalue()) == {"name": "ü \udcff"}


def test_numbers_and_losses_in_words() -> None:
    assert [amount(n, "point") for n in (0, 1, 2)] == ["0 points", "1 point", "2 points"]
    assert amount(2, "repository") == "2 repositories"
    assert loss_text(["web", "mail"], 3, 1_200_000_000) == "3 recovery points of “web”, “mail” with 1.2 GB of files"
    assert when(None) == "–"


def test_progress_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    shown = JsonLines(Output(json=True))
    shown.update(job(at("Reading", 5, 10)))
    out, err = capsys.readouterr()
    assert out == ""
    line = json.loads(err)
    assert (line["job"], line["kind"], line["state"]) == ("a" * 32, "backup", "running")
    assert line["progress"]["bytes_done"] == 5


def test_progress_as_lines_says_phases_and_tenths(capsys: pytest.CaptureFixture[str]) -> None:
    shown = Lines()
    for done in range(0, 1001, 25):
        shown.update(job(at("Reading", done * 10**6, 10**9, rate=48e6, eta=12)))
    shown.update(job(at("Finishing")))
    shown.close()
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Reading …"
    assert lines[-1] == "Finishing …"
    assert len(lines) == 12
    assert lines[5] == "  50 %  500 MB of 1.0 GB · 48 MB/s · 12 s"


def test_the_way_to_show_progress_fits_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(progress.shown(Output(quiet=True)), Nothing)
    assert isinstance(progress.shown(Output(json=True)), JsonLines)
    assert isinstance(progress.shown(Output()), Lines)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    bar = progress.shown(Output())
    assert isinstance(bar, progress.Bar)
    bar.update(job(at("Reading", 5, 10)))
    bar.update(job(at("Counting", items=7)))
    bar.close()
    bar.close()


@pytest.mark.parametrize(
    ("ended", "code"),
    [
        (job(result={"files": 1}), 0),
        (job(result=None), 0),
        (job(result={}, warning_count=1), 3),
        (job(result={"skipped": [{"path": "a", "why": "b"}]}), 3),
        (job(result={"segments_missing": [2]}), 3),
        (job(result={"damaged": [{"object": "x"}], "skipped": [1]}, warning_count=2), 6),
        (job(result={"damaged": []}), 0),
    ],
)
def test_the_exit_code_of_a_job_that_did_not_fail(ended: JobAnswer, code: int) -> None:
    assert code_of(ended) == code
