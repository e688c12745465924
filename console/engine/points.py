"""Recovery points as people see them: chain state, what can be restored now, and an orphan explained in words."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from console.catalog import Catalog
from console.domain import paths
from console.domain.chains import WHOLE, ChainState, ChainVerdict, Expected, WaitingKind, judge, worst
from console.domain.errors import OBJECT_DAMAGE, Failed, not_found, refused
from console.domain.machines import Machine
from console.domain.objects import ZERO_ID
from console.domain.pairing import Direction
from console.domain.recovery_points import RecoveryPoint, Restorability, VolumeImage
from console.domain.trees import Entry, EntryFlag, FileType
from console.engine.repositories import Repositories
from console.repository import Repository, TreeReader

KEPT_COUNTS = 512


@dataclass(frozen=True, slots=True)
class PointView:
    """A point in a list. `why` is a sentence when it is not whole."""

    point: RecoveryPoint
    machine: Machine
    state: ChainState
    restorability: Restorability
    why: str


@dataclass(frozen=True, slots=True)
class ImageDetail:
    """One image of a point. `missing_*`: objects of its whole tree that are not here; bytes are plain.

    `waiting_for`: id of a seed or a pairing, None when nothing is known to come.
    """

    image: VolumeImage
    verdict: ChainVerdict
    missing_objects: int
    missing_bytes: int
    waiting_for: str | None
    why: str
    files_restorable: int
    files_total: int


@dataclass(frozen=True, slots=True)
class PointDetail:
    view: PointView
    images: tuple[ImageDetail, ...]


@dataclass(frozen=True, slots=True)
class FileView:
    """One name of a point. `path` in text form, relative to the volume; `here`: all its bytes are on this Core."""

    volume: str
    path: str
    type: FileType
    size: int
    mode: int
    mtime_ns: int
    here: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FileCount:
    restorable: int
    total: int


class Points:
    """Answers questions about points. Changes nothing but by `delete`."""

    def __init__(self, catalog: Catalog, repositories: Repositories) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._lock = threading.Lock()
        self._counts: OrderedDict[tuple[str, int], FileCount] = OrderedDict()

    def page(
        self, machine: str | None = None, state: str | None = None, limit: int = 100, after: str | None = None
    ) -> tuple[list[PointView], str | None]:
        """Newest first. `state`: a chain state, or `orphaned` for every state but whole; pages may then be short."""
        machine_id = self._catalog.machines.get(machine).id if machine else None
        views: list[PointView] = []
        verdicts: dict[str, dict[str, ChainVerdict]] = {}
        cursor = after
        while True:
            found, cursor = self._catalog.points.page(machine_id, limit=limit - len(views), after=cursor)
            views += [v for v in self._views(found, verdicts) if state is None or _matches(v.state, state)]
            if cursor is None or len(views) >= limit:
                return views, cursor

    def view(self, point: str) -> PointView:
        return self._views([self._catalog.points.get(point)], {})[0]

    def explain(self, point: str) -> PointDetail:
        """What is missing, why, what can be restored now, and what will heal it."""
        found = self._catalog.points.get(point)
        verdicts = self.verdicts(found.machine)
        details = tuple(self._detail(image, verdicts) for image in found.images)
        return PointDetail(self._views([found], {found.machine: verdicts})[0], details)

    def verdicts(self, machine: str) -> dict[str, ChainVerdict]:
        """The chain verdicts of a machine's images, by image id; an image that is not in it is whole."""
        facts = self._catalog.points.orphan_facts(machine)
        known = {fact.id for fact in facts if fact.here and not fact.damaged}
        wanted = {fact.id for fact in facts} | {fact.parent for fact in facts if fact.parent}
        return judge(facts, self._expected(machine, wanted - known))

    def files(self, point: str, path: str = "") -> list[FileView]:
        """The names in one directory of a point (or the one file at `path`); of all its volumes when `path` is empty.

        `path` is `sub/dir`, or `label:sub/dir` where a point has several volumes.
        """
        found = self._catalog.points.get(point)
        views: list[FileView] = []
        for image, inner in self._at(found, path):
            views += self._list(image, inner, explicit=bool(inner))
        if not views and path:
            raise not_found("file", path, "List the folder above it: replicore point files ID [PATH]")
        return views

    def count(self, image: VolumeImage) -> FileCount:
        """How many files of an image have all their bytes here."""
        repository = self._repository(image)
        key = (image.root, repository.usage().objects)
        with self._lock:
            kept = self._counts.get(key)
        if kept is None:
            kept = _count(repository, bytes.fromhex(image.root), image.files)
            with self._lock:
                self._counts[key] = kept
                while len(self._counts) > KEPT_COUNTS:
                    self._counts.popitem(last=False)
        return kept

    def _views(self, points: list[RecoveryPoint], verdicts: dict[str, dict[str, ChainVerdict]]) -> list[PointView]:
        machines: dict[str, Machine] = {}
        views = []
        for point in points:
            if point.machine not in machines:
                machines[point.machine] = self._catalog.machines.get(point.machine)
            if point.machine not in verdicts:
                verdicts[point.machine] = self.verdicts(point.machine)
            mine = [verdicts[point.machine].get(image.id, WHOLE) for image in point.images]
            state = worst(verdict.state for verdict in mine)
            why = next((self._why(verdict) for verdict in mine if verdict.state is state), "")
            views.append(PointView(point, machines[point.machine], state, self._restorability(point, state), why))
        return views

    def _restorability(self, point: RecoveryPoint, state: ChainState) -> Restorability:
        if state is ChainState.WHOLE:
            return Restorability.VOLUME
        counts = [self._safe_count(image) for image in point.images]
        restorable = sum(count.restorable for count in counts)
        total = sum(count.total for count in counts)
        if restorable and restorable >= total:
            return Restorability.ALL_FILES
        return Restorability.SOME_FILES if restorable else Restorability.NONE

    def _safe_count(self, image: VolumeImage) -> FileCount:
        try:
            return self.count(image)
        except Failed:
            return FileCount(0, image.files)

    def _detail(self, image: VolumeImage, verdicts: Mapping[str, ChainVerdict]) -> ImageDetail:
        verdict = verdicts.get(image.id, WHOLE)
        if verdict.state is ChainState.WHOLE:
            return ImageDetail(image, verdict, 0, 0, None, "", image.files, image.files)
        repository = self._repository(image)
        objects = size = 0
        for _, length in TreeReader(repository).absent(bytes.fromhex(image.root), repository.missing):
            objects += 1
            size += length
        count = self._safe_count(image)
        waiting = verdict.expected.id or None if verdict.expected else None
        return ImageDetail(image, verdict, objects, size, waiting, self._why(verdict), count.restorable, count.total)

    def _why(self, verdict: ChainVerdict) -> str:
        if verdict.state is ChainState.WHOLE:
            return ""
        missing = f"image {verdict.missing[:12]}" if verdict.missing else "an image"
        text = verdict.expected.text if verdict.expected else ""
        if verdict.state is ChainState.AWAITING_SEED:
            return f"It builds on {missing}, which is on {text or 'a seed drive'}."
        if verdict.state is ChainState.AWAITING_TRANSFER:
            return f"It builds on {missing}, which is still to be transferred from {text or 'its source Core'}."
        return (
            f"It builds on {missing}, which is not whole here, and no seed drive or transfer is known that brings it."
        )

    def _expected(self, machine: str, absent: set[str]) -> Mapping[str, Expected]:
        expected: dict[str, Expected] = {}
        if not absent:
            return expected
        for member in self._catalog.members.of_machine(machine):
            pairing = self._catalog.pairings.get(member.pairing)
            if pairing.direction is Direction.INCOMING:
                text = f"Core “{pairing.peer.name}”"
                expected |= {image: Expected(WaitingKind.TRANSFER, pairing.id, text) for image in absent}
        return expected | dict(self._catalog.seeds.expected(sorted(absent)))

    def _repository(self, image: VolumeImage) -> Repository:
        return self._repositories.open(self._catalog.points.image(image.id).repository)

    def _at(self, point: RecoveryPoint, path: str) -> Iterator[tuple[VolumeImage, bytes]]:
        label, colon, rest = path.partition(":")
        labels = {image.volume_label: image for image in point.images}
        if colon and label in labels:
            yield labels[label], paths.from_text(rest).strip(b"/")
            return
        for image in point.images:
            yield image, paths.from_text(path).strip(b"/")

    def _list(self, image: VolumeImage, inner: bytes, *, explicit: bool) -> list[FileView]:
        repository = self._repository(image)
        reader = TreeReader(repository)
        entry = reader.find(reader.root(bytes.fromhex(image.root)), inner)
        if entry is None:
            return []
        if entry.type is not FileType.DIRECTORY:
            return [_file_view(repository, reader, image, inner, entry)] if explicit else []
        try:
            children = list(reader.entries(entry))
        except Failed as known:
            if known.failure.code != "object-missing":
                raise
            raise refused(
                "names-missing",
                f"The names in “{paths.to_text(inner) or '/'}” have not arrived on this Core.",
                "They come with the seed drive or the transfer the point waits for.",
            ) from known
        prefix = inner + b"/" if inner else b""
        return [_file_view(repository, reader, image, prefix + child.name, child) for child in children]


def _matches(state: ChainState, wanted: str) -> bool:
    return state is not ChainState.WHOLE if wanted == "orphaned" else state.value == wanted


def is_here(repository: Repository, reader: TreeReader, entry: Entry) -> bool:
    """Whether all bytes of one entry (of a directory: its own names) are in this repository."""
    if entry.flags & EntryFlag.UNREADABLE:
        return False
    try:
        if entry.type is FileType.DIRECTORY:
            for _ in reader.entries(entry):
                pass
            return True
        ids = list({oid for oid, _ in reader.extents(entry) if oid != ZERO_ID})
    except Failed as known:
        if known.failure.code not in OBJECT_DAMAGE:
            raise
        return False
    return not repository.missing(ids)


def _file_view(repository: Repository, reader: TreeReader, image: VolumeImage, path: bytes, entry: Entry) -> FileView:
    return FileView(
        image.volume_label,
        paths.to_text(path),
        FileType(entry.type),
        entry.size,
        entry.mode,
        entry.mtime_ns,
        is_here(repository, reader, entry),
        entry.problem,
    )


def _count(repository: Repository, root: bytes, total: int) -> FileCount:
    """Walks all names that are here. Look-ups go in batches; a missing directory costs its files, unseen."""
    reader = TreeReader(repository)
    here = 0
    try:
        stack = [reader.root(root).entry]
    except Failed as known:
        if known.failure.code not in OBJECT_DAMAGE:
            raise
        return FileCount(0, total)
    waiting: list[tuple[int, bytes]] = []
    files = 0

    def settle() -> int:
        lacking = set(repository.missing(list({oid for _, oid in waiting})))
        hurt = {number for number, oid in waiting if oid in lacking}
        count = len({number for number, _ in waiting} - hurt)
        waiting.clear()
        return count

    while stack:
        directory = stack.pop()
        try:
            children = list(reader.entries(directory))
        except Failed as known:
            if known.failure.code not in OBJECT_DAMAGE:
                raise
            continue
        for child in children:
            if child.type is FileType.DIRECTORY:
                stack.append(child)
            elif child.type is FileType.FILE and not child.flags & EntryFlag.UNREADABLE:
                files += 1
                try:
                    chunks = [oid for oid, _ in reader.extents(child) if oid != ZERO_ID]
                except Failed as known:
                    if known.failure.code not in OBJECT_DAMAGE:
                        raise
                    continue
                if chunks:
                    waiting += [(files, oid) for oid in chunks]
                else:
                    here += 1
        if len(waiting) > 20_000:
            here += settle()
    return FileCount(here + settle(), max(total, files))
