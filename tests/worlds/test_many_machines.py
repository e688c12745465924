"""The large world: as large as it says, in all the states it tells of, and with real files where it says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from console.domain.errors import Failed, FailureKind
from tests.support.named_worlds import RunningWorld

Running = Callable[..., RunningWorld]


async def test_it_is_what_it_says(running_world: Running, tmp_path: Path) -> None:
    running = running_world("many-machines")
    async with running.client() as core, running.client("Vault") as vault:
        status = await core.status()
        counts = status["counts"]
        assert (counts["machines"], counts["points"], counts["repositories"], counts["pairings"]) == (60, 20_000, 3, 3)
        assert counts["alerts"] >= 5
        assert not status["schedules"], "it stays as it is told"
        machines = (await core.machines(limit=1000))["machines"]
        kinds = Counter(machine["kind"] for machine in machines)
        assert kinds == {"protected": 34, "replicated": 18, "recovery-points-only": 8}
        assert sum(machine["paused"] for machine in machines) == 3

        home = await core.home()
        assert home["verdicts"] == {"broken": 1, "late": 3, "waiting": 5, "empty": 2, "paused": 3, "safe": 46}
        daily = [use["free_bytes"] / use["days_to_full"] for use in home["repositories"] if use["days_to_full"]]
        assert daily, "they grow"
        assert max(daily) < 5 << 30, "a believable growth, however much room this host has"

        pairings = {p["name"]: p for p in (await core.pairings())["pairings"]}
        assert {name: p["link"] for name, p in pairings.items()} == {
            "vault": "online",
            "Cold Site": "unreachable",
            "Branch Kyoto": "online",
        }
        states = Counter(m["state"] for m in (await core.pairing("Cold Site"))["machines"])
        assert states == {"in-step": 15, "behind": 3, "paused": 1, "waiting-for-seed": 3}
        drives = Counter((seed["direction"], seed["state"]) for seed in (await core.seeds())["seeds"])
        assert drives["outgoing", "outstanding"] == drives["incoming", "outstanding"] == 1

        for name, chain in (
            ("京都-会計", "awaiting-seed"),
            ("京都-設計2", "awaiting-transfer"),
            ("Altsystem 2021", "broken"),
            ("monitoring", "whole"),
        ):
            assert (await core.points(machine=name, limit=1))["points"][0]["chain"] == chain, name
        assert len((await core.jobs(limit=1000))["jobs"]) > 300
        assert len((await core.events(limit=1000))["events"]) > 500

        newest = (await core.points(machine="Dateiserver Köln", limit=1))["points"][0]
        assert newest["chain"] == "whole"
        job = await core.restore_files(newest["id"], [], str(tmp_path / "restored"))
        async for state in core.watch(job["id"]):
            job = state
        assert job["state"] == "succeeded", job["failure"]
        original = running.world.directory / "machines" / "Dateiserver Köln" / "Documents" / "paper 03.txt"
        restored = next((tmp_path / "restored").rglob("paper 03.txt"))
        assert restored.read_bytes() == original.read_bytes()
        assert (await vault.status())["counts"]["points"] == 16
        assert (await core.plan("vault"))["pairing"], "the target is found where it runs now"
        with pytest.raises(Failed) as unread:
            await core.files((await core.points(machine="monitoring", limit=1))["points"][0]["id"])
        assert unread.value.failure.kind is FailureKind.DAMAGE, "of most machines there are only rows"
