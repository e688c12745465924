"""What Cores say to each other, and how it is written: MessagePack of these structures. Paper: `PROTOCOL.md`.

Structures are maps by field name: a newer Core may add fields with defaults, which an older one skips. `speaks` names
what a Core has beyond the calls and fields that every one has: what needs an answer is used only where it is named.
Values of `domain` travel inside as they are.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

import msgspec

from console.domain.comparison import KeptImage
from console.domain.errors import Failed, Failure, usage
from console.domain.keys import WrappedKey
from console.domain.machines import Machine
from console.domain.pairing import CoreIdentity, RepositoryOffer
from console.domain.recovery_points import RecoveryPoint
from console.domain.replication import Accepted, Holding
from console.domain.seeds import SeedState

CONTENT_TYPE = "application/msgpack"
IDS_TYPE = "application/octet-stream"
FRAMES_TYPE = "application/x-replicore-frames"

T = TypeVar("T")


class Hello(msgspec.Struct, frozen=True):
    """Who answers. `minimum`: the oldest protocol it still speaks; `core.protocol` is the newest. `time`: its clock."""

    core: CoreIdentity
    minimum: int
    time: datetime
    speaks: list[str] = []


class PairRequest(msgspec.Struct, frozen=True):
    """A source signs in at a target. `certificate`: the source's, PEM. `name`: what the source wants to be called."""

    user: str
    password: str
    source: CoreIdentity
    certificate: str
    name: str = ""

    def __repr__(self) -> str:
        """Without the password: what is shown may end up in a log."""
        return f"PairRequest(user={self.user!r}, password=…, source={self.source!r}, name={self.name!r})"

    def __rich_repr__(self) -> Any:
        yield "user", self.user
        yield "source", self.source
        yield "name", self.name


class PairAnswer(msgspec.Struct, frozen=True):
    """`pairing`: the id both sides use. `certificate`: the target's, PEM."""

    pairing: str
    target: CoreIdentity
    certificate: str
    repositories: list[RepositoryOffer] = []
    speaks: list[str] = []


class LookAnswer(msgspec.Struct, frozen=True):
    """What a pairing would find. `repositories`: those of the target."""

    target: CoreIdentity
    repositories: list[RepositoryOffer] = []


class MachineBacklog(msgspec.Struct, frozen=True):
    """What waits to be sent of one machine (id): points, and stored bytes at most. `interval_s`: between its scheduled
    backups, 0 for none or when they are paused; None: not said. `name`: what it is called; empty: not said. `via`: ids
    and names of the Cores it came to the source by, the oldest first."""

    machine: str
    points: int
    bytes: int
    interval_s: int | None = None
    name: str = ""
    via: list[list[str]] = []


class SeedAnnouncement(msgspec.Struct, frozen=True):
    """A seed drive the source makes or has made. `images`: ids of what is, or will be, on it."""

    id: str
    state: SeedState
    comment: str
    created: datetime
    images: list[str] = []
    written: datetime | None = None


class StatusRequest(msgspec.Struct, frozen=True):
    """How a source is. `paused`: the source sends nothing for now, because somebody there wants it so."""

    core: CoreIdentity
    time: datetime
    paused: bool = False
    machines: list[MachineBacklog] = []
    seeds: list[SeedAnnouncement] = []
    speaks: list[str] = []


class ConsumedSeed(msgspec.Struct, frozen=True):
    """`images`: those of a seed that are at the target by now."""

    seed: str
    images: list[str] = []


class MachinePolicy(msgspec.Struct, frozen=True):
    """By which retention policy (`domain.retention`, as text) a target keeps a machine (id)."""

    machine: str
    policy: str


class Departed(msgspec.Struct, frozen=True):
    """A machine (id) that the target takes no longer, since `at`. `delete_points`: its points there are gone."""

    machine: str
    at: datetime
    delete_points: bool = False

    def __post_init__(self) -> None:
        _aware(self.at)


class StatusAnswer(msgspec.Struct, frozen=True):
    """How a target is. `paused`: somebody there wants nothing sent. `removed`: the pairing has ended there. `wanted`:
    images (ids) that somebody there asks for by wire, set aside for a seed drive or not. `policies`: of the machines of
    this pairing. `paused_machines` (ids): of these alone somebody there wants nothing sent. `departures`: of machines
    that the source has named."""

    core: CoreIdentity
    time: datetime
    paused: bool = False
    repositories: list[RepositoryOffer] = []
    consumed: list[ConsumedSeed] = []
    removed: bool = False
    wanted: list[str] = []
    policies: list[MachinePolicy] = []
    paused_machines: list[str] = []
    speaks: list[str] = []
    departures: list[Departed] = []


class MachinePlacement(msgspec.Struct, frozen=True):
    """A machine, and the target's repository (id) that takes it. `via` as in `MachineBacklog`."""

    machine: Machine
    repository: str
    via: list[list[str]] = []

    def __post_init__(self) -> None:
        _aware(self.machine.created)


class AddMachines(msgspec.Struct, frozen=True):
    machines: list[MachinePlacement]


class RemoveMachines(msgspec.Struct, frozen=True):
    """`machines`: ids. With `delete_points` their points at the target go too."""

    machines: list[str]
    delete_points: bool = False


class Removed(msgspec.Struct, frozen=True):
    """`points`: how many recovery points were deleted at the target."""

    points: int = 0


class HoldingsRequest(msgspec.Struct, frozen=True):
    """`machine`: its id. `forgotten`: images the target said were gone there, which the source has not got any more
    either."""

    machine: str
    forgotten: list[str] = []


class Holdings(msgspec.Struct, frozen=True):
    """What the target has of one machine, image by image."""

    holdings: list[Holding] = []


class InventoryRequest(msgspec.Struct, frozen=True):
    """What is asked of a machine (id): its images after one (id), in the order of ids."""

    machine: str
    after: str = ""


class Inventory(msgspec.Struct, frozen=True):
    """`more`: there are images after the last of these. `policy`: of retention, that the machine is kept by there."""

    images: list[KeptImage] = []
    more: bool = False
    policy: str = ""

    def __post_init__(self) -> None:
        _aware(*(kept.time for kept in self.images if kept.time is not None))


class Commit(msgspec.Struct, frozen=True, omit_defaults=True):
    """One image (id) of `point` has been sent; `names` as in `domain.replication.Step`. `keys`: those that the point's
    images are sealed with, under their passphrases; they arrive locked. `again`: the target had the image and has let
    go of it; somebody at the source wants it there once more."""

    machine: Machine
    point: RecoveryPoint
    image: str
    names: bool = False
    keys: list[WrappedKey] = []
    again: bool = False

    def __post_init__(self) -> None:
        _aware(self.machine.created, self.point.time, *(moment for k in self.keys for moment in (k.created, k.changed)))


class ObjectsRequest(msgspec.Struct, frozen=True):
    """A source asks for objects of an image (id) of a machine (id) back. `ids`: object ids, one after the other."""

    machine: str
    image: str
    ids: bytes


class Done(msgspec.Struct, frozen=True):
    """The answer of calls that have nothing to say."""


Body = (
    Hello
    | PairRequest
    | PairAnswer
    | LookAnswer
    | StatusRequest
    | StatusAnswer
    | AddMachines
    | RemoveMachines
    | Removed
    | HoldingsRequest
    | Holdings
    | InventoryRequest
    | Inventory
    | Commit
    | ObjectsRequest
    | Done
    | Accepted
    | Failure
)


def _aware(*moments: datetime) -> None:
    """A time without a zone would be another moment at every Core; msgspec turns the ValueError into its own."""
    if any(moment.tzinfo is None for moment in moments):
        raise ValueError("a time has no zone")


_encoder = msgspec.msgpack.Encoder()
_decoders: dict[type, msgspec.msgpack.Decoder[Any]] = {}


def encode(message: Body) -> bytes:
    """The body of a call or an answer. Times in it must be aware."""
    return _encoder.encode(message)


def decode(raw: bytes, kind: type[T]) -> T:
    """The inverse of `encode`; unknown fields are skipped. Raises Failed `bad-message`, never with the bytes in it."""
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.msgpack.Decoder(kind)
    try:
        message: T = decoder.decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise bad_message(f"{kind.__name__}: {error}") from error
    return message


def bad_message(why: str) -> Failed:
    return usage(
        "bad-message",
        f"A message between Cores was not understood ({why}).",
        "Check that both run a release that speaks the same protocol.",
    )
