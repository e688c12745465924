"""Killed at any moment: what was flushed is there, nothing needs a hand."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from console.domain.objects import Kind
from console.domain.progress import Silent
from console.repository import Repository
from console.repository.storage import LocalStorage
from tests.repository.builders import content
from tests.repository.conftest import CREATED
from tests.support.faulty_storage import Faults, FaultyStorage


class Witness:
    """Copies a repository at every storage call, with what had been promised by then."""

    def __init__(self, place: Path, copies: Path) -> None:
        self._place = place
        self._copies = copies
        self._lock = threading.Lock()
        self.promised: dict[bytes, bytes] = {}
        self.seen: list[tuple[str, Path, dict[bytes, bytes]]] = []

    def __call__(self, call: str) -> None:
        if call == "open" or not (self._place / "replicore-repository.json").exists():
            return
        with self._lock:
            promised = dict(self.promised)
            copy = self._copies / f"{len(self.seen):03}-{call}"
            shutil.copytree(self._place, copy, ignore=_copy_what_is_there)
            self.seen.append((call, copy, promised))


def _copy_what_is_there(directory: str, names: list[str]) -> list[str]:
    # SQLite's shared memory is of the running process only; the log may be folded in while it is copied.
    return [name for name in names if name.endswith("-shm")]


@pytest.mark.parametrize("seed", [1, 2])
def test_every_moment_opens_clean(tmp_path: Path, seed: int) -> None:
    place = tmp_path / "repository"
    witness = Witness(place, tmp_path / "copies")
    rng = random.Random(seed)
    faults = Faults(before=witness)
    repository = Repository.create(
        place, id="x", created=CREATED, storage=lambda path: FaultyStorage(LocalStorage(path), faults)
    )
    number = 0
    for _ in range(5):
        with repository.session() as session:
            # One kind at a time: then one pack is written at a time, and every copy is of one moment.
            kind = rng.choice([Kind.CHUNK, Kind.TREE])
            put = {}
            for _ in range(rng.randrange(1, 6)):
                plain = content(number, 300_000 if number % 3 else 3000)
                put[session.put(kind, plain).id] = plain
                number += 1
            session.flush()
            witness.promised |= put
    faults.before = None
    repository.close()
    assert {call for call, _, _ in witness.seen} >= {"begin", "write", "finish", "finished"}
    for _, copy, promised in witness.seen:
        with Repository.open(copy) as opened:
            assert opened.missing_packs == ()
            assert dict(opened.read_many(list(promised))) == promised
            report = opened.check(read_data=True, reporter=Silent())
            assert (report.damaged, report.missing_packs, report.notes) == ((), (), ())
            assert not list((copy / "own" / "incoming").iterdir())
            with opened.session() as session:
                again = session.put(Kind.CHUNK, content(9999)).id
                session.flush()
            assert opened.read(again) == content(9999)


def test_killed_for_real(tmp_path: Path) -> None:
    """A process that puts and flushes without end, and is killed."""
    place = tmp_path / "repository"
    script = """
import os, sys, pathlib, datetime
from console.repository import Repository
from console.domain.objects import Kind
place = pathlib.Path(sys.argv[1])
created = datetime.datetime(2026, 5, 4, tzinfo=datetime.UTC)
exists = (place / "replicore-repository.json").exists()
repository = Repository.open(place) if exists else Repository.create(place, id="x", created=created)
while True:
    with repository.session() as session:
        ids = [session.put(Kind(1 + n % 2), os.urandom(5000 * n)).id for n in range(1, 12)]
        session.flush()
    os.write(1, b"".join(ids))
"""
    promised = b""
    for turn in range(3):
        process = subprocess.Popen([sys.executable, "-c", script, str(place)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        while len(promised) < (turn + 1) * 32 * 50:
            promised += os.read(process.stdout.fileno(), 32 * 11)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()
        promised += rest[: len(rest) // 32 * 32]
        process.wait()
        process.stdout.close()
    ids = [promised[at : at + 32] for at in range(0, len(promised), 32)]
    with Repository.open(place) as opened:
        assert opened.missing(ids) == []
        assert len(dict(opened.read_many(ids))) == len(ids)
        report = opened.check(read_data=True, reporter=Silent())
        assert (report.damaged, report.missing_packs, report.notes) == ((), (), ())
