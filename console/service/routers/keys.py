"""Encryption keys. For administrators alone; passphrases come in and never go out."""

from __future__ import annotations

import base64
import binascii

from pydantic import BaseModel

from console.domain.answers import Done
from console.domain.clock import from_iso, iso
from console.domain.errors import usage
from console.domain.key_answers import KeyAnswer, KeyChangePlan, KeyFile, KeyLossAnswer, KeyPage, KeyTested
from console.domain.keys import KeyType, WrappedKey
from console.service import present_key as present
from console.service.access import Administrator
from console.service.routing import After, Limit, noun, page

router = noun("keys")


class NewKey(BaseModel):
    name: str
    passphrase: str
    description: str = ""


class ChangedKey(BaseModel):
    """What is not given stays as it is."""

    name: str | None = None
    description: str | None = None


class Passphrase(BaseModel):
    passphrase: str


class NewPassphrase(Passphrase):
    new: str


class Unlocking(Passphrase):
    """`for_s`: seconds until it is locked again; without, it is unlocked for good."""

    for_s: int | None = None


class WantedType(BaseModel):
    """`passphrase`: needed to become universal."""

    type: KeyType
    passphrase: str | None = None


class ImportedKey(BaseModel):
    """A `KeyFile`. `rename`: what it is called here."""

    replicore_key: int
    id: str
    name: str
    description: str = ""
    created: str
    changed: str
    wrapped: str
    rename: str | None = None


@router.get("/keys")
def keys(by: Administrator, limit: Limit = 100, after: After = None) -> KeyPage:
    """By name."""
    shown, more = page(by.core.keys.list(), limit, after, lambda key: key.id)
    return {"keys": [present.key(by.core, key) for key in shown], "next": more}


@router.get("/keys/{key}")
def key(key: str, by: Administrator) -> KeyAnswer:
    return present.key(by.core, by.core.keys.get(key))


@router.post("/keys")
def create_key(body: NewKey, by: Administrator) -> KeyAnswer:
    """A universal key. Refused: `name-taken`, `name-forbidden`, `passphrase-weak`."""
    return present.key(by.core, by.core.keys.create(body.name, body.passphrase, body.description))


@router.patch("/keys/{key}")
def edit_key(key: str, body: ChangedKey, by: Administrator) -> KeyAnswer:
    """Refused: `key-not-universal`, `name-taken`, `name-forbidden`."""
    return present.key(by.core, by.core.keys.edit(key, rename=body.name, description=body.description))


@router.put("/keys/{key}/passphrase")
def change_passphrase(key: str, body: NewPassphrase, by: Administrator) -> KeyAnswer:
    """Refused: `key-not-universal`, `wrong-passphrase`, `passphrase-weak`."""
    return present.key(by.core, by.core.keys.change_passphrase(key, body.passphrase, body.new))


@router.post("/keys/{key}/lock")
def lock_key(key: str, by: Administrator) -> KeyAnswer:
    """Refused: `key-universal`."""
    return present.key(by.core, by.core.keys.lock(key))


@router.post("/keys/{key}/unlock")
def unlock_key(key: str, body: Unlocking, by: Administrator) -> KeyAnswer:
    """Refused: `wrong-passphrase`, `bad-duration`."""
    return present.key(by.core, by.core.keys.unlock(key, body.passphrase, body.for_s))


@router.put("/keys/{key}/type")
def set_key_type(key: str, body: WantedType, by: Administrator) -> KeyAnswer:
    """Refused: `passphrase-required`, `wrong-passphrase`."""
    return present.key(by.core, by.core.keys.set_type(key, body.type, body.passphrase))


@router.post("/keys/{key}/export")
def export_key(key: str, body: Passphrase, by: Administrator) -> KeyFile:
    """The key under its passphrase. Refused: `wrong-passphrase`."""
    return present.key_file(by.core.keys.export(key, body.passphrase))


@router.post("/keys/import")
def import_key(body: ImportedKey, by: Administrator) -> KeyAnswer:
    """It arrives locked. Refused: `key-known`, `key-damaged`, `name-taken`."""
    try:
        wrapped = base64.b64decode(body.wrapped, validate=True)
        created, changed = from_iso(body.created), from_iso(body.changed)
    except (binascii.Error, ValueError) as error:
        raise usage("not-a-key-file", "This is no file with a key.", "Make one: replicore key export NAME") from error
    came = WrappedKey(body.id, body.name, wrapped, created, changed, body.description)
    return present.key(by.core, by.core.keys.take(came, body.rename))


@router.post("/keys/{key}/test")
def test_key(key: str, body: Passphrase, by: Administrator) -> KeyTested:
    """Whether a passphrase opens what is here; unlocks nothing. The result is kept."""
    found = by.core.keys.test(key, body.passphrase)
    return {
        "key": found["key"],
        "passed": found["passed"],
        "tested": iso(found["tested"]),
        "why": found["why"],
        "images_opened": found["images_opened"],
        "images": found["images"],
        "points": found["points"],
    }


@router.get("/keys/{key}/loss")
def key_loss(key: str, by: Administrator) -> KeyLossAnswer:
    """What removing it would take."""
    loss = by.core.keys.loss(key)
    name = by.core.keys.get(key).name
    return {"key": name, "machines": list(loss.machines), "points": loss.points, "bytes": loss.bytes}


@router.delete("/keys/{key}")
def remove_key(key: str, by: Administrator, points: bool = False) -> Done:
    """`points`: although points need it. Refused: `key-in-use`, `key-needed`."""
    by.core.keys.remove(key, points=points)
    return {"done": True}


@router.get("/machines/{machine}/key-change")
def key_change(machine: str, by: Administrator, key: str = "") -> KeyChangePlan:
    """What giving a machine this key (empty: none) would mean; changes nothing."""
    return present.key_change(by.core, by.core.protect.key_change(machine, key))
