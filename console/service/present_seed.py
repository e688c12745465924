"""Seed drives as the JSON of `domain.answers`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

from console.domain import paths
from console.domain.answers import FailureAnswer
from console.domain.clock import iso
from console.domain.errors import Failure
from console.domain.keys import thumbprint
from console.domain.replication_answers import (
    Abandoned,
    KeyOnSeedAnswer,
    MachineOnSeedAnswer,
    SeedAnswer,
    SeedInspectionAnswer,
    SegmentAnswer,
    SegmentOnSeedAnswer,
)
from console.domain.seeds import Seed, Segment
from console.engine.core import Core
from console.engine.seed.drives import AbandonConsequence
from console.repository.sealing import tag_of
from console.seeding.inspection import KeyOnSeed, MachineOnSeed, SeedInspection, SegmentOnSeed, keys_on
from console.service.present import moment


def seed(core: Core, found: Seed) -> SeedAnswer:
    pairing = core.catalog.pairings.find(found.pairing)
    return {
        "id": found.id,
        "pairing": found.pairing,
        "pairing_name": pairing.name if pairing else "",
        "direction": found.direction.value,
        "state": found.state.value,
        "created": iso(found.created),
        "comment": found.comment,
        "customer_id": found.customer_id,
        "location": found.location,
        "written": moment(found.written),
        "ended": moment(found.ended),
        "segments": [_segment(segment) for segment in found.segments],
        "images": len(found.images),
        "points": found.points,
        "bytes": found.bytes,
        "oldest": moment(found.oldest),
        "newest": moment(found.newest),
    }


def inspection(core: Core, found: SeedInspection) -> SeedInspectionAnswer:
    manifest = found.manifest
    return {
        "seed": manifest.seed,
        "pairing": manifest.pairing,
        "source": {
            "id": manifest.source.id,
            "name": manifest.source.name,
            "version": manifest.source.version,
            "fingerprint": manifest.source.fingerprint,
        },
        "target": manifest.target,
        "customer_id": manifest.customer_id,
        "comment": manifest.comment,
        "created": iso(manifest.created),
        "machines": [_machine(machine) for machine in found.machines],
        "points": len(manifest.points),
        "images": len(manifest.images()),
        "objects": manifest.objects,
        "bytes": manifest.bytes,
        "oldest": moment(manifest.oldest),
        "newest": moment(manifest.newest),
        "directories": [_text(directory) for directory in found.directories],
        "segments": [_segment_there(segment) for segment in found.segments],
        "segments_missing": [segment.file for segment in found.segments_missing],
        "signature": found.signature,
        "consumable": found.consumable,
        "why_not": _failure(found.why_not) if found.why_not else None,
        "state": found.state,
        "problems": [_failure(problem) for problem in found.problems],
        "keys": [_key(core, key) for key in keys_on(manifest)],
    }


def abandoned(meant: AbandonConsequence) -> Abandoned:
    return {"seed": meant.seed.id, "images": meant.images, "points": meant.points, "bytes": meant.bytes}


def _machine(found: MachineOnSeed) -> MachineOnSeedAnswer:
    return {
        "machine": found.machine.name,
        "machine_id": found.machine.id,
        "points": found.points,
        "images": found.images,
        "oldest": iso(found.oldest),
        "newest": iso(found.newest),
    }


def _key(core: Core, found: KeyOnSeed) -> KeyOnSeedAnswer:
    known = core.catalog.keys.find(found.id)
    return {
        "id": found.id,
        "tag": tag_of(found.id).hex(),
        "thumbprint": thumbprint(found.id),
        "name": known.name if known else found.name,
        "points": found.points,
        "images": found.images,
        "wrapped": found.wrapped,
        "state": known.state(core.clock.now()).value if known else "",
    }


def _segment(segment: Segment) -> SegmentAnswer:
    return {
        "number": segment.number,
        "file": segment.file,
        "medium": segment.medium,
        "bytes": segment.bytes,
        "digest": segment.digest,
    }


def _segment_there(found: SegmentOnSeed) -> SegmentOnSeedAnswer:
    return {
        **_segment(found.segment),
        "path": _text(found.path) if found.path else None,
        "length_right": found.length_right,
    }


def _failure(failure: Failure) -> FailureAnswer:
    return cast(FailureAnswer, failure.to_dict())


def _text(path: Path) -> str:
    return paths.to_text(os.fsencode(path))
