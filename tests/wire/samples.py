"""One full sample of every message. The golden bytes were made from these: they are never changed, only added to."""

from __future__ import annotations

from datetime import UTC, datetime

from console.domain.comparison import KeptImage
from console.domain.errors import Failure, FailureKind
from console.domain.machines import Machine, MachineKind, Volume
from console.domain.pairing import CoreIdentity, RepositoryOffer
from console.domain.recovery_points import BaseReason, ImageKind, RecoveryPoint, VolumeImage
from console.domain.replication import Accepted, Holding
from console.domain.seeds import SeedState
from console.wire.messages import (
    AddMachines,
    Body,
    Commit,
    ConsumedSeed,
    Done,
    Hello,
    Holdings,
    HoldingsRequest,
    Inventory,
    InventoryRequest,
    LookAnswer,
    MachineBacklog,
    MachinePlacement,
    ObjectsRequest,
    PairAnswer,
    PairRequest,
    Removed,
    RemoveMachines,
    SeedAnnouncement,
    StatusAnswer,
    StatusRequest,
)

TIME = datetime(2026, 5, 4, 12, 30, 15, 250_000, tzinfo=UTC)
CORE = CoreIdentity("c" * 32, "büro", "1.2.3", ":".join(["0A"] * 32), 1)
MACHINE = Machine(
    "a" * 32,
    "web server",
    MachineKind.PROTECTED,
    "c" * 32,
    "d" * 32,
    (Volume("b" * 32, "root", "/srv/w\\xffb"), Volume("b" * 31 + "2", "disk", "/var/lib/vm.img", "image")),
    TIME,
    900,
    ("*.cache",),
    True,
    TIME,
    "laptop",
)
BASE = VolumeImage(
    "2" * 32, "1" * 32, "b" * 32, "root", ImageKind.BASE, BaseReason.VOLUME_CHANGED, None, "3" * 64, 7, 6, 5, 4, 3, 2, 1
)
CHILD = VolumeImage(
    "2" * 31 + "3",
    "1" * 32,
    "b" * 31 + "2",
    "disk",
    ImageKind.INCREMENTAL,
    None,
    "2" * 31 + "0",
    "3" * 63 + "4",
    1 << 50,
    parent_root="3" * 63 + "0",
)
POINT = RecoveryPoint("1" * 32, "a" * 32, TIME, "c" * 32, (BASE, CHILD), "4" * 64, 12.5, 2)
REPOSITORY = RepositoryOffer("d" * 32, "main", True, 1 << 40)

SAMPLES: dict[str, Body] = {
    "hello": Hello(CORE, 1, TIME),
    "pair-request": PairRequest("admin", "correct horse", CORE, "-----BEGIN CERTIFICATE-----\n", "laptop"),
    "pair-answer": PairAnswer("e" * 32, CORE, "-----BEGIN CERTIFICATE-----\n", [REPOSITORY]),
    "look-answer": LookAnswer(CORE, [REPOSITORY]),
    "status-request": StatusRequest(
        CORE,
        TIME,
        True,
        [MachineBacklog("a" * 32, 3, 1 << 33)],
        [
            SeedAnnouncement("f" * 32, SeedState.OUTSTANDING, "first copy", TIME, ["2" * 32], TIME),
            SeedAnnouncement("f" * 31 + "0", SeedState.DEFINED, "", TIME),
        ],
    ),
    "status-answer": StatusAnswer(CORE, TIME, True, [REPOSITORY], [ConsumedSeed("f" * 32, ["2" * 32])], True),
    "add-machines": AddMachines([MachinePlacement(MACHINE, "d" * 32)]),
    "remove-machines": RemoveMachines(["a" * 32], True),
    "removed": Removed(17),
    "holdings-request": HoldingsRequest("a" * 32),
    "holdings": Holdings([Holding("2" * 32, True, False, True)]),
    "inventory-request": InventoryRequest("a" * 32, "2" * 32),
    "inventory": Inventory(
        [
            KeptImage("2" * 32, "1" * 32, TIME, True, False, False, bytes=1 << 40, parent="2" * 31 + "0"),
            KeptImage("2" * 31 + "3", gone=True),
        ],
        True,
        "all 3d hourly 2d",
    ),
    "commit": Commit(MACHINE, POINT, "2" * 32, True),
    "commit-again": Commit(MACHINE, POINT, "2" * 32, True, again=True),
    "objects-request": ObjectsRequest("a" * 32, "2" * 32, b"\x01" * 32 + b"\xff" * 32),
    "done": Done(),
    "accepted": Accepted(12, 1 << 35),
    "failure": Failure("repository-full", "The repository is full.", "Make room.", FailureKind.FAILED),
}
