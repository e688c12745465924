"""A world that is large: a Core of a firm with branches, as it looks after months."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from console.domain.machines import Machine, MachineKind, Volume
from console.domain.pairing import CoreIdentity, Direction, Link, Member, Pairing
from console.domain.recovery_points import RecoveryPoint
from console.domain.replicas import ReplicaState
from console.engine.core import Core
from console.wire.identity import Identity
from console.worlds import chronicle
from console.worlds.filling import CHAIN, hex_id, history
from console.worlds.story import (
    DAY,
    HOUR,
    StoryClock,
    back_up,
    listening,
    living,
    noise,
    pair,
    settle,
    text,
    write_files,
)
from console.worlds.world import World, WorldCore

POINTS = 20_000
REAL = ("laptop of Ada", "Dateiserver Köln", "写真サーバー", "web-01")
OURS = (
    "accounting",
    "archive",
    "Bau Hamburg 1",
    "Bau Hamburg 2",
    "build-01",
    "build-02",
    "Buchhaltung München",
    "cad-workstation-7",
    "crm",
    "db-primary",
    "db-replica",
    "Empfang Größenwahn Straße",
    "erp-production",
    "gateway",
    "git.example.org",
    "Hörsaal A",
    "legal-hold-2019",
    "mail-01",
    "mail-02",
    "monitoring",
    "Personalabteilung Düsseldorf - Laptop von Frau Müller-Lüdenscheidt",
    "print-server",
    "設計-ワークステーション",
    "reception",
    "sql-reporting",
    "storage-gateway-of-the-third-floor-behind-the-large-copy-machine",
    "telefon",
    "テスト環境",
    "warehouse-terminal",
    "wiki",
)
KYOTO = (
    "京都-会計",
    "京都-受付",
    "京都-ファイルサーバー",
    "京都-設計1",
    "京都-設計2",
    "京都-メール",
    "kyoto-db",
    "kyoto-web",
    "kyoto-print",
    "kyoto-vpn",
    "大阪-営業",
    "大阪-倉庫",
    "osaka-pos-1",
    "osaka-pos-2",
    "osaka-pos-3",
    "神戸-支店",
    "名古屋-支店",
    "福岡-支店",
)
KEPT = ("old-exchange", "Altsystem 2021", "laptop of Bob", "旧サーバー", "vm-template", "lab-3", "novell", "fax")
LOST = 4
"""So many machines from Kyoto lack the base of their last chain."""
SCHEDULE_S = (HOUR, 4 * HOUR, 6 * HOUR, 12 * HOUR, DAY)


def many_machines(directory: Path, now: datetime) -> World:
    """The Core “Headquarters” of a firm with branches: 60 machines and 20 000 recovery points in three repositories.

    34 machines are protected here, 18 replicated from “Branch Kyoto”, of 8 only the recovery points are kept. Three
    are paused, three are late by hours or days, two have no point yet; of some from Kyoto the chains await a seed drive
    or a transfer, that of “Altsystem 2021” is broken. It replicates to “Vault” (a Core of this world: four machines, in
    step) and to “Cold Site” (which cannot be reached: some machines behind, one paused, some on a seed drive that is
    outstanding). There are months of jobs and events, and open alerts.

    Four machines have real files and points that can be browsed and restored: “laptop of Ada”, “Dateiserver Köln”,
    “写真サーバー” and “web-01”. Of all others there are only rows in the catalog. Nothing begins by itself here, so
    that it stays as it is told."""
    clock = StoryClock(now - timedelta(days=10))
    with (
        living(directory / "headquarters", clock, "Headquarters") as core,
        living(directory / "vault", clock, "Vault") as vault,
        listening(vault) as port,
    ):
        _real_machines(directory, core, vault, port, now)
        clock.go_to(now)
        _Firm(directory, core, now).tell()
        core.catalog.settings.set("schedules", "off")
        vault.catalog.settings.set("schedules", "off")
    cores = (
        WorldCore("Headquarters", directory / "headquarters", "what everything is about", primary=True),
        WorldCore("Vault", directory / "vault", "a target of four machines"),
    )
    return World.told(many_machines, "many-machines", directory, cores)


def _real_machines(directory: Path, core: Core, vault: Core, port: int, now: datetime) -> None:
    for name in REAL:
        files = {f"Documents/paper {n:02}.txt": text(f"{name} {n}", 2_500 + 211 * n) for n in range(25)}
        files |= {f"Pictures/IMG_{n:04}.jpg": noise(f"{name} {n}", 90_000) for n in range(3)}
        write_files(directory / "machines" / name, files, core.clock.now())
        core.protect.add(name, [("home", str(directory / "machines" / name))], interval_s=DAY)
    pairing = pair(core, vault, port, "vault")
    clock = core.clock
    assert isinstance(clock, StoryClock)
    for day in range(4):
        clock.go_to(now - timedelta(days=3 - day, hours=3))
        for name in REAL:
            changed = {f"Documents/of day {day}.txt": text(f"{name} day {day}", 9_000)}
            write_files(directory / "machines" / name, changed, clock.now() - timedelta(seconds=HOUR))
            back_up(core, name)
            clock.forward(45)
        if day == 0:
            core.arrange.add(pairing, list(REAL))
        settle(core)


@dataclass
class _Firm:
    """Everything of which there are only rows. All is drawn from one lot, so that it is always the same."""

    directory: Path
    core: Core
    now: datetime

    def __post_init__(self) -> None:
        self.chosen = random.Random("a firm")
        self.catalog = self.core.catalog
        self.me = self.core.identity.core_id
        self.homes = [self.core.repositories.list()[0].id]

    def tell(self) -> None:
        for name in ("archive", "cold-store"):
            made = self.core.repositories.create(name, self.directory / "repositories" / name)
            self.homes.append(made.id)
        cold = self._peer("Cold Site", Direction.OUTGOING)
        kyoto = self._peer("Branch Kyoto", Direction.INCOMING)
        ours = [self._machine(name, MachineKind.PROTECTED, self.me) for name in OURS]
        kept = [self._machine(name, MachineKind.RECOVERY_POINTS_ONLY, self.me) for name in KEPT]
        theirs = [self._machine(name, MachineKind.REPLICATED, kyoto.peer.id, "Branch Kyoto") for name in KYOTO]
        ours = self._moods(ours)
        with self.catalog.transaction():
            for machine in (*ours, *kept, *theirs):
                self.catalog.machines.add(machine)
            self.catalog.pairings.add(cold)
            self.catalog.pairings.add(kyoto)
        told = self._points(ours, kept, theirs)
        missing = [self._lost_base(told[machine.id]) for machine in theirs[:LOST]]
        lost = {point.id for point in missing}
        for machine in (*ours[:-2], *kept, *theirs):
            here = (point for point in told[machine.id] if point.id not in lost)
            self.catalog.bulk.add_points(here, machine.repository)
        for machine in (theirs[4], kept[1]):
            hurt = self._lost_base(told[machine.id])
            self.catalog.points.set_damaged([image.id for image in hurt.images], True)
        on_drive = [point for machine in ours[16:19] for point in told[machine.id][:40]]
        with self.catalog.transaction():
            self._incoming(kyoto, theirs, told)
            self._outgoing(cold, ours[:22], told)
            written = chronicle.Chronicle(self.catalog, self.chosen, self.now)
            written.backups(ours[:-2], told)
            written.replications(cold, reached=False)
            written.seeds(cold, kyoto, on_drive, missing[:3])
            written.journal(ours[:-2], theirs, cold, kyoto)

    def _machine(self, name: str, kind: MachineKind, origin: str, origin_name: str = "") -> Machine:
        chosen = self.chosen
        labels = chosen.choice((("system",), ("system",), ("system", "data"), ("system", "data", "home")))
        volumes = tuple(Volume(hex_id(chosen), label, f"/srv/{label}") for label in labels)
        every = chosen.choice(SCHEDULE_S) if kind is MachineKind.PROTECTED else 0
        return Machine(
            hex_id(chosen),
            name,
            kind,
            origin,
            chosen.choice(self.homes),
            volumes,
            self.now - timedelta(days=chosen.randrange(90, 500)),
            interval_s=every,
            excludes=("*.tmp", "cache/**") if chosen.random() < 0.3 else (),
            next_due=self.now + timedelta(seconds=chosen.uniform(0.2, 0.9) * every) if every else None,
            origin_name=origin_name,
        )

    def _moods(self, machines: list[Machine]) -> list[Machine]:
        """Some are paused, some are late; the last two have just been added and have no point yet."""
        late = {3: 5 * HOUR, 11: 2 * DAY, 17: 9 * DAY}
        made = []
        for number, machine in enumerate(machines):
            if number in (6, 14, 24):
                machine = replace(machine, paused=True, next_due=None)
            elif number in late:
                machine = replace(machine, next_due=self.now - timedelta(seconds=late[number]))
            elif number >= len(machines) - 2:
                machine = replace(machine, created=self.now - timedelta(minutes=20), next_due=self.now)
            made.append(machine)
        return made

    def _points(
        self, ours: list[Machine], kept: list[Machine], theirs: list[Machine]
    ) -> dict[str, list[RecoveryPoint]]:
        """Of each machine with points: all of them, oldest first; also those bases that are not here (of `theirs`)."""
        having = [*ours[:-2], *kept, *theirs]
        weights = {machine.id: self.chosen.uniform(0.4, 1.6) for machine in having}
        left = POINTS + LOST - self.catalog.points.count()
        share = left / sum(weights.values())
        counts = {machine.id: int(weights[machine.id] * share) for machine in having}
        counts[having[0].id] += left - sum(counts.values())
        told: dict[str, list[RecoveryPoint]] = {}
        for number, machine in enumerate(having):
            newest = self.now - timedelta(seconds=self.chosen.uniform(300, 3000))
            if machine.kind is MachineKind.RECOVERY_POINTS_ONLY:
                newest -= timedelta(days=40 + 9 * number)
            elif machine.next_due is not None and machine.next_due < self.now:
                newest = machine.next_due - timedelta(seconds=machine.interval_s)
            elif machine.paused:
                newest -= timedelta(days=8)
            elif machine.next_due is not None:
                newest = machine.next_due - timedelta(seconds=machine.interval_s)
            every = machine.interval_s or 4 * HOUR
            size = self.chosen.randrange(200 << 20, 6 << 30)
            told[machine.id] = list(history(machine, counts[machine.id], newest, every, size=size))
        return told

    def _lost_base(self, points: list[RecoveryPoint]) -> RecoveryPoint:
        """The one that the last chain begins with."""
        return points[(len(points) - 1) // CHAIN * CHAIN]

    def _incoming(self, kyoto: Pairing, theirs: list[Machine], told: dict[str, list[RecoveryPoint]]) -> None:
        for machine in theirs:
            newest = told[machine.id][-1].time if machine.id in told else None
            self.catalog.members.put(
                Member(kyoto.id, machine.id, machine.repository, last_point=newest, last_sent=newest)
            )

    def _outgoing(self, cold: Pairing, machines: list[Machine], told: dict[str, list[RecoveryPoint]]) -> None:
        """In step but for a few: some are behind by a few points or by weeks, one is paused."""
        place = hex_id(self.chosen)
        for number, machine in enumerate(machines):
            points = told[machine.id]
            behind = {2: 3, 5: 12, 9: 140}.get(number, 0)
            there = points[-1 - behind]
            self.catalog.members.put(
                Member(
                    cold.id,
                    machine.id,
                    place,
                    "cold",
                    paused=number == 13,
                    last_point=there.time,
                    last_sent=there.time + timedelta(minutes=9),
                )
            )
            reached = dict.fromkeys([point.id for point in points[: len(points) - behind]], ReplicaState.THERE)
            self.catalog.replicas.known(cold.id, machine.id, reached, there.time + timedelta(minutes=9))

    def _peer(self, name: str, direction: Direction) -> Pairing:
        """A pairing with a Core that is nowhere: its certificate is real."""
        identity = Identity.create(self.directory / "elsewhere" / name, name, self.core.clock)
        outgoing = direction is Direction.OUTGOING
        return Pairing(
            hex_id(self.chosen),
            direction,
            name,
            CoreIdentity(identity.core_id, name, self.core.version, identity.fingerprint),
            identity.certificate,
            self.now - timedelta(days=120),
            "cold-site.invalid" if outgoing else "",
            8006 if outgoing else 0,
            link=Link.UNREACHABLE if outgoing else Link.ONLINE,
            link_text="The Core at cold-site.invalid:8006 cannot be reached: it did not answer in time."
            if outgoing
            else "",
            last_contact=self.now - (timedelta(hours=7) if outgoing else timedelta(minutes=4)),
        )
