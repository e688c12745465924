"""Reclaiming: what nobody needs goes, what anybody needs or relies on stays, whatever happens in between."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from console.domain.errors import Failed
from console.domain.objects import Kind
from console.domain.progress import Silent
from console.repository import Repository
from console.repository.codec import object_id
from console.repository.sweep import Swept
from tests.repository.builders import content, flip, packs, store
from tests.support.faulty_storage import Faults

SIZE = 20_000


def reclaim(repository: Repository, needed: Iterable[bytes], *, small: int = 0) -> Swept:
    with repository.reclaim() as work:
        work.marks.add(needed)
        return work.run(work.plan(small=small), Silent())


def whole(repository: Repository, ids: Iterable[bytes]) -> None:
    report = repository.check(read_data=True, reporter=Silent())
    assert (report.damaged, report.missing_packs, report.notes) == ((), (), ())
    ids = list(ids)
    assert {oid: object_id(plain) for oid, plain in repository.read_many(ids)} == {oid: oid for oid in ids}


def batches(repository: Repository, count: int = 4, each: int = 10) -> list[list[bytes]]:
    """So many packs of chunks."""
    return [store(repository, (content(n * 100 + k, SIZE) for k in range(each))) for n in range(count)]


def test_packs_without_anything_needed_go_and_sparse_ones_are_written_anew(
    repository: Repository, place: Path, reopen: Callable[[], Repository]
) -> None:
    dead, sparse, dense, mixed = batches(repository)
    needed = [*sparse[:3], *dense, *mixed[:9]]
    before = {pack.stem for pack in packs(place)}
    with repository.reclaim() as work:
        work.marks.add(needed)
        plan = work.plan(small=0)
        assert (len(plan.delete), len(plan.rewrite)) == (1, 1)
        assert (plan.objects, plan.unreferenced_objects) == (40, 18)
        assert plan.unreferenced_bytes == repository.stored_size([*dead, *sparse[3:], mixed[9]])
        used = sum(pack.stat().st_size for pack in packs(place))
        swept = work.run(plan, Silent())
    assert (swept.packs_deleted, swept.packs_rewritten, swept.packs_written) == (1, 1, 1)
    assert swept.objects_removed == 17
    assert (plan.freed, plan.written) == (swept.freed, swept.written)
    now = sum(pack.stat().st_size for pack in packs(place))
    assert used - now == swept.freed - swept.written > 0
    assert repository.usage().stored_bytes == now
    assert before & {pack.stem for pack in packs(place)} < before
    assert repository.missing([*dead, *sparse[3:]]) == [*dead, *sparse[3:]]
    whole(repository, [*needed, mixed[9]])
    whole(reopen(), [*needed, mixed[9]])


def test_small_packs_are_brought_together(repository: Repository, place: Path) -> None:
    ids = [oid for some in batches(repository, 5) for oid in some]
    trees = store(repository, [content(n) for n in range(3)], Kind.TREE)
    assert len(packs(place)) == 6
    swept = reclaim(repository, [*ids, *trees], small=1 << 20)
    assert (swept.packs_rewritten, swept.packs_written, swept.objects_removed) == (5, 1, 0)
    assert len(packs(place)) == 2
    whole(repository, [*ids, *trees])
    again = reclaim(repository, [*ids, *trees], small=1 << 20)
    assert (again.packs_rewritten, again.packs_deleted) == (0, 0), "there is nothing to do twice"


def test_what_was_reclaimed_can_be_stored_again(repository: Repository) -> None:
    [dead] = batches(repository, 1)
    reclaim(repository, [])
    assert repository.usage().objects == 0
    assert store(repository, (content(k, SIZE) for k in range(10))) == dead
    whole(repository, dead)


@pytest.mark.parametrize("moment", ["before", "marked", "planned"])
@pytest.mark.parametrize("how", ["missing", "put", "frames", "new"])
def test_what_an_open_session_relies_on_stays(repository: Repository, moment: str, how: str) -> None:
    some = batches(repository, 2)
    wanted = object_id(content(999, SIZE)) if how == "new" else some[0][0]
    frames = b"".join(repository.frames([some[0][0]]))
    session = repository.session()

    def rely() -> None:
        if how == "missing":
            assert session.missing([wanted]) == []
        elif how == "frames":
            session.put_frames([frames])
        else:
            assert session.put(Kind.CHUNK, content(999 if how == "new" else 0, SIZE)).id == wanted
        session.flush()

    if moment == "before":
        rely()
    with repository.reclaim() as work:
        if moment == "marked":
            rely()
        plan = work.plan(small=0)
        if moment == "planned":
            rely()
        work.run(plan, Silent())
        session.close()  # its point is in the catalog now, which the reclaim did not see there
        work.run(work.plan(small=0), Silent())
        assert repository.has(wanted)
        assert repository.read(wanted)
    assert repository.missing(some[1]) == some[1]
    reclaim(repository, [])
    assert not repository.has(wanted), "nobody relies on it any more"


def test_a_session_that_let_go_or_was_forgotten_keeps_nothing(repository: Repository) -> None:
    [ids] = batches(repository, 1)
    session = repository.session()
    session.missing(ids[:5])
    forgotten = repository.session()
    forgotten.missing(ids[5:])
    del forgotten
    session.let_go()
    reclaim(repository, [])
    assert repository.usage().objects == 0


def test_a_tree_that_is_held_is_named(repository: Repository) -> None:
    session = repository.session()
    session.hold(b"r" * 32)
    with repository.reclaim() as work:
        assert work.held() == {b"r" * 32}
        session.close()
        assert work.held() == {b"r" * 32}, "the reclaim may have missed what it became"
    with repository.reclaim() as work:
        assert work.held() == set()


def test_readers_follow_what_is_moved(repository: Repository) -> None:
    some = batches(repository, 3)
    needed = [oid for ids in some for oid in ids[:4]]
    reading = repository.read_many(needed)
    frames = repository.frames(needed)
    first, piece = next(reading), next(frames)
    reclaim(repository, needed)
    assert {first[0], *(oid for oid, _ in reading)} == set(needed)
    assert len(piece + b"".join(frames)) == repository.stored_size(needed)


def test_damage_is_not_carried_over(repository: Repository, place: Path) -> None:
    [ids] = batches(repository, 1)
    [pack] = packs(place)
    flip(pack, pack.read_bytes().find(ids[0]) + 60)
    swept = reclaim(repository, ids[:3])
    assert list(swept.left) == [pack.stem]
    assert "damaged" in swept.left[pack.stem]
    assert packs(place) == [pack]
    report = repository.check(read_data=True, reporter=Silent())
    assert [found.object for found in report.damaged] == [ids[0].hex()]


def test_a_struck_out_copy_stays_until_the_object_is_there_again(repository: Repository, place: Path) -> None:
    [ids] = batches(repository, 1)
    [pack] = packs(place)
    repository.condemn([ids[0]])
    with repository.reclaim() as work:
        work.marks.add(ids[:1])
        plan = work.plan()
        assert plan.kept == (pack.stem,)
        work.run(plan, Silent())
    assert packs(place) == [pack], "parity may still mend it"
    again = store(repository, [content(0, SIZE)])
    assert again == ids[:1]
    reclaim(repository, again)
    assert pack not in packs(place)
    whole(repository, again)


def test_the_last_true_copy_is_never_taken_for_one_too_many(
    repository: Repository, place: Path, reopen: Callable[[], Repository], tmp_path: Path
) -> None:
    [ids] = batches(repository, 1, 3)
    [first] = packs(place)
    shutil.copy(first, tmp_path / "aside")
    repository.condemn(ids)
    assert store(repository, (content(k, SIZE) for k in (0, 1, 50))) != ids
    current = next(pack for pack in packs(place) if pack != first)
    flip(current, current.read_bytes().find(ids[1]) + 61)
    swept = reclaim(repository, [*ids[:2], object_id(content(50, SIZE))])
    assert not swept.packs_deleted or first in packs(place)
    assert repository.has(ids[0])


def test_an_interrupted_index_change_is_taken_back_at_the_next_opening(
    place: Path, faulty: Repository, faults: Faults, tmp_path: Path
) -> None:
    """A copy of the repository at every storage call of a reclaim opens whole, with nothing to repair by hand."""
    some = batches(faulty, 6)
    needed = [*some[0][:2], *some[1][:5], *some[2], *some[3][:3]]
    copies: list[Path] = []

    def witness(call: str) -> None:
        if call != "open":
            copy = tmp_path / f"{len(copies):03}-{call}"
            shutil.copytree(place, copy, ignore=lambda _, names: [name for name in names if name.endswith("-shm")])
            copies.append(copy)

    faults.before = witness
    swept = reclaim(faulty, needed, small=1 << 20)
    faults.before = None
    assert swept.packs_deleted == 2
    assert len(copies) > 10
    for copy in copies:
        (copy / "lock").unlink(missing_ok=True)
        with Repository.open(copy) as opened:
            whole(opened, needed)
            reclaim(opened, needed)
            whole(opened, needed)
            assert opened.usage().objects <= len(needed) + 6, "what was interrupted is reclaimed later"


@pytest.mark.parametrize("call", ["begin", "write", "finish", "delete"])
def test_a_failing_disk_loses_nothing(faulty: Repository, faults: Faults, call: str) -> None:
    some = batches(faulty, 6)
    needed = [oid for ids in some[:3] for oid in ids[:3]]
    faults.error, faults.only = errno.EIO, frozenset({call})
    code = ""
    try:
        reclaim(faulty, needed)
    except Failed as known:
        code = known.failure.code
    assert code == ("" if call == "delete" else "repository-unwritable")
    faults.error = None
    whole(faulty, needed)
    reclaim(faulty, needed)
    whole(faulty, needed)


def test_a_full_disk_ends_the_rewriting_only(faulty: Repository, faults: Faults) -> None:
    some = batches(faulty, 4)
    needed = [*some[0][:3], *some[1]]
    faults.capacity = 0
    swept = reclaim(faulty, needed)
    assert (swept.packs_deleted, swept.packs_rewritten) == (2, 0)
    faults.capacity = None
    whole(faulty, [*some[0], *some[1]])
    assert reclaim(faulty, needed).packs_rewritten == 1
    whole(faulty, needed)


def test_many_ids_are_relied_on_without_one_forgotten(repository: Repository) -> None:
    from console.repository.reliance import Reliance

    rng = random.Random(5)
    reliance = Reliance()
    ids = [rng.randbytes(32) for _ in range(150_000)]
    for start in range(0, len(ids), 5000):
        reliance.add(ids[start : start + 5000])
    assert all(reliance.has(oid) for oid in ids)
    assert sum(reliance.has(rng.randbytes(32)) for _ in range(10_000)) < 2500


def test_killed_while_it_reclaims(tmp_path: Path) -> None:
    """A process that puts and reclaims without end, and is killed at any moment, again and again."""
    place = tmp_path / "repository"
    script = """
import os, sys, pathlib, datetime
from console.repository import Repository
from console.domain.objects import Kind
from console.domain.progress import Silent
place = pathlib.Path(sys.argv[1])
needed = [bytes.fromhex(one) for one in sys.argv[2].split()]
created = datetime.datetime(2026, 5, 4, tzinfo=datetime.UTC)
exists = (place / "replicore-repository.json").exists()
repository = Repository.open(place) if exists else Repository.create(place, id="x", created=created)
while True:
    with repository.session() as session:
        ids = [session.put(Kind(1 + n % 2), os.urandom(3000 * n)).id for n in range(1, 9)]
        session.flush()
        needed += ids[::3]
        os.write(1, b"".join(ids[::3]))
    with repository.reclaim() as work:
        work.marks.add(needed)
        work.run(work.plan(), Silent())
"""
    promised = b""
    for turn in range(4):
        known = " ".join(promised[at : at + 32].hex() for at in range(0, len(promised), 32))
        process = subprocess.Popen([sys.executable, "-c", script, str(place), known], stdout=subprocess.PIPE)
        assert process.stdout is not None
        while len(promised) < (turn + 1) * 32 * 3 * (7 + turn):
            promised += os.read(process.stdout.fileno(), 32 * 3)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()
        promised += rest[: len(rest) // 32 * 32]
        process.wait()
        process.stdout.close()
        ids = [promised[at : at + 32] for at in range(0, len(promised), 32)]
        with Repository.open(place) as opened:
            assert opened.missing_packs == ()
            whole(opened, ids)
    with Repository.open(place) as opened:
        reclaim(opened, ids)
        assert opened.usage().objects <= len(ids) + 8
        whole(opened, ids)
