"""Bringing in a seed drive at the target: images parents first, each committed by itself, damage named and left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from console.catalog import Catalog
from console.domain.chains import ChainState, ImageFact, judge
from console.domain.clock import Clock
from console.domain.errors import not_found, refused
from console.domain.events import Severity
from console.domain.jobs import Job, JobKind
from console.domain.machines import Machine, MachineKind
from console.domain.pairing import Direction, Pairing
from console.domain.progress import Reporter
from console.domain.seeds import Seed, SeedState
from console.engine.jobs import Jobs
from console.engine.journal import Journal
from console.engine.keys.travel import Arrivals
from console.engine.replicate.announced import progressed
from console.engine.replicate.names import free_name
from console.engine.repositories import Repositories
from console.engine.seed.bringing import Bringing
from console.engine.seed.looking import pairing_of
from console.seeding.archive import Archive, open_archive
from console.seeding.manifest import Manifest, SeedPoint


class Consume:
    """Incoming seeds. Consuming twice changes nothing; interrupted, it is simply started again."""

    def __init__(
        self,
        catalog: Catalog,
        repositories: Repositories,
        jobs: Jobs,
        journal: Journal,
        clock: Clock,
        core_id: str,
    ) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._jobs = jobs
        self._journal = journal
        self._clock = clock
        self._core_id = core_id
        self._arrivals = Arrivals(catalog, journal)

    def interrupted(self) -> None:
        """Consuming that the Core before this one had not ended can be begun again. To be called when a Core starts."""
        for seed in self._catalog.seeds.list(direction=Direction.INCOMING, states=[SeedState.CONSUMING]):
            self._catalog.seeds.update(replace(seed, state=SeedState.OUTSTANDING))
            text = f"Consuming the seed {seed.title} was interrupted. Start it again; what is here already is kept."
            self._journal.note(Severity.WARNING, "seed-interrupted", text, seed.id)

    def start(
        self,
        paths: Sequence[str],
        *,
        machines: Sequence[str] = (),
        repositories: Mapping[str, str] | None = None,
        user: str = "",
    ) -> Job:
        """A job that imports a seed from the directories it lies on. `machines` (ids or names): only those.
        `repositories`: machine → repository, for machines that have none here yet.

        Raises Failed: `not-a-seed`, `seed-unfinished`, `seed-damaged`, `seed-newer`, `seed-signature`,
        `several-seeds`, `seed-for-another-core`, `source-not-paired`, `seed-of-another-pairing`, `no-such-machine`,
        `machine-elsewhere`, `no-repository`, `no-such-repository`, `repository-fixed`. Damage is the job's result, not
        its failure: {"seed", "points_imported", "points_skipped", "orphans_repaired", "orphans_left",
        "segments_missing", "damaged", …}.
        """
        archive = open_archive([Path(path) for path in paths])
        pairing = pairing_of(self._catalog, self._core_id, archive)
        chosen = self.chosen(archive.manifest, machines)
        places = {machine.id: self.place(pairing, machine, repositories or {}) for machine in chosen}
        self.refuse_strangers(chosen, repositories or {})
        return self._jobs.submit(
            JobKind.SEED_CONSUME,
            archive.manifest.seed,
            lambda reporter: self._work(archive, pairing, chosen, places, reporter),
            reason=f"a seed drive of “{pairing.name}”",
            user=user,
            lanes=[f"seed:{archive.manifest.seed}"],
        )

    def _work(
        self,
        archive: Archive,
        pairing: Pairing,
        machines: Sequence[Machine],
        places: Mapping[str, str],
        reporter: Reporter,
    ) -> dict[str, Any]:
        began = self._clock.monotonic()
        manifest = archive.manifest
        mine = {machine.id for machine in machines}
        points = [entry for entry in manifest.points if entry.point.machine in mine]
        orphans = {machine.id: self._orphans(machine.id) for machine in machines}
        before = self._expect(archive, pairing)
        adopted: list[str] = []
        try:
            bringing = Bringing(self._catalog, self._repositories, archive, reporter)
            if bringing.plan(points):
                with self._catalog.transaction():
                    adopted = [m.id for m in machines if self._adopt(pairing, m, places[m.id])]
                sealing = {image.key for entry in points for image in entry.volume_images()}
                self._arrivals.take([key for key in manifest.keys if key.id in sealing], manifest.source.id)
                bringing.run(machines, places)
                self._take_keys(points, places, bringing, manifest.source.id)
        finally:
            seed = self._settle(manifest, before)
            self._drop_empty(adopted)
        self._progress(pairing, machines, bringing.brought_points)
        outcome = _Orphans.between(orphans, {machine.id: self._orphans(machine.id) for machine in machines})
        if bringing.brought or bringing.left or before is not seed.state:
            self._tell(seed, pairing, bringing, outcome)
        return {
            "seed": manifest.seed,
            "state": seed.state.value,
            "points_imported": len(bringing.brought_points),
            "points_skipped": len(bringing.known_points - bringing.brought_points),
            "orphans_repaired": outcome.repaired,
            "orphans_left": outcome.left,
            "segments_missing": bringing.segments_missing,
            "damaged": bringing.damaged,
            "images_imported": len(bringing.brought),
            "images_left": sorted(bringing.left),
            "objects": bringing.sent.objects,
            "bytes": bringing.sent.bytes,
            "machines": [
                {
                    "machine": self._name(machine),
                    "machine_id": machine.id,
                    "repository": self._catalog.repositories.get(places[machine.id]).name,
                    "orphans_repaired": len(outcome.repaired_of(machine.id)),
                    "orphans_left": len(outcome.left_of(machine.id)),
                }
                for machine in machines
            ],
            "duration_s": round(self._clock.monotonic() - began, 3),
        }

    def _take_keys(
        self, points: Sequence[SeedPoint], places: Mapping[str, str], bringing: Bringing, origin: str
    ) -> None:
        """Keys that the manifest does not tell of, from the records that came."""
        for entry in points:
            if entry.point.id in bringing.brought_points:
                repository = self._repositories.open(places[entry.point.machine])
                self._arrivals.take_from_record(repository, entry.point, origin)

    def chosen(self, manifest: Manifest, names: Sequence[str]) -> list[Machine]:
        """The machines of the drive, or the named ones: by id, by their name on the drive, or their name here."""
        there = {entry.point.machine for entry in manifest.points}
        machines = [machine for machine in manifest.machines if machine.id in there]
        if not names:
            return machines
        chosen: dict[str, Machine] = {}
        for name in names:
            local = self._catalog.machines.find(name)
            found = [m for m in machines if name in (m.id, m.name) or (local is not None and m.id == local.id)]
            if not found:
                raise not_found("machine", name, f"On the drive: {', '.join(m.name for m in machines)}.")
            chosen[found[0].id] = found[0]
        return list(chosen.values())

    def place(self, pairing: Pairing, machine: Machine, wishes: Mapping[str, str]) -> str:
        """The repository (id) a machine's images go to: where it is already, or as wished, or the default.

        Raises Failed `machine-elsewhere`, `repository-fixed`, `no-repository`, `no-such-repository`."""
        known = self._catalog.machines.find(machine.id)
        wish = next((wishes[name] for name in (machine.id, machine.name) if name in wishes), None)
        if wish is None and known is not None:
            wish = wishes.get(known.name)
        wished = self._catalog.repositories.get(wish).id if wish else None
        member = self._catalog.members.find(pairing.id, machine.id)
        fixed = member.repository if member else (known.repository if known else None)
        if known is not None:
            self._not_elsewhere(pairing, known)
        if fixed is None:
            return wished or self._repositories.choose(None).id
        if wished is not None and wished != fixed:
            raise refused(
                "repository-fixed",
                f"“{machine.name}” is in the repository “{self._catalog.repositories.get(fixed).name}” already.",
                "Leave --repository out for it.",
            )
        return fixed

    def _not_elsewhere(self, pairing: Pairing, known: Machine) -> None:
        others = [m.pairing for m in self._catalog.members.of_machine(known.id) if m.pairing != pairing.id]
        incoming = [p for p in map(self._catalog.pairings.get, others) if p.direction is Direction.INCOMING]
        if known.kind is MachineKind.PROTECTED or incoming:
            whose = incoming[0].name if incoming else "this Core itself"
            raise refused(
                "machine-elsewhere",
                f"“{known.name}” is already on this Core, from {whose}.",
                "Consume the other machines with --machine, or remove it there first.",
            )

    def refuse_strangers(self, chosen: Sequence[Machine], wishes: Mapping[str, str]) -> None:
        """Refuses wishes for machines that are not on the drive (`no-such-machine`)."""
        names = {name for machine in chosen for name in (machine.id, machine.name)}
        names |= {known.name for m in chosen if (known := self._catalog.machines.find(m.id)) is not None}
        for name in wishes:
            if name not in names:
                raise not_found("machine", name, f"On the drive: {', '.join(m.name for m in chosen)}.")

    def _adopt(self, pairing: Pairing, machine: Machine, repository: str) -> bool:
        """A machine that is not known here becomes a replicated one, with the ids it has at its source."""
        if self._catalog.machines.find(machine.id) is not None:
            return False
        other = f"{machine.name} ({pairing.name})"
        name = free_name(machine.name, other, lambda one: self._catalog.machines.find(one) is None)
        self._catalog.machines.add(
            replace(
                machine,
                name=name,
                kind=MachineKind.REPLICATED,
                repository=repository,
                interval_s=0,
                paused=False,
                next_due=None,
                origin_name=machine.origin_name or pairing.peer.name,
            )
        )
        return True

    def _drop_empty(self, adopted: Sequence[str]) -> None:
        """A machine of which nothing could be brought in is not kept."""
        for machine in adopted:
            if self._catalog.points.count(machine) == 0:
                self._catalog.machines.remove(machine)

    def _expect(self, archive: Archive, pairing: Pairing) -> SeedState:
        """The seed in this Core's catalog, in state *consuming*. Returns the state it had (*outstanding* when new)."""
        manifest = archive.manifest
        known = self._catalog.seeds.find(manifest.seed)
        seed = Seed(
            manifest.seed,
            pairing.id,
            Direction.INCOMING,
            SeedState.CONSUMING,
            known.created if known else manifest.created,
            manifest.images(),
            manifest.comment,
            manifest.customer_id,
            "; ".join(map(str, archive.directories)),
            manifest.created,
            None,
            manifest.segments,
            len(manifest.points),
            manifest.bytes,
            manifest.oldest,
            manifest.newest,
        )
        if known is None:
            self._catalog.seeds.add(seed)
            return SeedState.OUTSTANDING
        self._catalog.seeds.update(seed)
        return known.state

    def _settle(self, manifest: Manifest, before: SeedState) -> Seed:
        """Whatever came: what of the seed is here has arrived; with all of it the seed is consumed."""
        here = [image for image in manifest.images() if self._is_here(image)]
        with self._catalog.transaction():
            seed = self._catalog.seeds.arrived(manifest.seed, here)
            if seed.state is SeedState.CONSUMING:
                # One that its source gave up is not waited for.
                state = SeedState.ABANDONED if before is SeedState.ABANDONED else SeedState.OUTSTANDING
                seed = replace(seed, state=state)
                self._catalog.seeds.update(seed)
        return seed

    def _is_here(self, image: str) -> bool:
        stored = self._catalog.points.find_image(image)
        return stored is not None and stored.here and not stored.damaged

    def _orphans(self, machine: str) -> set[str]:
        """Images of a machine that are here and not whole."""
        facts = self._catalog.points.facts(machine)
        verdicts = judge(facts, {})
        return {fact.id for fact in facts if _here(fact) and verdicts[fact.id].state is not ChainState.WHOLE}

    def _name(self, machine: Machine) -> str:
        known = self._catalog.machines.find(machine.id)
        return known.name if known else machine.name

    def _progress(self, pairing: Pairing, machines: Sequence[Machine], brought: set[str]) -> None:
        """The newest point of each machine, for what the pairing shows."""
        for machine in machines:
            for point in self._catalog.points.all_of(machine.id):
                if point.id in brought:
                    progressed(self._catalog, pairing.id, point, self._clock.now())

    def _tell(self, seed: Seed, pairing: Pairing, bringing: Bringing, outcome: _Orphans) -> None:
        text = (
            f"The seed drive {seed.title} of “{pairing.name}”: {len(bringing.brought_points)} point(s) brought in, "
            f"{outcome.repaired} orphan(s) repaired, {outcome.left} left."
        )
        if bringing.left:
            text += f" {len(bringing.left)} image(s) could not be brought in: the drive is damaged or not complete."
            self._journal.note(Severity.ERROR, "seed-damaged", text, seed.id, alert=True)
        else:
            code = "seed-consumed" if seed.state is SeedState.CONSUMED else "seed-partly-consumed"
            self._journal.note(Severity.INFO, code, text, seed.id)


class _Orphans:
    """Orphans (image ids, by machine) before and after."""

    def __init__(self, repaired: dict[str, set[str]], left: dict[str, set[str]]) -> None:
        self._repaired = repaired
        self._left = left

    @classmethod
    def between(cls, before: Mapping[str, set[str]], after: Mapping[str, set[str]]) -> _Orphans:
        return cls({m: found - after[m] for m, found in before.items()}, dict(after))

    @property
    def repaired(self) -> int:
        return sum(map(len, self._repaired.values()))

    @property
    def left(self) -> int:
        return sum(map(len, self._left.values()))

    def repaired_of(self, machine: str) -> set[str]:
        return self._repaired[machine]

    def left_of(self, machine: str) -> set[str]:
        return self._left[machine]


def _here(fact: ImageFact) -> bool:
    return fact.here and not fact.damaged
