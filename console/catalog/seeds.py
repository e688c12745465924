"""Seed drives, what is set aside for them, and what is expected from them."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from console.catalog import rows
from console.catalog.batches import batches
from console.catalog.database import Database
from console.catalog.moments import from_us, to_us
from console.catalog.names import find_row
from console.catalog.soundness import sound
from console.domain.chains import Expected, WaitingKind
from console.domain.clock import Clock
from console.domain.errors import not_found
from console.domain.events import Changed
from console.domain.pairing import Direction
from console.domain.replication import Reservation
from console.domain.seeds import Seed, SeedState, Segment

_t = rows.seeds.c
_i = rows.seed_images.c
_NOUN = "seed drive"
_RESERVING = [state.value for state in SeedState if state.reserves]
_WRITTEN = (SeedState.OUTSTANDING, SeedState.CONSUMING)


class Seeds:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, seed: Seed) -> None:
        with self._database.write(Changed.SEEDS) as connection:
            connection.execute(insert(rows.seeds).values(_to_row(seed)))
            _insert_images(connection, seed.id, seed.images)

    def get(self, id: str) -> Seed:
        """By id or beginning of an id. Raises Failed `no-such-seed-drive`, `ambiguous-id`."""
        found = self.find(id)
        if found is None:
            raise not_found(_NOUN, id)
        return found

    def find(self, id: str) -> Seed | None:
        """As `get`, but None when there is none."""
        with self._database.read() as connection:
            row = find_row(connection, select(rows.seeds), rows.seeds, id, _NOUN, named=False, prefix=True)
            return None if row is None else _with_images(connection, [row])[0]

    def list(
        self,
        pairing: str | None = None,
        direction: Direction | None = None,
        states: Collection[SeedState] | None = None,
    ) -> builtins.list[Seed]:
        """The newest first; of one pairing (id), direction, in one of some states."""
        statement = select(rows.seeds).order_by(_t.created_us.desc(), _t.id.desc())
        if pairing is not None:
            statement = statement.where(_t.pairing == pairing)
        if direction is not None:
            statement = statement.where(_t.direction == direction.value)
        if states is not None:
            statement = statement.where(_t.state.in_([state.value for state in states]))
        with self._database.read() as connection:
            return _with_images(connection, connection.execute(statement).all())

    def update(self, seed: Seed) -> None:
        """The seed with this id becomes this. Images that stay keep whether they have arrived.

        Raises Failed `no-such-seed-drive`.
        """
        with self._database.write(Changed.SEEDS) as connection:
            if not connection.execute(update(rows.seeds).where(_t.id == seed.id).values(_to_row(seed))).rowcount:
                raise not_found(_NOUN, seed.id)
            known = tuple(connection.scalars(select(_i.image).where(_i.seed == seed.id).order_by(_i.position)))
            if seed.images[: len(known)] == known:
                _insert_images(connection, seed.id, seed.images, known=len(known))
                return
            arrived = set(connection.scalars(select(_i.image).where(_i.seed == seed.id, _i.arrived)))
            connection.execute(delete(rows.seed_images).where(_i.seed == seed.id))
            _insert_images(connection, seed.id, seed.images, arrived=arrived)

    def arrived(self, seed: str, images: Collection[str]) -> Seed:
        """These images (ids) of a seed (id) are whole at the target: neither reserved nor expected any more.

        A written seed all of whose images have arrived becomes consumed. Returns the seed as it is then. Images that
        are not of this seed are passed over. Raises Failed `no-such-seed-drive`.
        """
        with self._database.transaction() as connection:
            for part in batches(images):
                statement = update(rows.seed_images).where(_i.seed == seed, _i.image.in_(part), ~_i.arrived)
                if connection.execute(statement.values(arrived=True)).rowcount:
                    self._database.touch(Changed.SEEDS)
            found = self.get(seed)
            if found.images and found.state in _WRITTEN and not self._lacking(connection, found.id):
                consumed = {"state": SeedState.CONSUMED.value, "ended_us": to_us(self._clock.now())}
                connection.execute(update(rows.seeds).where(_t.id == found.id).values(consumed))
                self._database.touch(Changed.SEEDS)
                found = self.get(seed)
            return found

    def outstanding(self, seed: str) -> builtins.list[str]:
        """Images (ids) of a seed (id) that have not arrived, in its order."""
        statement = select(_i.image).where(_i.seed == seed, ~_i.arrived).order_by(_i.position)
        with self._database.read() as connection:
            return builtins.list(connection.scalars(statement))

    def reservations(self, of: str | Collection[str], pairing: str | None = None) -> dict[str, Reservation]:
        """Which images are set aside for a seed that is written here, by image: of a machine (id), or of images (ids).

        With `pairing` (id) only those set aside for its seeds: what waits for a drive to one target still travels to
        another. Of several seeds the newest is named.
        """
        reserved: dict[str, Reservation] = {}
        with self._database.read() as connection:
            for seed in _reserving(connection, Direction.OUTGOING, pairing):
                reservation = Reservation(seed.id, sound(SeedState)(seed.state))
                reserved.update(dict.fromkeys(_awaited(connection, seed.id, of), reservation))
        return reserved

    def expected(self, images: Collection[str]) -> dict[str, Expected]:
        """Which of these images (ids) a seed that another Core writes will bring. Of several seeds the newest one, a
        written one before one that is not."""
        unwritten: dict[str, Expected] = {}
        written: dict[str, Expected] = {}
        with self._database.read() as connection:
            for seed in _reserving(connection, Direction.INCOMING, None):
                expectation = _expectation(seed)
                which = written if expectation.id else unwritten
                which.update(dict.fromkeys(_awaited(connection, seed.id, images), expectation))
        return unwritten | written

    def _lacking(self, connection: Connection, seed: str) -> int:
        statement = select(func.count()).select_from(rows.seed_images).where(_i.seed == seed, ~_i.arrived)
        return int(connection.scalar(statement) or 0)


def _expectation(row: Row[Any]) -> Expected:
    seed = _from_row(row, ())
    if seed.state not in _WRITTEN:
        return Expected(WaitingKind.SEED, "", "a seed drive that is not written yet")
    when = f", written {seed.written:%Y-%m-%d}" if seed.written else ""
    return Expected(WaitingKind.SEED, seed.id, f"seed drive {seed.title}{when}, not yet consumed")


def _reserving(connection: Connection, direction: Direction, pairing: str | None) -> Sequence[Row[Any]]:
    """Seeds that keep images from travelling, the oldest first. They are few."""
    statement = select(rows.seeds).where(_t.direction == direction.value, _t.state.in_(_RESERVING))
    if pairing is not None:
        statement = statement.where(_t.pairing == pairing)
    return connection.execute(statement.order_by(_t.created_us, _t.id)).all()


def _awaited(connection: Connection, seed: str, of: str | Collection[str]) -> Iterator[str]:
    """Images (ids) of a seed that have not arrived: of a machine (id), or of these images (ids)."""
    statement = select(_i.image).where(_i.seed == seed, ~_i.arrived)
    if isinstance(of, str):
        machine = rows.images.c.machine == of
        yield from connection.scalars(statement.join(rows.images, rows.images.c.id == _i.image).where(machine))
        return
    for part in batches(of):
        yield from connection.scalars(statement.where(_i.image.in_(part)))


def _with_images(connection: Connection, found: Iterable[Row[Any]]) -> builtins.list[Seed]:
    """Seeds of rows, their images loaded by one query a batch."""
    seeds = builtins.list(found)
    images: dict[str, builtins.list[str]] = {row.id: [] for row in seeds}
    for part in batches(images):
        statement = select(_i.seed, _i.image).where(_i.seed.in_(part)).order_by(_i.seed, _i.position, _i.image)
        for seed, image in connection.execute(statement):
            images[seed].append(image)
    return [_from_row(row, tuple(images[row.id])) for row in seeds]


def _insert_images(
    connection: Connection, seed: str, images: tuple[str, ...], *, known: int = 0, arrived: Collection[str] = ()
) -> None:
    """All but the first `known` ones."""
    new = [
        {"seed": seed, "image": image, "position": position, "arrived": image in arrived}
        for position, image in enumerate(dict.fromkeys(images))
        if position >= known
    ]
    if new:
        connection.execute(insert(rows.seed_images), new)


def _to_row(seed: Seed) -> dict[str, Any]:
    return {
        "id": seed.id,
        "pairing": seed.pairing,
        "direction": seed.direction.value,
        "state": seed.state.value,
        "created_us": to_us(seed.created),
        "comment": seed.comment,
        "customer_id": seed.customer_id,
        "location": seed.location,
        "written_us": to_us(seed.written),
        "ended_us": to_us(seed.ended),
        "segments": msgspec.to_builtins(seed.segments),
        "points": seed.points,
        "bytes": seed.bytes,
        "oldest_us": to_us(seed.oldest),
        "newest_us": to_us(seed.newest),
    }


@sound
def _from_row(row: Row[Any], images: tuple[str, ...]) -> Seed:
    return Seed(
        id=row.id,
        pairing=row.pairing,
        direction=Direction(row.direction),
        state=SeedState(row.state),
        created=from_us(row.created_us),
        images=images,
        comment=row.comment,
        customer_id=row.customer_id,
        location=row.location,
        written=from_us(row.written_us),
        ended=from_us(row.ended_us),
        segments=tuple(Segment(**segment) for segment in row.segments),
        points=row.points,
        bytes=row.bytes,
        oldest=from_us(row.oldest_us),
        newest=from_us(row.newest_us),
    )
