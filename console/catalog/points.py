"""Recovery points and their volume images."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Float, Row, cast, delete, func, insert, select, update

from console.catalog import cursors, flaws, parents, rows
from console.catalog.batches import batches
from console.catalog.images import VALUE_COLUMNS, image_from, image_rows
from console.catalog.moments import from_us, to_us
from console.catalog.names import beginning, find_row
from console.catalog.volume_images import VolumeImages
from console.catalog.windows import PointFilter, conditions
from console.domain.errors import Failed, not_found, refused
from console.domain.events import Changed
from console.domain.recovery_points import ImageKind, RecoveryPoint, VolumeImage

_points = rows.points.c
_images = rows.images.c
_NOUN = "recovery point"
_MOST = 2**63 - 1
_OLDEST_FIRST = (_images.time_us, _images.id)


class Points(VolumeImages):
    def add(
        self,
        point: RecoveryPoint,
        repository: str,
        here: Collection[str] = (),
        names: Collection[str] = (),
        *,
        settled: bool = False,
    ) -> None:
        """Records a point with all its images, and which of them (ids) are `here`, in that repository, and have all
        `names` there. Adding it again only raises those flags; what else is known of it stays, but for the parent of
        what is not whole (SCHEMA.md, "images") and, with `settled`, the record.

        Raises Failed: `no-such-machine`; `point-differs` when another point or image is known
        under these ids; `chain-loops` when an image would build on itself.
        """
        have, named = set(here), set(names)
        with self._database.transaction() as connection:
            made, changed = self._add_point(connection, point, settled=settled)
            known = {
                row.id: row
                for row in connection.execute(
                    select(_images.id, _images.point, _images.root, _images.parent, _images.repository)
                    .add_columns(_images.here, _images.names, _images.damaged)
                    .where(_images.id.in_([image.id for image in point.images]))
                )
            }
            new = [image for image in point.images if image.id not in known]
            if new:
                added = image_rows(point, new, repository, have, named, to_us(point.time))
                connection.execute(insert(rows.images), added)
                flaws.keep_added(connection, added)
                if not made:
                    _derive(connection, point.id)
            given = [
                image
                for image in point.images
                if image.id in known and _takes(connection, known[image.id], image, have)
            ]
            for image in given:
                parents.give(connection, image)
            if given:
                _derive(connection, point.id)
            raised = [
                image.id
                for image in point.images
                if image.id in known and _raise_flags(connection, known[image.id], image, repository, have, named)
            ]
            flaws.keep(connection, {*raised, *(image.id for image in given)})
            for part in batches(have):
                connection.execute(delete(rows.removed_images).where(rows.removed_images.c.image.in_(part)))
            if made or changed or new or raised or given:
                self._database.touch(Changed.POINTS, machines=[point.machine])

    def get(self, id: str) -> RecoveryPoint:
        """By id or beginning of an id. Raises Failed `no-such-recovery-point`, `ambiguous-id`."""
        found = self.find(id)
        if found is None:
            raise not_found(_NOUN, id)
        return found

    def find(self, id: str) -> RecoveryPoint | None:
        """As `get`, but None when there is none."""
        with self._database.read() as connection:
            row = find_row(connection, select(rows.points), rows.points, id, _NOUN, named=False, prefix=True)
            return None if row is None else self._with_images(connection, [row])[0]

    def several(self, ids: Sequence[str]) -> list[RecoveryPoint]:
        """Those of these points (ids) that are known, in the order given."""
        found: dict[str, Row[Any]] = {}
        with self._database.read() as connection:
            for part in batches(ids):
                statement = select(rows.points).where(_points.id.in_(part))
                found.update((row.id, row) for row in connection.execute(statement))
            return self._with_images(connection, [found[id] for id in ids if id in found])

    def beginning(self, prefix: str, limit: int) -> list[RecoveryPoint]:
        """Points whose ids begin like this, at most `limit`."""
        statement = select(rows.points).where(beginning(_points.id, prefix)).order_by(_points.id).limit(limit)
        with self._database.read() as connection:
            return self._with_images(connection, connection.execute(statement).all())

    def latest(self, machine: str) -> RecoveryPoint | None:
        """The newest point of a machine (id)."""
        found, _ = self.page(machine, limit=1)
        return found[0] if found else None

    def newest(self) -> dict[str, RecoveryPoint]:
        """The newest point of each machine (id) that has any."""
        mine = select(_points.id).where(_points.machine == rows.machines.c.id)
        latest = mine.order_by(_points.time_us.desc(), _points.id.desc()).limit(1).scalar_subquery()
        with self._database.read() as connection:
            found = connection.scalars(select(latest).select_from(rows.machines))
            ids = [id for id in found if id is not None]
        return {point.machine: point for point in self.several(ids)}

    def growth(self, since: datetime) -> dict[str, tuple[int, datetime]]:
        """Of each repository (id): what the images here of points since a moment took in it (bytes), and the time of
        the oldest of them."""
        # Found by their points: no index has the times of images alone.
        recent = select(_points.id).where(_points.time_us >= to_us(since))
        # Summed as floats: what is said of images may be more than an integer takes.
        size = func.sum(cast(_images.bytes_stored, Float))
        statement = select(_images.repository, size, func.min(_images.time_us))
        statement = statement.where(_images.point.in_(recent), _images.here).group_by(_images.repository)
        with self._database.read() as connection:
            found = connection.execute(statement)
            return {repository: (int(size), from_us(oldest)) for repository, size, oldest in found}

    def page(
        self,
        machine: str | None = None,
        limit: int = 100,
        after: str | None = None,
        newest_first: bool = True,
        orphaned: bool = False,
        wanted: PointFilter | None = None,
    ) -> tuple[list[RecoveryPoint], str | None]:
        """Points of one machine (id) or all, by time; with `orphaned` only those that are not whole, with `wanted` only
        those it takes. Returns the cursor of the next page, None behind the last.

        Raises Failed `bad-cursor`.
        """
        statement = select(rows.points)
        if wanted is not None:
            statement = statement.where(*conditions(wanted))
        if orphaned:
            statement = statement.where(_points.id.in_(flaws.orphaned_points(machine)))
        elif machine is not None:
            statement = statement.where(_points.machine == machine)
        statement = cursors.page_of(
            statement, _points.time_us, _points.id, limit=limit, after=after, newest_first=newest_first
        )
        with self._database.read() as connection:
            found = connection.execute(statement).all()
            return self._with_images(connection, found[: max(1, limit)]), cursors.next_of(found, limit, "time_us")

    def all_of(self, machine: str) -> list[RecoveryPoint]:
        """All points of a machine (id), oldest first."""
        return self.newer_than(machine, None)

    def newer_than(self, machine: str, moment: datetime | None) -> list[RecoveryPoint]:
        """Points of a machine (id) made after a moment (None: all), oldest first."""
        points = select(rows.points).where(_points.machine == machine).order_by(_points.time_us, _points.id)
        images = select(*VALUE_COLUMNS).where(_images.machine == machine)
        if moment is not None:
            points = points.where(_points.time_us > to_us(moment))
            images = images.where(_images.time_us > to_us(moment))
        with self._database.read() as connection:
            found = connection.execute(points).all()
            return _assemble(found, connection.execute(images.order_by(_images.position, _images.id)))

    def count(self, machine: str | None = None) -> int:
        """How many points there are, of one machine (id) or all."""
        statement = select(func.count()).select_from(rows.points)
        if machine is not None:
            statement = statement.where(_points.machine == machine)
        with self._database.read() as connection:
            return int(connection.scalar(statement) or 0)

    def moments(self, machine: str) -> list[tuple[str, datetime]]:
        """Every point (id) of a machine (id) with its time, oldest first."""
        statement = select(_points.id, _points.time_us).where(_points.machine == machine)
        with self._database.read() as connection:
            found = connection.execute(statement.order_by(_points.time_us, _points.id))
            return [(id, from_us(time_us)) for id, time_us in found]

    def time_after(self, machine: str, moment: datetime, count: int) -> datetime | None:
        """The time of the point of a machine (id) that comes `count` (from 1) after a moment; None: there are fewer."""
        statement = select(_points.time_us).where(_points.machine == machine, _points.time_us > to_us(moment))
        with self._database.read() as connection:
            found = connection.scalar(statement.order_by(_points.time_us).offset(count - 1).limit(1))
        return from_us(found)

    def remove(self, points: Collection[str]) -> int:
        """Forgets points (ids) with their images, whatever depends on those. Returns how many there were."""
        removed = 0
        machines: set[str] = set()
        with self._database.transaction() as connection:
            below = flaws.children_of_points(connection, points)
            for part in batches(below):
                machines.update(connection.scalars(select(_images.machine).where(_images.id.in_(part)).distinct()))
            for part in batches(points):
                machines.update(connection.scalars(select(_points.machine).where(_points.id.in_(part)).distinct()))
                removed += connection.execute(delete(rows.points).where(_points.id.in_(part))).rowcount
            flaws.keep(connection, below)
            if removed:
                self._database.touch(Changed.POINTS, machines=machines)
        return removed

    def dependents(self, images: Collection[str]) -> list[str]:
        """Images (ids) that build on one of these, directly or not, oldest first; without these themselves."""
        found: dict[str, int] = {}
        with self._database.read() as connection:
            for part in batches(images):
                below = flaws.descendants(select(_images.id).where(_images.parent.in_(part)))
                statement = select(_images.id, _images.time_us).join_from(below, rows.images, _images.id == below.c.id)
                found.update((id, time_us) for id, time_us in connection.execute(statement))
        for image in images:
            found.pop(image, None)
        return sorted(found, key=lambda image: (found[image], image))

    def settled(self, point: RecoveryPoint, here: Collection[str]) -> tuple[VolumeImage, ...]:
        """The images of a point as they would be known after `add`."""
        with self._database.read() as connection:
            return parents.settled(connection, point.images, here)

    def roll_up(self, changed: Sequence[VolumeImage], records: Mapping[str, str], gone: Collection[str]) -> None:
        """Images get other parents, their points (ids) other records, and points (ids) are forgotten, all or nothing.

        Raises Failed: `points-depend` when an image builds on what is to go; `chain-loops`.
        """
        with self._database.transaction() as connection:
            for image in changed:
                parents.give(connection, image)
            for point, record in records.items():
                connection.execute(update(rows.points).where(_points.id == point).values(record=record))
                _derive(connection, point)
            flaws.keep(connection, [image.id for image in changed])
            below = flaws.children_of_points(connection, gone)
            if {stored.image.point for stored in self.find_images(below).values()} - set(gone):
                raise refused("points-depend", "A newer image builds on what was to be rolled up.", "Try it again.")
            self.remove(gone)
            self._database.touch(Changed.POINTS)

    def _add_point(self, connection: Connection, point: RecoveryPoint, *, settled: bool) -> tuple[bool, bool]:
        """Whether it is a new one, and whether something was filled in of one that was known."""
        known = connection.execute(select(_points.machine, _points.record).where(_points.id == point.id)).first()
        if known is None:
            if connection.scalar(select(rows.machines.c.id).where(rows.machines.c.id == point.machine)) is None:
                raise not_found("machine", point.machine)
            connection.execute(
                insert(rows.points).values(
                    id=point.id,
                    machine=point.machine,
                    time_us=to_us(point.time),
                    origin_core=point.origin_core,
                    record=point.record,
                    duration_s=point.duration_s,
                    warnings=point.warnings,
                    **_derived(point.kind, point.size, point.bytes_new),
                )
            )
            return True, False
        if known.machine != point.machine:
            raise _differs(point.id)
        if point.record and (not known.record or (settled and point.record != known.record)):
            connection.execute(update(rows.points).where(_points.id == point.id).values(record=point.record))
            return False, True
        return False, False

    def _with_images(self, connection: Connection, points: Sequence[Row[Any]]) -> list[RecoveryPoint]:
        """Points of rows, their images loaded by one query a batch."""
        images: list[Row[Any]] = []
        for part in batches(row.id for row in points):
            statement = select(*VALUE_COLUMNS).where(_images.point.in_(part))
            images += connection.execute(statement.order_by(_images.position, _images.id))
        return _assemble(points, images)


def _derive(connection: Connection, point: str) -> None:
    """What a point's row says of its images, made anew."""
    statement = select(_images.kind, _images.size, _images.bytes_new).where(_images.point == point)
    found = connection.execute(statement).all()
    kind = ImageKind.BASE if any(row.kind == ImageKind.BASE.value for row in found) else ImageKind.INCREMENTAL
    values = _derived(kind, sum(row.size for row in found), sum(row.bytes_new for row in found))
    connection.execute(update(rows.points).where(_points.id == point).values(values))


def _derived(kind: ImageKind, size: int, bytes_new: int) -> dict[str, Any]:
    # More than the column takes is more than there is; whoever says so is only believed that it is much.
    return {"kind": kind.value, "size": min(size, _MOST), "bytes_new": min(bytes_new, _MOST)}


def _takes(connection: Connection, known: Row[Any], image: VolumeImage, here: set[str]) -> bool:
    """Whether a known image takes another parent. Raises Failed `point-differs` when it is another image."""
    if (known.point, known.root) != (image.point, image.root):
        raise _differs(image.id)
    return parents.takes(connection, known, image, here)


def _raise_flags(
    connection: Connection, known: Row[Any], image: VolumeImage, repository: str, here: set[str], names: set[str]
) -> bool:
    """Whether something rose."""
    raised: dict[str, Any] = {}
    if image.id in here and not known.here:
        raised["here"] = True
        if repository != known.repository:
            raised["repository"] = repository
            raised["names"] = image.id in names
    if image.id in names and not known.names:
        raised["names"] = True
    if raised:
        connection.execute(update(rows.images).where(_images.id == image.id).values(**raised))
    return bool(raised)


def _assemble(points: Iterable[Row[Any]], images: Iterable[Sequence[Any]]) -> list[RecoveryPoint]:
    """`images` in the order in which they stand in their points."""
    of_point: dict[str, list[VolumeImage]] = {}
    for row in images:
        of_point.setdefault(row[1], []).append(image_from(row))
    return [
        RecoveryPoint(
            row.id,
            row.machine,
            from_us(row.time_us),
            row.origin_core,
            tuple(of_point.get(row.id, ())),
            row.record,
            row.duration_s,
            row.warnings,
        )
        for row in points
    ]


def _differs(id: str) -> Failed:
    return refused(
        "point-differs",
        f"Something else is already recorded under the id {id[:12]}.",
        "What is here was kept. Check the Core or drive that this came from.",
    )
