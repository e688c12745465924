"""What restoring volumes as a whole would do: what each is, what it would go to, what would be lost there."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from console.domain import paths
from console.domain.answers import FailureAnswer
from console.domain.errors import Failed, Failure
from console.domain.machines import VolumeSource
from console.domain.objects import id_of_hex
from console.domain.plan_answers import VolumePlan, VolumesPlan
from console.domain.recovery_points import VolumeImage
from console.domain.sizes import format_size
from console.domain.trees import VolumeRoot
from console.engine.foresee.restoring import FILES_RATE, RATE, Restoring, Tally
from console.engine.restore.outcome import is_damage
from console.engine.restore.restore import Restore, Wanted
from console.engine.restore.selection import Chosen, Wish
from console.engine.restore.volumes import Disk, RestoreVolumes
from console.host.disks import free_space, nearest_existing
from console.repository import TreeReader
from console.sources.targets import device_size, is_device


@dataclass(frozen=True, slots=True)
class _Place:
    """What a volume would go to."""

    path: bytes
    kind: str
    there: bool
    room: int

    @property
    def confirm(self) -> str:
        return os.fsdecode(os.path.basename(self.path)) if self.there else ""


class RestoringVolumes:
    """Looks at names and numbers only; no content is read, nothing is written."""

    def __init__(self, restore: Restore, volumes: RestoreVolumes, restoring: Restoring) -> None:
        self._restore = restore
        self._volumes = volumes
        self._restoring = restoring

    def plan(
        self, point: str, disks: Sequence[Disk], *, confirm: Collection[str] = (), overwrite: str = "never"
    ) -> VolumesPlan:
        """`disks`: as for `RestoreVolumes.start`; without a place in it a volume is only told of. None at all: every
        volume of the point. Raises Failed `no-such-recovery-point`, `no-such-volume`, `overwrite-unknown`; what is
        wrong with a place is in the answer."""
        wanted = self._restore.wanted(point, (), overwrite=overwrite)
        images = wanted.point.images
        asked = list(disks) or [(image.volume_label, "") for image in images]
        whole = self._restore.whole(wanted)
        told = []
        for label, to in asked:
            image = self._volumes.image(wanted.point, label)
            told.append(self._one(wanted, image, to, confirm, overwrite, whole=image.id in whole))
        placed = [disk for disk in asked if disk[1]]
        problems = [one["problem"] for one in told if one["problem"] is not None]
        if placed and not problems:
            try:
                self._volumes.plan(point, placed, confirm=confirm, overwrite=overwrite)
            except Failed as known:  # what concerns several volumes: one place for two of them
                problems.append(cast(FailureAnswer, known.failure.to_dict()))
        size, files = sum(one["bytes"] for one in told), sum(one["files"] for one in told)
        return {
            "point": wanted.point.id,
            "volumes": told,
            "bytes": size,
            "files": files,
            "estimate_s": round(size / RATE + files / FILES_RATE, 1),
            "warnings": [warning for one in told for warning in _warnings(one)],
            "problems": problems,
        }

    def _one(
        self, wanted: Wanted, image: VolumeImage, to: str, confirm: Collection[str], overwrite: str, *, whole: bool
    ) -> VolumePlan:
        root = self._root(image)
        tree = root is None or root.source == VolumeSource.TREE
        problem: Failure | None = None
        place: _Place | None = None
        if to:
            try:
                self._volumes.plan(wanted.point.id, [(image.volume_label, to)], confirm=confirm, overwrite=overwrite)
            except Failed as known:
                problem = known.failure
            place = self._place(root, image, to)
        tally = Tally(files=1, bytes=image.size if root is None else root.entry.size)
        if tree:
            tally = self._tally(wanted, image, None if problem or place is None else place.path)
        return {
            "volume": image.volume_label,
            "source": str(VolumeSource.TREE if root is None else root.source),
            "bytes": tally.bytes,
            "files": tally.files,
            "whole": whole,
            "to": "" if place is None else paths.to_text(place.path),
            "kind": "" if place is None else place.kind,
            "there": place is not None and place.there,
            "confirm": "" if place is None else place.confirm,
            "room": 0 if place is None else place.room,
            "conflict_count": tally.kept + tally.replaced,
            "missing_count": tally.missing_count,
            "missing": tally.missing,
            "problem": None if problem is None else cast(FailureAnswer, problem.to_dict()),
        }

    def _root(self, image: VolumeImage) -> VolumeRoot | None:
        """None where it has not arrived."""
        try:
            return TreeReader(self._restore.repository(image)).root(id_of_hex(image.root))
        except Failed as known:
            if not is_damage(known):
                raise
            return None

    def _tally(self, wanted: Wanted, image: VolumeImage, to: bytes | None) -> Tally:
        chosen = (Chosen(image, Wish(None)),)
        alone = Wanted(wanted.point, wanted.machine, chosen, to or b"", wanted.overwrite, partial=False, several=False)
        return self._restoring.tally(alone, to)

    def _place(self, root: VolumeRoot | None, image: VolumeImage, to: str) -> _Place | None:
        """None where that is no place at all; why not is said by the problem."""
        try:
            if root is None or root.source == VolumeSource.TREE:
                path, kind = self._restore.destination(to), "directory"
                return _Place(path, kind, there=False, room=_room(path))
            path = self._volumes.place(root, image, to)
        except Failed:
            return None
        if is_device(path):
            try:
                return _Place(path, "device", there=True, room=device_size(path))
            except OSError:
                return _Place(path, "device", there=True, room=0)
        return _Place(path, "file", there=os.path.lexists(path), room=_room(path))


def _room(path: bytes) -> int:
    try:
        return free_space(nearest_existing(Path(os.fsdecode(path))))
    except OSError:
        return 0


def _warnings(one: VolumePlan) -> list[str]:
    warnings = []
    if one["kind"] in ("directory", "file") and one["bytes"] > one["room"]:
        warnings.append(
            f"“{one['volume']}” may not fit: up to {format_size(one['bytes'])} for {format_size(one['room'])} of free "
            "room."
        )
    if one["there"] and one["problem"] is None:
        warnings.append(f"All that is on {one['to']} now is lost.")
    if one["missing_count"]:
        warnings.append(f"“{one['volume']}”: {one['missing_count']} names cannot be restored from this Core.")
    if one["conflict_count"]:
        warnings.append(f"“{one['volume']}”: {one['conflict_count']} names are there already.")
    return warnings
