"""Reclaims at every step of other work, against a model: what anybody needs or relies on is there, and true."""

from __future__ import annotations

import random
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from console.domain.objects import Kind
from console.domain.progress import Silent
from console.repository import Repository, WriteSession
from console.repository.codec import encode, object_id
from console.repository.storage import LocalStorage, PackStorage
from tests.repository.builders import content, store
from tests.repository.conftest import CREATED
from tests.support.faulty_storage import Faults, FaultyStorage

SIZE = 400
NUMBERS = st.integers(0, 30)
KINDS = st.sampled_from([Kind.CHUNK, Kind.TREE])


class Reclaimed(RuleBasedStateMachine):
    """`points`: what the catalog would name. `work`: open sessions, each with what it relies on; a commit flushes,
    names it in the catalog, and closes the session. A reclaim marks the points there are and sweeps; before, between
    and within its steps others go on."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp()) / "repository"
        self.faults = Faults()
        self.points: dict[int, set[bytes]] = {}
        self.plain: dict[bytes, tuple[Kind, bytes]] = {}
        self.next = 0
        self.repository = Repository.create(self.place, id="x", created=CREATED, storage=self.storage)
        self.work: list[tuple[WriteSession, set[bytes]]] = []

    def storage(self, path: Path) -> PackStorage:
        return FaultyStorage(LocalStorage(path), self.faults)

    def teardown(self) -> None:
        self.repository.close()
        shutil.rmtree(self.place.parent)

    # --- what the model does, also in the middle of a reclaim

    def put(self, number: int, kind: Kind) -> None:
        session, relied = self.session()
        plain = content(number, SIZE)
        oid = session.put(kind, plain).id
        self.plain.setdefault(oid, (kind, plain))
        relied.add(oid)

    def frames(self, number: int) -> None:
        session, relied = self.session()
        plain = content(number, SIZE)
        frame = encode(Kind.CHUNK, plain, object_id(plain))
        session.put_frames([b"".join(frame.pieces)])
        self.plain.setdefault(frame.id, (Kind.CHUNK, plain))
        relied.add(frame.id)

    def ask(self, number: int) -> None:
        session, relied = self.session()
        oid = object_id(content(number, SIZE))
        if not session.missing([oid]):
            relied.add(oid)

    def commit(self) -> None:
        if self.work:
            session, relied = self.work.pop(0)
            session.flush()
            self.points[self.next] = relied
            self.next += 1
            session.close()

    def delete(self, number: int) -> None:
        if self.points:
            del self.points[sorted(self.points)[number % len(self.points)]]

    def session(self) -> tuple[WriteSession, set[bytes]]:
        if not self.work:
            self.work.append((self.repository.session(), set()))
        return self.work[-1]

    def anything(self, rng: random.Random) -> None:
        number = rng.randrange(31)
        rng.choice([self.ask, self.frames, self.delete, lambda n: self.put(n, Kind.TREE)])(number)
        if rng.random() < 0.3:
            self.commit()

    # --- the rules

    @rule(numbers=st.lists(NUMBERS, min_size=1, max_size=8), kind=KINDS)
    def puts(self, numbers: list[int], kind: Kind) -> None:
        for number in numbers:
            self.put(number, kind)

    @rule(number=NUMBERS)
    def put_frames(self, number: int) -> None:
        self.frames(number)

    @rule(number=NUMBERS)
    def asks(self, number: int) -> None:
        self.ask(number)

    @rule()
    def another_session(self) -> None:
        self.work.append((self.repository.session(), set()))

    @rule()
    def commits(self) -> None:
        self.commit()

    @precondition(lambda self: self.points)
    @rule(number=NUMBERS)
    def deletes(self, number: int) -> None:
        self.delete(number)

    @rule(seed=st.integers(0, 1 << 30), small=st.sampled_from([0, 1 << 20]), busy=st.booleans())
    def reclaim(self, seed: int, small: int, busy: bool) -> None:
        rng = random.Random(seed)
        within = False

        def meddle(call: str) -> None:
            nonlocal within
            if busy and not within and rng.random() < 0.3:
                within = True
                self.anything(rng)
                within = False

        with self.repository.reclaim() as work:
            if busy:
                self.anything(rng)
            for needed in list(self.points.values()):
                work.marks.add(needed)
                if busy:
                    self.anything(rng)
            plan = work.plan(small=small)
            if busy:
                self.anything(rng)
            self.faults.before = meddle
            work.run(plan, Silent())
            self.faults.before = None
        if not busy and not self.work:
            live = set().union(*self.points.values())
            assert not set(plan.delete) & set(self.repository._storage.names())
            assert self.repository.usage().objects >= len(live)

    @rule(index=st.sampled_from(["keep", "lose"]))
    def reopen(self, index: str) -> None:
        while self.work:
            self.commit()
        self.repository.close()
        if index == "lose":
            (self.place / "own" / "index.sqlite").unlink()
        self.repository = Repository.open(self.place, storage=self.storage)
        assert self.repository.missing_packs == ()

    @rule()
    def check(self) -> None:
        report = self.repository.check(read_data=True, reporter=Silent())
        assert (report.damaged, report.missing_packs, report.notes) == ((), (), ())

    @invariant()
    def what_is_needed_is_there(self) -> None:
        needed = set().union(*self.points.values(), *(relied for _, relied in self.work))
        assert self.repository.missing(list(needed)) == []
        for oid, plain in self.repository.read_many(list(set().union(*self.points.values()))):
            assert object_id(plain) == oid


TestReclaimed = Reclaimed.TestCase
TestReclaimed.settings = settings(deadline=None, max_examples=8, stateful_step_count=20)


@pytest.mark.slow
class TestManyReclaimed(Reclaimed.TestCase):
    settings = settings(deadline=None, max_examples=40, stateful_step_count=40)


def everything_reclaimed(repository: Repository) -> None:
    with repository.reclaim() as work:
        work.run(work.plan(small=0), Silent())


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("how", ["put", "missing", "frames"])
def test_a_sweep_between_any_two_steps_of_a_question_is_noticed(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, how: str, when: str
) -> None:
    """The object is there when the session begins to ask, and nobody needs it: a whole reclaim runs right before, or
    right after, the index is asked."""
    plain = content(1, SIZE)
    [oid] = store(repository, [plain])
    frames = b"".join(repository.frames([oid]))
    index = repository._index
    asked = 0

    def between(question: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*args: Any, **options: Any) -> Any:
            nonlocal asked
            asked += 1
            if asked > 1:
                return question(*args, **options)
            if when == "before":
                everything_reclaimed(repository)
                return question(*args, **options)
            answer = question(*args, **options)
            everything_reclaimed(repository)
            return answer

        return ask

    with repository.session() as session:
        with monkeypatch.context() as patched:
            patched.setattr(index, "has", between(index.has))
            patched.setattr(index, "known", between(index.known))
            if how == "put":
                session.put(Kind.CHUNK, plain)
            elif how == "frames":
                session.put_frames([frames])
            else:
                missing = session.missing([oid])
        assert asked
        session.flush()
        there = repository.has(oid)
        assert there or (how == "missing" and missing == [oid])
        if there:
            everything_reclaimed(repository)
            assert repository.read(oid) == plain


@pytest.mark.parametrize("how", ["put", "missing", "frames"])
def test_who_asks_while_a_sweep_has_looked_already_asks_again(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The sweep has seen that nobody relies on the object, and not struck it out yet, when the session finds it."""
    plain = content(1, SIZE)
    [oid] = store(repository, [plain])
    frames = b"".join(repository.frames([oid]))
    index = repository._index
    session = repository.session()
    missing: list[bytes] = []
    answered, exchange = threading.Event(), index.exchange

    def asking(question: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*args: Any, **options: Any) -> Any:
            answer = question(*args, **options)
            answered.set()
            return answer

        return ask

    def work() -> None:
        if how == "put":
            session.put(Kind.CHUNK, plain)
        elif how == "frames":
            session.put_frames([frames])
        else:
            missing.extend(session.missing([oid]))

    thread = threading.Thread(target=work)

    def late(*args: Any) -> None:
        if not thread.ident:
            thread.start()
            assert answered.wait(120)
        exchange(*args)

    monkeypatch.setattr(index, "has", asking(index.has))
    monkeypatch.setattr(index, "known", asking(index.known))
    monkeypatch.setattr(index, "exchange", late)
    everything_reclaimed(repository)
    thread.join(120)
    assert answered.is_set()
    session.flush()
    assert repository.has(oid) or missing == [oid]
    session.close()
