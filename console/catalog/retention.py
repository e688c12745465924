"""How long points stay: policies of machines, holds, and what is still to be said of points that were removed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from console.catalog import replication_rows, rows
from console.catalog.batches import batches
from console.catalog.database import Database
from console.catalog.moments import from_us, to_us
from console.catalog.texts import storable
from console.domain.errors import not_found
from console.domain.events import Changed
from console.domain.pairing import Direction

_holds = rows.holds.c
_policies = rows.retention.c
_removed = rows.removed_images.c
_burials = rows.burials.c


@dataclass(frozen=True, slots=True)
class Hold:
    """`reason` may be empty."""

    point: str
    since: datetime
    reason: str
    user: str


@dataclass(frozen=True, slots=True)
class Burial:
    """A point (id) whose tombstone is still to be written into a repository (id)."""

    point: str
    repository: str
    removed: datetime


class Retention:
    """Every method takes ids, no names."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.deaths = 0
        """Rises whenever points are buried, so that whoever keeps what tombstones say notices."""

    def hold(self, hold: Hold) -> None:
        """The point is held from now on; one that is held already takes the new reason. Raises Failed
        `no-such-recovery-point`."""
        values = {"reason": storable(hold.reason), "user_name": hold.user}
        with self._database.transaction() as connection:
            if connection.scalar(select(rows.points.c.id).where(rows.points.c.id == hold.point)) is None:
                raise not_found("recovery point", hold.point)
            if not connection.execute(update(rows.holds).where(_holds.point == hold.point).values(values)).rowcount:
                row = {"point": hold.point, "since_us": to_us(hold.since), **values}
                connection.execute(insert(rows.holds).values(row))
            self._touch_points(hold.point)

    def release(self, point: str) -> bool:
        """Whether it was held."""
        with self._database.transaction() as connection:
            released = bool(connection.execute(delete(rows.holds).where(_holds.point == point)).rowcount)
            if released:
                self._touch_points(point)
            return released

    def holds(self, points: Collection[str]) -> dict[str, Hold]:
        """Those of these points that are held, by id."""
        found: dict[str, Hold] = {}
        with self._database.read() as connection:
            for part in batches(points):
                for row in connection.execute(select(rows.holds).where(_holds.point.in_(part))):
                    found[row.point] = Hold(row.point, from_us(row.since_us), row.reason, row.user_name)
        return found

    def policy(self, machine: str) -> str | None:
        """The machine's own policy, as text; None: it follows the Core's."""
        with self._database.read() as connection:
            return connection.scalar(select(_policies.policy).where(_policies.machine == machine))

    def set_policy(self, machine: str, policy: str | None) -> None:
        """None: it follows the Core's from now on."""
        with self._database.write(Changed.MACHINES) as connection:
            connection.execute(delete(rows.retention).where(_policies.machine == machine))
            if policy is not None:
                connection.execute(insert(rows.retention).values(machine=machine, policy=policy))

    def remember_removed(self, machine: str, images: Collection[str], moment: datetime) -> None:
        """Images of a replicated machine that its source is not to send again."""
        with self._database.transaction() as connection:
            self.forget_removed(images)
            found = [{"image": image, "machine": machine, "removed_us": to_us(moment)} for image in set(images)]
            if found:
                connection.execute(insert(rows.removed_images), found)

    def forget_removed(self, images: Collection[str]) -> None:
        with self._database.transaction() as connection:
            for part in batches(images):
                connection.execute(delete(rows.removed_images).where(_removed.image.in_(part)))

    def forget_unasked(self, before: datetime) -> int:
        """What was removed before a moment and of which no source asks, as no pairing brings its machine here. How many
        images they were."""
        brought = (
            select(replication_rows.members.c.machine)
            .join(replication_rows.pairings, replication_rows.pairings.c.id == replication_rows.members.c.pairing)
            .where(replication_rows.pairings.c.direction == Direction.INCOMING.value)
        )
        unasked = (_removed.removed_us < to_us(before)) & _removed.machine.not_in(brought)
        with self._database.transaction() as connection:
            return connection.execute(delete(rows.removed_images).where(unasked)).rowcount

    def removed(self, machine: str) -> list[str]:
        """Images of a machine that were removed here."""
        statement = select(_removed.image).where(_removed.machine == machine).order_by(_removed.image)
        with self._database.read() as connection:
            return list(connection.scalars(statement))

    def bury(self, burials: Collection[Burial]) -> None:
        """Their tombstones are to be written."""
        if not burials:
            return
        with self._database.transaction() as connection:
            self.buried(burials)
            self.deaths += 1
            connection.execute(
                insert(rows.burials),
                [{"point": b.point, "repository": b.repository, "removed_us": to_us(b.removed)} for b in set(burials)],
            )

    def burials(self) -> list[Burial]:
        """By repository, the oldest first."""
        statement = select(rows.burials).order_by(_burials.repository, _burials.removed_us, _burials.point)
        with self._database.read() as connection:
            return [Burial(row.point, row.repository, from_us(row.removed_us)) for row in connection.execute(statement)]

    def buried(self, burials: Collection[Burial]) -> None:
        """Their tombstones are written."""
        with self._database.transaction() as connection:
            for burial in burials:
                this = (_burials.point == burial.point) & (_burials.repository == burial.repository)
                connection.execute(delete(rows.burials).where(this))

    def _touch_points(self, point: str) -> None:
        with self._database.read() as connection:
            machine = connection.scalar(select(rows.points.c.machine).where(rows.points.c.id == point))
        self._database.touch(Changed.POINTS, machines=[machine] if machine else None)
