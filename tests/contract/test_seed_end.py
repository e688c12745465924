"""The suite of every target end, with a seed drive behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.progress import Silent
from console.engine.ends import LocalSource
from console.repository import TreeReader
from console.seeding.drive import Drive
from console.seeding.writer import SeedWriter
from tests.contract.test_ends import (  # noqa: F401  (collected here, with this module's fixture)
    FIRST,
    SECOND,
    Bed,
    test_a_child_may_arrive_before_its_parent,
    test_a_damaged_frame_is_refused_and_what_came_before_stays,
    test_an_empty_target_misses_everything_in_the_order_asked,
    test_frames_may_be_cut_anywhere,
    test_nothing_is_committed_before_its_objects_are_there,
    test_the_routine_sends_a_chain_and_sends_it_once,
    test_what_was_stored_is_missing_no_more_and_stored_once,
)
from tests.support.ends import TargetBed
from tests.support.points import Source


class SeedBed(TargetBed):
    """A drive that is being written."""

    def __init__(self, place: Path, source: Source) -> None:
        self._place = place
        self._source = source
        self._end = LocalSource(source.catalog, source.repository)
        self.target = self._writer = self._new()

    def _new(self) -> SeedWriter:
        drive = Drive("5eed" * 8, [self._place], reserve=10_000)
        writer = SeedWriter(drive, lambda image, names: self._end.increment(image, names=names), segment_size=200_000)
        writer.begin("What this is.\n", Silent())
        return writer

    def held(self) -> dict[str, bytes]:
        held = {}
        for entry in self._writer.points():
            for image in entry.volume_images():
                held[image.id] = self._contents(image.root)
        return held

    def _contents(self, root: str) -> bytes:
        reader = TreeReader(self._source.repository)
        stack = [(b"", reader.root(bytes.fromhex(root)).entry)]
        files = {}
        while stack:
            prefix, directory = stack.pop()
            for entry in reader.entries(directory):
                if entry.type == 1:
                    stack.append((prefix + entry.name + b"/", entry))
                else:
                    ids = [oid for oid, _ in reader.extents(entry)]
                    if self._writer.missing(ids):
                        return b""
                    files[prefix + entry.name] = b"".join(self._source.repository.read(oid) for oid in ids)
        return b"".join(files[name] for name in sorted(files))

    def renew(self) -> None:
        self._writer.close()
        self.target = self._writer = self._new()

    def close(self) -> None:
        self._writer.close()


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[Bed]:
    source = Source(tmp_path / "source")
    base = source.point(FIRST)
    child = source.point(SECOND, base)
    there = SeedBed(tmp_path / "there", source)
    yield Bed(source, base, child, there.target, there)
    there.close()
    source.close()
