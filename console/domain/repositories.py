"""Repositories as the catalog knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RepositoryInfo:
    """`path` is the directory of a local repository. Exactly one repository of a Core is its default."""

    id: str
    name: str
    path: str
    created: datetime
    default: bool = False


@dataclass(frozen=True, slots=True)
class DamagedObject:
    """An object that could not be read back true. Ids in hex; `pack` is the pack's name or "" when it is lost."""

    repository: str
    object: str
    pack: str
    found: datetime
    why: str = ""
