"""When an image takes another parent than it is known by here. Rule: SCHEMA.md, "images"."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, exists, select, update

from console.catalog import flaws, rows
from console.domain.errors import refused
from console.domain.recovery_points import BaseReason, ImageKind, VolumeImage

_images = rows.images.c
_flaws = rows.flaws.c
_above = rows.images.alias("above")


def takes(connection: Connection, known: Row[Any], image: VolumeImage, here: Collection[str]) -> bool:
    """Whether an image as `known` (a row) takes the parent that it is brought with. `here`: images (ids) whose
    increment, as they are brought, was proven."""
    if known.parent == image.parent or image.id not in here:
        return False
    if not known.here or known.damaged:
        return True
    if is_whole(connection, image.id):
        return False
    return image.parent is None or is_whole(connection, image.parent) or not _is_here(connection, known.parent)


def settled(connection: Connection, images: Sequence[VolumeImage], here: Collection[str]) -> tuple[VolumeImage, ...]:
    """Images of a point as they would be known after they were added so."""
    wanted = [image.id for image in images]
    statement = select(_images.id, _images.parent, _images.parent_root, _images.kind, _images.base_reason)
    statement = statement.add_columns(_images.here, _images.damaged).where(_images.id.in_(wanted))
    found: list[Any] = list(connection.execute(statement))
    known: dict[str, Row[Any]] = {row.id: row for row in found}
    return tuple(
        image
        if (row := known.get(image.id)) is None or row.parent == image.parent or takes(connection, row, image, here)
        else replace(
            image,
            parent=row.parent,
            parent_root=row.parent_root,
            kind=ImageKind(row.kind),
            base_reason=None if row.base_reason is None else BaseReason(row.base_reason),
        )
        for image in images
    )


def give(connection: Connection, image: VolumeImage) -> None:
    """The image builds on another parent from now on, or on none. Raises Failed `chain-loops`."""
    if image.parent is not None:
        below = flaws.descendants(select(_images.id).where(_images.id == image.id))
        if connection.scalar(select(below.c.id).where(below.c.id == image.parent)) is not None:
            raise refused("chain-loops", f"The image {image.id[:12]} would build on itself.", "Nothing was recorded.")
    connection.execute(
        update(rows.images)
        .where(_images.id == image.id)
        .values(
            parent=image.parent,
            parent_root=image.parent_root,
            kind=image.kind.value,
            base_reason=image.base_reason.value if image.base_reason else None,
            bytes_new=image.bytes_new,
            bytes_stored=image.bytes_stored,
        )
    )


def is_whole(connection: Connection, image: str) -> bool:
    """Whether an image (id) is known, and neither it nor one above it is flawed."""
    above = select(_images.id, _images.parent).where(_images.id == image).cte("upwards", recursive=True)
    above = above.union(select(_above.c.id, _above.c.parent).join_from(above, _above, _above.c.id == above.c.parent))
    known = exists().where(_images.id == image)
    flawed = exists().select_from(above.join(rows.flaws, _flaws.image == above.c.id))
    return bool(connection.scalar(select(known & ~flawed)))


def _is_here(connection: Connection, image: str | None) -> bool:
    return bool(connection.scalar(select(_images.here).where(_images.id == image)))
