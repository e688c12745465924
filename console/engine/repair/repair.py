"""Repair of a repository: what is damaged or missing is brought back from wherever it is, proven before it counts."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from console.catalog import Catalog, StoredImage
from console.domain.clock import Clock
from console.domain.errors import Cancelled, Failed
from console.domain.events import Severity
from console.domain.jobs import Job, JobKind, Trigger
from console.domain.objects import id_of_hex
from console.domain.pairing import Direction, PairingState
from console.domain.progress import Reporter
from console.domain.repositories import DamagedObject, RepositoryInfo
from console.engine.ends import own_damage
from console.engine.jobs import Jobs
from console.engine.journal import Journal
from console.engine.points import Points
from console.engine.repair.drives import attached_drives, named_drives
from console.engine.repair.givers import FromRepository, FromSeed, FromTarget, Giver
from console.engine.replicate.asking import AskSource
from console.engine.repositories import Repositories
from console.repository import Repository
from console.seeding.archive import Archive
from console.wire.dialer import Dialers

log = logging.getLogger(__name__)

AGAIN_S = 600.0
"""A repair that starts by itself is not started again for so long, whatever readers meet."""
SHOWN = 1000
"""Objects and images that are named in a result; all are counted."""


@dataclass(slots=True)
class _Work:
    """One repair: objects that are wanted, with the images that need them; and what came from where."""

    info: RepositoryInfo
    repository: Repository
    reporter: Reporter
    found: dict[bytes, str] = field(default_factory=dict)
    """Everything known to be damaged when it began, with the pack ("" when it is in none)."""
    wanted: dict[bytes, set[str]] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    affected: dict[str, StoredImage] = field(default_factory=dict)
    packs: list[str] = field(default_factory=list)

    @property
    def repaired(self) -> int:
        return sum(self.sources.values())


class Repair:
    """Sources, in this order: other copies in the repository, parity, other repositories of this Core, seed drives,
    paired targets. What is left at a target is wished for of its source."""

    def __init__(
        self,
        catalog: Catalog,
        repositories: Repositories,
        jobs: Jobs,
        journal: Journal,
        clock: Clock,
        points: Points,
        dialers: Dialers,
        asking: AskSource,
    ) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._jobs = jobs
        self._journal = journal
        self._clock = clock
        self._points = points
        self._dialers = dialers
        self._asking = asking
        self._lock = threading.Lock()
        self._begun: dict[str, float] = {}

    def start(
        self,
        name: str | None,
        places: Sequence[str] = (),
        *,
        user: str = "",
        trigger: Trigger = Trigger.PERSON,
        reason: str = "asked for",
    ) -> Job:
        """A job that repairs what is known to be damaged. `places`: seed drives to be used besides those attached.

        Raises Failed: `no-such-repository`, `no-repository`, and what opening a seed says. Damage that stays is the
        job's result, not its failure.
        """
        info = self._repositories.choose(name)
        self._repositories.open(info.id)
        drives = named_drives(places)

        def work(reporter: Reporter) -> dict[str, Any]:
            return self.repository(info, drives, reporter)

        lanes = [f"check:{info.id}"]
        return self._jobs.submit(
            JobKind.REPOSITORY_REPAIR, info.id, work, user=user, trigger=trigger, lanes=lanes, reason=reason
        )

    def due(self) -> None:
        """A duty of the calendar: what readers met is named, and repaired without waiting for a person."""
        for info, repository in self._repositories.opened():
            now = self._clock.monotonic()
            if not repository.wounds or now - self._begun.get(info.id, -AGAIN_S) < AGAIN_S:
                continue
            if self._jobs.pending(JobKind.REPOSITORY_REPAIR, info.id) is None:
                self._begun[info.id] = now
                self.start(info.id, trigger=Trigger.RETRY, reason="damage was met while reading")

    def repository(self, info: RepositoryInfo, drives: Sequence[Archive], reporter: Reporter) -> dict[str, Any]:
        """Repairs what is known to be damaged: {"repository", "found", "repaired", "sources", "left", "images_left",
        "asked", "packs_mended", "help"}."""
        work = _Work(info, self._repositories.open(info.id), reporter)
        with self._lock:  # two would fetch the same
            self._know(work)
            self._at_home(work)
            self._survey(work, self._catalog.points.images_in(info.id))
            if work.wanted:
                self._fetch(work, drives)
            self._tidy(work)
            return self._settle(work)

    # ------------------------------------------------------------------------------------------------ looking

    def _know(self, work: _Work) -> None:
        """What checks and readers found."""
        repository = work.repository
        for known in self._catalog.damage.list(work.info.id):
            if known.object:
                work.found[id_of_hex(known.object)] = known.pack
            if known.pack:
                work.packs.append(known.pack)
        for pack, ids in repository.wounds.take().items():
            work.packs.append(pack)
            work.found.update(dict.fromkeys(ids | repository.mending.damaged_in(pack), pack))
        work.packs = list(dict.fromkeys((*work.packs, *repository.missing_packs)))
        for oid in repository.mending.condemned():
            work.found.setdefault(oid, "")

    def _at_home(self, work: _Work) -> None:
        """Other copies in the same repository, then parity; what stays damaged is struck out."""
        repository, reporter = work.repository, work.reporter
        reporter.phase("Looking for other copies", items_total=len(work.found))
        bad = {oid for oid in work.found if not repository.mending.is_true(oid)}
        if bad:
            copies = repository.mending.copies(bad, reporter)
            self._came(work, "other copies in the repository", len(copies))
            bad -= copies
        if work.packs:
            reporter.phase("Mending packs from their parity", items_total=len(work.packs))
            mended = repository.mending.mend(work.packs, reporter)
            still = {oid for oid in bad if not repository.mending.is_true(oid)}
            self._came(work, "parity", len(bad - still))
            bad = still
            work.packs = [pack for pack in work.packs if pack not in mended]
            reporter.log(f"{len(mended)} pack(s) are true, of {len(mended) + len(work.packs)} looked at.")
        repository.condemn([oid for oid in bad if repository.has(oid)])
        work.wanted = {oid: set() for oid in bad}

    def _survey(self, work: _Work, images: Iterable[StoredImage]) -> None:
        """Which images lack what; records too. Nodes that came back may show that more is missing below them."""
        work.reporter.phase("Looking whom it hurts")
        missing: dict[bytes, set[str]] = {oid: set() for oid in work.wanted}
        for some in _portions(images):
            points = {point.id: point.record for point in self._catalog.points.several([s.image.point for s in some])}
            for stored in some:
                work.reporter.check()
                image = stored.image
                lacking, readable = own_damage(work.repository, image)
                if record := points.get(image.point):
                    lacking |= set(work.repository.missing([id_of_hex(record)]))
                if lacking or stored.damaged or not readable:
                    work.affected[image.id] = stored
                for oid in lacking:
                    missing.setdefault(oid, set()).add(image.id)
        for oid in missing:
            work.found.setdefault(oid, "")
        work.wanted = missing

    # ----------------------------------------------------------------------------------------------- fetching

    def _fetch(self, work: _Work, drives: Sequence[Archive]) -> None:
        """Asks one after the other until nothing is wanted; again for as long as something comes: a node that came back
        shows which images need what, and what else is missing below it."""
        while work.wanted:
            before = set(work.wanted)
            for giver in self._givers(work, drives):
                if not work.wanted:
                    break
                self._take(work, giver)
            if before == set(work.wanted):
                return
            self._survey(work, list(work.affected.values()))

    def _givers(self, work: _Work, drives: Sequence[Archive]) -> Iterator[Giver]:
        for info in self._repositories.list():
            if info.id != work.info.id:
                try:
                    yield FromRepository(info.name, self._repositories.open(info.id))
                except Failed as known:
                    log.info("repository %s is not asked: %s", info.name, known.failure.message)
        seeds = {drive.manifest.seed for drive in drives}
        yield from map(FromSeed, drives)
        machines = {stored.machine for stored in work.affected.values()}
        for drive in attached_drives(self._catalog, machines):
            if drive.manifest.seed not in seeds:
                yield FromSeed(drive)
        for pairing in self._catalog.pairings.list(Direction.OUTGOING):
            if pairing.state is PairingState.ACTIVE:
                yield FromTarget(self._catalog, pairing, self._dialers.to(pairing), work.repository.keys)

    def _take(self, work: _Work, giver: Giver) -> None:
        """What one of them has, each frame proven before it is stored. One that cannot be asked, or gives what is not
        true, is named and left."""
        work.reporter.phase(f"Asking {giver.name}", items_total=len(work.wanted))

        def frames() -> Iterator[bytes]:
            for oid, frame in giver.frames(dict(work.wanted)):
                if oid in work.wanted:
                    yield frame
                    work.reporter.advance(items=1, bytes=len(frame))
                    work.reporter.check()

        with work.repository.session() as session:
            try:
                session.put_frames(frames())
            except Cancelled:
                raise
            except Failed as known:
                if known.failure.code in ("repository-full", "repository-unwritable", "repository-gone"):
                    raise
                work.reporter.warn(known.failure.code, f"From {giver.name}: {known.failure.message}")
            session.flush()
        lacking = set(work.repository.missing(list(work.wanted)))
        self._came(work, giver.name, len(work.wanted) - len(lacking))
        work.wanted = {oid: images for oid, images in work.wanted.items() if oid in lacking}

    def _came(self, work: _Work, source: str, objects: int) -> None:
        if objects:
            work.sources[source] += objects
            work.reporter.log(f"{objects} object(s) from {source}.")

    # ----------------------------------------------------------------------------------------------- settling

    def _tidy(self, work: _Work) -> None:
        """Packs of damaged structure are written anew; those that are gone are waited for no more when all is here."""
        for pack in work.packs:
            work.reporter.check()
            work.repository.mending.rewrite(pack)
        if not work.wanted:
            for pack in work.repository.missing_packs:
                work.repository.mending.give_up(pack)

    def _settle(self, work: _Work) -> dict[str, Any]:
        """Marks what is whole again and what is not, and says so."""
        info, now = work.info, self._clock.now()
        hurt = {image for images in work.wanted.values() for image in images}
        for image, stored in work.affected.items():
            if image not in hurt:
                _, readable = own_damage(work.repository, stored.image)
                if not readable:
                    hurt.add(image)
        left = [DamagedObject(info.id, oid.hex(), "", now, "nobody who could be asked has it") for oid in work.wanted]
        healed = [image for image, stored in work.affected.items() if stored.damaged and image not in hurt]
        with self._catalog.transaction():
            self._catalog.damage.clear(info.id, None)
            self._catalog.damage.add(left)
            self._catalog.points.set_damaged(sorted(hurt), True)
            self._catalog.points.set_damaged(sorted(healed), False)
        asked = self._asking.ask_again(hurt)
        self._tell(work, len(left), hurt, asked)
        return {
            "repository": info.name,
            "found": len(work.found),
            "repaired": work.repaired,
            "sources": [{"source": name, "objects": count} for name, count in work.sources.items()],
            "left": [
                {"object": oid.hex(), "images": sorted(images)} for oid, images in list(work.wanted.items())[:SHOWN]
            ],
            "left_count": len(left),
            "images_healed": len(healed),
            "images_left": [self._image(work.affected[image]) for image in sorted(hurt)[:SHOWN]],
            "asked": [{"source": name, "images": count} for name, count in asked.items()],
            "help": self._help(hurt, asked),
        }

    def _image(self, stored: StoredImage) -> dict[str, Any]:
        machine = self._catalog.machines.find(stored.machine)
        view = self._points.view(stored.image.point)
        return {
            "image": stored.image.id,
            "volume": stored.image.volume_label,
            "point": stored.image.point,
            "machine": machine.name if machine else stored.machine,
            "restorability": view.restorability.value,
        }

    def _help(self, hurt: set[str], asked: dict[str, int]) -> str:
        if not hurt:
            return ""
        if asked:
            names = ", ".join(f"“{name}”" for name in asked)
            return f"{names} is asked to send the damaged images again; that happens at its next call."
        return (
            "Attach a seed drive that has these points (--from DIR), make sure that the Cores they are replicated to "
            "can be reached, then repair again. A new base image makes later points whole."
        )

    def _tell(self, work: _Work, left: int, hurt: set[str], asked: dict[str, int]) -> None:
        name = f"Repository “{work.info.name}”"
        if work.repaired:
            sources = ", ".join(f"{count} from {source}" for source, count in work.sources.items())
            text = f"{name}: {work.repaired} damaged or missing object(s) repaired: {sources}."
            self._journal.note(Severity.INFO, "damage-repaired", text, work.info.id)
        if left:
            coming = f" {', '.join(asked)} is asked for them." if asked else ""
            text = f"{name}: {left} damaged or missing object(s) could not be repaired.{coming}"
            self._journal.note(Severity.ERROR, "damage-found", text, work.info.id, alert=True)
        elif not hurt:
            self._journal.settle("damage-found", work.info.id)


def _portions(images: Iterable[StoredImage], size: int = 500) -> Iterator[list[StoredImage]]:
    some: list[StoredImage] = []
    for stored in images:
        some.append(stored)
        if len(some) >= size:
            yield some
            some = []
    if some:
        yield some
