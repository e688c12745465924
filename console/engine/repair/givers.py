"""Who may have an object that is damaged here: other repositories, seed drives, paired targets. Each gives frames, and
nobody believes them: the session that takes them proves every one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from console.catalog import Catalog
from console.domain.errors import OBJECT_DAMAGE, Failed, damage
from console.domain.objects import Seal
from console.domain.pairing import Pairing
from console.repository import Repository
from console.repository.codec import FrameError, check_digest, decode, node_of, read_header
from console.repository.frames import FrameSplitter
from console.repository.sealing import Keys
from console.seeding.archive import Archive
from console.seeding.reader import SeedReader
from console.wire.conversation import batches
from console.wire.dialer import Dialer

Wanted = Mapping[bytes, Collection[str]]
"""Objects, and the ids of the images that need each (none known: of none)."""


class Giver(Protocol):
    """`name`: what people call it, in a sentence after “from”."""

    name: str

    def frames(self, wanted: Wanted) -> Iterator[tuple[bytes, bytes]]:
        """(id, frame) of those it has. Raises Failed when it cannot be asked, or gives what nobody asked for."""


class FromRepository:
    """Another repository of this Core."""

    def __init__(self, name: str, repository: Repository) -> None:
        self.name = f"the repository “{name}”"
        self._repository = repository

    def frames(self, wanted: Wanted) -> Iterator[tuple[bytes, bytes]]:
        """See `Giver`."""
        absent = set(self._repository.missing(list(wanted)))
        for oid in wanted:
            if oid not in absent:
                try:
                    yield oid, b"".join(self._repository.frames([oid]))
                except Failed as known:
                    if known.failure.code not in OBJECT_DAMAGE:
                        raise


class FromSeed:
    """A seed drive, whoever it was written for."""

    def __init__(self, archive: Archive) -> None:
        self.name = f"the seed drive at {archive.directories[0]}"
        self._archive = archive

    def frames(self, wanted: Wanted) -> Iterator[tuple[bytes, bytes]]:
        """See `Giver`."""
        with SeedReader(self._archive) as reader:
            there = reader.has(list(wanted))
            for oid in wanted:
                if oid in there:
                    try:
                        yield oid, b"".join(reader.frames([oid]))
                    except Failed as known:
                        if known.failure.code not in OBJECT_DAMAGE:
                            raise


class FromTarget:
    """A paired Core that this one replicates machines to (PROTOCOL.md, Repair)."""

    def __init__(self, catalog: Catalog, pairing: Pairing, dialer: Dialer, keys: Keys) -> None:
        """`keys`: what is sealed is believed only when it can be opened, for anybody can write a digest."""
        self.name = f"the Core “{pairing.name}”"
        self._keys = keys
        self._dialer = dialer
        self._catalog = catalog
        self._machines = {member.machine for member in catalog.members.list(pairing.id)}

    def frames(self, wanted: Wanted) -> Iterator[tuple[bytes, bytes]]:
        """See `Giver`."""
        by_image: dict[str, list[bytes]] = defaultdict(list)
        for oid, images in wanted.items():
            for image in images:
                by_image[image].append(oid)
        given: set[bytes] = set()
        locked: Failed | None = None
        for image, stored in self._catalog.points.find_images(list(by_image)).items():
            if stored.machine in self._machines:
                for ids in batches(by_image[image]):
                    for oid, frame in self._of_image(stored.machine, image, {*ids} - given):
                        given.add(oid)
                        why = self._unproven(frame)
                        if why is None:
                            yield oid, frame
                        locked = locked or why
        if locked is not None:
            raise locked

    def _unproven(self, frame: bytes) -> Failed | None:
        """Why a sealed frame cannot be opened, if its key is not at hand. Raises Failed `frame-damaged` when it is
        opened and is not what it says."""
        try:
            header = read_header(frame)
            stored = check_digest(header, frame)
            if header[4] != Seal.NONE:
                tag = node_of(header, stored).tag
                if self._keys.find(tag) is None:
                    return self._keys.refusal(tag)
                decode(header, stored, self._keys)
        except FrameError as error:
            raise damage(
                "frame-damaged",
                f"What {self.name} sent is not what it says: {error}.",
                "Nothing was taken of it. Look at that Core and the line to it.",
            ) from error
        return None

    def _of_image(self, machine: str, image: str, asked: set[bytes]) -> Iterator[tuple[bytes, bytes]]:
        while asked:
            try:
                answer = self._dialer.objects(machine, image, sorted(asked))
            except Failed as known:
                if known.failure.code in ("no-such-volume-image", "machine-elsewhere"):
                    return
                raise
            if not answer:
                return
            for oid, frame in _apart(answer, self.name):
                if oid not in asked:
                    raise damage(
                        "frame-unasked",
                        f"{self.name[:1].upper()}{self.name[1:]} sent object {oid.hex()[:16]}, which nobody asked for.",
                        "Nothing was taken of it. Look at that Core; it is broken, or not what it says.",
                    )
                asked.discard(oid)
                yield oid, frame


def _apart(answer: bytes, name: str) -> Iterator[tuple[bytes, bytes]]:
    splitter = FrameSplitter()
    try:
        for header, raw in splitter.feed(answer):
            yield header[6], bytes(raw)
        if splitter.unfinished:
            raise FrameError("it ends within a frame")
    except FrameError as error:
        raise damage(
            "frame-damaged",
            f"What {name} sent is no run of object frames: {error}.",
            "Nothing was taken of it. Look at that Core and the line to it.",
        ) from error
