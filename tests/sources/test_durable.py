"""Whole file systems made durable: each that is written to, and what one of them could not keep is told."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from console.sources import durable
from console.sources.durable import Durable


def test_each_file_system_is_synced_once_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(durable, "sync_file_system", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    (tmp_path / "other").mkdir()
    first, other = os.open(tmp_path, os.O_RDONLY), os.open(tmp_path / "other", os.O_RDONLY)
    with Durable(every=3600) as both:
        both.meet(1, first)
        both.meet(1, other)
        both.meet(2, other)
        os.close(first)
        os.close(other)
        assert synced == []
        both.finish()
    assert synced == [tmp_path.stat().st_ino, (tmp_path / "other").stat().st_ino]


def test_what_was_lost_on_the_way_is_told_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = threading.Event()

    def fail_once(_: int) -> None:
        if not tried.is_set():
            tried.set()
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(durable, "sync_file_system", fail_once)
    place = os.open(tmp_path, os.O_RDONLY)
    with Durable(every=0.001) as one:
        one.meet(1, place)
        os.close(place)
        assert tried.wait(30)
        with pytest.raises(OSError, match=os.strerror(errno.EIO)):
            one.finish()


def test_nothing_is_kept_open_or_running(tmp_path: Path) -> None:
    before = threading.active_count(), len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    place = os.open(tmp_path, os.O_RDONLY)
    with Durable() as one:
        one.meet(1, place)
        os.close(place)
    after = threading.active_count(), len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    assert after == before


def test_a_closed_descriptor_is_an_error(tmp_path: Path) -> None:
    if durable._syncfs is None:
        pytest.skip("this system cannot sync one file system")
    place = os.open(tmp_path, os.O_RDONLY)
    durable.sync_file_system(place)
    os.close(place)
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        durable.sync_file_system(place)
