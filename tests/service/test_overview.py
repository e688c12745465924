"""Home, safety, throughput, topology and search at the API of a real Core."""

from __future__ import annotations

import random
from pathlib import Path
from typing import get_type_hints

import pytest

from console.client.client import Client
from console.domain import overview_answers as answers
from console.domain.errors import Failed
from console.domain.events import Severity
from console.domain.machines import MachineKind
from console.domain.pairing import CoreIdentity, Direction, PairingState
from console.engine.core import Core
from tests.service.conftest import backed_up, ended
from tests.support import values


def same_keys(answer: object, kind: type) -> None:
    assert isinstance(answer, dict)
    assert set(answer) == set(get_type_hints(kind))


async def two_machines(core: Core, client: Client, tree: Path) -> tuple[str, str]:
    """`web` with a point, `mail` with none; ids of the machines."""
    await backed_up(client, tree, "web")
    mail = await client.protect("mail", [("tree", str(tree))], interval_s=0)
    return (await client.machine("web"))["id"], mail["id"]


async def test_an_empty_core_has_an_empty_home(client: Client) -> None:
    home = await client.home()
    same_keys(home, answers.Home)
    assert (home["machines"], home["lag_s"], home["orphaned_points"], home["alerts"]) == (0, None, 0, 0)
    assert set(home["verdicts"].values()) == {0}
    (repository,) = home["repositories"]
    same_keys(repository, answers.RepositoryUse)
    assert (repository["name"], repository["days_to_full"]) == ("default", None)
    assert repository["free_bytes"] > 0
    assert (await client.safety())["total"] == 0


async def test_home(core: Core, client: Client, tree: Path) -> None:
    await two_machines(core, client, tree)
    core.journal.note(Severity.ERROR, "disk-low", "It is full.", alert=True)
    home = await client.home()
    assert {verdict: count for verdict, count in home["verdicts"].items() if count} == {"safe": 1, "empty": 1}
    assert home["jobs"] == {"succeeded": 1, "failed": 0, "running": 0}
    assert (home["alerts"], [alert["code"] for alert in home["newest_alerts"]]) == (1, ["disk-low"])
    assert home["repositories"][0]["stored_bytes"] > 0
    assert (home["repositories"][0]["days_to_full"] or 0) > 1


async def test_the_safety_table(core: Core, client: Client, tree: Path) -> None:
    web, _ = await two_machines(core, client, tree)

    async def names(**how: object) -> list[str]:
        page = await client.safety(**how)  # type: ignore[arg-type]
        return [row["machine"] for row in page["machines"]]

    page = await client.safety()
    for row in page["machines"]:
        same_keys(row, answers.SafetyAnswer)
    assert [(row["machine"], row["verdict"], row["points"]) for row in page["machines"]] == [
        ("mail", "empty", 0),
        ("web", "safe", 1),
    ]
    assert (page["machines"][1]["restorability"], page["machines"][1]["origin"]) == ("volume", "here")
    assert await names(sort="verdict", descending=True) == ["web", "mail"]
    assert await names(sort="last_point") == ["web", "mail"]
    assert await names(sort="last_point", descending=True) == ["web", "mail"], "what has none stands last"
    assert await names(sort="points") == ["mail", "web"]
    assert await names(text="WE") == ["web"]
    assert await names(verdict="empty") == ["mail"]
    assert await names(kind="replicated") == []
    page = await client.safety(sort="name", offset=1, limit=1)
    assert ([row["machine"] for row in page["machines"]], page["total"]) == (["web"], 2)
    with pytest.raises(Failed):
        await client.safety(sort="colour")

    point = core.catalog.points.latest(web)
    assert point is not None
    core.catalog.points.set_damaged([point.images[0].id], True)
    (row,) = (await client.safety(text="web"))["machines"]
    assert (row["verdict"], row["orphaned"]) == ("broken", 1)
    assert "not whole" in row["why"]


async def test_replicas_and_their_lag(core: Core, client: Client, tree: Path) -> None:
    web, _ = await two_machines(core, client, tree)
    core.catalog.pairings.add(values.pairing("pairing-1", name="offsite", paused_here=False))
    core.catalog.members.put(values.member("pairing-1", web, paused=False, last_point=None, last_sent=None))
    (row,) = (await client.safety(text="web"))["machines"]
    (replica,) = row["replicas"]
    same_keys(replica, answers.ReplicaAnswer)
    assert (replica["name"], replica["peer"], replica["state"]) == ("offsite", "north", "behind")
    assert (replica["lag_points"], replica["last_replicated"]) == (1, None)
    assert [r["machine"] for r in (await client.safety(sort="lag"))["machines"]] == ["web", "mail"]
    home = await client.home()
    assert (home["lag_points"], home["lag_bytes"]) == (1, replica["lag_bytes"])


async def test_a_machine_whose_source_paused_it(core: Core, client: Client) -> None:
    core.catalog.machines.add(
        values.machine("far-1", name="far", kind=MachineKind.REPLICATED, origin_name="south", repository="r")
    )
    core.catalog.pairings.add(
        values.pairing("pairing-2", direction=Direction.INCOMING, paused_here=False, paused_there=True)
    )
    core.catalog.members.put(values.member("pairing-2", "far-1", paused=False))
    (row,) = (await client.safety(kind="replicated"))["machines"]
    assert (row["origin"], row["verdict"]) == ("south", "empty")
    assert "paused by “north”" in row["why"]


async def test_what_a_machine_has(client: Client, tree: Path) -> None:
    point = await backed_up(client, tree)
    same_keys(await client.chain_map("web"), answers.ChainMap)
    (volume,) = (await client.chain_map("web", point=point))["volumes"]
    same_keys(volume["images"][0], answers.LinkAnswer)
    (day,) = (await client.days("web"))["days"]
    same_keys(day, answers.DayAnswer)
    assert (day["newest"], day["points"], day["worst"]) == (point, 1, "whole")
    orphan = await client.orphan(point)
    same_keys(orphan, answers.OrphanAnswer)
    found = await client.find_files(point, text="TEX")
    same_keys(found, answers.FoundFiles)
    assert [(file["path"], file["volume"], file["here"]) for file in found["files"]] == [("folder/text", "tree", True)]
    first = await client.find_files(point, limit=1)
    rest = await client.find_files(point, after=first["next"], here=True)
    assert [file["path"] for file in [*first["files"], *rest["files"]]] == ["empty", "folder/text", "link"]
    for call in (client.chain_map("no"), client.days("no"), client.orphan("no"), client.find_files("no")):
        with pytest.raises(Failed):
            await call


async def test_throughput(core: Core, client: Client, tree: Path, tmp_path: Path) -> None:
    (tree / "big").write_bytes(random.Random(1).randbytes(500_000))
    point = await backed_up(client, tree)
    restored = await ended(client, await client.restore_files(point, [], str(tmp_path / "back")))
    assert restored["state"] == "succeeded"
    for span, step in (("24h", 1800), ("7d", 10_800), ("30d", 43_200)):
        shown = await client.throughput(span)
        assert (shown["span_s"], len(shown["buckets"]) * step) == (
            step,
            int(span[:-1]) * (3600 if span == "24h" else 86_400),
        )
        for bucket in shown["buckets"]:
            same_keys(bucket, answers.BucketAnswer)
        assert shown["buckets"] == sorted(shown["buckets"], key=lambda bucket: bucket["time"])
        sums = {key: sum(bucket[key] for bucket in shown["buckets"]) for key in ("read", "stored", "restored", "sent")}
        assert sums["read"] == sums["restored"] == 507_000
        assert (sums["stored"] > 500_000, sums["sent"]) == (True, 0)
    await client.protect("other", [("tree", str(tree))], interval_s=0)
    assert sum(bucket["read"] for bucket in (await client.throughput(machine="web"))["buckets"]) == 507_000
    assert sum(bucket["restored"] for bucket in (await client.throughput(machine="other"))["buckets"]) == 0
    with pytest.raises(Failed):
        await client.throughput("1y")


async def test_topology(core: Core, client: Client, tree: Path) -> None:
    web, _ = await two_machines(core, client, tree)
    (alone,) = (await client.topology())["cores"]
    same_keys(alone, answers.NodeAnswer)
    assert (alone["name"], alone["self"], alone["machines"]) == ("here", True, 2)
    core.catalog.pairings.add(values.pairing("pairing-1", name="offsite", paused_here=False))
    core.catalog.pairings.add(
        values.pairing("pairing-2", direction=Direction.INCOMING, peer=CoreIdentity("core-c", "south", "1.0", "EF"))
    )
    core.catalog.pairings.add(values.pairing("pairing-3", state=PairingState.REMOVED))
    core.catalog.members.put(values.member("pairing-1", web, paused=False, last_point=None))
    core.catalog.seeds.add(values.seed(pairing="pairing-1"))
    found = await client.topology()
    assert [node["name"] for node in found["cores"]] == ["here", "north", "south"]
    out, into = found["arrows"]
    same_keys(out, answers.ArrowAnswer)
    me = core.identity.core_id
    assert (out["name"], out["source"], out["target"], out["machines"]) == ("offsite", me, "core-b", 1)
    assert (out["lag_points"], out["seeds"], out["paused"], out["running"]) == (1, 1, False, False)
    assert (into["source"], into["target"], into["paused"], into["lag_s"]) == ("core-c", me, True, None)


async def test_search(core: Core, client: Client, tree: Path) -> None:
    point = await backed_up(client, tree, "web server")
    core.catalog.pairings.add(values.pairing("pairing-1", name="Offsite server"))
    core.catalog.seeds.add(values.seed("5eed0001", comment="Blue server"))
    core.journal.note(Severity.INFO, "odd", "The server 100% smiles.")

    async def kinds(text: str, **how: int) -> list[str]:
        hits = (await client.search(text, **how))["hits"]
        for hit in hits:
            same_keys(hit, answers.HitAnswer)
        return [hit["kind"] for hit in hits]

    assert set(await kinds("SERVER")) >= {"machine", "pairing", "seed drive", "job", "event"}
    assert len(await kinds("server", limit=3)) == 3
    assert len(set(await kinds("server", limit=3))) == 3, "some of each"
    assert await kinds("server web") == ["machine", "job"]
    assert await kinds("default") == ["repository"]
    assert await kinds("100%") == ["event"]
    (hit,) = (await client.search(point[:10]))["hits"]
    assert (hit["kind"], hit["id"], hit["detail"]) == ("recovery point", point, "base, whole")
    day = (await client.point(point))["time"][:10]
    assert "recovery point" in await kinds(f"web {day}")
    assert await kinds(f"nobody {day}") == await kinds("1999-99-99") == await kinds("nothing like it") == []
    assert await kinds(" ") == []


async def test_machines_by_a_part_of_their_names(core: Core, client: Client, tree: Path) -> None:
    await two_machines(core, client, tree)
    core.catalog.machines.add(
        values.machine("far-1", name="far", kind=MachineKind.REPLICATED, origin_name="South", repository="r")
    )

    async def names(text: str) -> list[str]:
        return [machine["name"] for machine in (await client.machines(text=text))["machines"]]

    assert await names("WE") == ["web"]
    assert await names("south") == ["far"]
    assert await names("here") == ["mail", "web"]
    assert await names("%") == []
