"""Recovery points made by hand: small trees written straight into a repository, without any files on disk."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from console.catalog import Catalog
from console.domain.machines import Machine, MachineKind, Volume
from console.domain.objects import FRAME_SIZE, FrameHeader, Kind
from console.domain.recovery_points import BaseReason, ImageKind, RecoveryPoint, VolumeImage
from console.domain.repositories import RepositoryInfo
from console.domain.trees import Entry, FileType, VolumeRoot
from console.repository import Repository, TreeWriter
from console.repository.records import encode_record
from tests.support.clock import FixedClock

CHUNK = 64 << 10


def new_machine(clock: FixedClock, repository: str, *, name: str = "web", core: str = "core-a") -> Machine:
    volume = Volume(uuid.uuid4().hex, "tree", "/srv/web")
    return Machine(uuid.uuid4().hex, name, MachineKind.PROTECTED, core, repository, (volume,), clock.now(), 0)


@dataclass
class Source:
    """A catalog and a repository with points of one machine."""

    place: Path
    clock: FixedClock = field(default_factory=FixedClock)

    def __post_init__(self) -> None:
        self.catalog = Catalog.in_memory(self.clock)
        self.repository = Repository.create(self.place, id=uuid.uuid4().hex, created=self.clock.now())
        home = RepositoryInfo(self.repository.id, "default", str(self.place), self.clock.now(), default=True)
        self.catalog.repositories.add(home)
        self.machine = new_machine(self.clock, self.repository.id)
        self.catalog.machines.add(self.machine)

    def close(self) -> None:
        self.repository.close()
        self.catalog.close()

    def point(self, files: Mapping[str, bytes], parent: RecoveryPoint | None = None) -> RecoveryPoint:
        """A point whose one image holds `files` (path with at most one folder → content)."""
        self.clock.forward(3600)
        point_id, image_id = uuid.uuid4().hex, uuid.uuid4().hex
        with self.repository.session() as session:
            writer = TreeWriter(session)
            folders: dict[bytes, list[Entry]] = {b"": []}
            for path, content in files.items():
                folder, _, name = path.encode().rpartition(b"/")
                refs = [
                    (session.put(Kind.CHUNK, content[at : at + CHUNK]).id, len(content[at : at + CHUNK]))
                    for at in range(0, len(content), CHUNK)
                ]
                packed, depth = writer.content(refs)
                folders.setdefault(folder, []).append(
                    Entry(name, FileType.FILE, 0o644, size=len(content), depth=depth, content=packed)
                )
            for name in sorted(folders):
                if name:
                    packed, depth = writer.directory(sorted(folders[name], key=lambda e: e.name))
                    folders[b""].append(Entry(name, FileType.DIRECTORY, 0o755, depth=depth, content=packed))
            packed, depth = writer.directory(sorted(folders[b""], key=lambda e: e.name))
            top = Entry(b"", FileType.DIRECTORY, 0o755, depth=depth, content=packed)
            size = sum(map(len, files.values()))
            root = writer.root(VolumeRoot("tree", top, len(files), len(folders) - 1, 0, size))
            above = parent.images[0] if parent else None
            image = VolumeImage(
                image_id,
                point_id,
                self.machine.volumes[0].id,
                "tree",
                ImageKind.INCREMENTAL if above else ImageKind.BASE,
                None if above else BaseReason.FIRST,
                above.id if above else None,
                root.hex(),
                size=size,
                bytes_stored=size,
                files=len(files),
                parent_root=above.root if above else None,
            )
            point = RecoveryPoint(point_id, self.machine.id, self.clock.now(), "core-a", (image,))
            session.flush()
            record = session.put(Kind.RECORD, encode_record("core-a", "A", self.machine, point)).id
            session.flush()
        point = replace(point, record=record.hex())
        self.catalog.points.add(point, self.repository.id, here={image.id}, names={image.id})
        return point


def frames_of(pieces: Iterable[bytes | memoryview]) -> list[tuple[FrameHeader, bytes]]:
    """Runs of frames taken apart."""
    raw = b"".join(bytes(piece) for piece in pieces)
    found, at = [], 0
    while at < len(raw):
        header = FrameHeader.unpack(raw, at)
        found.append((header, raw[at : at + FRAME_SIZE + header.stored]))
        at += FRAME_SIZE + header.stored
    assert at == len(raw)
    return found
