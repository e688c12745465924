"""Volume images as questions find them: by id, by machine, by repository; and what is known of their chains."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import func, select, tuple_, update

from console.catalog import flaws, rows
from console.catalog.batches import BATCH, batches
from console.catalog.database import Database
from console.catalog.flaws import OrphanFact
from console.catalog.images import STORED_COLUMNS, VALUE_COLUMNS, StoredImage, image_from, stored_from
from console.catalog.moments import from_us, to_us
from console.domain.chains import ImageFact
from console.domain.errors import not_found
from console.domain.events import Changed
from console.domain.recovery_points import VolumeImage
from console.domain.replication import SourceImage

_points = rows.points.c
_images = rows.images.c
_NOUN = "recovery point"
_MOST = 2**63 - 1
_OLDEST_FIRST = (_images.time_us, _images.id)


class VolumeImages:
    def __init__(self, database: Database) -> None:
        self._database = database

    def image(self, id: str) -> StoredImage:
        """By id. Raises Failed `no-such-volume-image`."""
        found = self.find_image(id)
        if found is None:
            raise not_found("volume image", id)
        return found

    def find_image(self, id: str) -> StoredImage | None:
        """As `image`, but None when there is none."""
        return self.find_images([id]).get(id)

    def find_images(self, ids: Collection[str]) -> dict[str, StoredImage]:
        """Those of these images (ids) that are known, by id."""
        found: dict[str, StoredImage] = {}
        with self._database.read() as connection:
            for part in batches(ids):
                statement = select(*STORED_COLUMNS).where(_images.id.in_(part))
                found.update((row.id, stored_from(row)) for row in connection.execute(statement))
        return found

    def images_of(self, machine: str) -> list[StoredImage]:
        """All images of a machine (id), oldest first."""
        statement = select(*STORED_COLUMNS).where(_images.machine == machine).order_by(*_OLDEST_FIRST)
        with self._database.read() as connection:
            return [stored_from(row) for row in connection.execute(statement)]

    def images_with_roots(self, repository: str) -> Iterator[StoredImage]:
        """All images of a repository (id), machine by machine, oldest first. Memory stays flat, and nothing is held
        open between two images; what is added meanwhile may or may not be among them."""
        place = tuple_(_images.machine, _images.time_us, _images.id)
        statement = (
            select(*STORED_COLUMNS, _images.time_us)
            .where(_images.repository == repository)
            .order_by(_images.machine, _images.time_us, _images.id)
            .limit(BATCH)
        )
        part = statement
        while True:
            with self._database.read() as connection:
                found = connection.execute(part).all()
            for row in found:
                yield stored_from(row)
            if len(found) < BATCH:
                return
            part = statement.where(place > tuple_(found[-1].machine, found[-1].time_us, found[-1].id))

    def images_in(self, repository: str) -> list[StoredImage]:
        """As `images_with_roots`, at once."""
        return list(self.images_with_roots(repository))

    def damaged_in(self, repository: str) -> list[StoredImage]:
        """Those images of a repository (id) that are marked as damaged, oldest first."""
        statement = select(*STORED_COLUMNS).where(_images.repository == repository, _images.damaged)
        with self._database.read() as connection:
            return [stored_from(row) for row in connection.execute(statement.order_by(*_OLDEST_FIRST))]

    def volume_images(
        self, machine: str, until: datetime | None, limit: int
    ) -> tuple[list[tuple[VolumeImage, datetime]], dict[str, int]]:
        """The newest `limit` images of each volume of a machine (id) that are not newer than a moment, newest first;
        and how many each volume (id) has."""
        mine = [_images.machine == machine]
        if until is not None:
            mine.append(_images.time_us <= to_us(until))
        counted = select(_images.volume, func.count()).where(*mine).group_by(_images.volume)
        newest = select(*VALUE_COLUMNS, _images.time_us).where(*mine)
        newest = newest.order_by(_images.time_us.desc(), _images.id.desc())
        found: list[tuple[VolumeImage, datetime]] = []
        with self._database.read() as connection:
            counts = {volume: int(count) for volume, count in connection.execute(counted)}
            wanted = {volume: min(limit, count) for volume, count in counts.items()}
            # Read as far back as the volume that was imaged least asks for.
            left = sum(wanted.values())
            with connection.execution_options(stream_results=True).execute(newest) as result:
                for row in result:
                    if not left:
                        break
                    if wanted.get(row.volume, 0):
                        wanted[row.volume] -= 1
                        left -= 1
                        found.append((image_from(row), from_us(row.time_us)))
        return found, counts

    def facts(self, machine: str) -> list[ImageFact]:
        """What chains are judged by, of all images of a machine (id), oldest first."""
        statement = (
            select(_images.id, _images.parent, _images.here, _images.damaged)
            .where(_images.machine == machine)
            .order_by(*_OLDEST_FIRST)
        )
        with self._database.read() as connection:
            return [ImageFact(*row) for row in connection.execute(statement)]

    def orphan_facts(self, machine: str) -> list[ImageFact]:
        """The part of `facts` that matters when most images are whole: of those that are not, and of the whole ones
        directly above them. An image that is not among them is whole; of the others `domain.chains.judge` says the
        same as over all facts. Costs what is wrong, not what exists."""
        with self._database.read() as connection:
            return flaws.facts(connection, machine)

    def all_orphan_facts(self, machine: str | None = None) -> list[OrphanFact]:
        """As `orphan_facts`, of all machines at once (or of one, an id), each with where it belongs. By machine, oldest
        first."""
        with self._database.read() as connection:
            return flaws.all_facts(connection, machine)

    def source_images(self, machine: str) -> list[SourceImage]:
        """What replication is planned by, of all images of a machine (id), oldest first."""
        statement = (
            select(_images.point, _images.id, _images.parent, _images.time_us, _images.here, _images.damaged)
            .where(_images.machine == machine)
            .order_by(*_OLDEST_FIRST)
        )
        with self._database.read() as connection:
            return [
                SourceImage(point, image, parent, time_us, here and not damaged)
                for point, image, parent, time_us, here, damaged in connection.execute(statement)
            ]

    def set_damaged(self, images: Collection[str], damaged: bool) -> None:
        """Objects of these images (ids) were found damaged, or found well again."""
        with self._database.transaction() as connection:
            statement = update(rows.images).where(_images.damaged != damaged).values(damaged=damaged)
            for part in batches(images):
                if connection.execute(statement.where(_images.id.in_(part))).rowcount:
                    flaws.keep(connection, part)
                    self._database.touch(Changed.POINTS)
