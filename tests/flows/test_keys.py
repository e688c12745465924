"""Keys in words: how good a passphrase is, what a change or removal means, and keys as files."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from console.domain.errors import Failed
from console.domain.key_answers import KeyAnswer, KeyFile
from console.flows import keys as words
from console.flows.key_files import read_key, write_key
from console.flows.passphrases import MOST, strength, twice_problem

NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)
FILE: KeyFile = {
    "replicore_key": 1,
    "id": "ab" * 16,
    "name": "office",
    "description": "",
    "created": "2026-05-20T12:00:00Z",
    "changed": "2026-05-20T12:00:00Z",
    "wrapped": "AAAA",
}


def key(**changed: Any) -> KeyAnswer:
    made: dict[str, Any] = {"id": "ab" * 16, "name": "office", "description": "", "thumbprint": "A" * 26}
    made |= {"type": "universal", "state": "unlocked", "until": None, "origin": "", "created": "2026-05-01T00:00:00Z"}
    made |= {"tested": None, "test_passed": None, "proof_due": False, "machines": [], "points": 0}
    return cast(KeyAnswer, made | changed)


@pytest.mark.parametrize(
    ("passphrase", "level"),
    [
        ("", 0),
        ("short", 1),
        ("aaaaaaaaaaaaaaaa", 1),
        ("office office 2026", 1),
        ("abcdefghijklmn", 2),
        ("password password", 2),
        ("one two three", 2),
        ("tired cat under wheel barrow", 3),
        ("the lamp was green when nobody had bought it", MOST),
        ("kX9#vQ2!mLp7$wZ4", MOST),
    ],
)
def test_a_passphrase_is_judged_while_it_is_typed(passphrase: str, level: int) -> None:
    found = strength(passphrase, "office")
    assert found.level == level, found.text
    assert bool(found.text) == bool(passphrase)


def test_more_of_the_same_never_makes_it_weaker() -> None:
    text = "rain in the harbour before noon"
    levels = [strength(text[:end]).level for end in range(12, len(text) + 1)]
    assert levels == sorted(levels)


def test_it_is_typed_twice() -> None:
    good = "the lamp was green when nobody had bought it"
    assert twice_problem(good, good) == ""
    assert "once more" in twice_problem(good, "")
    assert "differ" in twice_problem(good, good + " ")
    assert "12 characters" in twice_problem("short", "short")
    assert twice_problem("", "")


def test_states_and_proofs_are_said() -> None:
    assert words.state_text(key()) == "Unlocked"
    assert words.state_text(key(state="locked")) == "Locked"
    assert "until 20" in words.state_text(key(state="unlocked-until", until="2026-05-21T12:00:00Z"))
    assert words.tested_text(key(), NOW) == "Never"
    assert words.tested_text(key(tested="2026-05-20T11:58:00Z", test_passed=True), NOW) == "2 minutes ago"
    wrong = key(tested="2026-05-20T11:58:00Z", test_passed=False)
    assert words.tested_text(wrong, NOW) == "2 minutes ago: wrong"
    assert words.due_text(wrong) == ""
    assert words.tested_text(key(proof_due=True), NOW) == "Never · due"
    assert "Find the right one" in words.due_text({**wrong, "proof_due": True})
    proof = {"key": "office", "passed": True, "tested": "", "why": "", "images_opened": 2, "images": 2, "points": 1}
    assert words.proof_text(proof) == (  # type: ignore[arg-type]
        "The passphrase is right, and the 2 newest images were opened with it. 1 recovery point depends on it."
    )
    assert "Nothing is sealed" in words.proof_text({**proof, "images": 0})  # type: ignore[typeddict-item]
    assert words.proof_text({**proof, "passed": False, "why": "It is not."}) == "It is not."  # type: ignore[typeddict-item]


def test_what_a_change_means_is_said_with_its_size() -> None:
    plan = {"machine": "web", "key": "office", "base": True, "bytes": 5 * 10**9, "targets": ["vault"], "why": "x"}
    lines = " ".join(words.change_lines(plan))  # type: ignore[arg-type]
    for part in ("“web”", "sealed with “office”", "5.0 GB", "whole to vault", "seed drive", "stay as they are"):
        assert part in lines
    assert "not sealed any more" in " ".join(words.change_lines({**plan, "key": None, "targets": []}))  # type: ignore[typeddict-item]
    assert words.change_lines({**plan, "base": False}) == []  # type: ignore[typeddict-item]
    loss = {"key": "office", "machines": [], "points": 3, "bytes": 10**9}
    assert "3 recovery points with 1.0 GB" in words.loss_lines(loss)[0]  # type: ignore[arg-type]


def test_a_key_file_is_for_its_owner_and_is_read_again(tmp_path: Path) -> None:
    to = tmp_path / "office.key"
    write_key(to, FILE)
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    assert read_key(to) == dict(FILE)
    assert _refused(lambda: write_key(to, FILE)) == "file-there"
    to.chmod(0o644)
    write_key(to, {**FILE, "name": "other"}, replace=True)
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    assert read_key(to)["name"] == "other"
    assert _refused(lambda: write_key(tmp_path / "gone" / "a.key", FILE)) == "file-unwritable"
    assert _refused(lambda: read_key(tmp_path / "gone.key")) == "file-unreadable"
    for content in (b"", b"[1]", b"{}", b"\xff\x00" * 50):
        to.write_bytes(content)
        assert _refused(lambda: read_key(to)) == "not-a-key-file"


def _refused(work: object) -> str:
    with pytest.raises(Failed) as known:
        work()  # type: ignore[operator]
    return known.value.failure.code
