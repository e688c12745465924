"""The suite of every source end, with a finished seed drive behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.domain.replication import SourceEnd
from console.engine.ends import LocalSource
from console.seeding.archive import open_archive
from console.seeding.reader import SeedReader
from tests.contract.test_ends import (  # noqa: F401  (collected here, with this module's fixture)
    FIRST,
    SECOND,
    Bed,
    test_a_child_may_arrive_before_its_parent,
    test_a_damaged_frame_is_refused_and_what_came_before_stays,
    test_frames_bring_each_object_once_and_name_what_is_gone,
    test_frames_may_be_cut_anywhere,
    test_nothing_is_committed_before_its_objects_are_there,
    test_the_routine_sends_a_chain_and_sends_it_once,
    test_the_source_offers_nodes_first_and_the_record_last,
    test_what_was_stored_is_missing_no_more_and_stored_once,
)
from tests.seeding.places import Place
from tests.support.ends import LocalBed


@dataclass
class DriveBed(Bed):
    """What is sent comes from a drive; the target is a repository."""

    reader: SeedReader

    @property
    def end(self) -> SourceEnd:
        return self.reader


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[Bed]:
    place = Place(tmp_path, FIRST, SECOND)
    place.write(tmp_path / "usb", segment_size=300_000)
    there = LocalBed(tmp_path / "there", place.source)
    with SeedReader(open_archive([tmp_path / "usb"])) as reader:
        yield DriveBed(place.source, place.base, place.child, there.target, there, reader)
    there.close()
    place.source.close()


def test_a_drive_gives_what_the_repository_gives(bed: Bed) -> None:
    local = LocalSource(bed.source.catalog, bed.source.repository)
    for point in (bed.base, bed.child):
        for names in (False, True):
            ours = [ref for batch in bed.end.increment(point.images[0], names=names) for ref in batch]
            theirs = [ref for batch in local.increment(point.images[0], names=names) for ref in batch]
            assert ours == theirs
    assert bed.end.stored_size(bed.ids(bed.base)) == local.stored_size(bed.ids(bed.base))
    assert bed.end.stored_size([b"\x07" * 32]) == 0


def test_a_parent_that_is_at_the_target_is_read_there(tmp_path: Path) -> None:
    """A drive with the child alone: what it adds is told with the parent's nodes from elsewhere."""
    place = Place(tmp_path, FIRST, SECOND)
    place.write(tmp_path / "usb", points=[place.child])
    theirs = [ref for batch in place.end.increment(place.child.images[0], names=False) for ref in batch]
    with SeedReader(open_archive([tmp_path / "usb"]), place.source.repository) as reader:
        ours = [ref for batch in reader.increment(place.child.images[0], names=False) for ref in batch]
        assert ours == theirs
        assert reader.has([ref.id for ref in ours]) == {ref.id for ref in ours}
    with SeedReader(open_archive([tmp_path / "usb"])) as reader:
        alone = [ref for batch in reader.increment(place.child.images[0], names=False) for ref in batch]
        assert set(theirs) < set(alone), "without them everything may be new"
    place.source.close()
