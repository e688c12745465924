"""What a backup builds on: the image it is compared with, or the reason why it stands alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from console.catalog import Catalog
from console.domain.chains import ChainState, ChainVerdict, judge
from console.domain.errors import Failed
from console.domain.machines import Machine, Volume, VolumeSource
from console.domain.objects import id_of_hex
from console.domain.recovery_points import BaseReason, RecoveryPoint, VolumeImage
from console.domain.trees import VolumeRoot
from console.engine.restore.outcome import is_damage
from console.repository import Repository, TreeReader
from console.repository.records import decode_record

PAGE = 50


@dataclass(frozen=True, slots=True)
class Parent:
    """The image to build on, and where its tree begins."""

    image: VolumeImage
    root: VolumeRoot


Foundation = Parent | BaseReason


class Foundations:
    """Finds the parent of each volume of one machine: the latest image whose chain is whole here."""

    def __init__(self, catalog: Catalog, repository: Repository, machine: Machine) -> None:
        self._catalog = catalog
        self._repository = repository
        self._machine = machine
        self._verdicts: Mapping[str, ChainVerdict] = judge(catalog.points.facts(machine.id), {})

    def find(self, volume: Volume, *, forced: bool) -> Foundation:
        """The parent of a volume's next image, or why it has none."""
        latest = self._latest(volume)
        if latest is None:
            return BaseReason.PARENT_LOST if self._had_any(volume) else BaseReason.FIRST
        if forced:
            return BaseReason.FORCED
        point, image = latest
        if image.key != self._machine.key:
            return BaseReason.KEY_CHANGED
        try:
            if not self._is_same(point, volume):
                return BaseReason.VOLUME_CHANGED
            return Parent(image, TreeReader(self._repository).root(id_of_hex(image.root)))
        except Failed as known:
            if not is_damage(known):
                raise
            return BaseReason.PARENT_LOST

    def _latest(self, volume: Volume) -> tuple[RecoveryPoint, VolumeImage] | None:
        for point, image in self._images(volume):
            verdict = self._verdicts.get(image.id)
            if verdict is None or verdict.state is not ChainState.WHOLE:
                continue
            if self._catalog.points.image(image.id).repository == self._repository.id:
                return point, image
        return None

    def _had_any(self, volume: Volume) -> bool:
        return next(self._images(volume), None) is not None

    def _images(self, volume: Volume) -> Iterator[tuple[RecoveryPoint, VolumeImage]]:
        """Images of a volume, newest first."""
        cursor: str | None = None
        while True:
            points, cursor = self._catalog.points.page(self._machine.id, limit=PAGE, after=cursor, newest_first=True)
            for point in points:
                for image in point.images:
                    if image.volume == volume.id:
                        yield point, image
            if cursor is None:
                return

    def _is_same(self, point: RecoveryPoint, volume: Volume) -> bool:
        """Whether the volume was the same when a point was made: at the same place, and of the same kind."""
        record = decode_record(self._repository.read(id_of_hex(point.record)))
        known = next((known for known in record.machine.volumes if known.id == volume.id), None)
        if known is None or known.source != volume.source:
            return False
        # Where a stream comes from stays on its Core: what matters of it is what comes.
        return volume.source == VolumeSource.STREAM or known.path == volume.path
