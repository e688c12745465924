"""Wrong usage and failures: a sentence and an exit code, in both forms, before any Core is asked."""

from __future__ import annotations

import json

import pytest

from console.cli.main import run
from console.domain.errors import Failed, FailureKind, failed
from tests.cli.fakes import NoCore


def refuse(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, str]]:
    """Exit code and error document of a command that must not get as far as a Core."""
    code = run(["--json", *words], NoCore())
    out, err = capsys.readouterr()
    assert out == ""
    error: dict[str, str] = json.loads(err)["error"]
    assert error["message"]
    return code, error


@pytest.mark.parametrize(
    "words",
    [
        ["nothing"],
        ["machine"],
        ["machine", "nothing"],
        ["machine", "list", "--nothing"],
        ["machine", "show"],
        ["machine", "list", "--kind", "nothing"],
        ["user", "add", "ann", "--role", "king"],
        ["point", "list", "--limit", "0"],
        ["point", "list", "--state", "odd"],
        ["restore", "files", "x"],
        ["seed", "create", "office"],
        ["--data"],
    ],
)
def test_wrong_usage_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, error = refuse(capsys, *words)
    assert (code, error["code"], error["kind"]) == (2, "usage", "usage")
    assert "--help" in error["hint"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["machine", "protect", "web"], "no-volumes"),
        (["machine", "protect", "web", "--volume", "/x", "--every", "often"], "bad-interval"),
        (["seed", "create", "office", "--to", "/x", "--segment-size", "big"], "bad-size"),
        (["seed", "create", "office", "--to", "/x", "--reuse", "erase"], "confirmation-required"),
        (["replication", "add", "office", "web", "--repository", "web"], "bad-assignment"),
        (["replication", "add", "office", "web", "--repository", "mail=big"], "bad-assignment"),
        (["replication", "pair", "a b", "--user", "x"], "bad-address"),
        (["replication", "pair", "host", "--user", "x"], "fingerprint-required"),
        (["core", "add", "office", "host", "--user", "x"], "fingerprint-required"),
        (["core", "add", "office", "host", "--user", "x", "--fingerprint", "AB"], "bad-fingerprint"),
        (["core", "settings", "--default"], "bad-setting"),
        (["user", "add", "ann", "--role", "helpdesk"], "password-required"),
        (["event", "dismiss"], "usage"),
        (["event", "dismiss", "x", "--all"], "usage"),
        (["event", "list", "--since", "yesterday"], "bad-time"),
    ],
)
def test_what_cannot_be_meant_ends_with_2(words: list[str], code: str, capsys: pytest.CaptureFixture[str]) -> None:
    exit_code, error = refuse(capsys, *words)
    assert (exit_code, error["code"], error["kind"]) == (2, code, "usage")
    assert error["hint"]


def test_people_get_a_sentence_and_where_to_look(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["machine", "show"], NoCore()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[0].startswith("Error: Missing argument")
    assert "replicore machine show --help" in err


class Failing(NoCore):
    """Every way to a Core fails with one failure."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def reach(self, data: object, *, mend: bool = False) -> object:  # type: ignore[override]
        raise self.error


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (FailureKind.FAILED, 1),
        (FailureKind.USAGE, 2),
        (FailureKind.NOT_FOUND, 4),
        (FailureKind.REFUSED, 5),
        (FailureKind.FORBIDDEN, 5),
        (FailureKind.DAMAGE, 6),
        (FailureKind.UNREACHABLE, 10),
        (FailureKind.CANCELLED, 130),
    ],
)
def test_the_exit_code_says_what_sort_of_failure(
    kind: FailureKind, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    error: Failed = failed("a-code", "A sentence.", "A hint.", kind)
    assert run(["--json", "machine", "list"], Failing(error)) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err) == {"error": {"code": "a-code", "message": "A sentence.", "hint": "A hint.", "kind": kind}}


def test_ctrl_c_ends_with_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--json", "machine", "list"], Failing(KeyboardInterrupt())) == 130
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "cancelled"


def test_a_bug_is_told_as_a_bug(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--json", "machine", "list"], Failing(ZeroDivisionError("oh"))) == 1
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "internal-error"
    with pytest.raises(ZeroDivisionError):
        run(["machine", "list"], Failing(ZeroDivisionError("oh")))
