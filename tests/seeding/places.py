"""A source with a base and an incremental, and what is needed to write them to a drive."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from console.domain.objects import ObjectRef
from console.domain.pairing import CoreIdentity
from console.domain.progress import Silent
from console.domain.recovery_points import RecoveryPoint, VolumeImage
from console.domain.replication import ImageOffer
from console.engine.ends import LocalSource
from console.engine.transfer import transfer
from console.seeding.drive import Drive
from console.seeding.manifest import Manifest, encode
from console.seeding.writer import SeedWriter
from tests.support import seed_reader
from tests.support.points import Source
from tests.support.seeds import FaultyFiles

SEED = "5eed" * 8
RNG = random.Random(11)
FIRST = {f"docs/{n}": RNG.randbytes(3_000) for n in range(20)} | {"big": RNG.randbytes(600_000), "text": b"ab " * 9_000}
SECOND = {**FIRST, "docs/3": RNG.randbytes(4_000), "new": RNG.randbytes(200_000)}


class Place:
    """The source, and writers that lay its two points down somewhere."""

    def __init__(
        self, directory: Path, first: Mapping[str, bytes] = FIRST, second: Mapping[str, bytes] = SECOND
    ) -> None:
        self.source = Source(directory / "source")
        self.base = self.source.point(first)
        self.child = self.source.point(second, self.base)
        self.end = LocalSource(self.source.catalog, self.source.repository)

    def increment(self, image: VolumeImage, names: bool) -> Iterator[list[ObjectRef]]:
        return self.end.increment(image, names=names)

    def writer(
        self, *places: Path, files: FaultyFiles | None = None, seed: str = SEED, segment_size: int = 100_000,
        medium_size: int | None = None,
    ) -> SeedWriter:  # fmt: skip
        drive = Drive(seed, places, files=files, reserve=10_000, medium_size=medium_size)
        return SeedWriter(drive, self.increment, segment_size=segment_size)

    def offer(self, point: RecoveryPoint) -> ImageOffer:
        return ImageOffer(self.source.machine, point, point.images[0], False)

    def write(
        self, *places: Path, files: FaultyFiles | None = None, seed: str = SEED, segment_size: int = 100_000,
        medium_size: int | None = None, points: Sequence[RecoveryPoint] = (),
    ) -> Manifest:  # fmt: skip
        """A drive, to the end, signed with nothing."""
        options = {"segment_size": segment_size, "medium_size": medium_size}
        with self.writer(*places, files=files, seed=seed, **options) as writer:
            writer.begin("What this is.\n", Silent())
            for point in points or (self.base, self.child):
                transfer(self.end, writer, self.offer(point), Silent())
            writer.seal()
            manifest = Manifest(
                1, seed, "pairing", CoreIdentity("a", "A", "1", "AB"), "b", "", "", self.source.clock.now(),
                (self.source.machine,), writer.points(), tuple(writer.segments), writer.media(), writer.objects,
                writer.written_bytes,
            )  # fmt: skip
            writer.publish(encode(manifest, lambda _: b"signed"))
        return manifest

    def check(self, *places: Path) -> seed_reader.Drive:
        """That the second reader finds everything, on all media, and nothing half done."""
        directories = [d for place in places for d in place.glob("replicore-seed-*")]
        drive = seed_reader.Drive(*directories)
        contents = [drive.files(root) for root in drive.images().values()]
        assert contents == [{k.encode(): v for k, v in tree.items()} for tree in (FIRST, SECOND)]
        for directory in directories:
            names = {path.name for path in directory.iterdir()}
            assert {"README.txt", "manifest.rpm"} <= names
            assert not [name for name in names if name.endswith(".partial")]
        return drive
