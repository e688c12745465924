"""Restoring files of a recovery point into a directory of this host."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from console.catalog import Catalog
from console.domain import paths
from console.domain.chains import ChainState, judge
from console.domain.clock import Clock
from console.domain.errors import Failed, damage, failed, not_found, refused, usage
from console.domain.jobs import Job, JobKind
from console.domain.machines import Machine, VolumeSource
from console.domain.objects import ZERO_ID, id_of_hex
from console.domain.progress import Reporter
from console.domain.recovery_points import RecoveryPoint, VolumeImage
from console.domain.repositories import DamagedObject
from console.domain.trees import Entry, EntryFlag, FileType
from console.engine.backup.workers import Workers
from console.engine.inside.browse import Browse
from console.engine.inside.volume import NOT_INSIDE, OpenVolume
from console.engine.jobs import Jobs
from console.engine.repositories import Repositories
from console.engine.restore.inner import InnerPlanting, inner_files
from console.engine.restore.outcome import Outcome, is_damage
from console.engine.restore.planting import Overwrite, Planting
from console.engine.restore.selection import Chosen, Wish, select
from console.host.memory import kept
from console.repository import Repository, TreeReader
from console.sources import creating
from console.sources.creating import Place, Places
from console.sources.durable import Durable

ASKED = 4096


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one restore shall do, checked. `several`: each volume gets a directory of its own, named by its label."""

    point: RecoveryPoint
    machine: Machine
    chosen: tuple[Chosen, ...]
    to: bytes
    overwrite: Overwrite
    partial: bool
    several: bool


class Restore:
    """Restores. Every byte is verified before a file gets its name; what is not true is left out and named. It has
    succeeded when everything it made is durable."""

    def __init__(
        self, catalog: Catalog, repositories: Repositories, jobs: Jobs, clock: Clock, browse: Browse | None = None
    ) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._jobs = jobs
        self._clock = clock
        self._browse = browse or Browse(catalog, repositories)

    def start_files(
        self,
        point: str,
        paths: Sequence[str],
        to: str,
        *,
        overwrite: str = "never",
        partial: bool = False,
        user: str = "",
    ) -> Job:
        """A job whose result is that of `restore files` (shared contract of commands).

        Raises Failed: `no-such-recovery-point`, `no-such-file`, `destination-…`, `nothing-restorable`, `usage`.
        """
        wanted = self.plan(point, paths, to, overwrite=overwrite, partial=partial)
        moment = f"{wanted.point.time:%Y-%m-%d %H:%M:%S} UTC"
        return self._jobs.submit(
            JobKind.RESTORE,
            wanted.point.id,
            lambda reporter: self.files(wanted, reporter),
            user=user,
            reason=f"{wanted.machine.name} as of {moment} to {to}",
            lanes=[f"restore:{os.fsdecode(wanted.to)}"],
        )

    def plan(
        self, point: str, paths: Sequence[str], to: str, *, overwrite: str = "never", partial: bool = False
    ) -> Wanted:
        """Checks what is asked for, without creating anything. Raises as `start_files` says."""
        wanted = replace(self.wanted(point, paths, overwrite=overwrite, partial=partial), to=self.destination(to))
        self.find(wanted)
        return wanted

    def wanted(self, point: str, paths: Sequence[str], *, overwrite: str = "never", partial: bool = False) -> Wanted:
        """What is asked for, as it is understood, without a destination. Raises Failed `no-such-recovery-point`,
        `no-such-file`, `overwrite-unknown`, `catalog-damaged`."""
        found = self._catalog.points.get(point)
        machine = self._catalog.machines.get(found.machine)
        if not found.images:
            raise damage(
                "catalog-damaged",
                f"The catalog is damaged: it knows no volume of the recovery point {found.id}.",
                "Rebuild it from the repositories: replicore core rebuild-catalog",
            )
        if overwrite not in {rule.value for rule in Overwrite}:
            raise usage("overwrite-unknown", f"“{overwrite}” is no way to overwrite.", "Use never, older or always.")
        return Wanted(
            found,
            machine,
            tuple(select(found, machine.volumes, paths)),
            b"",
            Overwrite(overwrite),
            partial,
            several=len(found.images) > 1,
        )

    def files(self, wanted: Wanted, reporter: Reporter) -> dict[str, Any]:
        """The work itself. Raises Failed `destination-full` and what writing to the destination refuses; Cancelled."""
        size = sum(chosen.image.size for chosen in wanted.chosen)
        items = sum(chosen.image.files for chosen in wanted.chosen)
        if any(not chosen.wish.everything for chosen in wanted.chosen):
            reporter.phase("Restoring")
        else:
            reporter.phase("Restoring", bytes_total=size, items_total=items)
        if not wanted.partial:
            self.refuse_nothing(wanted)
        outcome = Outcome(reporter)
        try:
            with kept(), Durable() as durable:
                places = Places(met=durable.meet)
                try:
                    for chosen in wanted.chosen:
                        outcome.prefix = f"{chosen.image.volume_label}:" if wanted.several else ""
                        self._volume(wanted, chosen, places, outcome, reporter)
                finally:
                    places.close()
                reporter.log("Everything stands; the destination's file system makes it durable.")
                durable.finish()
        except OSError as problem:
            raise _destination_failed(wanted.to, problem) from problem
        outcome.summarise()
        self.mark(wanted, outcome)
        return outcome.result()

    def _volume(self, wanted: Wanted, chosen: Chosen, places: Places, outcome: Outcome, reporter: Reporter) -> None:
        repository = self.repository(chosen.image)
        try:
            root = (reader := TreeReader(repository)).root(id_of_hex(chosen.image.root))
        except Failed as known:
            if not is_damage(known):
                raise
            outcome.lost(b"", known, what="the list of the volume's files")
            return
        place = creating.top(wanted.to)
        if wanted.several:
            place = _inside(place, places, os.fsencode(chosen.image.volume_label))
        with Workers("restore") as workers:
            planting = Planting(repository, places, workers, reporter, outcome, wanted.overwrite)
            planting.plant(reader.top(root, chosen.image.volume_label), chosen.wish, place)
            workers.finish()
            planting.lock()
        if root.source == VolumeSource.IMAGE and not chosen.wish.everything:
            opened = self._browse.open(chosen.image)
            InnerPlanting(opened, places, reporter, outcome, wanted.overwrite).plant(chosen.wish, place)

    def destination(self, to: str) -> bytes:
        """Where to restore to, absolute. Raises Failed `destination-missing`, `destination-in-repository`,
        `destination-not-a-directory`."""
        raw = paths.native(to)
        if not raw:
            raise usage("destination-missing", "A destination is needed.", "Name a directory with --to.")
        path = os.path.abspath(raw)
        home = Path(os.fsdecode(os.path.realpath(path)))
        for private in self._repositories.private_paths():
            if home == private or private in home.parents:
                raise refused(
                    "destination-in-repository",
                    f"{to} lies in a repository, or in the data directory, of this Core.",
                    "Choose a directory elsewhere.",
                )
        if os.path.lexists(path) and not os.path.isdir(path):
            raise refused("destination-not-a-directory", f"{to} is there, and is no directory.", "Choose a directory.")
        return path

    def find(self, wanted: Wanted) -> None:
        """Refuses a path that no image has, and a point of which nothing at all is here."""
        unseen = {text for chosen in wanted.chosen for text, _ in chosen.asked}
        named = 0
        for chosen in wanted.chosen:
            repository = self.repository(chosen.image)
            reader = TreeReader(repository)
            try:
                root = reader.root(id_of_hex(chosen.image.root))
            except Failed as known:
                if not is_damage(known):
                    raise
                unseen -= {text for text, _ in chosen.asked}
                continue
            named += 1
            top = reader.top(root, chosen.image.volume_label)
            unseen -= {text for text, inner in chosen.asked if _may_have(reader, top, inner)}
            if unseen and root.source == VolumeSource.IMAGE:
                opened = self._browse.open(chosen.image)
                unseen -= {text for text, inner in chosen.asked if text in unseen and _may_have_inside(opened, inner)}
        if unseen:
            raise not_found("file", sorted(unseen)[0], "List what the point has: replicore point files ID [PATH]")
        if not named and not wanted.partial:
            raise self._nothing()

    def refuse_nothing(self, wanted: Wanted) -> None:
        """Of an orphan, at least one file must be restorable, or nothing is begun (`nothing-restorable`)."""
        if self.whole(wanted) >= {chosen.image.id for chosen in wanted.chosen}:
            return
        for chosen in wanted.chosen:
            if anything_here(self.repository(chosen.image), chosen) or self._anything_inside(chosen):
                return
        raise self._nothing()

    def _anything_inside(self, chosen: Chosen) -> bool:
        """Whether at least one wanted file inside a disk can be restored from here."""
        return any(here for _, _, here in self.inside(chosen))

    def inside(self, chosen: Chosen) -> Iterator[tuple[bytes, Entry, bool]]:
        """(path, entry, whether it can be restored from here) of each wanted file inside a disk."""
        if chosen.wish.everything:
            return
        try:
            opened = self._browse.open(chosen.image)
            for path, node in inner_files(opened, chosen.wish):
                yield path, node.entry, not node.why and opened.inner_is_here(node)
        except Failed as known:
            if not is_damage(known) and known.failure.code not in NOT_INSIDE:
                raise

    def whole(self, wanted: Wanted) -> set[str]:
        """Those of the wanted images (ids) whose chains are whole here."""
        verdicts = judge(self._catalog.points.facts(wanted.point.machine), {})
        images = {chosen.image.id for chosen in wanted.chosen}
        return {image for image in images if verdicts[image].state is ChainState.WHOLE}

    def _nothing(self) -> Failed:
        return refused(
            "nothing-restorable",
            "Nothing of what is asked for can be restored from this Core: its bytes have not arrived here.",
            "replicore point show ID says what the point waits for; --partial restores the names alone.",
        )

    def repository(self, image: VolumeImage) -> Repository:
        """Where an image lies. Raises Failed as `Repositories.open`."""
        return self._repositories.open(self._catalog.points.image(image.id).repository)

    def mark(self, wanted: Wanted, outcome: Outcome) -> None:
        """What was found damaged is known from now on, so that chains show it."""
        if not outcome.damaged:
            return
        now = self._clock.now()
        repository = self._catalog.points.image(wanted.chosen[0].image.id).repository
        found = {
            hurt.object: DamagedObject(repository, hurt.object, hurt.pack, now, hurt.why)
            for hurt in outcome.damaged
            if hurt.object
        }
        self._repositories.mark_damaged(list(found.values()))


def anything_here(repository: Repository, chosen: Chosen) -> bool:
    """Whether at least one wanted file (or name, where there are no files at all) can be restored from here."""
    reader = TreeReader(repository)
    files = 0
    for batch in _batches(reader, chosen):
        files += len(batch)
        wanted = list({oid for ids in batch for oid in ids})
        lacking = set(repository.missing(wanted, sealed=bool(chosen.image.key)))
        if any(lacking.isdisjoint(ids) for ids in batch):
            return True
    try:
        return not files and reader.root(id_of_hex(chosen.image.root)).files == 0
    except Failed as known:
        if not is_damage(known):
            raise
        return False


def _batches(reader: TreeReader, chosen: Chosen) -> Iterator[list[list[bytes]]]:
    """Ids of the chunks of each wanted file whose list of them is here, in batches."""
    batch: list[list[bytes]] = []
    asked = 0
    for entry in _files(reader, chosen):
        try:
            ids = [oid for oid, _ in reader.extents(entry) if oid != ZERO_ID]
        except Failed as known:
            if not is_damage(known):
                raise
            continue
        batch.append(ids)
        asked += len(ids) + 1
        if asked >= ASKED:
            yield batch
            batch, asked = [], 0
    if batch:
        yield batch


def _files(reader: TreeReader, chosen: Chosen) -> Iterator[Entry]:
    """Wanted, readable files whose names are here."""
    stack: list[tuple[Entry, Wish]] = []
    try:
        root = reader.root(id_of_hex(chosen.image.root))
        stack.append((reader.top(root, chosen.image.volume_label), chosen.wish))
    except Failed as known:
        if not is_damage(known):
            raise
    while stack:
        directory, wish = stack.pop()
        try:
            for entry in reader.entries(directory):
                wanted = wish.below(entry.name)
                if wanted is None or entry.flags & EntryFlag.UNREADABLE:
                    continue
                if entry.type is FileType.DIRECTORY:
                    stack.append((entry, wanted))
                elif entry.type is FileType.FILE:
                    yield entry
        except Failed as known:
            if not is_damage(known):
                raise


def _may_have(reader: TreeReader, top: Entry, inner: bytes) -> bool:
    """Whether the image has such a path, or may have it because names on the way are not here."""
    try:
        return reader.find(top, inner) is not None
    except Failed as known:
        if not is_damage(known):
            raise
        return True


def _may_have_inside(opened: OpenVolume, inner: bytes) -> bool:
    """As `_may_have`, of the files inside a disk. Raises Failed where it cannot be looked into at all."""
    try:
        return opened.find(inner) is not None
    except Failed as known:
        if not is_damage(known):
            raise
        return True


def _inside(above: Place, places: Places, name: bytes) -> Place:
    with places.use(above) as directory:
        try:
            return creating.make_directory(above, directory, name)
        except FileExistsError:
            return creating.existing_directory(above, directory, name)


def _destination_failed(to: bytes, problem: OSError) -> Failed:
    text = paths.to_text(to)
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return failed("destination-full", f"{text} is full.", "Make room, or choose another destination.")
    why = problem.strerror or str(problem)
    return failed("destination-unusable", f"{text} cannot be written: {why}.", "Choose another destination.")
