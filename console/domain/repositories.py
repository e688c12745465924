"""Repositories as the catalog knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RepositoryInfo:
    """`path` is the directory of a local repository. Exactly one repository of a Core is its default.

    `limit`: bytes its packs may have; None: what the disk takes. `unreferenced`: bytes of objects that nobody needed
    when a reclaim (or its plan) looked last, at `looked`; None: never.
    """

    id: str
    name: str
    path: str
    created: datetime
    default: bool = False
    limit: int | None = None
    unreferenced: int | None = None
    looked: datetime | None = None


@dataclass(frozen=True, slots=True)
class DamagedObject:
    """An object that could not be read back true. Ids in hex; `pack` is the pack's name or "" when it is lost."""

    repository: str
    object: str
    pack: str
    found: datetime
    why: str = ""
