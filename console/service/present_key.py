"""Encryption keys as the JSON of `domain.key_answers`."""

from __future__ import annotations

import base64

from console.domain.clock import iso
from console.domain.key_answers import KeyAnswer, KeyChangePlan, KeyFile
from console.domain.keys import EncryptionKey, WrappedKey, proof_due
from console.domain.sizes import format_size
from console.engine.core import Core
from console.engine.protect import KeyChange
from console.service.present import moment


def key(core: Core, found: EncryptionKey) -> KeyAnswer:
    now = core.clock.now()
    state = found.state(now)
    needed = core.keys.loss(found.id)
    return {
        "id": found.id,
        "name": found.name,
        "description": found.description,
        "thumbprint": found.thumbprint,
        "type": found.type.value,
        "state": state.value,
        "until": moment(found.until) if state.value == "unlocked-until" else None,
        "origin": found.origin,
        "created": iso(found.created),
        "tested": moment(found.tested),
        "test_passed": found.test_passed if found.tested else None,
        "proof_due": proof_due(found, needed.points, now),
        "machines": list(needed.machines),
        "points": needed.points,
    }


def key_file(key: WrappedKey) -> KeyFile:
    return {
        "replicore_key": 1,
        "id": key.id,
        "name": key.name,
        "description": key.description,
        "created": iso(key.created),
        "changed": iso(key.changed),
        "wrapped": base64.b64encode(key.wrapped).decode("ascii"),
    }


def key_change(core: Core, change: KeyChange) -> KeyChangePlan:
    name = core.catalog.keys.get(change.key).name if change.key else None
    why = ""
    if change.base:
        sealed = f"sealed with “{name}”" if name else "not sealed any more"
        why = (
            f"The next images of “{change.machine.name}” are {sealed} and are base images: "
            f"{format_size(change.bytes)} of files are stored anew"
        )
        why += f", and sent whole to {', '.join(change.targets)}." if change.targets else "."
    return {
        "machine": change.machine.name,
        "key": name,
        "base": change.base,
        "bytes": change.bytes,
        "targets": list(change.targets),
        "why": why,
    }
