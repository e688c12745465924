"""The manifest of a seed: what is on the drive, signed by the Core that wrote it. The paper is FORMAT.md."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec

from console.domain.errors import Failed, damage, refused
from console.domain.keys import WrappedKey
from console.domain.machines import Machine
from console.domain.pairing import CoreIdentity
from console.domain.recovery_points import RecoveryPoint, VolumeImage
from console.domain.seeds import Segment

MANIFEST_FILE = "manifest.rpm"
MAGIC = b"RPLMANI1"
FORMAT = 1
MAX_BODY = 128 << 20
"""Bytes. A manifest of a hundred thousand points takes less."""
MAX_SIGNATURE = 1024
MAX_FILE = len(MAGIC) + 4 + MAX_BODY + 4 + MAX_SIGNATURE
MAX_OBJECTS = 200_000
"""A segment of many small objects is closed with so many: what is known of one that is open is in memory."""
MAX_SEGMENT = (4 << 30) - 1
"""Bytes. What the largest file of a FAT32 medium may have."""

_LENGTH = struct.Struct("<I")
_SEED_ID = re.compile(r"[0-9a-f]{32}")
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class SeedPoint:
    """A recovery point, and which of its images are on the drive (ids, parents first).

    `names`: those of them that carry every node of their tree, because the target was not known to have the parent's.
    """

    point: RecoveryPoint
    images: tuple[str, ...]
    names: tuple[str, ...] = ()

    def volume_images(self) -> Iterator[VolumeImage]:
        """The images of the point that are on the drive."""
        known = {image.id: image for image in self.point.images}
        return (known[image] for image in self.images)


@dataclass(frozen=True, slots=True)
class SeedMedium:
    """One device of a seed. `number` from 1; `name` is what the place was called when it was written."""

    number: int
    name: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is on a seed drive. Ids are hex text; `target` is a Core's id; `bytes` is the size of all segments. `keys`:
    those that sealed points are sealed with, under their passphrases."""

    format: int
    seed: str
    pairing: str
    source: CoreIdentity
    target: str
    customer_id: str
    comment: str
    created: datetime
    machines: tuple[Machine, ...]
    points: tuple[SeedPoint, ...]
    segments: tuple[Segment, ...]
    media: tuple[SeedMedium, ...]
    objects: int
    bytes: int
    keys: tuple[WrappedKey, ...] = ()

    def images(self) -> tuple[str, ...]:
        """Ids of the images on the drive, parents first."""
        return tuple(image for point in self.points for image in point.images)

    @property
    def oldest(self) -> datetime | None:
        return min((point.point.time for point in self.points), default=None)

    @property
    def newest(self) -> datetime | None:
        return max((point.point.time for point in self.points), default=None)


@dataclass(frozen=True, slots=True)
class SignedManifest:
    """A manifest as it was read. `message` is what `signature` is over; it is not checked yet."""

    manifest: Manifest
    message: bytes
    signature: bytes


class _Head(msgspec.Struct):
    format: int


def encode(manifest: Manifest, sign: Callable[[bytes], bytes]) -> bytes:
    """The bytes of a manifest file. `sign` makes the signature of a message with the source Core's key."""
    body = msgspec.msgpack.encode(manifest)
    message = MAGIC + _LENGTH.pack(len(body)) + body
    signature = sign(message)
    return message + _LENGTH.pack(len(signature)) + signature


def decode(raw: bytes) -> SignedManifest:
    """Reads the bytes of a manifest file; believes none of them.

    Raises Failed: `seed-damaged`, `seed-newer`. The signature is left to whoever knows the certificate.
    """
    if raw[: len(MAGIC)] != MAGIC:
        version = raw[len(MAGIC) - 1 : len(MAGIC)]
        if raw[: len(MAGIC) - 1] == MAGIC[:-1] and version.isdigit() and int(version) > FORMAT:
            raise _newer(version.decode("ascii"))
        raise manifest_damaged("it does not begin as one")
    begin = len(MAGIC) + _LENGTH.size
    if len(raw) < begin + _LENGTH.size or len(raw) > MAX_FILE:
        raise manifest_damaged("its length is wrong")
    end = begin + _LENGTH.unpack_from(raw, len(MAGIC))[0]
    if end + _LENGTH.size > len(raw):
        raise manifest_damaged("it is cut short")
    signed = _LENGTH.unpack_from(raw, end)[0]
    if signed > MAX_SIGNATURE or end + _LENGTH.size + signed != len(raw):
        raise manifest_damaged("its length is wrong")
    return SignedManifest(_decode_body(raw[begin:end]), raw[:end], raw[end + _LENGTH.size :])


def manifest_damaged(why: str) -> Failed:
    return damage(
        "seed-damaged",
        f"The manifest of the seed ({MANIFEST_FILE}) cannot be used: {why}.",
        "Try another medium of the same seed, each has a copy; without one, write the seed again at its source.",
    )


def _newer(version: str) -> Failed:
    return refused(
        "seed-newer",
        f"The seed has format {version}; this version of Replicore reads format {FORMAT}.",
        "Update this Core to at least the version of the Core that wrote the seed.",
    )


def _decode_body(body: bytes) -> Manifest:
    try:
        head = msgspec.msgpack.decode(body, type=_Head)
        if head.format > FORMAT:
            raise _newer(str(head.format))
        manifest = msgspec.msgpack.decode(body, type=Manifest)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise manifest_damaged("its content cannot be read") from error
    for problem in _problems(manifest):
        raise manifest_damaged(problem)
    return manifest


def _problems(manifest: Manifest) -> Iterator[str]:
    """What a writer of ours never writes; names and numbers that a reader would act on come first."""
    if manifest.format < 1 or not _SEED_ID.fullmatch(manifest.seed):
        yield "its format or its id is none"
    yield from _segment_problems(manifest.segments)
    machines = {machine.id for machine in manifest.machines}
    seen: set[str] = set()
    for entry in manifest.points:
        if entry.point.machine not in machines:
            yield f"point {entry.point.id[:12]} is of a machine it does not know"
        if entry.point.time.tzinfo is None:
            yield f"point {entry.point.id[:12]} has a time without a zone"
        known = {image.id: image for image in entry.point.images}
        if not set(entry.images) <= known.keys() or not set(entry.names) <= set(entry.images):
            yield f"point {entry.point.id[:12]} has not got the images it names"
        if seen & set(entry.images) or len(set(entry.images)) != len(entry.images):
            yield f"an image of point {entry.point.id[:12]} stands twice"
        seen |= set(entry.images)
        if not all(_hashes(image) for image in known.values()) or not _is_hash(entry.point.record, empty=True):
            yield f"point {entry.point.id[:12]} has a root that is none"


def _segment_problems(segments: Iterable[Segment]) -> Iterator[str]:
    for number, segment in enumerate(segments, start=1):
        if segment.number != number or segment.file != segment_name(number):
            yield f"segment {number} is called {segment.file[:40]!r}"
        if not 0 < segment.bytes <= MAX_SEGMENT or segment.medium < 1:
            yield f"segment {number} is not described rightly"
        if not _HASH.fullmatch(segment.digest):
            yield f"the digest of segment {number} is none"


def _hashes(image: VolumeImage) -> bool:
    return _is_hash(image.root) and (image.parent_root is None or _is_hash(image.parent_root))


def _is_hash(text: str, *, empty: bool = False) -> bool:
    return bool(_HASH.fullmatch(text)) or (empty and text == "")


def segment_name(number: int) -> str:
    """The file name of a segment; there are at most 99 999."""
    return f"segment-{number:05d}.rps"
