"""What a restore has before it: directories that are being filled, files that are to be made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from console.domain.errors import Failed, damage
from console.domain.trees import Entry
from console.sources.creating import Owner, Place

Refs = list[tuple[bytes, int]]
"""Ids and lengths of the chunks of a file, holes as `ZERO_ID`."""


class Spot:
    """A directory of the destination that is being filled. It is dressed when the last thing in it is done."""

    __slots__ = ("above", "dressed_as", "fresh", "left", "made", "owner", "place", "text")

    def __init__(
        self,
        above: Spot | None,
        place: Place,
        text: bytes,
        dressed_as: Entry | None,
        *,
        fresh: bool,
        owner: Owner | None,
        made: bool = False,
    ) -> None:
        """`text`: its path below the volume. `dressed_as` None: it keeps what it has. `fresh`: nothing was in it.

        `owner`: as `creating.new_owner` says of it. `made`: it was made just now, in a directory of that owner.
        """
        self.above = above
        self.place = place
        self.text = text
        self.dressed_as = dressed_as
        self.fresh = fresh
        self.owner = owner
        self.made = made
        self.left = 1

    def path(self, name: bytes) -> bytes:
        return self.text + b"/" + name if self.text else name


@dataclass(slots=True)
class Sprout:
    """A file to be made. `twins`: the other names of the same file; `free`: nothing had its name."""

    spot: Spot
    entry: Entry
    twins: Twins | None = None
    free: bool = True

    @property
    def path(self) -> bytes:
        return self.spot.path(self.entry.name)


@dataclass(slots=True)
class Twins:
    """One file with several names: the first is made, the others become links to it. Guarded by the planting's lock."""

    made: tuple[Place, bytes] | None = None
    making: bool = False
    waiting: list[Sprout] = field(default_factory=list)


class Done(Protocol):
    def __call__(self, sprout: Sprout, place: Place | None, *, hopeless: bool = False) -> None:
        """A name stands, in `place`; or it could not be made (None). `hopeless`: nor can its other names."""


def wrong_length(oid: bytes) -> Failed:
    return damage("object-damaged", f"Object {oid.hex()} has another length than its file says.")


def wrong_size(entry: Entry) -> Failed:
    return damage("object-damaged", f"The content is not as long as its size says ({entry.size} bytes).")
