"""What a Core's API answers about repositories; see `domain.answers`."""

from __future__ import annotations

from typing import TypedDict


class RepositoryAnswer(TypedDict):
    """`machines`: names of those whose points it holds. `damaged`: objects found damaged and not yet healed. Bytes:
    `limit` of its packs (null: what the disk takes); `used_bytes` of its packs (null: it cannot be opened now);
    `free_bytes` that may still be written; `unreferenced_bytes` that nobody needed when that was looked at last, at
    `looked` (null: never)."""

    id: str
    name: str
    path: str
    created: str
    default: bool
    machines: list[str]
    damaged: int
    limit: int | None
    used_bytes: int | None
    free_bytes: int
    unreferenced_bytes: int | None
    looked: str | None


class RepositoryPage(TypedDict):
    repositories: list[RepositoryAnswer]
    next: str | None


class UsageAnswer(TypedDict):
    """`plain_bytes`: what the objects are when unpacked; `stored_bytes`: what they take; `free_bytes`: room left."""

    objects: int
    plain_bytes: int
    stored_bytes: int
    packs: int
    free_bytes: int


class ParityAnswer(TypedDict):
    """`percent`: what new packs get, 0: none; `packs`: how many have some, whose files take `bytes`."""

    percent: int
    packs: int
    bytes: int


class RepositoryDetail(RepositoryAnswer):
    usage: UsageAnswer
    parity: ParityAnswer
    missing_packs: list[str]
