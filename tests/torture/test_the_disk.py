"""The disk that loses power, and the recorder that feeds it: proven before anything is proven with them."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from tests.support.file_operations import needs_recorder, operations, record
from tests.support.power_cut import Disk, found

DEED = """
import os, sqlite3, sys, threading
os.chdir(sys.argv[1])
{deed}
"""

SYNC_FILE = "f = os.open('a', os.O_CREAT | os.O_WRONLY); os.write(f, b'new'); os.fsync(f)"
SYNC_NAMES = "os.fsync(os.open('.', os.O_RDONLY))"
REPLACE = """
f = os.open('aside', os.O_CREAT | os.O_WRONLY); os.pwritev(f, [b'ne', b'w'], 0)
{first}
os.replace('aside', 'old')
{second}
"""

DEEDS = {
    "nothing is synced": ("open('a', 'wb').write(b'new'); open('old', 'r+b').write(b'new')", {b"old": b"old"}),
    "the bytes are synced, the name is not": (SYNC_FILE, {b"old": b"old"}),
    "the name is synced, the bytes are not": (
        f"f = open('a', 'wb'); f.write(b'new'); f.flush(); {SYNC_NAMES}",
        {b"old": b"old", b"a": b""},
    ),
    "both are synced": (f"{SYNC_FILE}; {SYNC_NAMES}", {b"old": b"old", b"a": b"new"}),
    "a rename is not synced": (REPLACE.format(first="os.fsync(f)", second=""), {b"old": b"old"}),
    "a rename is synced, its bytes are not": (REPLACE.format(first="", second=SYNC_NAMES), {b"old": b""}),
    "a rename is synced": (REPLACE.format(first="os.fdatasync(f)", second=SYNC_NAMES), {b"old": b"new"}),
    "a file is gone": (f"os.unlink('old'); {SYNC_NAMES}", {}),
    "a file is not gone yet": ("os.unlink('old')", {b"old": b"old"}),
    "a synced directory in one that is not": (
        "os.mkdir('d'); os.chdir('d'); open('x', 'w').close(); os.fsync(os.open('.', os.O_RDONLY))",
        {b"old": b"old"},
    ),
    "a file is cut": ("f = os.open('old', os.O_RDWR); os.ftruncate(f, 1); os.fsync(f)", {b"old": b"o"}),
    "appended": ("f = open('old', 'ab'); f.write(b'er'); f.flush(); os.fsync(f.fileno())", {b"old": b"older"}),
    "another name": (f"os.link('old', 'too'); {SYNC_NAMES}", {b"old": b"old", b"too": b"old"}),
}


def lived(tmp_path: Path, deed: str) -> tuple[Disk, Path]:
    """A disk on which something was done; and the real one."""
    place = tmp_path / "disk"
    place.mkdir()
    (place / "old").write_bytes(b"old")
    disk = Disk(place)
    record([sys.executable, "-c", DEED.format(deed=deed), place], tmp_path / "log")
    for operation in operations(tmp_path / "log", place):
        disk.do(operation)
    return disk, place


@needs_recorder
@pytest.mark.parametrize("what", DEEDS)
def test_what_was_not_synced_is_lost(tmp_path: Path, what: str) -> None:
    deed, left = DEEDS[what]
    disk, place = lived(tmp_path, deed)
    disk.cut(tmp_path / "lost", "lost", random.Random(1))
    assert found(tmp_path / "lost") == left
    disk.cut(tmp_path / "kept", "kept", random.Random(1))
    assert found(tmp_path / "kept") == found(place), "the recorder has seen everything"


@needs_recorder
def test_threads_and_databases_are_seen(tmp_path: Path) -> None:
    disk, place = lived(
        tmp_path,
        """
def write(number):
    with open(f'file {number}', 'wb') as file:
        for piece in range(50):
            file.write(bytes([piece]) * 1000)
            file.flush()
threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
[thread.start() for thread in threads]
base = sqlite3.connect('base')
base.execute('PRAGMA journal_mode = WAL')
base.execute('CREATE TABLE numbers(number)')
for number in range(30):
    base.execute('INSERT INTO numbers VALUES (?)', (number,))
    base.commit()
[thread.join() for thread in threads]
os._exit(0)
""",
    )
    disk.cut(tmp_path / "kept", "kept", random.Random(1))
    assert found(tmp_path / "kept") == found(place)
    assert {b"base", b"base-wal", b"file 3"} <= found(place).keys()


@needs_recorder
def test_torn_is_any_part(tmp_path: Path) -> None:
    disk, _ = lived(tmp_path, f"f = os.open('a', os.O_CREAT | os.O_WRONLY); {SYNC_NAMES}; os.write(f, b'n' * 4096)")
    seen = set()
    for seed in range(60):
        disk.cut(tmp_path / f"torn {seed}", "torn", random.Random(seed))
        content = found(tmp_path / f"torn {seed}")[b"a"]
        assert content == b"n" * len(content)
        seen.add(len(content))
    assert {0, 4096} < seen, "all of it, nothing of it, or some sectors of it"
    assert all(size % 512 == 0 for size in seen)
