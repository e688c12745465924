"""Recovery points as people see them: chain state, what can be restored now, and an orphan explained in words."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from console.catalog import Catalog, StoredImage
from console.catalog.windows import PointFilter
from console.domain import paths
from console.domain.chains import WHOLE, ChainState, ChainVerdict, Expected, ImageFact, WaitingKind, judge, worst
from console.domain.errors import OBJECT_DAMAGE, Failed, not_found, refused
from console.domain.machines import Machine
from console.domain.objects import ZERO_ID, id_of_hex
from console.domain.pairing import Direction
from console.domain.recovery_points import RecoveryPoint, Restorability, VolumeImage
from console.domain.trees import Entry, EntryFlag, FileType
from console.engine.counting import Counting, FileCount
from console.engine.inside.browse import Browse
from console.engine.repositories import Repositories

if TYPE_CHECKING:
    from console.engine.inside.volume import OpenVolume
    from console.repository import Repository, TreeReader


@dataclass(frozen=True, slots=True)
class PointView:
    """A point in a list. `why` is a sentence when it is not whole. `targets`: names of the outgoing pairings whose
    targets have every image of it, whole or as an orphan, as far as they have said. `held`: no
    rollup and no deletion takes it."""

    point: RecoveryPoint
    machine: Machine
    state: ChainState
    restorability: Restorability
    why: str
    targets: tuple[str, ...]
    held: bool = False


@dataclass(frozen=True, slots=True)
class ImageDetail:
    """One image of a point. `missing_*`: objects of its whole tree that are not here; bytes are plain.

    `waiting_for`: id of a seed or a pairing, None when nothing is known to come. `locked`: its names cannot be read
    while its key is locked: `files_restorable` is all of them, or says nothing.
    """

    image: VolumeImage
    verdict: ChainVerdict
    missing_objects: int
    missing_bytes: int
    waiting_for: str | None
    why: str
    files_restorable: int
    files_total: int
    locked: bool = False


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


Verdicts = MutableMapping[str, Mapping[str, ChainVerdict]]
"""By machine (id), of its images (id); an image that is not among them is whole."""

SEVERAL = 3
"""A page with points of more machines than that is answered from what is known of all machines."""


class Standing(NamedTuple):
    """What is known of all machines. `machines` by id; `verdicts`: of every image that is not whole, by image."""

    machines: Mapping[str, Machine]
    verdicts: Mapping[str, ChainVerdict]


class Points:
    """Answers questions about points. Changes nothing but by `delete`."""

    def __init__(self, catalog: Catalog, repositories: Repositories, browse: Browse | None = None) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self.browse = browse or Browse(catalog, repositories)
        self.counting = Counting(catalog, repositories)
        self.standing: Callable[[], Standing] | None = None
        """Where it is kept from one change to the next."""

    def page(
        self,
        machine: str | None = None,
        state: str | None = None,
        limit: int = 100,
        after: str | None = None,
        *,
        newest_first: bool = True,
        wanted: PointFilter | None = None,
    ) -> tuple[list[PointView], str | None]:
        """By time. `state`: a chain state, or `orphaned` for every state but whole; pages may then be short."""
        machine_id = self._catalog.machines.get(machine).id if machine else None
        views: list[PointView] = []
        verdicts: Verdicts = {}
        cursor = after
        while True:
            found, cursor = self._catalog.points.page(
                machine_id, limit=limit - len(views), after=cursor, newest_first=newest_first, wanted=wanted
            )
            views += [v for v in self._views(found, verdicts) if state is None or matches(v.state, state)]
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

    def verdicts(self, machine: str) -> Mapping[str, ChainVerdict]:
        """The chain verdicts of a machine's images, by image id; an image that is not in it is whole."""
        return self.judged(machine, self._catalog.points.orphan_facts(machine))

    def judged(self, machine: str, facts: Sequence[ImageFact]) -> dict[str, ChainVerdict]:
        """As `verdicts`, from what is known of the machine's images that are not whole."""
        known = {fact.id for fact in facts if fact.here and not fact.damaged}
        wanted = {fact.id for fact in facts} | {fact.parent for fact in facts if fact.parent}
        return judge(facts, self._expected(machine, wanted - known))

    def files(self, point: str, path: str = "") -> list[FileView]:
        """As `files_window`, all of them."""
        return self.files_window(point, path, 0, sys.maxsize)[0]

    def files_window(self, point: str, path: str, offset: int, limit: int) -> tuple[list[FileView], int]:
        """Names in one directory of a point (or the one file at `path`), and how many it has; of all its volumes when
        `path` is empty.

        `path` is `sub/dir`, or `label:sub/dir` where a point has several volumes; it may lead into disk images, see
        `engine.inside.volume`.
        """
        found = self._catalog.points.get(point)
        views: list[FileView] = []
        total = 0
        for image, inner in self._at(found, path):
            some, count = self._list(image, inner, max(offset - total, 0), limit - len(views))
            views += some
            total += count
        if not total and path and not any(self._is_there(image, inner) for image, inner in self._at(found, path)):
            raise not_found("file", path, "List the folder above it: replicore point files ID [PATH]")
        return views, total

    def _views(self, points: list[RecoveryPoint], verdicts: Verdicts) -> list[PointView]:
        machines: dict[str, Machine] = {}
        of = {point.machine for point in points}
        if len(of) > SEVERAL and self.standing is not None:
            standing = self.standing()
            for machine in of & standing.machines.keys():
                machines[machine] = standing.machines[machine]
                verdicts.setdefault(machine, standing.verdicts)
        views = []
        ids = [point.id for point in points]
        held, replicas = self._catalog.retention.holds(ids), self._catalog.replicas.at(ids)
        targets = {pairing.id: pairing.name for pairing in self._catalog.pairings.list(Direction.OUTGOING)}
        for point in points:
            if point.machine not in machines:
                machines[point.machine] = self._catalog.machines.get(point.machine)
            if point.machine not in verdicts:
                verdicts[point.machine] = self.verdicts(point.machine)
            mine = [verdicts[point.machine].get(image.id, WHOLE) for image in point.images]
            state = worst(verdict.state for verdict in mine)
            why = next((self.why(verdict) for verdict in mine if verdict.state is state), "")
            has = replicas.get(point.id, frozenset())
            there = tuple(name for pairing, name in targets.items() if pairing in has)
            restorability = self._restorability(point, state)
            views.append(PointView(point, machines[point.machine], state, restorability, why, there, point.id in held))
        return views

    def _restorability(self, point: RecoveryPoint, state: ChainState) -> Restorability:
        if state is ChainState.WHOLE:
            return Restorability.VOLUME
        counts = [self._hoped(image) for image in point.images]
        return _restorable(sum(count.restorable for count in counts), sum(count.total for count in counts))

    def _hoped(self, image: VolumeImage) -> FileCount:
        count = self._safe_count(image)
        return _promise(self._catalog.points.image(image.id)) if count.locked and not count.restorable else count

    def _safe_count(self, image: VolumeImage) -> FileCount:
        try:
            return self.counting.count(self._catalog.points.image(image.id))
        except Failed:
            return FileCount(0, image.files)

    def _detail(self, image: VolumeImage, verdicts: Mapping[str, ChainVerdict]) -> ImageDetail:
        verdict = verdicts.get(image.id, WHOLE)
        if verdict.state is ChainState.WHOLE:
            return ImageDetail(image, verdict, 0, 0, None, "", image.files, image.files)
        from console.repository import TreeReader

        repository = self._repository(image)
        missing = partial(repository.missing, sealed=bool(image.key))
        objects = size = 0
        for _, length in TreeReader(repository).absent(id_of_hex(image.root), missing):
            objects += 1
            size += length
        count = self._safe_count(image)
        waiting = verdict.expected.id or None if verdict.expected else None
        why = self.why(verdict)
        return ImageDetail(
            image, verdict, objects, size, waiting, why, count.restorable, count.total, locked=count.locked
        )

    def why(self, verdict: ChainVerdict) -> str:
        """A sentence; empty for what is whole."""
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

    def _list(self, image: VolumeImage, inner: bytes, offset: int, limit: int) -> tuple[list[FileView], int]:
        stored = self._catalog.points.image(image.id)
        try:
            opened = self.browse.open(image)
            entry = opened.find(inner)
            if entry is None:
                return [], 0
            if entry.type is not FileType.DIRECTORY:
                return [view_of(opened, inner, entry)][offset : offset + limit], 1
            children, total = opened.window(entry, inner, offset, limit)
        except Failed as known:
            if known.failure.code != "object-missing" or stored.names or (stored.here and image.parent is None):
                raise  # these names were here: that is damage
            raise refused(
                "names-missing",
                f"The names in “{paths.to_text(inner) or '/'}” have not arrived on this Core.",
                "They come with the seed drive or the transfer the point waits for.",
            ) from known
        prefix = inner + b"/" if inner else b""
        return [view_of(opened, prefix + child.name, child) for child in children], total

    def _is_there(self, image: VolumeImage, inner: bytes) -> bool:
        return self.browse.open(image).find(inner) is not None


def promised(
    images: Sequence[StoredImage], verdicts: Mapping[str, ChainVerdict], known: Mapping[str, FileCount]
) -> Restorability:
    """Of the images of one orphan, without a look at its names: as counted last (`known`, by image), or as an image
    that is here with its names promises. `verdicts`: whole ones may be missing."""
    restorable = total = 0
    for image in images:
        whole = verdicts.get(image.image.id, WHOLE).state is ChainState.WHOLE
        count = FileCount(image.image.files, image.image.files) if whole else known.get(image.image.id)
        if count is None or (count.locked and not count.restorable):
            count = _promise(image)
        restorable += count.restorable
        total += count.total
    return _restorable(restorable, total)


def _promise(image: StoredImage) -> FileCount:
    """Of an orphan whose names nobody has looked at, or can look at while its key is locked."""
    return FileCount(int(image.here and image.names and image.image.files > 0), image.image.files + 1)


def _restorable(restorable: int, total: int) -> Restorability:
    if restorable and restorable >= total:
        return Restorability.ALL_FILES
    return Restorability.SOME_FILES if restorable else Restorability.NONE


def matches(state: ChainState, wanted: str) -> bool:
    """Whether a point in this state is meant by `wanted`: a chain state, or `orphaned`."""
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


def view_of(opened: OpenVolume, path: bytes, entry: Entry) -> FileView:
    """One name of a volume that is looked into."""
    here = opened.is_here(path)
    if here is None:
        return file_view(opened.repository, opened.reader, opened.image, path, entry)
    return FileView(
        opened.image.volume_label,
        paths.to_text(path),
        FileType(entry.type),
        entry.size,
        entry.mode,
        entry.mtime_ns,
        here,
        entry.problem,
    )


def file_view(repository: Repository, reader: TreeReader, image: VolumeImage, path: bytes, entry: Entry) -> FileView:
    """One name of an image, `path` in bytes. Raises Failed where its repository cannot be read."""
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
