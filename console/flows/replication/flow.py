"""The wizard that replicates machines: target, machines, seed drive or not, summary."""

from __future__ import annotations

from collections.abc import Sequence

from console.client.client import Client
from console.domain.errors import Failed, refused
from console.flows.flow import Step
from console.flows.half_done import half_done
from console.flows.plan import Finished
from console.flows.replication.answers import Replicating, ReplicationAnswers
from console.flows.replication.machines import DriveOptionsStep, MachinesStep, OnDriveStep
from console.flows.replication.summary import ReplicationSummary
from console.flows.replication.target import CompareStep, SignInStep, TargetStep
from console.flows.seed_options import SeedLocationStep
from console.flows.wording import count, say


class ReplicationFlow(Replicating):
    """`pairing`: id or name of one to a target; `machines`: ids or names. A preset answers its step.

    What was done is remembered: when a later call fails, `finish` goes on where it failed.
    """

    name = "replication"

    def __init__(self, client: Client, pairing: str | None = None, machines: Sequence[str] = ()) -> None:
        super().__init__(client, ReplicationAnswers(target=pairing or "", machines=tuple(machines)))
        self._target = TargetStep(self)
        self._sign_in = (CompareStep(self), SignInStep(self))
        self._machines = MachinesStep(self)
        self._drive: tuple[Step[Replicating], ...] = (SeedLocationStep(self), DriveOptionsStep(self))
        self._on_drive = OnDriveStep(self)
        self._summary = ReplicationSummary(self)
        self._seed: tuple[object, str] | None = None

    @property
    def title(self) -> str:
        return say("Replicate to another Core")

    @property
    def finish_text(self) -> str:
        if self.answers.seed_drive:
            return say("Replicate and write the drive")
        return say("Replicate") if self.answers.machines else say("Pair")

    def path(self) -> Sequence[Step[Replicating]]:
        said = self.answers
        steps: list[Step[Replicating]] = [self._target]
        if self.own:
            steps += self._sign_in
        steps.append(self._machines)
        if said.seed_drive and said.machines:
            steps += self._drive
            if not said.all_on_drive:
                steps.append(self._on_drive)
        return (*steps, self._summary)

    async def finish(self) -> Finished:
        with half_done(self.done):
            return await self._finish()

    async def _finish(self) -> Finished:
        pairing = self.pairing or await self._pair()
        if not self.answers.machines:
            text = say("This Core and “{target}” are paired.", target=self.title_of_target)
            return Finished(text=text, page="replication", id=pairing, warnings=self.warnings)
        job = await self._add(pairing)
        jobs = [job] if job else []
        if self.answers.seed_drive:
            jobs.append(await self._write(pairing))
        names = count("{n} machine", "{n} machines", len(self.answers.machines))
        text = say("{machines}: replication to “{target}” is set up.", machines=names, target=self.title_of_target)
        if self.answers.seed_drive:
            text += " " + say("The seed drive is being written.")
        return Finished(text=text, jobs=tuple(jobs), page="replication", id=pairing, warnings=self.warnings)

    async def _pair(self) -> str:
        said = self.answers
        probed = said.probed
        if probed is None or not said.confirmed:
            raise refused(
                "fingerprint-not-confirmed",
                say("Nobody has said yet that the fingerprints are equal."),
                say("Go back and compare them."),
            )
        try:
            paired = await self.client.pair(
                said.host, said.port, said.user, said.password, probed["fingerprint"], said.name
            )
            pairing, self.warnings = paired["pairing"], tuple(paired["warnings"])
        except Failed as known:
            if known.failure.code != "already-paired":
                raise
            # An earlier attempt whose answer did not arrive.
            await self.load_pairings()
            found = next((one for one in self.pairings if one["peer_id"] == probed["core"]), None)
            if found is None:
                raise
            pairing = found["pairing"]
        self.made = (probed["core"], pairing)
        self.done.append(say("This Core and “{target}” are paired.", target=self.title_of_target))
        return pairing

    async def _add(self, pairing: str) -> str | None:
        """Adds the machines that are not in the pairing yet; the id of the run that it started."""
        said = self.answers
        found = await self.client.pairing(pairing)
        there = {one["machine_id"] for one in found["machines"]}
        seeded = set(said.seeded) if said.seed_drive else set[str]()
        for seed_drive in (True, False):
            group = [one for one in said.machines if (one in seeded) is seed_drive and one not in there]
            if not group:
                continue
            found = await self.client.add_to_pairing(
                pairing,
                group,
                repositories={one: said.repositories[one] for one in group if one in said.repositories},
                paused=said.paused,
                seed_drive=seed_drive,
            )
            self.added.update(group)
            self.done.append(count("{n} machine is replicated.", "{n} machines are replicated.", len(group)))
        return found["job"]

    async def _write(self, pairing: str) -> str:
        seed = self.on_drive
        if self._seed is None or self._seed[0] != seed:
            job = await self.client.create_seed(pairing, seed.places, **seed.asked())
            self._seed = (seed, job["id"])
        return self._seed[1]
