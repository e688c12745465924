"""Two Cores side by side through the API of the source, and as the command line says it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import get_type_hints

import pytest

from console.client.client import Client
from console.client.inside import InsideTransport
from console.client.local import read_token
from console.domain import compare_answers
from console.domain.errors import Failed
from console.flows import comparing
from console.service.app import close, create_app
from tests.support.two_cores import PAIRING, TwoCores


@pytest.fixture
def two(tmp_path: Path) -> Iterator[TwoCores]:
    """One point at both, a second one only at the source."""
    with TwoCores(tmp_path) as two:
        tree = tmp_path / "tree"
        tree.mkdir()
        (tree / "file").write_bytes(b"something to keep")
        two.source.protect.add("web", [("data", str(tree))], interval_s=3600)
        two.pair()
        two.back_up("web")
        two.source.arrange.add(PAIRING, ["web"])
        assert two.source.jobs.drain(60)
        two.source.arrange.pause(PAIRING)
        two.back_up("web")
        yield two


@pytest.fixture
async def client(two: TwoCores) -> AsyncIterator[Client]:
    app = create_app(two.source)
    transport = InsideTransport(app)
    yield Client(transport, token=read_token(two.source.data))
    await transport.close()
    close(app)


async def test_a_comparison_says_how_many_and_names_those_that_differ(client: Client, two: TwoCores) -> None:
    found = await client.compare(PAIRING)
    assert set(found) == set(get_type_hints(compare_answers.Comparison))
    (machine,) = found["machines"]
    assert set(machine) == set(get_type_hints(compare_answers.ComparedMachine))
    assert (found["here"], found["there"], found["alike"]) == ("source", "target", False)
    assert (machine["same"], machine["only_here"], machine["only_there"]) == (1, 1, 0)
    (point,) = machine["points"]
    assert set(point) == set(get_type_hints(compare_answers.DifferentPoint))
    assert (point["difference"], point["why"], point["fix"]) == ("only-here", "paused", "resume")
    assert comparing.summed(machine, found["there"]) == "1 only here, 1 the same"
    assert comparing.why(point, "target") == "The replication is paused."
    assert not comparing.mendable(found)


async def test_a_fix_starts_what_can_be_mended(client: Client, two: TwoCores) -> None:
    assert (await client.fix_differences(PAIRING))["jobs"] == []
    two.source.catalog.pairings.change(two.source.catalog.pairings.get(PAIRING).id, paused_here=False)
    assert comparing.mendable(await client.compare(PAIRING, machine="web"))
    (job,) = (await client.fix_differences(PAIRING, "web"))["jobs"]
    assert job["kind"] == "replicate"
    assert two.source.jobs.drain(60)
    assert (await client.compare(PAIRING))["alike"]


async def test_of_many_differences_the_newest_are_named(client: Client, two: TwoCores) -> None:
    newest = two.back_up("web")
    (machine,) = (await client.compare(PAIRING, limit=1))["machines"]
    assert [point["point"] for point in machine["points"]] == [newest]
    assert machine["left_out"] == 1


async def test_a_machine_that_is_not_there_is_refused(client: Client) -> None:
    with pytest.raises(Failed) as raised:
        await client.compare(PAIRING, machine="nobody")
    assert raised.value.failure.code == "no-such-machine"
