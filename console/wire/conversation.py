"""The rules of the conversation between two Cores, without any input or output. Paper: `PROTOCOL.md`."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from console.domain.errors import refused, usage
from console.domain.objects import ID_SIZE, ZERO_ID
from console.domain.pairing import CoreIdentity, Direction, Pairing, PairingState
from console.domain.roles import Role
from console.wire.messages import Hello, PairRequest, bad_message

PROTOCOL = 1
MINIMUM = 1
SPEAKS: tuple[str, ...] = ("machine-pauses", "inventory", "again")
"""What this Core has beyond the calls and fields that every Core has. PROTOCOL.md, "What a Core speaks"."""
"""The newest and the oldest version of the protocol that this release speaks."""

BASE = "/core/v1"
BODY_MAX = 4 << 20
"""Bytes of a request other than frames."""
ANSWER_MAX = 64 << 20
"""Bytes of an answer a source takes: what a target holds of a machine with very many points."""
SEALED = "sealed"
"""At the end of the path of an offer: the objects are of a sealed image."""
OFFER_MAX = 8192
"""Ids in one offer, or in one question for objects."""
OBJECTS_BYTES = 8 << 20
"""An answer of frames ends with the one that takes it to so many bytes."""

T = TypeVar("T")


class Call(StrEnum):
    """The calls, by their path below `BASE`. All but `FRAMES` can be repeated as they are."""

    HELLO = "hello"
    LOOK = "look"
    PAIR = "pair"
    STATUS = "status"
    MACHINES = "machines"
    REMOVE = "machines/remove"
    UNPAIR = "unpair"
    HOLDINGS = "holdings"
    OFFER = "offer"
    FRAMES = "frames"
    COMMIT = "commit"
    OBJECTS = "objects"
    INVENTORY = "inventory"

    @property
    def repeatable(self) -> bool:
        """Whether a caller whose connection was cut may simply say the same again."""
        return self is not Call.FRAMES


# ---------------------------------------------------------------------------------------------- versions


def negotiate(ours: tuple[int, int], theirs: tuple[int, int], *, names: tuple[str, str]) -> int:
    """The version both speak, from (minimum, newest) of each. `names`: how to call us and them in the sentence.

    Raises Failed `incompatible` when the ranges do not meet.
    """
    version = min(ours[1], theirs[1])
    if version < max(ours[0], theirs[0]):
        older, newer = sorted(((ours, names[0]), (theirs, names[1])), key=lambda side: side[0][1])
        raise refused(
            "incompatible",
            f"{names[0]} speaks the protocol {_range(ours)} and {names[1]} {_range(theirs)}: they cannot talk.",
            f"Update {older[1]} to a release that is not older than that of {newer[1]}.",
        )
    return version


def release(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, without zeros at the end: `1.10.0rc1` → (1, 10); no number at all → ()."""
    match = re.match(r"\d+(?:\.\d+)*", version.strip().removeprefix("v"))
    numbers = [int(part[:9]) for part in match.group().split(".")] if match else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def check_target(me: CoreIdentity, hello: Hello) -> int:
    """Whether we, the source, may replicate to whoever said `hello`; the protocol to speak.

    Raises Failed `target-is-this-core`, `incompatible`, `target-older`.
    """
    _not_oneself(hello.core.id == me.id, hello.core)
    spoken = negotiate(
        (MINIMUM, PROTOCOL), (hello.minimum, hello.core.protocol), names=(_title(me), _title(hello.core))
    )
    _not_older(source=me, target=hello.core)
    return spoken


def check_source(me: CoreIdentity, source: CoreIdentity) -> int:
    """Whether we, the target, take a source; the protocol to speak. Raises Failed as `check_target`."""
    _not_oneself(source.id == me.id, me)
    theirs = (source.protocol, source.protocol)  # it knows our oldest and newest, and said which of them it will speak
    spoken = negotiate((MINIMUM, PROTOCOL), theirs, names=(_title(me), _title(source)))
    _not_older(source=source, target=me)
    return spoken


# ----------------------------------------------------------------------------------------------- pairing


def judge_pairing(
    me: CoreIdentity, request: PairRequest, fingerprint: str, role: Role, pairings: Iterable[Pairing]
) -> Pairing | None:
    """The target's rules for a pairing whose credentials were right. `role`: of the user who signed in;
    `fingerprint`: of the certificate in the request; `pairings`: the target's.

    Returns the pairing there is when the source only repeats itself (it did not hear the answer), or had been removed
    and comes back; None when a new one is to be made. Raises Failed `not-administrator`, `target-is-this-core`,
    `incompatible`, `target-older`, `already-paired`, `name-taken`.
    """
    if role is not Role.ADMINISTRATOR:
        raise refused(
            "not-administrator",
            f"“{request.user}” is not an administrator of {_title(me)}; a pairing needs one.",
            "Sign in with the name and password of an administrator of the target Core.",
        )
    check_source(me, request.source)
    incoming = [pairing for pairing in pairings if pairing.direction is Direction.INCOMING]
    for pairing in incoming:
        if pairing.peer.fingerprint == fingerprint:
            return pairing
    for pairing in incoming:
        if pairing.peer.id == request.source.id and pairing.state is PairingState.ACTIVE:
            raise refused(
                "already-paired",
                f"{_title(me)} already has a pairing with this Core, “{pairing.name}”, under another certificate.",
                "Remove that pairing on the target first.",
            )
    for pairing in incoming:
        if request.name and pairing.name == request.name:
            raise refused(
                "name-taken",
                f"{_title(me)} already calls another source “{request.name}”.",
                "Pair under another name.",
            )
    return None


# ------------------------------------------------------------------------------------------------ offers


def batches(ids: Sequence[T], limit: int = OFFER_MAX) -> Iterator[Sequence[T]]:
    """Runs of at most `limit`, in order."""
    for start in range(0, len(ids), limit):
        yield ids[start : start + limit]


def encode_ids(ids: Iterable[bytes]) -> bytes:
    """Object ids, one after the other."""
    return b"".join(ids)


def decode_ids(raw: bytes) -> list[bytes]:
    """The inverse of `encode_ids`. Raises Failed `bad-message`, `offer-too-long`."""
    if len(raw) % ID_SIZE:
        raise bad_message(f"an offer of {len(raw)} bytes is no row of object ids")
    if len(raw) > OFFER_MAX * ID_SIZE:
        raise usage("offer-too-long", f"An offer names {len(raw) // ID_SIZE} objects; {OFFER_MAX} are allowed.")
    ids = [raw[start : start + ID_SIZE] for start in range(0, len(raw), ID_SIZE)]
    if ZERO_ID in ids:
        raise bad_message("an offer names a hole")
    return ids


def encode_missing(ids: Sequence[bytes], missing: Iterable[bytes]) -> bytes:
    """The answer to an offer of `ids`: a byte for each, 1 for missing."""
    lacking = frozenset(missing)
    return bytes([oid in lacking for oid in ids])


def decode_missing(ids: Sequence[bytes], answer: bytes) -> list[bytes]:
    """Those of the offered `ids` that the target has not got. Raises Failed `bad-message`."""
    if len(answer) != len(ids) or answer.strip(b"\0\1"):
        raise bad_message(f"{len(ids)} objects were offered, the answer has {len(answer)} bytes")
    return [oid for oid, lacking in zip(ids, answer, strict=True) if lacking]


# -------------------------------------------------------------------------------------------------- step


@dataclass(frozen=True, slots=True)
class Said:
    """One call of a step: an offer or frames of these objects, or the commit (none)."""

    call: Call
    ids: tuple[bytes, ...] = ()


def step(ids: Sequence[bytes], limit: int = OFFER_MAX) -> Generator[Said, Sequence[bytes] | None, None]:
    """What a source says for one image, call by call, in the simplest order that the protocol allows: PROTOCOL.md, "One
    step", as a program. Send it the missing ids after an offer, None after anything else.

    A step that was cut anywhere is begun anew: the target's answers are all it has to know.
    """
    missing: list[bytes] = []
    for batch in batches(ids, limit):
        missing += (yield Said(Call.OFFER, tuple(batch))) or ()
    if missing:
        yield Said(Call.FRAMES, tuple(dict.fromkeys(missing)))
    yield Said(Call.COMMIT)


def _not_oneself(same: bool, core: CoreIdentity) -> None:
    if same:
        raise refused(
            "target-is-this-core",
            f"{_title(core)} is this Core itself.",
            "Replicate to another Core; a copy beside the original is lost with it.",
        )


def _not_older(*, source: CoreIdentity, target: CoreIdentity) -> None:
    if release(target.version) < release(source.version):
        raise refused(
            "target-older",
            f"{_title(target)} runs release {target.version}, older than {source.version} of {_title(source)}.",
            "Update the target Core first.",
        )


def _title(core: CoreIdentity) -> str:
    return f"“{core.name}”"


def _range(versions: tuple[int, int]) -> str:
    return f"version {versions[1]}" if versions[0] == versions[1] else f"versions {versions[0]} to {versions[1]}"
