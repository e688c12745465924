"""Checks of packs: structure, and on demand every byte, in two threads (what costs time frees the interpreter)."""

from __future__ import annotations

import secrets
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from console.domain.checks import CheckReport, Damage
from console.domain.objects import FRAME_SIZE, Kind
from console.domain.progress import Reporter
from console.repository.codec import NO_KEYS
from console.repository.index import Index
from console.repository.pack import Gap, PackDamaged, PackEntry, PackReader, whole_frames
from console.repository.places import IndexedPack, Place, tally
from console.repository.sealing import Keys
from console.repository.storage import PackFile, PackStorage

THREADS = 2
SAMPLE = 16
"""Of so many chunks one has its id proven, unless all are wanted: its stored bytes are proven anyway."""
_CHUNK = int(Kind.CHUNK)
_AHEAD = 8
_TOGETHER = 512 << 10
"""Bytes that are read and proven at a time: they stay in the processor's cache between the two."""


@dataclass(slots=True)
class PackReport:
    """What was found in one pack. `objects`, `bytes` (stored, headers included) looked at; `stray`: the index does not
    tell of this pack what the pack itself does; `unknown`: it does not know the pack at all; `whole`: copies that were
    struck out as damaged and are true again."""

    objects: int = 0
    bytes: int = 0
    damaged: list[Damage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    missing: str = ""
    stray: bool = False
    unknown: str = ""
    whole: list[Place] = field(default_factory=list)


class Verifier:
    """One check of all packs there are when it begins."""

    def __init__(
        self,
        storage: PackStorage,
        index: Index,
        *,
        read_data: bool,
        ids: bool = True,
        reporter: Reporter,
        keys: Keys = NO_KEYS,
    ) -> None:
        """`ids`: of all objects the id is proven, not only of nodes and of some chunks."""
        self._storage = storage
        self._index = index
        self._read_data = read_data
        self._ids = ids
        self._turn = secrets.randbelow(SAMPLE)
        self._reporter = reporter
        self._keys = keys
        self._known = index.packs()
        self._condemned = index.condemned()
        self._tallies = index.tallies()
        self.stray = False
        """Whether the index was wrong about some pack."""
        self.unknown: list[str] = []
        """Packs the index did not know: finished since the check began, or while there was no room for the index."""

    def run(self) -> CheckReport:
        """Looks at everything. Raises `Cancelled` when the reporter does."""
        names = sorted(self._storage.names())
        total = sum(pack.bytes for pack in self._known.values()) if self._read_data else None
        self._reporter.phase("Checking packs", bytes_total=total, items_total=len(names))
        gone = sorted(self._known.keys() - set(names))
        reports = [PackReport(missing=name) for name in gone]
        waiting: deque[Future[PackReport]] = deque()
        with ThreadPoolExecutor(THREADS, thread_name_prefix="check") as threads:
            try:
                for name in names:
                    waiting.append(threads.submit(self._pack, name))
                    if len(waiting) > _AHEAD:
                        reports.append(waiting.popleft().result())
                while waiting:
                    reports.append(waiting.popleft().result())
            except BaseException:
                threads.shutdown(wait=True, cancel_futures=True)
                raise
        self.stray = any(report.stray for report in reports)
        self.whole = [place for report in reports for place in report.whole]
        self.unknown = [report.unknown for report in reports if report.unknown]
        return self._sum(reports)

    def _sum(self, reports: list[PackReport]) -> CheckReport:
        return CheckReport(
            objects=sum(report.objects for report in reports),
            bytes=sum(report.bytes for report in reports),
            damaged=tuple(damage for report in reports for damage in report.damaged),
            missing_packs=tuple(sorted(report.missing for report in reports if report.missing)),
            notes=tuple(note for report in reports for note in report.notes),
        )

    def _pack(self, name: str) -> PackReport:
        report = PackReport()
        self._reporter.check()
        try:
            with self._storage.open(name) as pack:
                self._look(name, pack, report)
        except FileNotFoundError:
            report.missing = name
        except OSError as error:
            report.damaged += self._lost(name, report, set(), f"its pack cannot be read ({error})")
        self._reporter.advance(items=1)
        return report

    def _look(self, name: str, pack: PackFile, report: PackReport) -> None:
        reader = PackReader(pack.read, pack.size)
        try:
            entries = reader.entries()
            if reader.name != name:
                raise PackDamaged("its name is not that of its index")
        except PackDamaged as error:
            self._salvage(name, reader, report, str(error))
            return
        known = self._known.get(name)
        places: dict[bytes, Place] | None = None
        if known is None:
            report.unknown = name
        elif known.objects != len(entries) or self._tallies.get(known.number) != tally(entries):
            # Copies lie elsewhere, or came to lie there since, or the index is wrong.
            places = self._places(entries)
            report.stray = self._disagrees(entries, places, known)
        report.objects += len(entries)
        report.bytes += sum([FRAME_SIZE + entry.stored for entry in entries])
        if not self._read_data:
            return
        for run, raw in reader.runs(entries, _TOGETHER):
            for entry, why in whole_frames(run, raw, self._proves_id, self._keys):
                if why:
                    places = places or self._places(entries)
                    self._note(name, entry, why, places.get(entry.id), known, report)
                elif (
                    places is not None
                    and known
                    and entry.id not in places
                    and (entry.id, known.number) in self._condemned
                ):
                    place = Place(entry.id, known.number, entry.offset, entry.stored, entry.plain, entry.kind)
                    report.whole.append(place)
            self._reporter.advance(bytes=len(raw))
            self._reporter.check()

    def _places(self, entries: list[PackEntry]) -> dict[bytes, Place]:
        return {place.id: place for place in self._index.find_many([entry.id for entry in entries])}

    def _proves_id(self, entry: PackEntry) -> bool:
        return self._ids or entry.kind != _CHUNK or entry.id[0] % SAMPLE == self._turn

    def _disagrees(self, entries: list[PackEntry], places: dict[bytes, Place], known: IndexedPack) -> bool:
        mine = 0
        for entry in entries:
            place = places.get(entry.id)
            if place is None:
                if (entry.id, known.number) not in self._condemned:
                    return True
            elif place.pack == known.number:
                mine += 1
                if place[2:] != (entry.offset, entry.stored, entry.plain, entry.kind):
                    return True
        return mine != known.objects

    def _note(
        self,
        name: str,
        entry: PackEntry,
        why: str,
        place: Place | None,
        known: IndexedPack | None,
        report: PackReport,
    ) -> None:
        if place is not None and known is not None and place.pack != known.number:
            report.notes.append(
                f"Pack {name} has a damaged copy of object {entry.id.hex()}; the one in use lies elsewhere."
            )
        elif place is None and known is not None and (entry.id, known.number) in self._condemned:
            report.notes.append(f"Pack {name} has a damaged copy of object {entry.id.hex()}, struck out before.")
        else:
            report.damaged.append(Damage(entry.id.hex(), name, why))

    def _salvage(self, name: str, reader: PackReader, report: PackReport, why: str) -> None:
        """The structure is damaged: goes frame by frame, and by what the index tells should be there."""
        found: set[tuple[bytes, int]] = set()
        for part in reader.salvage():
            self._reporter.check()
            if isinstance(part, Gap):
                continue
            found.add((part.id, part.offset))
            report.objects += 1
            report.bytes += part.end - part.offset
            self._reporter.advance(bytes=part.end - part.offset)
        lost = self._lost(name, report, found, "no whole frame of it is left in its pack")
        report.damaged += lost
        report.damaged.append(
            Damage("", name, f"{why}; read frame by frame, {len(found)} object(s) in it are whole, {len(lost)} lost")
        )

    def _lost(self, name: str, report: PackReport, found: set[tuple[bytes, int]], why: str) -> list[Damage]:
        known = self._known.get(name)
        if known is None:
            return []
        places = self._index.within(known.number)
        lost = [place for place in places if (place.id, place.offset) not in found]
        report.objects += len(lost)
        return [Damage(place.id.hex(), name, why) for place in lost]
