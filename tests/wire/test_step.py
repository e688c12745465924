"""The engine's transfer routine over real TLS, cut at every call: repeated, it ends the same, and nothing is lost."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import pytest

from console.domain.errors import Failed
from console.domain.objects import Kind, ObjectRef
from console.domain.progress import Silent
from console.domain.recovery_points import VolumeImage
from console.domain.replication import SourceEnd
from console.engine.transfer import transfer
from console.wire.dialer import Dialers
from tests.wire.conftest import People
from tests.wire.lines import Line, line_to
from tests.wire.peers import MemoryTarget, frame, id_of, machine, offer_of, pairing_with, point, serving

PLAINS = [random.Random(n).randbytes(1 + n * 997 % 40_000) for n in range(120)]
OBJECTS = {id_of(plain): frame(plain) for plain in PLAINS}
IDS = list(OBJECTS)


class MemorySource:
    """A source end with one image, offered a few objects at a time. `cuts`: the line is cut before such an event."""

    def __init__(self, line: Line, cut: str) -> None:
        self._line = line
        self._cut = cut
        self.sent: list[bytes] = []

    def increment(self, image: VolumeImage, *, names: bool) -> Iterator[list[ObjectRef]]:
        for start in range(0, len(IDS), 20):
            if self._cut == f"offer {start}":
                self._line.cut()
            yield [ObjectRef(oid, Kind.CHUNK) for oid in IDS[start : start + 20]]

    def frames(self, ids: Sequence[bytes]) -> Iterator[bytes | memoryview]:
        for oid in ids:
            if self._cut == f"frame {len(self.sent)}":
                self._cut = ""
                self._line.cut()
            self.sent.append(oid)
            yield OBJECTS[oid]

    def stored_size(self, ids: Sequence[bytes]) -> int:
        return sum(len(OBJECTS[oid]) for oid in ids)


@pytest.mark.parametrize("cut", ["nowhere", "offer 0", "offer 60", "frame 0", "frame 1", "frame 60", "frame 119"])
def test_cut_anywhere_and_repeated(people: People, dialers: Dialers, target: MemoryTarget, cut: str) -> None:
    offer = offer_of(machine(), point())
    with serving(target) as server, line_to(server.port) as line:
        end = dialers.to(pairing_with(people.target, line.port)).target(offer.machine.id)
        first = MemorySource(line, cut)
        source: SourceEnd = first
        broke = False
        try:
            transfer(source, end, offer, Silent())
        except Failed as known:
            assert known.failure.code == "target-unreachable", known  # noqa: PT017 - it may also succeed
            assert not target.calls.count("store") or target.cut.wait(60)
            broke = True
        assert broke == bool(not target.commits)
        kept = set(target.objects)
        again = MemorySource(line, "")
        sent = transfer(again, end, offer, Silent())
        assert sent.objects == len(again.sent) == len(IDS) - len(kept)
        assert not kept & set(again.sent)
        assert sent.skipped == sum(len(OBJECTS[oid]) for oid in kept)
    assert target.objects == OBJECTS
    assert [commit.image for commit in target.commits] == [offer.image.id]


def test_a_commit_that_was_not_answered_is_repeated(people: People, dialers: Dialers, target: MemoryTarget) -> None:
    """The target commits, but its answer is lost: the source says it again by itself."""
    offer = offer_of(machine(), point())
    with serving(target) as server, line_to(server.port) as line:
        end = dialers.to(pairing_with(people.target, line.port)).target(offer.machine.id)
        commit = target.commit

        def lost(*given: object) -> None:
            commit(*given)  # type: ignore[arg-type]
            if target.calls.count("commit") == 1:
                line.cut()

        target.commit = lost  # type: ignore[method-assign]
        transfer(MemorySource(line, ""), end, offer, Silent())
        assert target.calls.count("commit") == 2
    assert len(target.commits) == 1
