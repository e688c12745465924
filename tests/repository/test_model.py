"""Any sequence of puts, flushes, openings and losses, against a dictionary."""

from __future__ import annotations

import errno
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from console.domain.errors import Failed
from console.domain.objects import Kind
from console.domain.progress import Silent
from console.repository import Repository
from console.repository.codec import encode, object_id
from console.repository.storage import LocalStorage, PackStorage
from tests.repository.builders import content
from tests.repository.conftest import CREATED
from tests.support.faulty_storage import Faults, FaultyStorage

NUMBERS = st.integers(0, 40)
KINDS = st.sampled_from([Kind.CHUNK, Kind.TREE, Kind.RECORD])


class Store(RuleBasedStateMachine):
    """`durable` was flushed; `hoped` was put since by the session in hand and may be lost only with a failed write."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp()) / "repository"
        self.faults = Faults()
        self.durable: dict[bytes, bytes] = {}
        self.hoped: dict[bytes, bytes] = {}
        self.repository = Repository.create(self.place, id="x", created=CREATED, storage=self.storage)
        self.session = self.repository.session()

    def storage(self, path: Path) -> PackStorage:
        return FaultyStorage(LocalStorage(path), self.faults)

    def teardown(self) -> None:
        self.faults.error = None
        self.repository.close()
        shutil.rmtree(self.place.parent)

    @rule(number=NUMBERS, kind=KINDS)
    def put(self, number: int, kind: Kind) -> None:
        plain = content(number, 300)
        oid = object_id(plain)
        known = self.repository.has(oid)
        assert (oid in self.durable or oid in self.hoped) <= known
        put = self.session.put(kind, plain)
        assert (put.id, put.new) == (oid, not known)
        self.hoped[oid] = plain

    @rule(numbers=st.lists(NUMBERS, max_size=8), size=st.integers(1, 999))
    def put_frames(self, numbers: list[int], size: int) -> None:
        contents = [content(number, 300) for number in numbers]
        frames = [encode(Kind.CHUNK, plain, object_id(plain)) for plain in contents]
        stream = b"".join(piece for frame in frames for piece in frame.pieces)
        accepted = self.session.put_frames(stream[at : at + size] for at in range(0, len(stream), size))
        assert (accepted.objects, accepted.bytes) == (len(numbers), len(stream))
        self.hoped |= {object_id(plain): plain for plain in contents}

    @rule()
    def flush(self) -> None:
        self.session.flush()
        self.durable |= self.hoped
        self.hoped = {}

    @rule(call=st.sampled_from(["begin", "write", "finish"]))
    def fail(self, call: str) -> None:
        """A write fails; a new session goes on. Pending objects are lost or not, but known to be either."""
        if not self.hoped and call != "begin":
            return
        self.faults.error, self.faults.only = errno.ENOSPC, frozenset({call})
        code = ""
        try:
            self.session.put(Kind.TOMBSTONE, content(99, 300))
            self.session.flush()
        except Failed as known:
            code = known.failure.code
        assert code in ("", "repository-full")
        self.faults.error = None
        self.session = self.repository.session()
        self.settle()
        lost = set(self.repository.missing(list(self.hoped)))
        self.durable |= {oid: plain for oid, plain in self.hoped.items() if oid not in lost}
        self.hoped = {}

    def settle(self) -> None:
        with self.repository.session() as other:
            other.flush()

    @rule(index=st.sampled_from(["keep", "lose", "spoil"]))
    def reopen(self, index: str) -> None:
        self.repository.close()
        self.durable |= self.hoped
        self.hoped = {}
        path = self.place / "own" / "index.sqlite"
        if index == "lose":
            path.unlink()
        if index == "spoil":
            path.write_bytes(b"spoilt" * 100)
        self.repository = Repository.open(self.place, storage=self.storage)
        self.session = self.repository.session()

    @rule()
    def rebuild(self) -> None:
        self.repository.rebuild_index(Silent())

    @rule()
    def check(self) -> None:
        report = self.repository.check(read_data=True, reporter=Silent())
        assert (report.damaged, report.missing_packs, report.notes) == ((), (), ())

    @invariant()
    def agrees(self) -> None:
        assert self.repository.missing([*self.durable, *self.hoped]) == []
        assert dict(self.repository.read_many(list(self.durable))) == self.durable


TestStore = Store.TestCase
TestStore.settings = settings(deadline=None, max_examples=10, stateful_step_count=20)


@pytest.mark.slow
class TestManyStores(Store.TestCase):
    settings = settings(deadline=None, max_examples=60, stateful_step_count=40)
