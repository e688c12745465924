"""What a Core's API answers about encryption keys; see `domain.answers`. Never a secret, but for a key under its own
passphrase."""

from __future__ import annotations

from typing import TypedDict


class KeyAnswer(TypedDict):
    """`thumbprint`: 26 letters. `state`: locked, unlocked, unlocked-until (with `until`). `origin`: id of the Core that
    brought it, empty for our own. `tested`, `test_passed`: the last time somebody proved a passphrase; null: never.
    `proof_due`: it is time to prove it (again). `machines`: names of those whose images are sealed with it. `points`:
    recovery points here that need it."""

    id: str
    name: str
    description: str
    thumbprint: str
    type: str
    state: str
    until: str | None
    origin: str
    created: str
    tested: str | None
    test_passed: bool | None
    proof_due: bool
    machines: list[str]
    points: int


class KeyPage(TypedDict):
    keys: list[KeyAnswer]
    next: str | None


class KeyFile(TypedDict):
    """A key as a file: `wrapped` is the secret under its passphrase, in base64."""

    replicore_key: int
    id: str
    name: str
    description: str
    created: str
    changed: str
    wrapped: str


class KeyTested(TypedDict):
    """`images_opened`: so many of the newest images (at most 20) were opened with it. `why`: empty when it passed."""

    key: str
    passed: bool
    tested: str
    why: str
    images_opened: int
    images: int
    points: int


class KeyLossAnswer(TypedDict):
    """What removing a key would take: `bytes` of files in `points` that nobody can open here then."""

    key: str
    machines: list[str]
    points: int
    bytes: int


class KeyChangePlan(TypedDict):
    """What another key (null: none) for a machine would mean. `base`: its next images are bases of about `bytes`, which
    go whole to `targets` too. `why`: a sentence, empty when nothing changes."""

    machine: str
    key: str | None
    base: bool
    bytes: int
    targets: list[str]
    why: str
