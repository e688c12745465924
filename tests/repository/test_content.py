"""Random access to contents: the same bytes as read from the beginning, nothing that was not proven."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from console.domain.errors import Failed
from console.domain.objects import ZERO_ID, Kind
from console.domain.trees import Entry, FileType
from console.repository import Repository, TreeWriter
from console.repository.content import ChunkCache, ContentReader
from tests.repository.builders import flip, packs

BLOCK = 4096


def written(repository: Repository, pieces: Sequence[bytes | int]) -> tuple[Entry, bytes]:
    """A file of chunks (bytes) and holes (their length); its entry, and all it holds."""
    whole = bytearray()
    with repository.session() as session:
        refs = []
        for piece in pieces:
            if isinstance(piece, int):
                refs.append((ZERO_ID, piece))
                whole += bytes(piece)
            else:
                refs.append((session.put(Kind.CHUNK, piece).id, len(piece)))
                whole += piece
        content, depth = TreeWriter(session).content(refs)
        session.flush()
    return Entry(b"", FileType.FILE, size=len(whole), content=content, depth=depth), bytes(whole)


def blocks(count: int, size: int = BLOCK) -> list[bytes]:
    return [random.Random(number).randbytes(size) for number in range(count)]


class Counted:
    """A source that counts what is read from it, and how often it is asked."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.chunks = 0
        self.asked = 0

    def read(self, id: bytes) -> bytes:
        self.chunks += 1
        self.asked += 1
        return self.repository.read(id)

    def read_many(self, ids: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        self.asked += 1
        for oid, plain in self.repository.read_many(ids):
            self.chunks += 1
            yield oid, plain


@pytest.mark.parametrize("threads", [0, 2])
def test_any_stretch_is_what_the_whole_has_there(repository: Repository, threads: int) -> None:
    rest = random.Random(5)
    pieces: list[bytes | int] = [rest.randrange(1, 50_000) if rest.random() < 0.2 else b for b in blocks(600, 700)]
    entry, whole = written(repository, [*pieces, b"the end"])
    assert entry.depth
    cache = ChunkCache(repository, limit=64 << 10, threads=threads)
    reader = ContentReader(repository, entry, cache=cache)
    for _ in range(400):
        at, length = rest.randrange(len(whole) + 100), rest.randrange(40_000)
        assert reader.read(at, length) == whole[at : at + length]
    at = 0
    while piece := reader.read(at, 10_007):
        assert piece == whole[at : at + 10_007]
        at += len(piece)
    assert at == reader.size == len(whole)
    cache.close()


def test_many_threads_read_one_content(repository: Repository) -> None:
    entry, whole = written(repository, [*blocks(300), 100_000, *blocks(40)])
    cache = ChunkCache(repository, limit=256 << 10, threads=2)
    reader = ContentReader(repository, entry, cache=cache)
    wrong = threading.Event()

    def look(seed: int) -> None:
        rest = random.Random(seed)
        for _ in range(60):
            at, length = rest.randrange(len(whole)), rest.randrange(30_000)
            if reader.read(at, length) != whole[at : at + length]:
                wrong.set()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(look, range(8)))
    cache.close()
    assert not wrong.is_set()


def test_who_reads_on_is_read_ahead_and_who_jumps_is_not(repository: Repository) -> None:
    entry, whole = written(repository, blocks(64, 64 << 10))
    counted = Counted(repository)
    reader = ContentReader(counted, entry)
    for at in range(0, len(whole), 16 << 10):
        reader.read(at, 16 << 10)
    assert counted.chunks < 64 + 4  # each once, and the lists
    assert counted.asked < 20
    counted = Counted(repository)
    reader = ContentReader(counted, entry)
    reader.read(3 << 20, 100)
    reader.read(1 << 20, 100)
    assert counted.chunks == 2 + (entry.depth > 0)


def test_the_cache_stays_within_its_limit(repository: Repository) -> None:
    entry, whole = written(repository, blocks(64, 64 << 10))
    cache = ChunkCache(repository, limit=512 << 10, threads=2)
    reader = ContentReader(repository, entry, cache=cache)
    for at in range(0, len(whole), 100_000):
        reader.read(at, 100_000)
        assert cache._size <= cache.limit
    cache.close()
    assert cache._size == sum(map(len, cache._held.values()))
    assert not cache._coming


@pytest.mark.parametrize("threads", [0, 2])
def test_damage_hurts_the_stretch_it_is_in_and_no_other(
    repository: Repository, reopen: Callable[[], Repository], place: Path, threads: int
) -> None:
    entry, whole = written(repository, blocks(12))
    [pack] = [path for path in packs(place) if path.stat().st_size > 8 * BLOCK]
    raw = pack.read_bytes()
    flip(pack, raw.index(whole[5 * BLOCK : 5 * BLOCK + 64]) + 9)
    repository = reopen()
    cache = ChunkCache(repository, threads=threads)
    reader = ContentReader(repository, entry, cache=cache)
    assert reader.read(0, 5 * BLOCK) == whole[: 5 * BLOCK]
    with pytest.raises(Failed) as caught:
        reader.read(4 * BLOCK, 2 * BLOCK)
    assert caught.value.failure.code == "object-damaged"
    assert reader.read(6 * BLOCK, 99 * BLOCK) == whole[6 * BLOCK :]
    cache.close()


def test_what_is_not_here_is_missing(repository: Repository) -> None:
    entry, whole = written(repository, blocks(2))
    absent = Entry(
        b"", FileType.FILE, size=entry.size + 8, content=entry.content + bytes([7] * 32) + b"\x08" + bytes(7)
    )
    reader = ContentReader(repository, absent)
    assert reader.read(0, entry.size) == whole
    with pytest.raises(Failed) as caught:
        reader.read(entry.size, 1)
    assert caught.value.failure.code == "object-missing"


def test_inline_and_empty_contents(repository: Repository) -> None:
    reader = ContentReader(repository, Entry(b"a", FileType.FILE, size=5, inline=b"hello"))
    assert (reader.read(0, 99), reader.read(1, 3), reader.read(5, 1), reader.read(-1, 3)) == (
        b"hello",
        b"ell",
        b"",
        b"",
    )
    assert ContentReader(repository, Entry(b"a", FileType.FILE)).read(0, 10) == b""


def test_a_content_of_another_length_than_its_size_is_refused(repository: Repository) -> None:
    with pytest.raises(Failed) as caught:
        ContentReader(repository, Entry(b"a", FileType.FILE, size=6, inline=b"hello"))
    assert caught.value.failure.code == "object-damaged"


def test_a_chunk_of_another_length_than_its_file_says_is_refused(repository: Repository) -> None:
    entry, _ = written(repository, [b"x" * 300])
    longer = Entry(b"", FileType.FILE, size=301, content=entry.content[:32] + (301).to_bytes(8, "little"))
    with pytest.raises(Failed) as caught:
        ContentReader(repository, longer).read(0, 10)
    assert caught.value.failure.code == "object-damaged"


def test_a_hole_of_any_size_costs_nothing(repository: Repository) -> None:
    entry, _ = written(repository, [b"begin" * 10])
    huge = 1 << 50
    refs = entry.content + ZERO_ID + huge.to_bytes(8, "little")
    reader = ContentReader(repository, Entry(b"", FileType.FILE, size=entry.size + huge, content=refs))
    assert reader.read(huge // 2, 9) == bytes(9)
    assert reader.read(entry.size - 3, 6) == b"gin\0\0\0"
