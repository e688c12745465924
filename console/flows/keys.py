"""Encryption keys in words: their states, what they seal, what a change or a removal means. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from console.domain.answers import PointKeyAnswer
from console.domain.key_answers import KeyAnswer, KeyChangePlan, KeyLossAnswer, KeyTested
from console.domain.keys import KeyState, KeyType
from console.domain.sizes import format_size
from console.flows.amounts import NOTHING, ago, local
from console.flows.wording import count, say

HOUR_S = 3600
DAY_S = 24 * HOUR_S
MONTH_S = 30 * DAY_S
SHOWN_NAMES = 8


def is_locked(key: KeyAnswer) -> bool:
    return key["state"] == KeyState.LOCKED


def is_universal(key: KeyAnswer) -> bool:
    return key["type"] == KeyType.UNIVERSAL


def type_text(type: str) -> str:
    """“Universal”, “Replication”."""
    known = {KeyType.UNIVERSAL.value: say("Universal"), KeyType.REPLICATION.value: say("Replication")}
    return known.get(type, type.capitalize())


def state_text(key: KeyAnswer) -> str:
    """“Unlocked until 2026-05-20 14:00”."""
    if key["state"] == KeyState.UNLOCKED_UNTIL:
        return say("Unlocked until {time}", time=local(key["until"])[:-3])
    return say("Locked") if is_locked(key) else say("Unlocked")


def tested_text(key: KeyAnswer, now: datetime) -> str:
    """When somebody last proved a passphrase, whether it was right, and whether it is time to do it again."""
    if key["tested"] is None:
        said = say("Never")
    else:
        when = ago(key["tested"], now)
        said = when if key["test_passed"] else say("{time}: wrong", time=when)
    return say("{when} · due", when=said) if key["proof_due"] else said


def due_text(key: KeyAnswer) -> str:
    """Why a passphrase should be proven now; empty: it need not be."""
    if not key["proof_due"]:
        return ""
    if key["tested"] is not None and not key["test_passed"]:
        return say("The one that was tried last was wrong. Find the right one while this Core still has the key.")
    return say("Test it, best at a target: what is sealed is lost when nobody knows it on the day it counts.")


def names_text(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    if len(names) <= SHOWN_NAMES:
        return ", ".join(names) or NOTHING
    shown = ", ".join(names[:SHOWN_NAMES])
    return count("{names} and {n} more", "{names} and {n} more", len(names) - SHOWN_NAMES, names=shown)


def proof_text(found: KeyTested) -> str:
    """What a test of a passphrase has shown."""
    if not found["passed"]:
        return found["why"]
    points = count("{n} recovery point depends on it.", "{n} recovery points depend on it.", found["points"])
    if not found["images"]:
        return say("The passphrase is right. Nothing is sealed with “{key}” there yet.", key=found["key"])
    opened = count(
        "The passphrase is right, and {n} image was opened with it.",
        "The passphrase is right, and the {n} newest images were opened with it.",
        found["images_opened"],
    )
    return f"{opened} {points}"


def loss_lines(loss: KeyLossAnswer) -> list[str]:
    """What removing a key takes."""
    if not loss["points"]:
        return [say("Nothing on this Core is sealed with it.")]
    return [
        count(
            "{n} recovery point with {size} of files cannot be opened on this Core any more.",
            "{n} recovery points with {size} of files cannot be opened on this Core any more.",
            loss["points"],
            size=format_size(loss["bytes"]),
        ),
        say("They stay, sealed. Only the key and its passphrase open them: export it first, to have it back."),
    ]


def change_lines(plan: KeyChangePlan) -> list[str]:
    """What another key for a machine means; empty: nothing that costs anything."""
    if not plan["base"]:
        return []
    name, size = plan["machine"], format_size(plan["bytes"])
    if plan["key"]:
        first = say("The next images of “{machine}” are sealed with “{key}”.", machine=name, key=plan["key"])
    else:
        first = say("The next images of “{machine}” are not sealed any more.", machine=name)
    lines = [first, say("They are base images: about {size} of files are read and stored anew.", size=size)]
    if plan["targets"]:
        targets = names_text(plan["targets"])
        lines.append(say("They are sent whole to {targets}: think of a seed drive.", targets=targets))
    lines.append(say("Recovery points that are there already stay as they are."))
    return lines


def sealed_text(keys: Sequence[PointKeyAnswer]) -> str:
    """What a recovery point is sealed with: “office (locked)”."""
    return ", ".join(say("{key} (locked)", key=short(key)) if key["locked"] else short(key) for key in keys)


def locked_text(name: str) -> str:
    """What stands in the way of whoever wants to open or make something that is sealed."""
    return say("It is sealed with “{key}”, which is locked.", key=name)


def unlock_hint(*, known: bool, may: bool) -> str:
    """What to do about a locked key. `known`: this Core has the key at all; `may`: who asks may unlock it."""
    if not known:
        return say("Import it on the page Encryption keys, or from the Core that has it.")
    if not may:
        return say("An administrator unlocks it, on the page Encryption keys; then look again (F5).")
    return say("Unlock it with its passphrase; then this goes on.")


def is_point_locked(point: Mapping[str, Any]) -> bool:
    """Whether something of a point (`PointAnswer`) is sealed with a key that is locked."""
    return any(key["locked"] for key in point.get("keys", ()))


def is_known(key: PointKeyAnswer) -> bool:
    """Whether this Core has the key at all, locked or not."""
    return key["name"] != key["id"]


def short(key: PointKeyAnswer) -> str:
    """The name of a key; of one that is not known here the beginning of its id."""
    return key["name"] if is_known(key) else say("unknown key {id}…", id=key["id"][:8])
