"""Domain values for tests, with every field filled so that a lost one is noticed. Keywords change what matters."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from console.domain.errors import Failure, FailureKind
from console.domain.events import Event, Severity
from console.domain.jobs import Job, JobKind, JobState, JobWarning, Trigger
from console.domain.machines import Machine, MachineKind, Volume
from console.domain.pairing import CoreIdentity, Direction, Link, Member, Pairing, PairingState
from console.domain.progress import Progress
from console.domain.recovery_points import BaseReason, ImageKind, RecoveryPoint, VolumeImage
from console.domain.repositories import RepositoryInfo
from console.domain.roles import Role, User
from console.domain.seeds import Seed, SeedState, Segment

NOON = datetime(2026, 5, 4, 12, 0, 0, 123_456, tzinfo=UTC)


def hex_id(number: int, digits: int = 32) -> str:
    """An id that differs from its neighbours in its first letters."""
    return f"{number * 0x9E3779B97F4A7C15 % 16**16:016x}".ljust(digits, "0")[:digits]


def later(**span: float) -> datetime:
    return NOON + timedelta(**span)


def repository(id: str = "repo-1", **other: Any) -> RepositoryInfo:
    return replace(RepositoryInfo(id, f"Repository {id}", f"/srv/{id}", NOON), **other)


def user(name: str = "Ada", **other: Any) -> User:
    return replace(User(f"user-{name}", name, Role.TECHNICIAN, "$argon2id$v=19$…", NOON), **other)


def machine(id: str = "machine-1", **other: Any) -> Machine:
    made = Machine(
        id,
        f"Machine {id}",
        MachineKind.PROTECTED,
        "core-a",
        "repo-1",
        (Volume("vol-1", "data", "/srv/ä\\xff"), Volume("vol-2", "home", "/home", "image")),
        NOON,
        interval_s=900,
        excludes=("*.tmp", "cache/**"),
        paused=False,
        next_due=later(hours=1),
        origin_name="north",
    )
    return replace(made, **other)


def image(id: str, point: str, parent: str | None = None, **other: Any) -> VolumeImage:
    """A base without `parent`, else an incremental."""
    made = VolumeImage(
        id,
        point,
        "vol-1",
        "data",
        ImageKind.INCREMENTAL if parent else ImageKind.BASE,
        None if parent else BaseReason.FIRST,
        parent,
        f"root-{id}",
        size=1 << 40,
        bytes_read=5,
        bytes_new=4,
        bytes_stored=3,
        files=1000,
        directories=20,
        files_unreadable=1,
        parent_root=f"root-{parent}" if parent else None,
    )
    return replace(made, **other)


def point(id: str, *parents: str | None, time: datetime = NOON, of: str = "machine-1", **other: Any) -> RecoveryPoint:
    """With an image for each of `parents` (one base without any), with ids `<id>.0`, `<id>.1`, …"""
    images = tuple(image(f"{id}.{number}", id, parent) for number, parent in enumerate(parents or (None,)))
    return replace(RecoveryPoint(id, of, time, "core-a", images, f"record-{id}", 12.5, 2), **other)


def pairing(id: str = "pairing-1", **other: Any) -> Pairing:
    made = Pairing(
        id,
        Direction.OUTGOING,
        f"Pairing {id}",
        CoreIdentity("core-b", "north", "1.2.3", "AB:CD", 1),
        "-----BEGIN CERTIFICATE-----\n",
        NOON,
        "north.example",
        8006,
        PairingState.ACTIVE,
        paused_here=True,
        paused_there=False,
        link=Link.UNREACHABLE,
        link_text="no answer",
        last_contact=later(minutes=1),
    )
    return replace(made, **other)


def member(pairing: str = "pairing-1", machine: str = "machine-1", **other: Any) -> Member:
    made = Member(pairing, machine, "repo-there", "main", True, later(hours=-1), later(minutes=-5))
    return replace(made, **other)


def seed(id: str = "5eed0001", *images: str, **other: Any) -> Seed:
    made = Seed(
        id,
        "pairing-1",
        Direction.OUTGOING,
        SeedState.OUTSTANDING,
        NOON,
        images or ("i-1", "i-2"),
        comment="Blue 1",
        customer_id="c-7",
        location="/media/blue",
        written=later(minutes=30),
        ended=None,
        segments=(Segment(1, "0001.seg", 1, 1 << 32, "d1"), Segment(2, "0002.seg", 2, 77, "d2")),
        points=3,
        bytes=1 << 33,
        oldest=later(days=-7),
        newest=later(days=-1),
    )
    return replace(made, **other)


def job(id: str = "j0b00001", **other: Any) -> Job:
    made = Job(
        id,
        JobKind.BACKUP,
        "machine-1",
        JobState.SUCCEEDED,
        Trigger.SCHEDULE,
        NOON,
        reason="it was due",
        user="Ada",
        started=later(seconds=1),
        ended=later(seconds=9),
        progress=Progress("Reading", 7, 10, 1, None, 1.5, 2.5, "a file"),
        result={"point": "p", "images": [{"volume": "data", "bytes_new": 1 << 41}], "ratio": 0.5, "none": None},
        failure=Failure("medium-full", "The medium is full.", "Use another.", FailureKind.FAILED),
        warnings=(JobWarning("unreadable", "A file could not be read."), JobWarning("vanished", "“x” is gone.")),
        warning_count=2,
        part="machine-1",
        priority=8,
        parent="j0b00000",
    )
    return replace(made, **other)


def event(id: str = "event-1", **other: Any) -> Event:
    return replace(Event(id, NOON, Severity.WARNING, "disk-low", "It is full.", "repo-1"), **other)
