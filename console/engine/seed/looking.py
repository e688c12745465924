"""Looking at a seed drive: what it says of itself, whether this Core may consume it, whether its bytes are good."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import Failed, Failure, damage, refused
from console.domain.pairing import CoreIdentity, Direction, Pairing, PairingState
from console.domain.progress import Reporter
from console.engine.repositories import Repositories
from console.repository import Repository
from console.repository.failures import object_missing
from console.repository.sealing import Node
from console.seeding.archive import Archive
from console.seeding.inspection import SeedInspection, machines_on, segments_on
from console.seeding.manifest import MANIFEST_FILE
from console.seeding.reader import SeedDamage
from console.seeding.verify import SegmentState, verify
from console.wire.identity import Identity
from console.wire.identity import verify as signature_holds

log = logging.getLogger(__name__)


class AnyRepository:
    """All repositories of this Core that can be opened, as one place to read nodes of trees from."""

    def __init__(self, repositories: Repositories) -> None:
        self._repositories = repositories
        self._opened: list[Repository] | None = None

    def read(self, id: bytes) -> bytes:
        """Raises Failed `object-missing` when none has it, `object-damaged`."""
        return self._holding(id).read(id)

    def _holding(self, oid: bytes) -> Repository:
        if self._opened is None:
            self._opened = self._open()
        for repository in self._opened:
            if repository.has(oid):
                return repository
        raise object_missing(oid)

    def nodes(self, ids: Sequence[bytes]) -> Iterator[Node]:
        """What these say in clear. Raises as `read`."""
        for oid in ids:
            yield from self._holding(oid).nodes([oid])

    def _open(self) -> list[Repository]:
        opened = []
        for info in self._repositories.list():
            try:
                opened.append(self._repositories.open(info.id))
            except Failed as known:
                log.info("repository %s is not looked into: %s", info.name, known.failure.message)
        return opened


def pairing_of(catalog: Catalog, me: str, archive: Archive) -> Pairing:
    """The incoming pairing a drive belongs to, after everything a reader must refuse was looked at.

    `me`: this Core's id. Raises Failed: `seed-for-another-core`, `source-not-paired`, `seed-of-another-pairing`,
    `seed-signature`.
    """
    manifest = archive.manifest
    if manifest.target != me:
        raise refused(
            "seed-for-another-core",
            f"The seed {manifest.seed[:8]} was written for the Core {manifest.target[:8]}; this one is {me[:8]}.",
            "Bring the drive to the Core it was written for.",
        )
    paired = [
        pairing
        for pairing in catalog.pairings.list(Direction.INCOMING)
        if pairing.peer.id == manifest.source.id and pairing.state is PairingState.ACTIVE
    ]
    if not paired:
        raise refused(
            "source-not-paired",
            f"The seed is of the Core “{manifest.source.name}” ({manifest.source.id[:8]}), which is not paired with "
            "this one.",
            "Pair them first: replicore replication pair, at the source.",
        )
    pairing = next((pairing for pairing in paired if pairing.id == manifest.pairing), None)
    if pairing is None:
        raise refused(
            "seed-of-another-pairing",
            f"The seed belongs to the pairing {manifest.pairing[:8]} with “{manifest.source.name}”; the pairing "
            f"now is {paired[0].id[:8]}.",
            "Write a new seed at the source, for the pairing there is now.",
        )
    if not signature_holds(pairing.certificate, archive.signed.message, archive.signed.signature):
        raise bad_signature(archive)
    return pairing


def bad_signature(archive: Archive) -> Failed:
    return damage(
        "seed-signature",
        f"The manifest of the seed {archive.manifest.seed[:8]} was changed after the Core "
        f"“{archive.manifest.source.name}” signed it, or was not made by that Core.",
        "Do not use this drive. Another medium of the same seed has its own copy of the manifest.",
    )


def inspection(catalog: Catalog, identity: Identity, me: CoreIdentity, archive: Archive) -> SeedInspection:
    """What a drive says of itself. Raises Failed `seed-signature` where this Core can tell that it lies."""
    manifest = archive.manifest
    why_not = None
    signature = "unknown"
    if manifest.source.id == me.id:
        if not signature_holds(identity.certificate, archive.signed.message, archive.signed.signature):
            raise bad_signature(archive)
        signature = "good"
    try:
        pairing_of(catalog, me.id, archive)
        signature = "good"
    except Failed as known:
        if known.failure.code == "seed-signature":
            raise
        why_not = known.failure
    seed = catalog.seeds.find(manifest.seed)
    return SeedInspection(
        manifest,
        archive.directories,
        machines_on(manifest),
        segments_on(archive),
        signature,
        why_not is None,
        why_not,
        seed.state.value if seed else "",
        archive.problems,
    )


def verification(archive: Archive, elsewhere: AnyRepository, reporter: Reporter, clock: Clock) -> dict[str, Any]:
    """Every byte of a drive is read; the result of `seed verify`."""
    began = clock.monotonic()
    report = verify(archive, elsewhere, reporter)
    missing = [found.segment.file for found in report.segments if found.state is SegmentState.MISSING]
    for name in missing:
        reporter.warn("segment-missing", f"{name} is on none of the given directories; attach the medium that has it.")
    seconds = clock.monotonic() - began
    return {
        "seed": archive.manifest.seed,
        "segments": [
            {
                "file": found.segment.file,
                "medium": found.segment.medium,
                "bytes": found.segment.bytes,
                "state": found.state.value,
                "why": found.why,
            }
            for found in report.segments
        ],
        "segments_missing": missing,
        "damaged": [
            *(damage_row(hurt.damage, hurt.images) for hurt in report.damaged),
            *(manifest_row(problem) for problem in archive.problems),
        ],
        "images_whole": report.images_whole,
        "images_hurt": list(report.images_hurt),
        "objects": report.objects,
        "bytes": report.bytes,
        "duration_s": round(seconds, 3),
    }


def damage_row(found: SeedDamage, images: Iterable[str]) -> dict[str, Any]:
    """One damage of a drive, as the results of `seed verify` and `seed consume` name it: `why` is a sentence."""
    what = f"object {found.object[:12]}: " if found.object else ""
    sentence = what + found.why.removeprefix(f"{found.file} is damaged: ").rstrip(".") + "."
    return {
        "file": found.file,
        "object": found.object,
        "code": found.code,
        "why": sentence[:1].upper() + sentence[1:],
        "images": sorted(images),
    }


def manifest_row(problem: Failure) -> dict[str, Any]:
    """A copy of the manifest that is not good, while another one is."""
    return {"file": MANIFEST_FILE, "object": "", "code": problem.code, "why": problem.message, "images": []}
