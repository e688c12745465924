"""The life of one seed while it is written: chosen, in state *copying*, then *outstanding*, or *defined* again."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import Cancelled, Failed, Failure, refused
from console.domain.events import Severity
from console.domain.pairing import CoreIdentity, Direction, Pairing
from console.domain.progress import Reporter, Silent
from console.domain.seeds import Seed, SeedState
from console.engine.journal import Journal
from console.engine.repositories import Repositories
from console.engine.seed.places import Reuse, clear, lying_there
from console.engine.seed.writing import Chosen, Holdings, SeedWriting, Wish, result, summary, written
from console.seeding.archive import SeedDirectory, directory_name, seeds_at
from console.seeding.media import MediumFiles
from console.wire.identity import Identity


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What writing would do now. `bytes`: on all media, exactly where `counted`. `lost`: seeds that would be erased, of
    each place; `refused`: why a place cannot be used as it is. `begun`: the seed was set aside or begun before."""

    chosen: Chosen
    bytes: int
    counted: bool
    lost: Mapping[Path, Sequence[SeedDirectory]]
    refused: Mapping[Path, Failure]
    begun: Seed | None


class SeedCreation:
    """One wish for a seed, from the look at its places to its end. `seed_id`: the seed it writes, or goes on with."""

    def __init__(
        self,
        catalog: Catalog,
        repositories: Repositories,
        journal: Journal,
        clock: Clock,
        identity: Identity,
        me: CoreIdentity,
        wish: Wish,
        way: Reuse,
        files: MediumFiles,
    ) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._journal = journal
        self._clock = clock
        self._identity = identity
        self._me = me
        self._wish = wish
        self._way = way
        self._files = files
        self._known = {image.image for machine in wish.machines for image in catalog.points.source_images(machine.id)}
        self.seed_id = self._begun_or_new()

    def check(self) -> None:
        """Raises Failed `location-not-empty` when a seed lies there that may not go."""
        self._in_the_way()

    def foresee(self, holdings: Holdings | None, within: float) -> Foreseen:
        """What `run` would do now. Changes nothing; a size that is not counted `within` seconds is estimated."""
        lost: dict[Path, list[SeedDirectory]] = {}
        refusals: dict[Path, Failure] = {}
        for place in self._wish.places:
            try:
                lost[place] = self._in_the_way([place])
            except Failed as known:
                refusals[place] = known.failure
        writing = self._writing(Silent())
        replaced = {self.seed_id, *(found.seed for there in lost.values() for found in there)}
        chosen = writing.choose(self._wanted(self._waiting()) or None, replaced, holdings)
        size, counted = writing.measure(chosen.steps, within) if chosen.steps else (0, True)
        return Foreseen(chosen, size, counted, lost, refusals, self._catalog.seeds.find(self.seed_id))

    def run(self, reporter: Reporter, holdings: Holdings | None) -> dict[str, Any]:
        """Writes it. The result is that of `seed create`."""
        began = self._clock.monotonic()
        row = self._catalog.seeds.find(self.seed_id)
        if row is not None and row.state is not SeedState.DEFINED:
            # Another job wrote it while this one was queued.
            self.seed_id = self._begun_or_new()
        writing = self._writing(reporter)
        waiting = self._waiting()
        wanted = self._wanted(waiting)
        in_the_way = self._in_the_way()
        replaced = {self.seed_id, *(directory.seed for directory in in_the_way)}
        chosen = writing.choose(wanted or None, replaced, holdings)
        for _, sentence in chosen.held_back:
            reporter.log(sentence)
        if not chosen.steps:
            with self._catalog.transaction():
                self._close_needless(waiting, chosen)
            raise nothing_to_seed(self._wish.pairing)
        writing.prove(chosen.steps)
        with self._catalog.transaction():
            self._forget(in_the_way)
        clear(self._wish.places, in_the_way, self._files)
        with self._catalog.transaction():
            seed = self._copying(waiting, wanted, chosen)
        try:
            manifest = writing.write(seed, chosen.steps)
        except BaseException as problem:
            with self._catalog.transaction():
                self._take_back(seed, problem)
            raise
        with self._catalog.transaction():
            done = written(seed, manifest, self._wish.places, self._clock.now())
            self._catalog.seeds.update(done)
            # What arrived by other ways while it was written need not be waited for.
            self._catalog.seeds.arrived(done.id, [])
        text = f"The seed drive {done.title} for “{self._wish.pairing.name}” was written: {summary(manifest)}."
        self._journal.note(Severity.INFO, "seed-written", text, done.id)
        return result(manifest, chosen, writing.skipped, self._clock.monotonic() - began)

    def _copying(self, waiting: Sequence[Seed], wanted: Iterable[str], chosen: Chosen) -> Seed:
        """The seed that is written now; what was set aside for other machines waits for a drive of its own."""
        at_target = set(chosen.at_target)
        images = dict.fromkeys([*(step.image for step in chosen.steps), *(i for i in wanted if i not in at_target)])
        seed = Seed(
            self.seed_id,
            self._wish.pairing.id,
            Direction.OUTGOING,
            SeedState.COPYING,
            self._clock.now(),
            tuple(images),
            self._wish.comment,
            self._wish.customer_id,
            "; ".join(map(str, self._wish.places)),
        )
        mine = next((other for other in waiting if other.id == self.seed_id), None)
        if mine is None:
            self._catalog.seeds.add(seed)
        else:
            seed = replace(seed, created=mine.created)
            self._catalog.seeds.update(seed)
        rest: dict[str, None] = {}
        for other in waiting:
            kept = [image for image in other.images if image not in self._known and self._exists(image)]
            if other.id == self.seed_id:
                rest.update(dict.fromkeys(kept))
            elif kept:
                self._catalog.seeds.update(replace(other, images=tuple(kept)))
            else:
                self._end(replace(other, images=()), SeedState.ABANDONED)
        if rest:
            reserve(self._catalog, self._wish.pairing, list(rest), self._clock.now())
        return seed

    def _close_needless(self, waiting: Sequence[Seed], chosen: Chosen) -> None:
        """What was set aside and is at the target by now needs no drive any more."""
        for seed in waiting:
            after = self._catalog.seeds.arrived(seed.id, chosen.at_target)
            if not self._catalog.seeds.outstanding(seed.id):
                all_there(self._catalog, self._journal, after, self._clock.now())

    def _take_back(self, seed: Seed, problem: BaseException) -> None:
        """Whatever ended the writing: the images stay set aside, and the next attempt goes on."""
        self._catalog.seeds.update(replace(seed, state=SeedState.DEFINED))
        if isinstance(problem, Cancelled):
            text = f"Writing the seed drive {seed.title} was cancelled; its images stay set aside."
            self._journal.note(Severity.INFO, "seed-cancelled", text, seed.id)
        else:
            why = problem.failure.message if isinstance(problem, Failed) else f"{type(problem).__name__}."
            text = f"Writing the seed drive {seed.title} failed; its images stay set aside. {why}"
            self._journal.note(Severity.WARNING, "seed-failed", text, seed.id)

    def _forget(self, directories: Iterable[SeedDirectory]) -> None:
        """Drives that are about to be overwritten bring nothing to the target any more."""
        for directory in directories:
            seed = self._catalog.seeds.find(directory.seed) if directory.seed else None
            if seed is None or seed.direction is not Direction.OUTGOING or seed.state is not SeedState.OUTSTANDING:
                continue
            self._end(seed, SeedState.ABANDONED)
            text = f"The seed drive {seed.title} is overwritten; what was on it counts as not sent."
            self._journal.note(Severity.WARNING, "seed-overwritten", text, seed.id)

    def _in_the_way(self, places: Sequence[Path] | None = None) -> list[SeedDirectory]:
        among = self._wish.places if places is None else places
        return lying_there(among, self._way, continued=self._is_this, ours=self._is_ours)

    def _is_this(self, found: SeedDirectory) -> bool:
        return is_of(found, self.seed_id)

    def _is_ours(self, found: SeedDirectory) -> bool:
        if found.signed is not None:
            return found.signed.manifest.source.id == self._me.id
        known = self._catalog.seeds.find(found.seed) if found.seed else None
        return known is not None and known.direction is Direction.OUTGOING

    def _begun_or_new(self) -> str:
        """The seed begun at these places, else the one that waits for its drive, else a new one."""
        waiting = self._waiting()
        there = [found for place in self._wish.places for found in seeds_at(place)]
        for seed in waiting:
            if any(is_of(found, seed.id) for found in there):
                return seed.id
        for seed in waiting:
            if self._known.intersection(seed.images):
                return seed.id
        return uuid.uuid4().hex

    def _writing(self, reporter: Reporter) -> SeedWriting:
        return SeedWriting(
            self._catalog,
            self._repositories,
            self._clock,
            self._identity,
            self._me,
            self._wish,
            reporter,
            self._files,
        )

    def _wanted(self, waiting: Iterable[Seed]) -> list[str]:
        """What is set aside, of the machines of this drive."""
        return [image for seed in waiting for image in seed.images if image in self._known]

    def _waiting(self) -> list[Seed]:
        return self._catalog.seeds.list(self._wish.pairing.id, Direction.OUTGOING, [SeedState.DEFINED])

    def _exists(self, image: str) -> bool:
        return self._catalog.points.find_image(image) is not None

    def _end(self, seed: Seed, state: SeedState) -> None:
        self._catalog.seeds.update(replace(seed, state=state, ended=self._clock.now()))


def nothing_to_seed(pairing: Pairing) -> Failed:
    return refused(
        "nothing-to-seed",
        f"There is nothing to write: “{pairing.name}” has it all, or it is on its way on other drives.",
        "Look at replicore seed list; abandon a drive that was lost, then start again.",
    )


def reserve(catalog: Catalog, pairing: Pairing, images: Sequence[str], now: datetime) -> Seed:
    """Sets images aside for the drive of a pairing that is not written yet; a new one when there is none."""
    waiting = catalog.seeds.list(pairing.id, Direction.OUTGOING, [SeedState.DEFINED])
    if waiting:
        seed = replace(waiting[0], images=tuple(dict.fromkeys([*waiting[0].images, *images])))
        catalog.seeds.update(seed)
    else:
        seed = Seed(uuid.uuid4().hex, pairing.id, Direction.OUTGOING, SeedState.DEFINED, now, tuple(images))
        catalog.seeds.add(seed)
    return seed


def all_there(catalog: Catalog, journal: Journal, seed: Seed, now: datetime) -> None:
    """Every image of a seed is at the target, on whatever way it came."""
    if seed.state is SeedState.DEFINED:
        catalog.seeds.update(replace(seed, state=SeedState.ABANDONED, ended=now))
        text = "The target has everything that was set aside for a seed drive; the drive is not needed any more."
        journal.note(Severity.INFO, "seed-not-needed", text, seed.id)
    elif seed.state is SeedState.CONSUMED:
        text = f"The seed drive {seed.title} was consumed: all {len(seed.images)} images are at the target."
        journal.note(Severity.INFO, "seed-consumed", text, seed.id)


def is_of(found: SeedDirectory, seed: str) -> bool:
    """Whether a directory is that of a seed (id); one without a segment yet is known by its name."""
    return found.seed == seed or (not found.seed and found.path.name == directory_name(seed))
