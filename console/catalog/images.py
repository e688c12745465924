"""Volume images as rows, and as values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column

from console.catalog import rows
from console.catalog.soundness import sound
from console.domain.recovery_points import BaseReason, ImageKind, RecoveryPoint, VolumeImage

_t = rows.images.c

VALUE_COLUMNS: tuple[Column[Any], ...] = (
    _t.id,
    _t.point,
    _t.volume,
    _t.volume_label,
    _t.kind,
    _t.base_reason,
    _t.parent,
    _t.root,
    _t.size,
    _t.bytes_read,
    _t.bytes_new,
    _t.bytes_stored,
    _t.files,
    _t.directories,
    _t.files_unreadable,
    _t.parent_root,
    _t.key,
)
"""In the order of the fields of `VolumeImage`."""
STORED_COLUMNS = (*VALUE_COLUMNS, _t.machine, _t.repository, _t.here, _t.names, _t.damaged)

_KINDS = {kind.value: kind for kind in ImageKind}
_REASONS: dict[str | None, BaseReason | None] = {None: None, **{reason.value: reason for reason in BaseReason}}


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image, and what of it is on this Core.

    `machine`, `repository`: ids. `here`: all objects of its own increment are durable in that repository. `names`:
    every tree and list node of its root is there. `damaged`: a check found objects of its own increment damaged or
    missing.
    """

    image: VolumeImage
    machine: str
    repository: str
    here: bool
    names: bool
    damaged: bool


@sound
def image_from(row: Sequence[Any]) -> VolumeImage:
    """From a row that begins with `VALUE_COLUMNS`."""
    id, point, volume, label, kind, reason, *rest = row[:17]
    return VolumeImage(id, point, volume, label, _KINDS[kind], _REASONS[reason], *rest)


@sound
def stored_from(row: Sequence[Any]) -> StoredImage:
    """From a row that begins with `STORED_COLUMNS`."""
    machine, repository, here, names, damaged = row[17:22]
    return StoredImage(image_from(row), machine, repository, here, names, damaged)


def image_rows(
    point: RecoveryPoint, images: Iterable[VolumeImage], repository: str, here: set[str], names: set[str], time_us: int
) -> list[dict[str, Any]]:
    """Rows of images of a point that are not in the catalog yet."""
    position = {image.id: number for number, image in enumerate(point.images)}
    return [
        {
            "id": image.id,
            "point": point.id,
            "position": position[image.id],
            "machine": point.machine,
            "time_us": time_us,
            "volume": image.volume,
            "volume_label": image.volume_label,
            "kind": image.kind.value,
            "base_reason": image.base_reason.value if image.base_reason else None,
            "parent": image.parent,
            "root": image.root,
            "size": image.size,
            "bytes_read": image.bytes_read,
            "bytes_new": image.bytes_new,
            "bytes_stored": image.bytes_stored,
            "files": image.files,
            "directories": image.directories,
            "files_unreadable": image.files_unreadable,
            "parent_root": image.parent_root,
            "key": image.key,
            "repository": repository,
            "here": image.id in here,
            "names": image.id in names,
            "damaged": False,
        }
        for image in images
    ]
