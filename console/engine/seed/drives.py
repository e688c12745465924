"""Seed drives of this Core: set aside, written, looked at, checked, forgotten."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import refused, usage
from console.domain.events import Severity
from console.domain.jobs import Job, JobKind
from console.domain.machines import Machine
from console.domain.pairing import CoreIdentity, Direction, Pairing, PairingState
from console.domain.seeds import Seed, SeedState
from console.domain.sizes import format_size
from console.engine.jobs import Jobs
from console.engine.journal import Journal
from console.engine.repositories import Repositories
from console.engine.seed.choice import Chains
from console.engine.seed.create import SeedCreation, all_there, reserve
from console.engine.seed.looking import AnyRepository, inspection, verification
from console.engine.seed.places import Reuse, check_place, named_places
from console.engine.seed.writing import Holdings, Wish
from console.seeding.archive import open_archive
from console.seeding.inspection import SeedInspection
from console.seeding.manifest import MAX_SEGMENT
from console.seeding.media import MediumFiles
from console.seeding.writer import MIN_SEGMENT
from console.wire.identity import Identity


@dataclass(frozen=True, slots=True)
class AbandonConsequence:
    """What abandoning a seed means: so many images, of so many points, go by wire; `bytes` is about what they take."""

    seed: Seed
    images: int
    points: int
    bytes: int


class SeedDrives:
    """Outgoing seeds: from *defined* over *copying* to *outstanding*, and how each of them ends."""

    def __init__(
        self,
        catalog: Catalog,
        repositories: Repositories,
        jobs: Jobs,
        journal: Journal,
        clock: Clock,
        identity: Identity,
        core_identity: CoreIdentity,
        files: MediumFiles | None = None,
    ) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._jobs = jobs
        self._journal = journal
        self._clock = clock
        self._identity = identity
        self._me = core_identity
        self._files = files or MediumFiles()
        self.holdings: Holdings | None = None
        """Set by whoever can reach targets."""

    def interrupted(self) -> None:
        """Writing that the Core before this one had not ended can be begun again. To be called when a Core starts."""
        for seed in self._catalog.seeds.list(direction=Direction.OUTGOING, states=[SeedState.COPYING]):
            self._catalog.seeds.update(replace(seed, state=SeedState.DEFINED))
            text = (
                f"Writing the seed drive {seed.title} was interrupted. Start it again with the same place; it goes on."
            )
            self._journal.note(Severity.WARNING, "seed-interrupted", text, seed.id)

    def start_create(
        self,
        pairing: str,
        to: Sequence[str],
        *,
        machines: Sequence[str] = (),
        segment_size: int | None = None,
        medium_size: int | None = None,
        reuse: str = "never",
        chains: str = "whole",
        customer_id: str = "",
        comment: str = "",
        passphrases: Sequence[str] = (),
        user: str = "",
    ) -> Job:
        """A job that writes a seed to one or several directories, filled one after the other.

        What was set aside for the pairing's drive goes on it, else all that the target lacks. Called again with the
        same place after an interruption it goes on there. The result is that of `seed create` (contract of commands).
        `passphrases`: the keys of what goes on it are to be opened with these, before anything is written.

        Raises Failed: `pairing-is-incoming`, `pairing-removed`, `machine-not-in-pairing`, `no-machines`,
        `bad-segment-size`, `bad-medium-size`, `bad-reuse`, `bad-chains`, what `seed_places.check_place` says,
        `location-not-empty`. The job: `nothing-to-seed`, `wrong-passphrase`, `medium-full`, `medium-gone`, ….
        """
        wish, way = self.wish(
            pairing,
            to,
            machines=machines,
            segment_size=segment_size,
            medium_size=medium_size,
            reuse=reuse,
            chains=chains,
            customer_id=customer_id,
            comment=comment,
            passphrases=passphrases,
        )
        for place in wish.places:
            check_place(place, self._repositories)
        creation = self.creation(wish, way)
        creation.check()
        return self._jobs.submit(
            JobKind.SEED_CREATE,
            creation.seed_id,
            lambda reporter: creation.run(reporter, self.holdings),
            reason=f"a seed drive for “{wish.pairing.name}”",
            user=user,
            lanes=[f"seed-create:{wish.pairing.id}"],
        )

    def wish(
        self,
        pairing: str,
        to: Sequence[str],
        *,
        machines: Sequence[str] = (),
        segment_size: int | None = None,
        medium_size: int | None = None,
        reuse: str = "never",
        chains: str = "whole",
        customer_id: str = "",
        comment: str = "",
        passphrases: Sequence[str] = (),
        somewhere: bool = True,
    ) -> tuple[Wish, Reuse]:
        """What is asked for, as it is understood. `somewhere`: at least one place must be named. Raises Failed as
        `start_create` says, but for what it says of the places themselves."""
        found = self._outgoing(pairing)
        wish = Wish(
            found,
            self._members(found, machines),
            named_places(to) if to or somewhere else (),
            _size("segment", segment_size, MIN_SEGMENT, MAX_SEGMENT),
            _size("medium", medium_size, MIN_SEGMENT, 1 << 60),
            _one_of(Chains, "chains", chains),
            customer_id,
            comment,
            tuple(passphrases),
        )
        return wish, _one_of(Reuse, "reuse", reuse)

    def creation(self, wish: Wish, way: Reuse) -> SeedCreation:
        """The life of the seed that is wished for, before it begins."""
        return SeedCreation(
            self._catalog,
            self._repositories,
            self._journal,
            self._clock,
            self._identity,
            self._me,
            wish,
            way,
            self._files,
        )

    def list(self, pairing: str | None = None) -> list[Seed]:
        """Outgoing and incoming ones, newest first. `pairing`: id or name."""
        of = self._catalog.pairings.get(pairing).id if pairing else None
        return self._catalog.seeds.list(pairing=of)

    def get(self, id: str) -> Seed:
        return self._catalog.seeds.get(id)

    def inspect(self, path: str) -> SeedInspection:
        """What a drive says about itself; reads its manifest only.

        Raises Failed: `not-a-seed`, `seed-unfinished`, `seed-damaged`, `seed-newer`, `seed-signature`, `several-seeds`.
        """
        return inspection(self._catalog, self._identity, self._me, open_archive([Path(path)]))

    def start_verify(self, paths: Sequence[str], *, user: str = "") -> Job:
        """A job that reads every byte of a seed. Damage is its result, not its failure: {"seed", "segments":
        [{"file", "medium", "bytes", "state", "why"}], "damaged": [{"file", "object", "why", "images"}],
        "segments_missing", "images_whole", "images_hurt", "objects", "bytes"}. Raises Failed as `inspect`."""
        archive = open_archive([Path(path) for path in paths])
        inspection(self._catalog, self._identity, self._me, archive)
        elsewhere = AnyRepository(self._repositories)
        return self._jobs.submit(
            JobKind.SEED_VERIFY,
            archive.manifest.seed,
            lambda reporter: verification(archive, elsewhere, reporter, self._clock),
            reason="asked for",
            user=user,
        )

    def preview_abandon(self, id: str) -> AbandonConsequence:
        """What abandoning would mean. Raises Failed: `no-such-seed-drive`, `seed-not-ours`, `seed-ended`,
        `seed-busy`."""
        seed = self._abandonable(id)
        waiting = self._catalog.seeds.outstanding(seed.id)
        stored = [self._catalog.points.find_image(image) for image in waiting]
        images = [found.image for found in stored if found is not None]
        return AbandonConsequence(
            seed, len(images), len({image.point for image in images}), sum(image.bytes_stored for image in images)
        )

    def abandon(self, id: str) -> AbandonConsequence:
        """Forgets a seed: what is on it goes over the wire with the next run. No file is touched."""
        with self._catalog.transaction():
            consequence = self.preview_abandon(id)
            seed = replace(consequence.seed, state=SeedState.ABANDONED, ended=self._clock.now())
            self._catalog.seeds.update(seed)
        self._journal.note(
            Severity.WARNING,
            "seed-abandoned",
            f"The seed drive {seed.title} was abandoned: {consequence.points} point(s), about "
            f"{format_size(consequence.bytes)}, go over the wire.",
            seed.id,
        )
        return replace(consequence, seed=seed)

    def reserve(self, pairing: Pairing, images: Sequence[str]) -> Seed:
        """Sets images (ids) aside for the drive of a pairing that is not written yet; a new one when there is none."""
        with self._catalog.transaction():
            return reserve(self._catalog, pairing, images, self._clock.now())

    def acknowledge(self, id: str, images: Sequence[str]) -> None:
        """The target says that these images (ids) of a seed are there. All there: the seed is consumed."""
        with self._catalog.transaction():
            seed = self._catalog.seeds.find(id)
            if seed is None or seed.direction is not Direction.OUTGOING or not seed.state.reserves:
                return
            before = self._catalog.seeds.outstanding(seed.id)
            arrived = set(before) & set(images)
            if not arrived:
                return
            after = self._catalog.seeds.arrived(seed.id, images)
            if len(arrived) == len(before):
                all_there(self._catalog, self._journal, after, self._clock.now())
            elif len(before) == len(seed.images):
                text = f"{len(arrived)} of {len(before)} images of the seed drive {seed.title} are at the target."
                self._journal.note(Severity.INFO, "seed-partly-consumed", text, seed.id)

    def release(self, pairing: Pairing, images: Collection[str]) -> tuple[str, ...]:
        """The target asks for these images (ids) by wire: those that have not arrived are set aside no longer. A drive
        of which nothing is left is abandoned; one that is being written is left alone. Returns what was released."""
        released: tuple[str, ...] = ()
        with self._catalog.transaction():
            for seed in self._catalog.seeds.list(pairing.id, Direction.OUTGOING):
                if not seed.state.reserves or seed.state is SeedState.COPYING:
                    continue
                waiting = self._catalog.seeds.outstanding(seed.id)
                going = [image for image in waiting if image in images]
                if not going:
                    continue
                released += tuple(going)
                if len(going) == len(waiting):
                    self._catalog.seeds.update(replace(seed, state=SeedState.ABANDONED, ended=self._clock.now()))
                else:
                    kept = tuple(image for image in seed.images if image not in going)
                    self._catalog.seeds.update(replace(seed, images=kept))
                rest = "nothing is left for it" if len(going) == len(waiting) else "the others still come with it"
                text = (
                    f"“{pairing.name}” asks for {len(going)} image(s) by wire that were set aside for the seed drive "
                    f"{seed.title}; {rest}."
                )
                self._journal.note(Severity.WARNING, "seed-released", text, seed.id)
        return released

    def _abandonable(self, id: str) -> Seed:
        seed = self._catalog.seeds.get(id)
        if seed.direction is not Direction.OUTGOING:
            raise refused("seed-not-ours", f"The seed {seed.title} was written by another Core.", "Abandon it there.")
        if seed.state is SeedState.COPYING:
            raise refused("seed-busy", f"The seed {seed.title} is being written.", "Cancel that job first.")
        if not seed.state.reserves:
            raise refused("seed-ended", f"The seed {seed.title} is {seed.state} already.", "Nothing is to be done.")
        return seed

    def _outgoing(self, pairing: str) -> Pairing:
        found = self._catalog.pairings.get(pairing)
        if found.direction is not Direction.OUTGOING:
            raise refused(
                "pairing-is-incoming",
                f"“{found.name}” replicates to this Core; seed drives are written by the source.",
                "Run the command on the source Core.",
            )
        if found.state is PairingState.REMOVED:
            raise refused("pairing-removed", f"The pairing with “{found.name}” has ended.", "Pair again.")
        return found

    def _members(self, pairing: Pairing, names: Sequence[str]) -> tuple[Machine, ...]:
        """The machines of a pairing, or the named ones of them."""
        known = [self._catalog.machines.find(member.machine) for member in self._catalog.members.list(pairing.id)]
        members = [machine for machine in known if machine is not None]
        if not names:
            if not members:
                raise refused(
                    "no-machines",
                    f"No machine is replicated to “{pairing.name}”.",
                    f"Add one: replicore replication add {pairing.name} MACHINE --seed-drive",
                )
            return tuple(members)
        chosen: dict[str, Machine] = {}
        for name in names:
            machine = self._catalog.machines.get(name)
            if machine.id not in {member.id for member in members}:
                raise refused(
                    "machine-not-in-pairing",
                    f"“{machine.name}” is not replicated to “{pairing.name}”.",
                    f"Add it first: replicore replication add {pairing.name} {machine.name}",
                )
            chosen[machine.id] = machine
        return tuple(chosen.values())


def _size(what: str, size: int | None, least: int, most: int) -> int | None:
    if size is not None and not least <= size <= most:
        raise usage(
            f"bad-{what}-size",
            f"The {what} size must lie between {format_size(least)} and {format_size(most)}.",
            "FAT file systems take no file of 4 GiB or more." if most == MAX_SEGMENT else "",
        )
    return size


def _one_of(kind: Any, what: str, value: str) -> Any:
    try:
        return kind(value)
    except ValueError as error:
        raise usage(f"bad-{what}", f"“{value}” is none of {', '.join(kind)}.", "") from error
