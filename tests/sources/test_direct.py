"""Long runs past the cache: the same bytes at the same places, wherever the file system allows it or not."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from console.sources import creating, direct
from console.sources.direct import ALIGN, DirectFile, Memory, Runs, room

LONG = 3 * direct.LEAST


@contextmanager
def begun(folder: Path, size: int) -> Iterator[tuple[DirectFile, Path]]:
    with creating_in(folder) as directory:
        file, name = creating.begin_file(directory)
        creating.set_size(file, size)
        opened = DirectFile(file, directory, name)
        try:
            yield opened, folder / os.fsdecode(name)
        finally:
            opened.close()
            os.close(file)


@contextmanager
def creating_in(folder: Path) -> Iterator[int]:
    directory = os.open(folder, os.O_RDONLY)
    try:
        yield directory
    finally:
        os.close(directory)


def written(file: DirectFile, pieces: list[tuple[int, int]], content: bytes, chance: random.Random) -> None:
    runs = Runs(Memory().of(room(pieces)), pieces)
    for at, length in chance.sample(pieces, len(pieces)):
        runs.put(content[at : at + length], at)
    runs.write(file)


def refused(*_: object, **__: object) -> int:
    raise OSError(errno.EINVAL, "not past the cache")


@pytest.mark.parametrize("seed", range(6))
def test_any_pieces_in_any_order_come_to_their_places(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    pieces, at = [], chance.choice([0, 1, ALIGN, ALIGN - 1])
    for _ in range(12):
        length = chance.choice([1, ALIGN, 5000, LONG, LONG + 17])
        pieces.append((at, length))
        at += length + chance.choice([0, 0, 0, 1, 10 * ALIGN])
    content = chance.randbytes(at)
    wanted = bytearray(at)
    for begin, length in pieces:
        wanted[begin : begin + length] = content[begin : begin + length]
    with begun(tmp_path, at) as (file, path):
        written(file, pieces, content, chance)
        assert path.read_bytes() == wanted


def test_a_file_in_several_windows_by_turns(tmp_path: Path) -> None:
    content = random.Random(1).randbytes(6 * LONG + 1234)
    edges = [0, LONG + 5, 2 * LONG, 3 * LONG + 4095, 5 * LONG, len(content)]
    with begun(tmp_path, len(content)) as (file, path):
        for begin, end in reversed(list(pairwise(edges))):
            written(file, [(begin, end - begin)], content, random.Random(2))
        assert path.read_bytes() == content


def test_holes_stay_holes(tmp_path: Path) -> None:
    with begun(tmp_path, 64 << 20) as (file, path):
        written(file, [(32 << 20, LONG)], bytes(32 << 20) + os.urandom(LONG), random.Random(2))
        assert path.stat().st_blocks * 512 < 16 << 20


@pytest.mark.skipif(not hasattr(os, "O_DIRECT"), reason="there is only the cache")
@pytest.mark.parametrize("when", ["opening", "writing"])
def test_where_the_file_system_refuses_the_cache_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    content = os.urandom(LONG)
    real_open, real_write = os.open, os.pwrite
    past: list[int] = []

    def open_(path: bytes, flags: int, *more: int, **where: int) -> int:
        if flags & os.O_DIRECT and when == "opening":
            refused()
        file = real_open(path, flags & ~os.O_DIRECT, *more, **where)
        past.extend([file] if flags & os.O_DIRECT else [])
        return file

    monkeypatch.setattr(direct.os, "major", lambda _: 8)
    monkeypatch.setattr(direct.os, "open", open_)
    monkeypatch.setattr(direct.os, "pwrite", lambda file, *what: refused() if file in past else real_write(file, *what))
    with begun(tmp_path, LONG) as (file, path):
        assert file.past is (when == "writing")
        written(file, [(0, LONG)], content, random.Random(2))
        assert not file.past
        assert path.read_bytes() == content


def test_what_is_cut_short_goes_through_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = os.urandom(LONG)
    with begun(tmp_path, LONG) as (file, path):
        monkeypatch.setattr(file, "past", True)
        monkeypatch.setattr(
            file,
            "_write_past",
            lambda run, at: creating.write(file._file, run[:ALIGN], at) or ALIGN,  # type: ignore[func-returns-value]
        )
        written(file, [(0, LONG)], content, random.Random(2))
        assert path.read_bytes() == content


def test_a_file_system_on_no_device_is_written_through_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct.os, "major", lambda _: 0)
    with begun(tmp_path, LONG) as (file, _):
        assert not file.past
