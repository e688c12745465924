"""Seed drives: what is on them and where they are in their life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.domain.pairing import Direction


class SeedState(StrEnum):
    """`defined`: images are set aside for it, nothing is written. `outstanding`: written, not (wholly) consumed."""

    DEFINED = "defined"
    COPYING = "copying"
    OUTSTANDING = "outstanding"
    CONSUMING = "consuming"
    CONSUMED = "consumed"
    ABANDONED = "abandoned"
    FAILED = "failed"

    @property
    def reserves(self) -> bool:
        """Images on it are not sent by wire."""
        return self not in (SeedState.CONSUMED, SeedState.ABANDONED)


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of a seed. `digest`: BLAKE3 of the whole file, hex. `medium`: number of the device, from 1."""

    number: int
    file: str
    medium: int
    bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class Seed:
    """A seed as one Core knows it; outgoing where it was written, incoming where it is expected or was consumed.

    `images`: ids set aside for it. Of an incoming one: those announced. `points`, `bytes`: what was written.
    """

    id: str
    pairing: str
    direction: Direction
    state: SeedState
    created: datetime
    images: tuple[str, ...] = ()
    comment: str = ""
    customer_id: str = ""
    location: str = ""
    written: datetime | None = None
    ended: datetime | None = None
    segments: tuple[Segment, ...] = ()
    points: int = 0
    bytes: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None

    @property
    def title(self) -> str:
        """How people call it: the comment if there is one, with the first letters of the id."""
        return f"“{self.comment}” ({self.id[:8]})" if self.comment else self.id[:8]
