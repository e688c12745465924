"""What a check of stored bytes found."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Damage:
    """One object that is not true any more: ids in hex, `pack` its file's name, `images` the ids of images it hurts."""

    object: str
    pack: str
    why: str
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Result of `repository check`. `objects` and `bytes` (stored) looked at."""

    objects: int
    bytes: int
    damaged: tuple[Damage, ...] = ()
    missing_packs: tuple[str, ...] = ()
    unreferenced_bytes: int = 0
    notes: tuple[str, ...] = field(default=())
