"""A link connects, hears of changes, survives the death of its Core and finds it again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.client import connect
from console.client.client import Client
from console.client.local import LocalCore, read_token
from console.desktop.link import LinkState
from console.domain.events import Changed
from console.domain.roles import Right
from tests.support.bench import Bench
from tests.support.cores import CoreProcess


@pytest.fixture
def core(tmp_path: Path) -> Iterator[CoreProcess]:
    made = CoreProcess(tmp_path / "core").start()
    yield made
    made.kill()  # asked politely it would wait for its caller, whose event loop has ended


def _connect(core: CoreProcess) -> Client:
    return connect.local(LocalCore("127.0.0.1", core.port, 0, core.fingerprint), read_token(core.data))


def test_a_link_hears_of_changes_and_survives_the_death_of_its_core(
    bench: Bench, core: CoreProcess, tmp_path: Path
) -> None:
    async def dial() -> Client:
        return _connect(core)

    desk = bench.desk_on(dial)
    link = desk.link
    assert link.status is not None
    assert link.may(Right.ADMINISTER)
    heard: set[Changed] = set()
    link.changed.connect(heard.update)
    (tmp_path / "files").mkdir()
    bench.run(desk.client.protect("a machine", [(None, str(tmp_path / "files"))]))
    bench.wait(lambda: Changed.MACHINES in heard, "the feed did not name machines")

    core.kill()
    bench.wait(lambda: link.state is LinkState.LOST, "the death of the Core was not noticed")
    assert link.failure is not None
    assert link.failure.code == "core-unreachable"
    heard.clear()
    core.start()
    link.try_again()
    bench.wait(lambda: link.connected, "the Core was not found again")
    assert heard == set(Changed), "nobody knows what was missed: everything is to be read again"
