"""Writes past the page cache put the same bytes as others, wherever they begin and end and whoever refuses them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.repository.storage import ALIGNED, direct
from console.repository.storage.direct import DirectFile

ROOM = 1 << 20


def written(path: Path, offset: int, pieces: list[bytes]) -> bytes:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    file = DirectFile(path, descriptor)
    try:
        file.write(offset, pieces)
        file.close()
        return os.pread(descriptor, 64 << 20, 0)
    finally:
        os.close(descriptor)


lengths = st.lists(
    st.one_of(st.integers(0, 9000), st.sampled_from([ALIGNED, 64 << 10, ROOM - 1, ROOM, ROOM + 1])), max_size=8
)


@given(sizes=lengths, offset=st.sampled_from([0, 1, ALIGNED, ALIGNED * 3 + 8]))
def test_what_is_written_is_what_was_given(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], offset: int
) -> None:
    pieces = [bytes([number + 1]) * size for number, size in enumerate(sizes)]
    path = tmp_path_factory.getbasetemp() / "direct"
    got = written(path, offset, pieces)
    assert got == (b"\0" * offset + b"".join(pieces) if any(sizes) else b"")


def test_large_writes_pass_by_the_cache_and_tails_do_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system is asked for; it may refuse."""
    if not hasattr(os, "O_DIRECT"):
        pytest.skip("this system has no direct writes")
    asked: list[int] = []
    opening, putting = os.open, os.pwrite
    directs: set[int] = set()

    def open_(path: Path, flags: int, *mode: int) -> int:
        descriptor = opening(path, flags & ~os.O_DIRECT, *mode)
        if flags & os.O_DIRECT:
            directs.add(descriptor)
        return descriptor

    def pwrite(descriptor: int, data: memoryview, offset: int) -> int:
        if descriptor in directs:
            assert offset % ALIGNED == len(data) % ALIGNED == 0
            asked.append(len(data))
        return putting(descriptor, data, offset)

    monkeypatch.setattr(os, "open", open_)
    monkeypatch.setattr(os, "pwrite", pwrite)
    assert len(written(tmp_path / "file", 0, [b"x" * (1 << 20), b"y" * 100])) == (1 << 20) + 100
    assert asked == [1 << 20]


@pytest.mark.parametrize("where", ["open", "write"])
def test_a_file_system_that_refuses_gets_ordinary_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    if not hasattr(os, "O_DIRECT"):
        pytest.skip("this system has no direct writes")
    opening, putting = os.open, os.pwrite
    directs: set[int] = set()

    def open_(path: Path, flags: int, *mode: int) -> int:
        if flags & os.O_DIRECT and where == "open":
            raise OSError(errno.EINVAL, "no")
        descriptor = opening(path, flags & ~os.O_DIRECT, *mode)
        if flags & os.O_DIRECT:
            directs.add(descriptor)
        return descriptor

    def pwrite(descriptor: int, data: memoryview, offset: int) -> int:
        if descriptor in directs:
            raise OSError(errno.EINVAL, "no")
        return putting(descriptor, data, offset)

    monkeypatch.setattr(os, "open", open_)
    monkeypatch.setattr(os, "pwrite", pwrite)
    content = os.urandom(3 << 20)
    assert written(tmp_path / "file", 0, [content]) == content


def test_a_disk_that_is_full_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pwrite(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(direct.os, "pwrite", pwrite)
    with pytest.raises(OSError, match="full"):
        written(tmp_path / "file", 0, [b"x" * (1 << 20)])
