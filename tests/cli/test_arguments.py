"""What people write on a command line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from console.cli.arguments import assignments, example, interval, path_text, selection_text, size, volume
from console.cli.main import hoist
from console.domain import paths
from console.domain.errors import Failed, FailureKind


def test_paths_become_absolute_here_and_keep_their_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    odd = os.fsdecode(b"not utf-8 \xff")
    assert path_text(odd) == f"{tmp_path}/not utf-8 \\xff"
    assert paths.from_text(path_text(odd)) == os.fsencode(tmp_path) + b"/not utf-8 \xff"
    assert path_text("a/../b") == f"{tmp_path}/b"
    assert paths.from_text(path_text(r"C:\x41")) == os.fsencode(tmp_path / r"C:\x41")
    assert path_text("/") == "/"
    with pytest.raises(Failed) as caught:
        path_text("")
    assert caught.value.failure.code == "bad-path"


def test_paths_inside_a_point_may_be_written_as_they_are_shown() -> None:
    assert selection_text(r"home:odd \xff") == r"home:odd \xff"
    assert selection_text(os.fsdecode(b"home:odd \xff")) == r"home:odd \xff"
    assert selection_text("ordinary ü") == "ordinary ü"


def test_a_volume_may_have_a_label(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert volume("home=/home") == ("home", "/home")
    assert volume("/home") == (None, "/home")
    assert volume("/srv/a=b") == (None, "/srv/a=b")
    assert volume("./a=b") == (None, f"{tmp_path}/a=b")
    assert volume("a=b=c") == ("a", f"{tmp_path}/b=c")


def test_intervals_and_sizes_and_assignments() -> None:
    assert (interval("60m"), interval("off")) == (3600, 0)
    assert (size("512M"), size(None)) == (512 << 20, None)
    assert assignments(["web=big", "mail=a=b"]) == {"web": "big", "mail": "a=b"}


@pytest.mark.parametrize(
    ("read", "text", "code"),
    [
        (interval, "often", "bad-interval"),
        (size, "big", "bad-size"),
        (size, "0", "bad-size"),
        (lambda text: assignments([text]), "web", "bad-assignment"),
        (lambda text: assignments([text]), "=big", "bad-assignment"),
    ],
)
def test_what_cannot_be_read_is_wrong_usage(read: object, text: str, code: str) -> None:
    assert callable(read)
    with pytest.raises(Failed) as caught:
        read(text)
    assert (caught.value.failure.code, caught.value.failure.kind) == (code, FailureKind.USAGE)
    assert text in caught.value.failure.message


def test_options_of_the_root_may_stand_anywhere() -> None:
    assert hoist(["point", "list", "--json", "--machine", "x", "--data", "/d"]) == [
        "--json",
        "--data",
        "/d",
        "point",
        "list",
        "--machine",
        "x",
    ]
    assert hoist(["job", "list", "--data=/d", "--quiet"]) == ["--data=/d", "--quiet", "job", "list"]
    assert hoist(["restore", "files", "x", "--", "--json"]) == ["restore", "files", "x", "--", "--json"]
    assert hoist(["core", "add", "--core"]) == ["core", "add", "--core"]


def test_an_example_is_not_folded() -> None:
    assert example("core status") == "Example:\n\n\b\n  replicore core status"
