"""What replication follows besides backups: checks, the nightly jobs, points that arrive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI

from console.domain.jobs import Job, JobKind, JobState, Trigger
from console.domain.roles import Role
from console.domain.triggers import followed_by
from console.engine.core import Core
from console.wire.listener import router
from console.wire.server import ServerThread, TlsServer
from tests.engine.test_core import PASSWORD, WAIT, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    house.protect()
    house.back_up()
    house.source.arrange.add(house.pair(), ["web"])
    house.settle()
    yield house
    house.close()


def followers(house: House) -> list[str]:
    """Triggers of the runs since the pairing was set up."""
    runs = house.source.catalog.jobs.page(kind=JobKind.REPLICATE)[0]
    return [run.trigger.value for run in runs if run.trigger is not Trigger.FOLLOWS_SETUP]


def test_a_check_of_points_is_followed_by_replication(house: House) -> None:
    house.source.check_points.start((), machine="web")
    house.settle()
    assert followers(house) == ["follows-check"]


def test_a_check_of_the_repository_is_followed_by_replication(house: House) -> None:
    house.source.check.start_repository(None, read_data=False)
    house.settle()
    assert followers(house) == ["follows-check"]


def test_a_check_of_what_is_not_replicated_is_followed_by_nothing(house: House, tmp_path: Path) -> None:
    house.source.repositories.create("other", tmp_path / "other")
    house.source.check.start_repository("other", read_data=False)
    house.settle()
    assert followers(house) == []


def test_the_nightly_jobs_are_followed_once_by_what_the_target_lost(house: House) -> None:
    (point,) = house.at_target()
    house.source.catalog.settings.set("nightly.checks", "checksum,chain")
    house.target.catalog.points.remove([point])  # as a catalog that was lost would have it, not a deletion
    assert house.at_target() == []
    house.source.nightly.start()
    house.settle()
    assert followers(house) == ["follows-nightly"]
    assert house.at_target() == [point]


def test_a_pause_here_is_followed_by_nothing(house: House) -> None:
    house.source.arrange.pause("target", "web")
    house.source.check_points.start((), machine="web")
    house.settle()
    assert followers(house) == []


@pytest.mark.parametrize("state", [state for state in JobState if state is not JobState.SUCCEEDED])
def test_what_did_not_succeed_is_followed_by_nothing(state: JobState) -> None:
    job = Job("j", JobKind.REPOSITORY_CHECK, "r", state, Trigger.PERSON, datetime(2026, 1, 1, tzinfo=UTC))
    assert followed_by(job) is None


def test_a_point_that_arrives_goes_on_at_once(house: House, tmp_path: Path) -> None:
    third = Core(tmp_path / "third", clock=house.clock, name="third")
    third.users.add("admin", Role.ADMINISTRATOR, PASSWORD)
    app = FastAPI()
    app.include_router(router(third.receive))
    server = ServerThread(TlsServer(app, third.identity, port=0))
    third.receive.trust = server.server.trust
    server.start()
    try:
        port, fingerprint = server.server.port, third.identity.fingerprint
        onward = house.target.pair.pair("127.0.0.1", port, "admin", PASSWORD, fingerprint, "third").pairing.id
        house.target.arrange.add(onward, ["web"])
        assert house.target.jobs.drain(WAIT)
        point = house.back_up()
        assert house.target.jobs.drain(WAIT)
        assert third.catalog.points.find(point) is not None, "nobody had to ask for it"
        runs = house.target.catalog.jobs.page(kind=JobKind.REPLICATE)[0]
        assert Trigger.FOLLOWS_ARRIVAL in {run.trigger for run in runs}
    finally:
        house.target.jobs.drain(WAIT)
        server.stop()
        third.stop()
