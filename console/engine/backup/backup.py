"""One backup of one machine: an image per volume, then the point that holds them, in the order of safety."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from console.catalog import Catalog
from console.domain import paths
from console.domain.clock import Clock, iso
from console.domain.events import Severity
from console.domain.jobs import JobWarning
from console.domain.machines import Machine, Volume, VolumeSource
from console.domain.objects import Kind, id_of_hex
from console.domain.progress import Reporter
from console.domain.recovery_points import BaseReason, ImageKind, RecoveryPoint, VolumeImage
from console.engine.backup.disk_imaging import DiskImager
from console.engine.backup.imaged import Imaged
from console.engine.backup.imaging import Imager
from console.engine.backup.leaving import LeftOut
from console.engine.backup.parents import Foundation, Foundations, Parent
from console.engine.backup.snapshots import Snapshots
from console.engine.backup.stream_imaging import StreamImager
from console.engine.backup.volumes import disk_size
from console.engine.journal import Journal
from console.engine.keys.travel import keys_of
from console.repository import Repository, WriteSession
from console.repository.records import encode_record
from console.repository.sealing import SealingKey
from console.sources.disks import Disks
from console.sources.reading import HostFiles
from console.sources.streams import CommandStream, Feed, Stream, not_fed

KEPT_WARNINGS = 1000


@dataclass
class Listening:
    """A reporter that also keeps the warnings (the first ones; `count` has all) for the result."""

    reporter: Reporter
    kept: list[JobWarning] = field(default_factory=list)
    count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def phase(self, name: str, *, bytes_total: int | None = None, items_total: int | None = None) -> None:
        self.reporter.phase(name, bytes_total=bytes_total, items_total=items_total)

    def advance(self, *, bytes: int = 0, items: int = 0, text: str | None = None) -> None:
        self.reporter.advance(bytes=bytes, items=items, text=text)

    def expect(self, *, bytes_total: int | None = None, items_total: int | None = None) -> None:
        self.reporter.expect(bytes_total=bytes_total, items_total=items_total)

    def warn(self, code: str, message: str) -> None:
        with self._lock:
            self.count += 1
            if len(self.kept) < KEPT_WARNINGS:
                self.kept.append(JobWarning(code, message))
        self.reporter.warn(code, message)

    def log(self, message: str) -> None:
        self.reporter.log(message)

    def check(self) -> None:
        self.reporter.check()


class Backup:
    """Makes one recovery point. Used once."""

    def __init__(
        self,
        catalog: Catalog,
        repository: Repository,
        journal: Journal,
        clock: Clock,
        machine: Machine,
        reporter: Reporter,
        *,
        core: tuple[str, str],
        private: Collection[bytes],
        files: HostFiles,
        disks: Disks | None = None,
        feeds: Mapping[str, Feed] | None = None,
        point: str = "",
        seal: SealingKey | None = None,
    ) -> None:
        """`core`: id and name of this Core. `private`: directories that no image may hold. `feeds`: by volume (id),
        what is fed by standard input. `point`: the id that the point shall have. `seal`: the
        machine's key, unlocked; None where it has none."""
        self._catalog = catalog
        self._repository = repository
        self._journal = journal
        self._clock = clock
        self._machine = machine
        self._reporter = Listening(reporter)
        self._core = core
        self._private = private
        self._disks = disks
        self._feeds = feeds or {}
        self._point = point or uuid.uuid4().hex
        self._seal = seal
        self._left_out: dict[str, LeftOut] = {}
        self._snapshots = Snapshots(core[0], machine, self._reporter, files)

    def run(self, *, base: bool) -> dict[str, Any]:
        """The result of `backup` (shared contract of commands). Raises Failed as `Imager.image`; Cancelled."""
        started, begun = self._clock.now(), self._clock.monotonic()
        machine = self._machine
        foundations = Foundations(self._catalog, self._repository, machine)
        point = RecoveryPoint(self._point, machine.id, started, self._core[0], ())
        with self._repository.session(seal=self._seal, level=machine.options.compression) as session:
            found = [(volume, self._hold(session, foundations.find(volume, forced=base))) for volume in machine.volumes]
            self._tell(found)
            with self._snapshots:
                images = tuple(self._image(session, point.id, volume, foundation) for volume, foundation in found)
            session.flush()
            point = replace(
                point,
                images=tuple(self._standing(image) for image in images),
                duration_s=round(self._clock.monotonic() - begun, 6),
                warnings=self._reporter.count,
            )
            keys = keys_of(self._catalog, [point])
            record = session.put(Kind.RECORD, encode_record(*self._core, machine.abroad(), point, keys)).id
            session.flush()
            # What the catalog says must be true whatever dies now: everything it names is synced. Until it does, the
            # session keeps a reclaim from all of it.
            point = replace(point, record=record.hex())
            ids = {image.id for image in images}
            self._catalog.points.add(point, self._repository.id, here=ids, names=ids)
            sources = {volume.id: volume.source for volume in machine.volumes}
            trees = [image.root for image in point.images if sources[image.volume] == VolumeSource.TREE]
            session.note_whole([bytes.fromhex(root) for root in trees])
        return self._result(point, started)

    def _hold(self, session: WriteSession, foundation: Foundation) -> Foundation:
        """What a backup builds on stays as long as it runs, whoever deletes it meanwhile."""
        if isinstance(foundation, Parent):
            session.hold(id_of_hex(foundation.image.root))
            if self._catalog.points.find_image(foundation.image.id) is None:
                return BaseReason.PARENT_LOST  # deleted before it was held
        return foundation

    def _standing(self, image: VolumeImage) -> VolumeImage:
        """An image whose parent was deleted while it was made stands alone: everything it names is here."""
        if image.parent is None or self._catalog.points.find_image(image.parent) is not None:
            return image
        return replace(image, kind=ImageKind.BASE, base_reason=BaseReason.PARENT_LOST, parent=None, parent_root=None)

    def _tell(self, found: list[tuple[Volume, Foundation]]) -> None:
        """Says what is about to happen: how much, and why where a volume is imaged anew as a whole."""
        parents = [foundation for _, foundation in found if isinstance(foundation, Parent)]
        sizes = [_expected(volume, foundation) for volume, foundation in found]
        if None not in sizes:
            self._reporter.phase(
                "Scanning and reading",
                bytes_total=sum(size for size in sizes if size is not None),
                items_total=sum(parent.root.files + parent.root.others for parent in parents)
                + len(found)
                - len(parents),
            )
        else:
            self._reporter.phase("Scanning and reading")
        for volume, foundation in found:
            if foundation is BaseReason.PARENT_LOST:
                message = (
                    f"No earlier image of volume “{volume.label}” of “{self._machine.name}” is whole on this Core; "
                    "a base image is made."
                )
                self._reporter.warn("parent-lost", message)
                self._journal.note(Severity.WARNING, "parent-lost", message, self._machine.id, alert=True)
            elif isinstance(foundation, BaseReason):
                self._reporter.log(f"Volume “{volume.label}”: a base image ({foundation.value}).")

    def _image(self, session: WriteSession, point: str, volume: Volume, foundation: Foundation) -> VolumeImage:
        parent = foundation if isinstance(foundation, Parent) else None
        made = self._make(session, volume, parent)
        id = uuid.uuid4().hex
        self._left_out[id] = made.left_out
        return VolumeImage(
            id,
            point,
            volume.id,
            volume.label,
            ImageKind.INCREMENTAL if parent else ImageKind.BASE,
            foundation if isinstance(foundation, BaseReason) else None,
            parent.image.id if parent else None,
            made.root,
            size=made.volume.bytes,
            bytes_read=made.bytes_read,
            bytes_new=made.bytes_new,
            bytes_stored=made.bytes_stored,
            files=made.volume.files,
            directories=made.volume.directories,
            files_unreadable=made.volume.unreadable,
            parent_root=parent.image.root if parent else None,
            key=self._seal.id if self._seal else "",
        )

    def _make(self, session: WriteSession, volume: Volume, parent: Parent | None) -> Imaged:
        """The image itself, by the kind of volume it is of."""
        before = parent.root if parent else None
        if volume.source == VolumeSource.IMAGE:
            disk = DiskImager(volume, self._repository, session, self._reporter, self._clock, disks=self._disks)
            return disk.image(before)
        if volume.source == VolumeSource.STREAM:
            with closing(self._stream(volume)) as stream:
                return StreamImager(volume, stream, session, self._reporter, self._clock).image(before)
        tree = Imager(
            paths.from_text(volume.path),
            self._repository,
            session,
            self._reporter,
            self._clock,
            excludes=self._machine.excludes,
            private=self._private,
            options=self._machine.options,
            files=self._snapshots.files(volume),
        )
        return tree.image(before, whole=parent is not None and session.is_whole(bytes.fromhex(parent.image.root)))

    def _stream(self, volume: Volume) -> Stream:
        if volume.path:
            return CommandStream(volume.path, self._machine.options.command_timeout_s, self._reporter.check)
        feed = self._feeds.get(volume.id)
        if feed is None:
            raise not_fed("nothing was given", volume.label)
        feed.listen(self._reporter.check)
        return feed

    def _result(self, point: RecoveryPoint, started: datetime) -> dict[str, Any]:
        return {
            "point": point.id,
            "machine": self._machine.name,
            "time": iso(started),
            "images": [
                {
                    "volume": image.volume_label,
                    "id": image.id,
                    "kind": image.kind.value,
                    "base_reason": image.base_reason.value if image.base_reason else None,
                    "bytes_read": image.bytes_read,
                    "bytes_new": image.bytes_new,
                    "bytes_stored": image.bytes_stored,
                    "size": image.size,
                    "files": image.files,
                    "directories": image.directories,
                    "files_unreadable": image.files_unreadable,
                    "left_out": self._left_out.get(image.id, LeftOut()).to_dict(),
                }
                for image in point.images
            ],
            "duration_s": point.duration_s,
            "warnings": [{"code": warning.code, "message": warning.message} for warning in self._reporter.kept],
            "warning_count": self._reporter.count,
        }


def _expected(volume: Volume, foundation: Foundation) -> int | None:
    """About how many bytes a volume has; None: nobody knows before it was walked."""
    if volume.source == VolumeSource.IMAGE:
        return disk_size(volume)
    return foundation.root.bytes if isinstance(foundation, Parent) else None
