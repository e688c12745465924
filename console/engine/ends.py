"""A repository of this Core as source end and as target end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from console.catalog import Catalog
from console.domain.errors import OBJECT_DAMAGE, Failed, failed
from console.domain.machines import Machine
from console.domain.objects import Kind, ObjectRef, id_of_hex
from console.domain.recovery_points import RecoveryPoint, VolumeImage
from console.domain.replication import Accepted, ImageOffer, Step
from console.engine.keys.travel import keys_of
from console.repository import Repository, TreeReader
from console.repository.records import Record, decode_record, decode_tombstone, encode

_NEVER = datetime.min.replace(tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def offer_of(catalog: Catalog, machine: Machine, step: Step, steps: Sequence[Step]) -> ImageOffer:
    """What is offered for a step of these `steps`, with the parents that images are to have at the target. Raises
    Failed `no-such-recovery-point` when the point is gone."""
    point = catalog.points.get(step.point)
    moved = {other.image: other.parent for other in steps if other.moved and other.point == step.point}
    images = tuple(
        image.onto(catalog.points.image(parent).image if (parent := moved[image.id]) else None)
        if image.id in moved
        else image
        for image in point.images
    )
    image = next(image for image in images if image.id == step.image)
    return ImageOffer(machine.abroad(), replace(point, images=images), image, step.names, keys_of(catalog, [point]))


class LocalSource:
    """Images of one of our repositories, to be sent somewhere."""

    def __init__(self, catalog: Catalog, repository: Repository) -> None:
        self._catalog = catalog
        self._repository = repository
        self._trees = TreeReader(repository)

    def increment(self, image: VolumeImage, *, names: bool) -> Iterator[list[ObjectRef]]:
        """See `domain.replication.SourceEnd`."""
        parent = id_of_hex(image.parent_root) if image.parent_root else None
        yield from self._trees.increment(id_of_hex(image.root), parent, names=names)
        record = self._catalog.points.get(image.point).record
        if record:
            yield [ObjectRef(id_of_hex(record), Kind.RECORD)]

    def frames(self, ids: Sequence[bytes]) -> Iterator[bytes | memoryview]:
        """See `domain.replication.SourceEnd`."""
        return self._repository.frames(ids)

    def stored_size(self, ids: Sequence[bytes]) -> int:
        """See `domain.replication.SourceEnd`."""
        return self._repository.stored_size(ids)


class LocalTarget:
    """One of our repositories, taking images of one machine. Close it (or use `with`) when the last step is done."""

    def __init__(self, catalog: Catalog, repository: Repository) -> None:
        self._catalog = catalog
        self._repository = repository
        self._session = repository.session()
        self._dead: tuple[int, dict[str, datetime]] | None = None

    def __enter__(self) -> LocalTarget:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Keeps (and syncs) what has arrived."""
        try:
            self._session.flush()
        finally:
            self._session.close()

    def flush(self) -> None:
        """Syncs what has arrived so far."""
        self._session.flush()

    def missing(self, ids: Sequence[bytes], *, sealed: bool = False) -> list[bytes]:
        """See `domain.replication.TargetEnd`. What is not missing is relied on: `commit` makes it durable or fails."""
        return self._session.missing(ids, sealed=sealed)

    def store(self, frames: Iterable[bytes | memoryview]) -> Accepted:
        """See `domain.replication.TargetEnd`."""
        return self._session.put_frames(frames)

    def commit(self, offer: ImageOffer) -> None:
        """See `domain.replication.TargetEnd`: synced, increment proven to be here, then the catalog."""
        self._session.flush()
        image, point = offer.image, offer.point
        absent = self._absent(offer)
        if absent:
            raise failed(
                "objects-missing",
                f"{absent} object(s) of image {image.id[:12]} have not arrived.",
                "Run the replication again; it sends only those.",
            )
        if self._session.waiting:
            self._session.flush()  # what another session put in the meantime
        settled = self._settled(point, image)
        self._catalog.points.add(
            settled,
            self._repository.id,
            here={image.id},
            names={image.id} if offer.names or self._names(image) else set(),
            settled=True,
        )

        if (known := self._catalog.points.find_image(image.id)) is not None and known.damaged:
            self._catalog.points.set_damaged([image.id], False)
            mended = [d.object for d in self._catalog.damage.list(self._repository.id) if self._is_here(d.object)]
            self._catalog.damage.clear(self._repository.id, mended)
        # The catalog names it all now: the session need not keep a reclaim from it any longer.
        self._session.let_go()

    def _settled(self, point: RecoveryPoint, image: VolumeImage) -> RecoveryPoint:
        """The point with the record that says what the catalog will: the one that came, the one that is known, or a new
        one, synced (FORMAT.md, "Records that replace others")."""
        came = self._record(point.record)
        if came is None:
            return point
        images = self._catalog.points.settled(point, {image.id})
        wanted = _parents(images)
        known = self._catalog.points.find(point.id)
        mine = "" if known is None else known.record
        own = self._record(mine) if mine != point.record else None
        dead = self._buried().get(point.id) if known is None else None
        if own is not None and _parents(own.point.images) == wanted and point.record in own.replaces:
            return replace(point, record=mine)
        if own is None or mine in came.replaces:
            if _parents(came.point.images) == wanted and (dead is None or _written(came) > dead):
                return point
        else:
            came = replace(came, replaces=(*came.replaces, mine, *own.replaces))
        latest = max(_written(came), point.time, dead or _NEVER, _NEVER if own is None else _written(own))
        record = came.instead(point.record, replace(came.point, images=images), latest + _TICK)
        made = self._session.put(Kind.RECORD, encode(record)).id.hex()
        self._session.flush()
        return replace(point, record=made)

    def _record(self, id: str) -> Record | None:
        """None where there is none that this Core can read."""
        try:
            return decode_record(self._repository.read(id_of_hex(id))) if id else None
        except Failed:
            return None

    def _buried(self) -> dict[str, datetime]:
        """Points (ids) that were deleted here, and when."""
        deaths = self._catalog.retention.deaths
        if self._dead is None or self._dead[0] != deaths:
            dead: dict[str, datetime] = {}
            for oid in self._repository.records(Kind.TOMBSTONE):
                tombstone = decode_tombstone(self._repository.read(oid))
                dead.update((point, max(tombstone.time, dead.get(point, _NEVER))) for point in tombstone.points)
            self._dead = (deaths, dead)
        return self._dead[1]

    def _is_here(self, oid: str) -> bool:
        return bool(oid) and self._repository.has(id_of_hex(oid))

    def _absent(self, offer: ImageOffer) -> int:
        """How many objects of the image's own increment (and its record) are not here."""
        image = offer.image
        parent = id_of_hex(image.parent_root) if image.parent_root else None
        record = [id_of_hex(offer.point.record)] if offer.point.record else []
        absent = len(self._session.missing(record))
        try:
            for batch in TreeReader(self._repository).increment(id_of_hex(image.root), parent, names=offer.names):
                absent += len(self._session.missing([ref.id for ref in batch], sealed=bool(image.key)))
        except Failed as known:
            if known.failure.code not in OBJECT_DAMAGE:
                raise
            absent += 1
        return absent

    def _names(self, image: VolumeImage) -> bool:
        """A base names all its files by its own objects; a child does when its parent did."""
        if image.parent is None:
            return True
        parent = self._catalog.points.find_image(image.parent)
        return parent is not None and parent.here and parent.names


def _written(record: Record) -> datetime:
    return record.written or _NEVER


def _parents(images: Iterable[VolumeImage]) -> dict[str, tuple[str | None, str | None]]:
    return {image.id: (image.parent, image.parent_root) for image in images}


def own_damage(
    repository: Repository,
    image: VolumeImage,
    bad: frozenset[bytes] = frozenset(),
    *,
    names: bool = False,
    seen: Callable[[list[bytes]], list[bytes]] | None = None,
) -> tuple[set[bytes], bool]:
    """Ids of the image's own objects that its repository has not got, or that are in `bad`; and whether all its nodes
    could be read (where one could not, the walk ends early).

    With `names` the walk goes through all its nodes, also those it shares with its parent; those may be absent. `seen`
    is told every id met, and answers with those of which it does not know that they are here for this image.
    """
    parent = id_of_hex(image.parent_root) if image.parent_root else None
    root = id_of_hex(image.root)
    found: set[bytes] = set()
    try:
        for batch in TreeReader(repository).increment(root, parent, names=names):
            ids = [ref.id for ref in batch]
            strange = ids if seen is None else seen(ids)
            found.update(repository.missing(strange, sealed=bool(image.key)))
            if bad:
                found |= bad.intersection(ids)
    except Failed as known:
        if known.failure.code not in OBJECT_DAMAGE:
            raise
        return found, False
    return found, True
