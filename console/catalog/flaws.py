"""Which images are not sound by themselves, kept in step with the images, and what follows from that.

An image is whole when neither it nor an ancestor of it is flawed; so what is not whole is found from the flawed images
downwards, however many whole ones there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, Column, ColumnElement, Connection, Select, and_, delete, exists, insert, or_, select

from console.catalog import rows
from console.catalog.batches import batches
from console.domain.chains import ImageFact
from console.domain.errors import refused

_images = rows.images.c
_flaws = rows.flaws.c
_child = rows.images.alias("child")
_parent = rows.images.alias("parent")
_UNSOUND = or_(
    ~_images.here,
    _images.damaged,
    and_(
        _images.parent.is_not(None),
        ~exists().where(_parent.c.id == _images.parent, _parent.c.machine == _images.machine),
    ),
)


@dataclass(frozen=True, slots=True)
class OrphanFact:
    """What is known of an image that is not whole, its machine and its point (ids). With an empty `point`: of a whole
    one directly above such an image."""

    machine: str
    point: str
    fact: ImageFact


def keep(connection: Connection, images: Collection[str]) -> None:
    """To be called after any change of these images (ids)."""
    for part in batches(images):
        connection.execute(delete(rows.flaws).where(_flaws.image.in_(part)))
        flawed = select(_images.id, _images.machine).where(_images.id.in_(part), _UNSOUND)
        connection.execute(insert(rows.flaws).from_select(["image", "machine"], flawed))


def keep_added(connection: Connection, added: Sequence[Mapping[str, Any]]) -> None:
    """To be called after these rows of images of one machine were added. Raises Failed `chain-loops` when one of them
    builds on itself."""
    ids = [row["id"] for row in added]
    parents = {row["parent"] for row in added if row["parent"] is not None}
    children = connection.execute(select(_images.id, _images.parent).where(_images.parent.in_(ids))).all()
    for parent in {child.parent for child in children}:
        # Only an image that has children already can close a loop.
        below = descendants(select(_images.id).where(_images.parent == parent))
        if connection.scalar(select(below.c.id).where(below.c.id == parent)) is not None:
            raise refused("chain-loops", f"The image {parent[:12]} would build on itself.", "Nothing was recorded.")
    known = _of_machine(connection, parents, added[0]["machine"])
    # Nearly always there is nothing to write: an image that is here, on a parent that is known.
    if children or len(known) < len(parents) or not all(row["here"] for row in added):
        keep(connection, {child.id for child in children}.union(ids))


def children_of_points(connection: Connection, points: Iterable[str]) -> set[str]:
    """Images (ids) that build directly on one of these points' (ids); to be kept after the points are removed."""
    found: set[str] = set()
    for part in batches(points):
        statement = select(_child.c.id).join_from(_parent, _child, _child.c.parent == _parent.c.id)
        found.update(connection.scalars(statement.where(_parent.c.point.in_(part))))
    return found


def descendants(first: Select[tuple[str]]) -> CTE:
    """The images (column `id`) that `first` selects, and all that build on them."""
    below = first.cte("below", recursive=True)
    return below.union(select(_child.c.id).join_from(below, _child, _child.c.parent == below.c.id))


def facts(connection: Connection, machine: str) -> list[ImageFact]:
    """Of every image of a machine that is not whole, and of the whole ones directly above those."""
    found = [
        ImageFact(*row)
        for row in connection.execute(
            _orphans(machine, _images.id, _images.parent, _images.here, _images.damaged).order_by(
                _images.time_us, _images.id
            )
        )
    ]
    known = {fact.id for fact in found}
    above = {fact.parent for fact in found if fact.parent is not None} - known
    # What is above those does not matter: they are whole.
    return [ImageFact(id, None) for id in _of_machine(connection, above, machine)] + found


def all_facts(connection: Connection, machine: str | None) -> list[OrphanFact]:
    """As `facts`, of a machine (None: of all)."""
    columns = (_images.id, _images.parent, _images.here, _images.damaged, _images.machine, _images.point)
    found = [
        OrphanFact(of, point, ImageFact(id, parent, here, damaged))
        for id, parent, here, damaged, of, point in connection.execute(
            _orphans(machine, *columns).order_by(_images.machine, _images.time_us, _images.id)
        )
    ]
    known = {one.fact.id for one in found}
    above = {one.fact.parent: one.machine for one in found if one.fact.parent is not None}
    whole: list[OrphanFact] = []
    for part in batches(above.keys() - known):
        statement = select(_images.id, _images.machine).where(_images.id.in_(part))
        whole += [
            OrphanFact(of, "", ImageFact(id, None)) for id, of in connection.execute(statement) if above[id] == of
        ]
    return whole + found


def orphaned_points(machine: str | None) -> Select[Any]:
    """Points (ids) of a machine (None: of all) with an image that is not whole."""
    return _orphans(machine, _images.point).distinct()


def _orphans(machine: str | None, *columns: Column[Any]) -> Select[Any]:
    """Of the images of a machine (None: of all) that are not whole."""
    flawed = select(_flaws.image.label("id"))
    below = descendants(flawed if machine is None else flawed.where(_flaws.machine == machine))
    found = select(*columns).join_from(below, rows.images, _images.id == below.c.id)
    # Another machine's image that builds on one of this machine's is flawed by itself, and counted there.
    return found if machine is None else found.where(_is_of(machine))


def _of_machine(connection: Connection, images: Collection[str], machine: str) -> list[str]:
    """Those of `images` (ids) that are of a machine."""
    found: list[str] = []
    for part in batches(images):
        found += connection.scalars(select(_images.id).where(_images.id.in_(part), _is_of(machine)))
    return found


def _is_of(machine: str) -> ColumnElement[bool]:
    """Written as an expression that no index serves: a few known images are asked for, and SQLite would rather read
    all images of the machine by its index than look those few up by theirs."""
    return _images.machine.concat("") == machine
