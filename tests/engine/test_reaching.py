"""What has reached a target is known point by point; pauses of either side are heard and hold; names never clash."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from console.domain.jobs import Job, JobState
from console.domain.pairing import Direction, Link, Pairing
from console.domain.replicas import ReplicaState
from console.domain.retention import Keep
from console.domain.roles import Role
from console.engine.core import Core
from console.engine.locks import Locks
from console.engine.replicate.lag import MemberState
from console.engine.replicate.names import LONGEST, free_name
from console.wire.conversation import SPEAKS
from console.wire.listener import router
from console.wire.messages import StatusAnswer
from console.wire.server import ServerThread, TlsServer
from tests.support.two_cores import PAIRING, PASSWORD, TwoCores, ended, points_of


@pytest.fixture
def two(tmp_path: Path) -> Iterator[TwoCores]:
    """Paired; one machine is protected at the source, with one point that is replicated."""
    with TwoCores(tmp_path) as two:
        tree = tmp_path / "tree"
        tree.mkdir()
        (tree / "file").write_bytes(b"something to keep")
        two.source.protect.add("web", [("data", str(tree))], interval_s=3600)
        two.pair()
        two.back_up("web")
        two.source.arrange.add(PAIRING, ["web"])
        assert two.source.jobs.drain(60)
        yield two


def pairing_of(two: TwoCores) -> Pairing:
    return two.source.catalog.pairings.get(PAIRING)


def web(core: Core) -> str:
    return core.catalog.machines.get("web").id


def run(two: TwoCores) -> Job:
    return ended(two.source, two.source.replicate.start(PAIRING))


def there(two: TwoCores) -> frozenset[str]:
    return two.source.catalog.replicas.there(pairing_of(two).id, web(two.source))


def warnings(job: Job) -> list[str]:
    assert job.state is JobState.SUCCEEDED, job.failure
    return [warning.code for warning in job.warnings]


# ------------------------------------------------------------------------------------------------------- point by point


def test_what_was_sent_is_there_by_name(two: TwoCores) -> None:
    second = two.back_up("web")
    member = two.source.catalog.members.get(pairing_of(two).id, web(two.source))
    assert there(two) == set(points_of(two.source))
    assert member.last_point == two.source.catalog.points.get(second).time
    assert two.source.points.view(second).targets == (PAIRING,)


def test_a_hole_is_seen_and_filled_although_newer_points_are_there(two: TwoCores) -> None:
    """The target loses a point in the middle: time alone would say that it has all."""
    middle, _ = two.back_up("web"), two.back_up("web")
    two.target.catalog.points.remove([middle])
    assert middle in there(two), "as it said last"
    two.source.arrange.pause(PAIRING)
    two.source.jobs.drain(60)
    run(two)
    shown = two.source.replicate.show(PAIRING)
    assert (middle in there(two), shown.machines[0].lag_points) == (False, 1)
    assert two.source.points.view(middle).targets == ()
    two.source.arrange.resume(PAIRING)
    assert two.source.jobs.drain(60)
    assert there(two) == set(points_of(two.source)) == set(points_of(two.target))


def test_a_point_that_was_let_go_there_is_not_waited_for(two: TwoCores) -> None:
    """Deleted at the target by a person: neither behind nor sent again, nor a point that both have."""
    old = two.back_up("web")
    newest = two.back_up("web")
    machine = web(two.source)
    two.target.retain.delete([newest])
    run(two)
    replica = two.source.catalog.replicas.find(newest, pairing_of(two).id)
    assert replica is not None
    assert replica.state is ReplicaState.DELETED
    (shown,) = two.source.replicate.show(PAIRING).machines
    assert (shown.state, shown.lag_points) == (MemberState.IN_STEP, 0)
    assert newest not in points_of(two.target)
    locks = Locks(two.source.catalog).of(machine, two.source.catalog.points.all_of(machine))
    assert [why.code for why in locks[old]] == [Keep.LAST_COMMON], "the newest that both have is this one now"
    assert newest not in locks


def test_what_arrived_before_a_cut_is_known_although_the_run_failed(
    two: TwoCores, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.source.arrange.pause(PAIRING)
    first, second = two.back_up("web"), two.back_up("web")
    commit, calls = two.target.receive.commit, []

    def once(pairing: Pairing, request: object) -> None:
        calls.append(request)
        if len(calls) > 1:
            raise RuntimeError("the target dies")
        commit(pairing, request)  # type: ignore[arg-type]

    monkeypatch.setattr(two.target.receive, "commit", once)
    two.source.arrange.resume(PAIRING)
    assert two.source.jobs.drain(60)
    assert (first in there(two), second in there(two)) == (True, False)


def test_a_point_of_two_volumes_is_the_newest_there_only_when_both_have_come(two: TwoCores, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "file").write_bytes(b"more")
    two.source.arrange.pause(PAIRING)
    two.source.protect.edit("web", volumes=[("data", str(tmp_path / "tree")), ("more", str(other))])
    two.back_up("web")
    taken: list[object] = []
    commit = two.target.receive.commit

    def look(pairing: Pairing, request: object) -> None:
        commit(pairing, request)  # type: ignore[arg-type]
        taken.append(two.target.catalog.members.get(pairing.id, web(two.source)).last_point)

    two.target.receive.commit = look  # type: ignore[method-assign, assignment]
    two.source.arrange.resume(PAIRING)
    assert two.source.jobs.drain(60)
    old, new = (point.time for point in two.source.catalog.points.all_of(web(two.source)))
    assert taken == [old, new]


# --------------------------------------------------------------------------------------------------------------- pauses


def test_a_pause_set_while_the_target_is_asked_is_not_undone(two: TwoCores) -> None:
    """What a call brings is written beside what a person sets meanwhile, not over it."""
    peers = two.source.replicate._peers
    dialer = peers.dialer(pairing_of(two))
    status = dialer.status

    def slow(request: object) -> StatusAnswer:
        answer = status(request)  # type: ignore[arg-type]
        two.source.arrange.pause(PAIRING)
        two.target.arrange.pause("source")
        return answer

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(dialer, "status", slow)
        peers.exchange(pairing_of(two))
    found = pairing_of(two)
    assert (found.paused_here, found.link) == (True, Link.PAUSED)
    peers.exchange(found)
    assert two.target.catalog.pairings.get("source").paused_here, "nor does the target's side undo its own"
    assert pairing_of(two).paused_there


def test_a_machine_that_the_target_pauses_waits_and_the_source_says_who_did(two: TwoCores) -> None:
    two.target.arrange.pause("source", "web")
    point = two.back_up("web")
    assert warnings(run(two)) == ["paused-by-target"]
    assert point not in points_of(two.target)
    (shown,) = two.source.replicate.show(PAIRING).machines
    assert (shown.state, shown.paused_by) == (MemberState.PAUSED, "target (this machine)")
    two.target.arrange.resume("source", "web")
    assert warnings(run(two)) == []
    assert point in points_of(two.target)


def test_a_machine_paused_there_after_the_source_has_asked(two: TwoCores, monkeypatch: pytest.MonkeyPatch) -> None:
    point = "none"
    peers = two.source.replicate._peers
    exchange = peers.exchange

    def then_pause(pairing: Pairing) -> StatusAnswer:
        answer = exchange(pairing)
        two.target.catalog.members.change(pairing.id, web(two.source), paused=True)
        return answer

    monkeypatch.setattr(peers, "exchange", then_pause)
    point = two.back_up("web")
    assert point not in points_of(two.target)
    assert warnings(run(two)) == ["paused-by-target"]


def test_a_pairing_that_the_target_pauses_is_a_warning_and_no_failure(two: TwoCores) -> None:
    two.target.arrange.pause("source")
    point = two.back_up("web")
    job = run(two)
    assert warnings(job) == ["paused-by-target"]
    assert point not in points_of(two.target)
    assert not [event for event in two.source.catalog.events.page()[0] if event.code == "replicate-failed"]


# ------------------------------------------------------------------------------------------------------ what is learned


def test_how_often_a_machine_is_backed_up_is_known_at_the_target(two: TwoCores) -> None:
    """Else nobody there could say that it is late."""
    assert two.target.catalog.machines.get("web").interval_s == 3600
    peers = two.source.replicate._peers
    two.source.protect.pause("web")
    peers.exchange(pairing_of(two))
    assert two.target.catalog.machines.get("web").interval_s == 0, "nothing is to come, so nothing is late"
    two.source.protect.resume("web")
    peers.exchange(pairing_of(two))
    two.clock.forward(timedelta(hours=9).total_seconds())  # type: ignore[attr-defined]
    (row,) = two.target.safety.rows()
    assert "Nothing has come from “source”" in row["why"]


def test_both_sides_know_what_the_other_speaks(two: TwoCores) -> None:
    two.source.replicate._peers.exchange(pairing_of(two))
    assert pairing_of(two).speaks == two.target.catalog.pairings.get("source").speaks == SPEAKS


# ---------------------------------------------------------------------------------------------------------------- names


def test_two_cores_that_replicate_to_each_other_need_no_names_of_their_own(two: TwoCores) -> None:
    """The target has an incoming pairing of the source's name when it pairs the other way round."""
    two.source.users.add("admin", Role.ADMINISTRATOR, PASSWORD)
    app = FastAPI()
    app.include_router(router(two.source.receive))
    server = ServerThread(TlsServer(app, two.source.identity, port=0))
    two.source.receive.trust = server.server.trust
    server.start()
    try:
        fingerprint = two.source.identity.fingerprint
        made = two.target.pair.pair("127.0.0.1", server.server.port, "admin", PASSWORD, fingerprint)
        assert made.pairing.name == "source as target"
        assert {p.name for p in two.target.catalog.pairings.list()} == {"source", "source as target"}
        assert len({p.name for p in two.source.catalog.pairings.list()}) == 2
        assert len(two.source.catalog.pairings.list(Direction.INCOMING)) == 1
    finally:
        server.stop()


def test_a_machine_comes_although_its_name_and_the_other_one_are_taken(two: TwoCores, tmp_path: Path) -> None:
    for name in ("mail", "mail (source)"):
        known = two.target.catalog.machines.get("web")
        two.target.catalog.machines.add(replace(known, id=f"of {name}", name=name))
    two.source.protect.add("mail", [("data", str(tmp_path / "tree"))], interval_s=0)
    two.source.arrange.add(PAIRING, ["mail"])
    two.back_up("mail")
    mail = two.source.catalog.machines.get("mail").id
    assert two.target.catalog.machines.get(mail).name == "mail (source) 2"
    assert two.source.catalog.replicas.waiting(pairing_of(two).id, mail) == []


@given(st.from_regex(r"a[ab (.]{0,62}b", fullmatch=True), st.sets(st.integers(1, 20)))
def test_a_free_name_is_free_and_no_longer_than_a_name_may_be(name: str, taken: set[int]) -> None:
    asked: list[str] = []

    def is_free(one: str) -> bool:
        asked.append(one)
        return len(asked) > len(taken)

    found = free_name(name, f"{name} (office)", is_free)
    assert (found, len(found) <= LONGEST) == (asked[-1], True)


def test_many_pauses_and_answers_at_once(two: TwoCores) -> None:
    """Nobody's word is lost, whoever writes last."""
    peers, found = two.source.replicate._peers, pairing_of(two)

    def ask() -> None:
        for _ in range(5):
            peers.exchange(found)

    asking = threading.Thread(target=ask)
    asking.start()
    for number in range(10):
        two.source.catalog.pairings.change(found.id, paused_here=bool(number % 2), paused_note=str(number))
        assert pairing_of(two).paused_here is bool(number % 2)
    asking.join()
    assert (pairing_of(two).paused_here, pairing_of(two).paused_note) == (True, "9")
