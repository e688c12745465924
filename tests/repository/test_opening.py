"""Making, opening, closing; markers, locks and indexes that are not as they should be."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from console.domain.errors import Failed, FailureKind
from console.repository import Repository
from tests.repository.builders import content, flip, packs, store
from tests.repository.conftest import CREATED

MARKER = "replicore-repository.json"
Reopen = Callable[[], Repository]


def refusal(act: Callable[[], object]) -> Failed:
    with pytest.raises(Failed) as raised:
        act()
    failure = raised.value.failure
    assert failure.message.endswith((".", "?"))
    assert failure.hint
    return raised.value


def snapshot(place: Path) -> dict[str, bytes]:
    return {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def test_a_new_repository(place: Path, repository: Repository) -> None:
    assert (repository.id, repository.path, repository.missing_packs) == ("a1b2", place, ())
    assert json.loads((place / MARKER).read_text()) == {
        "format": 1,
        "id": "a1b2",
        "created": "2026-05-04T12:00:00.000000Z",
    }
    usage = repository.usage()
    assert (usage.objects, usage.packs, usage.stored_bytes, usage.plain_bytes) == (0, 0, 0, 0)
    assert usage.free_bytes > 0


def test_objects_are_there_again_after_opening(reopen: Reopen) -> None:
    ids = store(reopen(), map(content, range(20)))
    usage = reopen().usage()
    assert usage.objects == 20
    assert usage.plain_bytes == 20 * 5000
    assert [reopen().read(oid) for oid in ids] == [content(n) for n in range(20)]


def test_closing_twice_and_as_a_context(place: Path) -> None:
    with Repository.create(place, id="x", created=CREATED) as repository:
        store(repository, [b"one"])
    repository.close()
    with Repository.open(place) as again:
        assert again.usage().objects == 1


def test_what_was_put_and_not_flushed_is_kept_when_closed_in_order(reopen: Reopen) -> None:
    session = reopen().session()
    oid = session.put(1, b"unpromised" * 20).id  # type: ignore[arg-type]
    assert reopen().read(oid) == b"unpromised" * 20


def test_refuses_a_directory_with_something_in_it(place: Path) -> None:
    place.mkdir()
    (place / "diary.txt").write_text("mine")
    known = refusal(lambda: Repository.create(place, id="x", created=CREATED))
    assert (known.failure.code, known.failure.kind) == ("directory-not-empty", FailureKind.REFUSED)
    assert snapshot(place) == {"diary.txt": b"mine"}


def test_refuses_a_directory_that_is_a_repository(place: Path) -> None:
    Repository.create(place, id="x", created=CREATED).close()
    before = snapshot(place)
    known = refusal(lambda: Repository.create(place, id="y", created=CREATED))
    assert known.failure.code == "repository-exists"
    assert snapshot(place) == before


def test_packs_without_a_marker_are_not_taken_for_an_empty_directory(place: Path) -> None:
    with Repository.create(place, id="x", created=CREATED) as repository:
        store(repository, [b"one"])
    (place / MARKER).unlink()
    before = snapshot(place)
    assert refusal(lambda: Repository.create(place, id="y", created=CREATED)).failure.code == "directory-not-empty"
    assert refusal(lambda: Repository.open(place)).failure.code == "repository-gone"
    assert snapshot(place) == before


def test_goes_on_where_making_was_interrupted(place: Path) -> None:
    Repository.create(place, id="x", created=CREATED).close()
    (place / MARKER).rename(place / f"{MARKER}.partial")
    with Repository.create(place, id="y", created=CREATED) as repository:
        assert repository.id == "y"


@pytest.mark.parametrize("what", ["nothing", "empty", "file"])
def test_no_repository_there(place: Path, what: str) -> None:
    if what == "empty":
        place.mkdir()
    if what == "file":
        place.write_text("?")
    assert refusal(lambda: Repository.open(place)).failure.code == "repository-gone"
    assert place.exists() == (what != "nothing")


@pytest.mark.parametrize(
    "spoilt",
    [b"", os.urandom(200), b"[]", b"{}", b'{"format": "1", "id": "x"}', b'{"format": 1}', b'{"format": 0, "id": "x"}'],
)
def test_a_spoilt_marker_is_refused_and_nothing_is_touched(place: Path, spoilt: bytes) -> None:
    with Repository.create(place, id="x", created=CREATED) as repository:
        store(repository, [b"one"])
    (place / MARKER).write_bytes(spoilt)
    (place / "own" / "incoming" / "half.pack").write_bytes(b"half")
    before = snapshot(place)
    assert refusal(lambda: Repository.open(place)).failure.code == "repository-damaged-marker"
    assert snapshot(place) == before


def test_a_newer_repository_is_refused(place: Path) -> None:
    Repository.create(place, id="x", created=CREATED).close()
    (place / MARKER).write_text('{"format": 2, "id": "x", "created": "2027-01-01T00:00:00Z"}')
    known = refusal(lambda: Repository.open(place))
    assert (known.failure.code, known.failure.kind) == ("repository-newer", FailureKind.REFUSED)
    assert "2" in known.failure.message


def test_one_at_a_time(place: Path, repository: Repository) -> None:
    known = refusal(lambda: Repository.open(place))
    assert (known.failure.code, known.failure.kind) == ("repository-in-use", FailureKind.REFUSED)
    script = (
        "import sys, pathlib\nfrom console.domain.errors import Failed\nfrom console.repository import Repository\n"
        "try: Repository.open(pathlib.Path(sys.argv[1]))\nexcept Failed as known: print(known.failure.code)"
    )
    said = subprocess.run([sys.executable, "-c", script, str(place)], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "repository-in-use"
    repository.close()
    Repository.open(place).close()


def test_half_packs_are_dropped(place: Path, reopen: Reopen) -> None:
    ids = store(reopen(), [content(1)])
    reopen().close()
    (place / "own" / "incoming" / "0011.pack").write_bytes(os.urandom(1000))
    repository = reopen()
    assert not list((place / "own" / "incoming").iterdir())
    assert repository.read(ids[0]) == content(1)


@pytest.mark.parametrize("index", [None, b"", b"random" * 5000, b"SQLite format 3\0" + bytes(5000)])
def test_the_index_is_built_again(
    place: Path, reopen: Reopen, index: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    ids = store(reopen(), map(content, range(30)))
    before = reopen().usage()
    reopen().close()
    path = place / "own" / "index.sqlite"
    path.unlink()
    if index is not None:
        path.write_bytes(index)
    with caplog.at_level(logging.WARNING):
        repository = reopen()
    assert repository.missing([*ids, b"x" * 32]) == [b"x" * 32]
    assert dict(repository.read_many(ids)) == {oid: content(n) for n, oid in enumerate(ids)}
    assert repository.usage()[:4] == before[:4]
    assert bool(caplog.records) == (index is not None)


def test_an_older_index_catches_up(place: Path, reopen: Reopen) -> None:
    first = store(reopen(), [content(1)])
    reopen().close()
    shutil.copy(place / "own" / "index.sqlite", place / "old")
    second = store(reopen(), [content(2)])
    reopen().close()
    shutil.move(place / "old", place / "own" / "index.sqlite")
    assert reopen().missing(first + second) == []


def test_missing_packs_are_told_and_their_objects_missing(place: Path, reopen: Reopen) -> None:
    first = store(reopen(), [content(1)])
    [lost] = packs(place)
    second = store(reopen(), [content(2)])
    reopen().close()
    away = lost.rename(place.with_name("away"))
    repository = reopen()
    assert repository.missing_packs == (lost.stem,)
    assert repository.missing(first + second) == first
    assert refusal(lambda: repository.read(first[0])).failure.code == "object-missing"
    assert repository.usage().objects == 1
    repository.close()
    away.rename(lost)
    repository = reopen()
    assert repository.missing_packs == ()
    assert repository.read(first[0]) == content(1)


def test_a_pack_with_a_torn_end_is_read_frame_by_frame(place: Path, reopen: Reopen) -> None:
    ids = store(reopen(), map(content, range(10)))
    reopen().close()
    [pack] = packs(place)
    flip(pack, pack.stat().st_size - 1)
    (place / "own" / "index.sqlite").unlink()
    repository = reopen()
    assert dict(repository.read_many(ids)) == {oid: content(n) for n, oid in enumerate(ids)}


def test_of_two_copies_the_true_one_is_used(place: Path, reopen: Reopen) -> None:
    """A damaged object that was stored again is found whole, also after the index was lost."""
    plain = content(2)
    [oid] = store(reopen(), [plain])
    [damaged] = packs(place)
    reopen().condemn([oid])
    assert reopen().missing([oid]) == [oid]
    store(reopen(), [content(1), plain])
    flip(damaged, 100)
    for again in range(3):
        reopen().close()
        if again:
            (place / "own" / "index.sqlite").unlink()
        assert reopen().read(oid) == plain


def test_what_reading_the_marker_may_meet(place: Path) -> None:
    place.mkdir()
    (place / MARKER).mkdir()
    assert refusal(lambda: Repository.open(place)).failure.code == "repository-unreadable"


@pytest.mark.skipif(os.geteuid() == 0, reason="an administrator may write everywhere")
def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        known = refusal(lambda: Repository.create(tmp_path / "r", id="x", created=CREATED))
        assert known.failure.code == "repository-unwritable"
    finally:
        tmp_path.chmod(0o700)
