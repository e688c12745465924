"""Small rules: schedules, names, paths, frames, roles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain import paths
from console.domain.clock import from_iso, iso
from console.domain.errors import EXIT_CODES, HTTP_STATUS, Failed, Failure, FailureKind, not_found
from console.domain.machines import name_problem
from console.domain.objects import FRAME_SIZE, ZERO_ID, Codec, FrameHeader, Kind, Seal, iter_refs, pack_refs
from console.domain.roles import RIGHTS, Right, Role, may, who_may
from console.domain.schedules import next_due, parse_interval
from console.domain.trees import check_name

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("60m", 3600), ("90s", 90), ("4h", 14400), ("1d", 86400), ("off", 0), ("0", 0), ("soon", None), ("-5m", None)],
)
def test_intervals(text: str, seconds: int | None) -> None:
    assert parse_interval(text) == seconds


def test_the_next_backup_counts_from_the_start_of_the_last() -> None:
    assert next_due(NOW - timedelta(minutes=10), 3600, NOW) == NOW + timedelta(minutes=50)


def test_missed_backups_are_due_once_and_now() -> None:
    assert next_due(NOW - timedelta(days=3), 3600, NOW) == NOW
    assert next_due(None, 3600, NOW) == NOW


def test_paused_or_unscheduled_machines_are_never_due() -> None:
    assert next_due(NOW, 3600, NOW, paused=True) is None
    assert next_due(NOW, 0, NOW) is None


@pytest.mark.parametrize("name", ["con", "COM1", "lpt9.txt", "", "a" * 65, " x", "x.", "a/b", "a:b", "-x", "a\nb"])
def test_names_that_are_refused(name: str) -> None:
    assert name_problem(name) is not None


@pytest.mark.parametrize("name", ["web 1", "Büro-PC", "srv_01.example", "console"])
def test_names_that_are_good(name: str) -> None:
    assert name_problem(name) is None


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=60))
def test_any_file_name_survives_the_text_form(name: bytes) -> None:
    text = paths.to_text(name)
    assert paths.from_text(text) == name
    assert text.encode("utf-8").decode("utf-8") == text


def test_ordinary_names_stay_as_they_are() -> None:
    assert paths.to_text("Ärger\\mit/x".encode()) == "Ärger\\mit/x"
    assert paths.to_text(b"\xff\xfe") == "\\xff\\xfe"
    assert paths.to_text(b"\\x41") == "\\x5cx41"


@pytest.mark.parametrize("name", [b"", b".", b"..", b"a/b", b"a\0b"])
def test_names_that_would_leave_a_directory_are_refused(name: bytes) -> None:
    with pytest.raises(ValueError, match="not a file name"):
        check_name(name)


def test_frame_headers_round_trip_and_refuse_nonsense() -> None:
    header = FrameHeader(10, 20, Kind.TREE, Codec.ZSTD, Seal.NONE, b"i" * 32, b"d" * 16)
    raw = header.pack()
    assert len(raw) == FRAME_SIZE == 60
    assert FrameHeader.unpack(b"xx" + raw, 2) == header
    for offset, byte in [(3, 0xFF), (7, 0xFF), (8, 99), (9, 99), (10, 99), (11, 1)]:
        broken = bytearray(raw)
        broken[offset] = byte
        with pytest.raises(ValueError, match=r".+"):
            FrameHeader.unpack(bytes(broken))
    with pytest.raises(ValueError, match="not an object frame"):
        FrameHeader.unpack(FrameHeader(1, 1, Kind.CHUNK, Codec.RAW, Seal.NONE, ZERO_ID, b"d" * 16).pack())


def test_references_round_trip() -> None:
    refs = [(b"a" * 32, 5), (ZERO_ID, 1 << 40)]
    assert list(iter_refs(pack_refs(refs))) == refs


def test_times_are_written_in_utc_and_come_back() -> None:
    assert iso(NOW) == "2026-05-04T12:00:00.000000Z"
    assert from_iso(iso(NOW)) == NOW


def test_every_kind_of_failure_has_an_exit_code_and_a_status() -> None:
    assert set(EXIT_CODES) == set(HTTP_STATUS) == set(FailureKind)


def test_a_failure_survives_being_sent() -> None:
    failure = not_found("recovery point", "ab12").failure
    assert failure.code == "no-such-recovery-point"
    assert Failure.from_dict(failure.to_dict()) == failure
    assert Failure.from_dict({"code": "x", "message": "y", "kind": "from the future"}).kind is FailureKind.FAILED
    assert "x-y" in str(Failed(Failure("x-y", "Sentence.")))


def test_administrators_may_everything_and_help_desk_changes_nothing() -> None:
    assert RIGHTS[Role.ADMINISTRATOR] == frozenset(Right)
    assert RIGHTS[Role.HELPDESK] == {Right.READ}
    assert may(Role.TECHNICIAN, Right.SEED)
    assert not may(Role.TECHNICIAN, Right.ADMINISTER)
    assert who_may(Right.SEED) == [Role.ADMINISTRATOR, Role.TECHNICIAN]
