"""Room is given back without anything being lost: after deletions, beside sessions, and of what was cut off."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from console.domain.chains import ChainState
from console.domain.errors import Cancelled, Failed
from console.domain.objects import Kind
from console.domain.progress import Silent
from console.domain.recovery_points import BaseReason, ImageKind
from console.domain.retention import parse_policy
from console.engine.core import Core
from console.repository import Repository, sweep
from tests.support.clock import FixedClock


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def core(tmp_path: Path, clock: FixedClock) -> Iterator[Core]:
    core = Core(tmp_path / "core", clock=clock, name="here")
    (tmp_path / "tree").mkdir()
    core.protect.add("web", [("tree", str(tmp_path / "tree"))], interval_s=0)
    yield core
    core.stop()


def write(tmp_path: Path, seed: int, files: int = 6, size: int = 60_000) -> None:
    rng = random.Random(seed)
    for number in range(files):
        (tmp_path / "tree" / f"{seed}-{number}").write_bytes(rng.randbytes(size))


def drop(tmp_path: Path, seed: int) -> None:
    for path in (tmp_path / "tree").glob(f"{seed}-*"):
        path.unlink()


def back_up(core: Core, *, base: bool = False) -> str:
    machine = core.catalog.machines.get("web")
    return str(core.protect.backup(machine, base=base, reporter=Silent())["point"])


def reclaim(core: Core, *, dry_run: bool = False) -> dict[str, Any]:
    return core.reclaim.run(core.repositories.info("default"), dry_run=dry_run, reporter=Silent())


def repository(core: Core) -> Repository:
    return core.repositories.open("default")


def whole(core: Core) -> None:
    report = core.check.repository(core.repositories.info("default"), read_data=True, reporter=Silent())
    assert (report["damaged"], report["missing_packs"]) == ([], [])
    for machine in core.catalog.machines.list():
        assert all(not stored.damaged for stored in core.catalog.points.images_of(machine.id))


def test_deleting_and_reclaiming_gives_room_back(core: Core, tmp_path: Path) -> None:
    write(tmp_path, 1)
    first = back_up(core)
    drop(tmp_path, 1)
    write(tmp_path, 2)
    kept = back_up(core, base=True)
    assert reclaim(core)["done"]["objects_removed"] == 0, "everything is needed still"
    core.retain.delete([first])
    before = repository(core).usage().stored_bytes
    planned = reclaim(core, dry_run=True)
    assert "done" not in planned
    assert planned["unreferenced_bytes"] > 6 * 60_000
    assert core.repositories.info("default").unreferenced == planned["unreferenced_bytes"]
    done = reclaim(core)
    assert done["done"]["bytes_won"] == planned["bytes_won"] == before - repository(core).usage().stored_bytes > 300_000
    assert core.repositories.info("default").unreferenced == 0
    whole(core)
    assert core.catalog.points.get(kept).images
    again = reclaim(core)
    assert (again["unreferenced_objects"], again["done"]["objects_removed"]) == (0, 0)


def test_a_chain_keeps_what_only_its_base_stored(core: Core, tmp_path: Path) -> None:
    write(tmp_path, 1)
    back_up(core)
    write(tmp_path, 2, files=2)
    second = back_up(core)
    drop(tmp_path, 2)
    back_up(core)
    reclaim(core)
    whole(core)
    assert core.points.view(second).state.value == "whole"


def test_a_backup_whose_parent_is_deleted_and_reclaimed_under_it_stands_alone(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, 1)
    first = back_up(core)
    write(tmp_path, 2, files=1)
    original = repository(core).session

    def meddle(*args: Any, **options: Any) -> Any:
        session = original(*args, **options)
        flush = session.flush

        def delete_first_then_flush() -> None:
            monkeypatch.setattr(session, "flush", flush)
            core.retain.delete([first])
            reclaim(core)
            flush()

        monkeypatch.setattr(repository(core), "session", original)
        monkeypatch.setattr(session, "flush", delete_first_then_flush)
        return session

    monkeypatch.setattr(repository(core), "session", meddle)
    second = back_up(core)
    [image] = core.catalog.points.get(second).images
    assert (image.kind, image.base_reason, image.parent) == (ImageKind.BASE, BaseReason.PARENT_LOST, None)
    reclaim(core)
    whole(core)
    assert core.points.view(second).state.value == "whole"


def test_while_it_is_not_known_what_is_needed_nothing_goes(core: Core, tmp_path: Path) -> None:
    write(tmp_path, 1)
    point = back_up(core)
    [image] = core.catalog.points.get(point).images
    before = repository(core).usage().packs
    repository(core).condemn([bytes.fromhex(image.root)])
    with pytest.raises(Failed) as known:
        reclaim(core)
    assert known.value.failure.code == "repository-damaged"
    assert repository(core).usage().packs == before
    core.retain.delete([point])
    assert reclaim(core)["done"]["bytes_won"] > 0


def test_tombstones_stay_while_a_record_could_come_back(core: Core, tmp_path: Path, clock: FixedClock) -> None:
    write(tmp_path, 1)
    core.retain.delete([back_up(core)])
    reclaim(core)
    assert list(repository(core).records(Kind.RECORD)) == []
    assert len(list(repository(core).records(Kind.TOMBSTONE))) == 1
    clock.forward(401 * 86400)
    reclaim(core)
    assert list(repository(core).records(Kind.TOMBSTONE)) == []
    assert repository(core).usage().objects == 0


def test_what_was_cut_off_is_kept_only_while_it_is_expected(core: Core, tmp_path: Path, clock: FixedClock) -> None:
    write(tmp_path, 1)
    point = back_up(core)
    [image] = core.catalog.points.get(point).images
    root = bytes.fromhex(image.root)
    ids = sorted({ref.id for batch in _increment(core, root) for ref in batch})
    core.catalog.points.remove([point])  # as if it had never been committed
    record = core.catalog.points
    assert record.find(point) is None
    info = core.repositories.info("default")
    since = core.catalog.reclaims.unfinished(info.id, [image.root], clock.now())
    assert since[image.root] == clock.now()
    clock.forward(86400)
    assert core.catalog.reclaims.unfinished(info.id, [image.root], clock.now()) == since
    assert core.catalog.reclaims.unfinished(info.id, [], clock.now()) == {}
    reclaim(core)
    assert repository(core).missing(ids) == ids, "nobody expects it"


def _increment(core: Core, root: bytes) -> Iterator[Any]:
    from console.repository import TreeReader

    return TreeReader(repository(core)).increment(root, None, names=False)


class CutOff(Silent):
    """Cancels at the moment that is counted down to. `phases`: the names of what had begun by then."""

    def __init__(self, moments: int) -> None:
        super().__init__()
        self.phases: list[str] = []
        self._left = moments

    def phase(self, name: str, *, bytes_total: int | None = None, items_total: int | None = None) -> None:
        del bytes_total, items_total
        self.phases.append(name)

    def check(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Cancelled


def test_cancelled_anywhere_it_keeps_what_is_needed_and_goes_on(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is cut off a moment later than the one before; packs that go, and packs of which a part stays."""
    monkeypatch.setattr(sweep, "_TOGETHER", 1)
    monkeypatch.setattr(sweep, "PACK_BYTES", 100_000)
    passing = []
    for number in range(4):
        write(tmp_path, number, files=3)
        passing.append(back_up(core, base=True))
        for gone in (0, 1):
            (tmp_path / "tree" / f"{number}-{gone}").unlink()
    kept = back_up(core, base=True)
    info = core.repositories.info("default")
    before = repository(core).usage().stored_bytes
    core.retain.delete(passing)
    sizes, moments, cut = {before}, 0, 0
    while True:
        reporter = CutOff(moments)
        try:
            done = core.reclaim.run(info, dry_run=False, reporter=reporter)["done"]
        except Cancelled:
            cut += "Giving room back" in reporter.phases
            assert core.points.view(kept).state is ChainState.WHOLE
            whole(core)
            sizes.add(repository(core).usage().stored_bytes)
            moments += 1
        else:
            break
    assert cut >= 3, "while room was given back, not only before"
    assert len(sizes) >= 2, "what had been given back stayed so"
    assert reclaim(core, dry_run=True)["unreferenced_bytes"] == 0
    assert before - repository(core).usage().stored_bytes > 8 * 60_000, done
    core.restore.files(core.restore.plan(kept, (), str(tmp_path / "back"), overwrite="never", partial=False), Silent())
    for number in range(4):
        name = f"{number}-2"
        assert (tmp_path / "back" / name).read_bytes() == (tmp_path / "tree" / name).read_bytes()


def test_a_job_that_is_cancelled_says_so_and_the_next_goes_on(core: Core, tmp_path: Path) -> None:
    write(tmp_path, 1)
    core.retain.delete([back_up(core)])
    job = core.reclaim.start("default", dry_run=False)
    core.jobs.cancel(job.id)
    core.jobs.drain(60)
    assert core.jobs.get(job.id).state.value in ("cancelled", "succeeded")
    whole(core)
    reclaim(core)
    assert reclaim(core, dry_run=True)["unreferenced_bytes"] == 0


def test_a_limit_ends_a_backup_before_it_is_passed_and_deleting_still_works(core: Core, tmp_path: Path) -> None:
    write(tmp_path, 1)
    first = back_up(core)
    used = repository(core).usage().stored_bytes
    core.repositories.edit("default", limit=used + 100_000)
    write(tmp_path, 2)
    with pytest.raises(Failed) as known:
        back_up(core)
    assert known.value.failure.code == "repository-full"
    assert "limit" in known.value.failure.message
    assert repository(core).usage().stored_bytes <= used + 100_000
    assert core.repositories.free(core.repositories.info("default")) <= 100_000
    whole(core)
    core.retain.delete([first])
    assert reclaim(core)["done"]["bytes_won"] > 300_000
    drop(tmp_path, 1)
    back_up(core)
    core.repositories.edit("default", limit=0)
    assert core.repositories.info("default").limit is None
    whole(core)


def test_one_default_and_new_names(core: Core, tmp_path: Path) -> None:
    core.repositories.create("big", tmp_path / "big", limit=5 << 30)
    core.repositories.edit("big", default=True, rename="large")
    infos = {info.name: info for info in core.repositories.list()}
    assert infos.keys() == {"default", "large"}
    assert (infos["large"].default, infos["default"].default) == (True, False)
    assert infos["large"].limit == 5 << 30
    assert core.repositories.choose(None).name == "large"
    with pytest.raises(Failed, match="already"):
        core.repositories.edit("large", rename="default")


def test_old_tombstones_do_not_hide_a_young_one(core: Core, tmp_path: Path, clock: FixedClock) -> None:
    write(tmp_path, 1)
    core.retain.delete([back_up(core)])
    reclaim(core)
    clock.forward(timedelta(days=300).total_seconds())
    drop(tmp_path, 1)
    write(tmp_path, 3)
    core.retain.delete([back_up(core)])
    clock.forward(timedelta(days=150).total_seconds())
    reclaim(core)
    assert len(list(repository(core).records(Kind.TOMBSTONE))) == 1


def test_a_rollup_beside_reclaims_loses_no_record(core: Core, tmp_path: Path, clock: FixedClock) -> None:
    """A reclaim runs between any two steps of it: also while the new records are in no catalog yet."""
    for number in range(14):
        write(tmp_path, number, files=1, size=20_000)
        back_up(core)
        clock.forward(6 * 3600)
    machine = core.catalog.machines.get("web").id
    core.rollup.set_policy(machine, parse_policy("all 1d daily 5d"))
    steps: list[str] = []

    def step(name: str) -> None:
        steps.append(name)
        reclaim(core)

    result = core.rollup.run(machine, Silent(), step)
    assert "records" in steps
    assert result["points_removed"] > 3
    reclaim(core)
    points = core.catalog.points.all_of(machine)
    assert len(points) == result["points_kept"]
    assert all(repository(core).has(bytes.fromhex(point.record)) for point in points)
    assert {core.points.view(point.id).state.value for point in points} == {"whole"}
    whole(core)
