"""Seed drives: the media plugged in now, and every drive with its life; written, consumed, verified, abandoned."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QSplitter, QWidget

from console.desktop.pages.page import Page
from console.desktop.tables.columns import Cell, Column, Row, number_column, size_column, time_column
from console.desktop.tables.model import ListModel
from console.desktop.tables.view import Table
from console.desktop.theme.tokens import GAP, GAP_L, Tone
from console.desktop.widgets import states
from console.desktop.widgets.asking import ask
from console.desktop.widgets.badge import Badge
from console.desktop.widgets.life import LifeLine
from console.desktop.widgets.pane import Empty, Pane
from console.desktop.widgets.parts import FactsView, action, allow, button, label, line, panel, rows
from console.domain.answers import JobAnswer
from console.domain.events import Changed
from console.domain.plan_answers import MediumAnswer
from console.domain.replication_answers import Abandoned, SeedAnswer
from console.domain.roles import Right
from console.domain.sizes import format_size
from console.flows.amounts import local
from console.flows.listing import all_seeds
from console.flows.wording import count, say


@dataclass(frozen=True, slots=True)
class _Answer:
    seeds: Sequence[SeedAnswer]
    media: list[MediumAnswer] | None


class SeedsPage(Page):
    name: ClassVar[str] = "seeds"
    help: ClassVar[str] = "seeds"
    kinds: ClassVar[frozenset[Changed]] = frozenset({Changed.SEEDS, Changed.PAIRINGS})

    @property
    def title(self) -> str:
        return say("Seed drives")

    def build(self) -> QWidget:
        self._write = button(
            say("&Write a seed drive …"), lambda: self.desk.open_wizard("seed-drive"), icon_name="seed"
        )
        self._consume = button(say("&Consume …"), lambda: self.desk.open_wizard("consume"), icon_name="consume")
        self._look = button(say("&Look again"), self.reload, icon_name="recycle", tip=say("Look again for media (F5)"))
        self._media = ListModel(_media_columns(), self.desk.clock, "path")
        self._media_table = Table("media", say("Media of the Core's machine"), self._media)
        self._media_table.set_row_menu(self._medium_menu)
        self._media_table.opened.connect(self._open_medium)
        self._media_table.fit_rows(1, 5)
        self._no_media = label("", "muted", wrap=True)
        self._seeds = ListModel(_seed_columns(), self.desk.clock)
        self._seed_table = Table("seeds", say("Seed drives"), self._seeds)
        self._seed_table.set_row_menu(self._seed_menu)
        self._seed_table.chosen.connect(self._chosen)
        self._no_seeds = Empty(
            "seed",
            say("No seed drives yet"),
            say("A seed drive carries what is too big for the wire: it is written at the source Core, "
                "posted, and consumed at the target Core."),
        )  # fmt: skip
        media = rows(
            line(label(say("Plugged in now"), "title"), 1, self._look),
            self._no_media,
            self._media_table,
            gap=GAP // 2,
        )
        self._detail = SeedDetail(self)
        self._detail_pane = Pane(self._detail, self.desk)
        self._detail_pane.hide()
        drives = rows(
            line(label(say("Known drives"), "title"), 1, self._write, self._consume),
            self._no_seeds,
            self._seed_table,
            gap=GAP // 2,
        )
        split = QSplitter(Qt.Orientation.Vertical)
        for part in (drives, self._detail_pane):
            split.addWidget(part)
        split.setSizes([300, 260])
        split.setChildrenCollapsible(False)
        whole = rows(media, split, gap=GAP_L)
        whole.layout().setStretch(1, 1)  # type: ignore[union-attr]
        return whole

    async def fetch(self) -> _Answer:
        core = self.desk.client
        if not self.desk.may(Right.SEED):
            return _Answer(await all_seeds(core), None)
        seeds, media = await asyncio.gather(all_seeds(core), core.media())
        return _Answer(seeds, media["media"])

    def offer(self) -> None:
        for made in (self._write, self._consume, self._look):
            allow(made, self.desk.may(Right.SEED), say("Help desk may only look."))

    def show_answer(self, answer: _Answer) -> None:
        media = answer.media or []
        self._media.put(media)
        self._media_table.setVisible(bool(media))
        self._no_media.setVisible(not media)
        self._no_media.setText(
            say("What is plugged in is shown to technicians and administrators.")
            if answer.media is None
            else say("No removable medium is plugged in at the Core's machine. Plug one in and look again.")
        )
        self._seeds.put(answer.seeds)
        self._seed_table.setVisible(bool(answer.seeds))
        self._no_seeds.setVisible(not answer.seeds)
        row = self._seed_table.current
        if row is not None and (not self.place.id or self.place.id == row["id"]):
            self._chosen(row)
        elif self.place.id:
            self._seed_table.choose(self.place.id)
        elif answer.seeds:
            self._seed_table.choose(answer.seeds[0]["id"])
        else:
            self._detail_pane.hide()

    # --- actions, also of the detail

    def consume(self, seed: SeedAnswer) -> None:
        self.desk.open_wizard("consume", seed=seed["id"])

    def ask_abandon(self, seed: SeedAnswer) -> None:
        """First what it would mean, then the question."""
        self._detail_pane.act(
            lambda: self.desk.client.abandon_preview(seed["id"]), lambda preview: self._ask_abandon(seed, preview)
        )

    def verify(self, paths: Sequence[str]) -> None:
        def started(job: JobAnswer) -> None:
            self.desk.notice(say("Every byte of the drive is being read."))
            self.desk.go("jobs", job["id"])

        self._detail_pane.act(lambda: self.desk.client.verify_seed(paths), started)

    def _ask_abandon(self, seed: SeedAnswer, preview: Abandoned) -> None:
        ask(
            self,
            say("Abandon “{drive}”", drive=seed_title(seed)),
            say("This Core forgets the drive; what is on it goes over the wire instead."),
            [
                say(
                    "{images} of {points}, about {bytes}, are sent to the target.",
                    images=count("{n} volume image", "{n} volume images", preview["images"]),
                    points=count("{n} recovery point", "{n} recovery points", preview["points"]),
                    bytes=format_size(preview["bytes"]),
                ),
                say("The drive itself is not touched. It can no longer be consumed."),
            ],
            say("&Abandon"),
            lambda: self._detail_pane.act(lambda: self.desk.client.abandon_seed(seed["id"]), lambda _: self.reload()),
        )

    # --- tables

    def _chosen(self, row: Row | None) -> None:
        self._detail_pane.setVisible(row is not None)
        if row is not None:
            self._detail.show_seed(row)  # type: ignore[arg-type]

    def _open_medium(self, row: Row) -> None:
        if row["seeds"]:
            self.desk.open_wizard("consume", path=row["seeds"][0]["path"])
        else:
            self.desk.open_wizard("seed-drive", path=row["path"])

    def _medium_menu(self, row: Row, menu: QMenu) -> None:
        mine = self.desk.may(Right.SEED)
        entries = [
            action(say("&Write a seed drive here …"), lambda: self.desk.open_wizard("seed-drive", path=row["path"]),
                   icon_name="seed", enabled=mine and not row["read_only"], why_not=say("It is read-only."))
        ]  # fmt: skip
        for seed in row["seeds"]:
            path = seed["path"]
            entries += [
                action(say("&Consume “{drive}” …", drive=seed["comment"] or seed["seed"][:12]),
                       self._consuming(path), icon_name="consume", enabled=mine),
                action(say("&Verify “{drive}”", drive=seed["comment"] or seed["seed"][:12]), self._verifying(path),
                       icon_name="check", enabled=mine),
            ]  # fmt: skip
        for made in entries:
            made.setParent(menu)
            menu.addAction(made)

    def _consuming(self, path: str) -> Callable[[], object]:
        return lambda: self.desk.open_wizard("consume", path=path)

    def _verifying(self, path: str) -> Callable[[], object]:
        return lambda: self.verify([path])

    def _seed_menu(self, row: Row, menu: QMenu) -> None:
        mine = self.desk.may(Right.SEED)
        seed: SeedAnswer = row  # type: ignore[assignment]
        entries = []
        if seed["direction"] == "incoming":
            entries.append(action(say("&Consume …"), lambda: self.consume(seed), icon_name="consume",
                                  enabled=mine and consumable(seed)))  # fmt: skip
        else:
            entries.append(action(say("&Abandon …"), lambda: self.ask_abandon(seed), icon_name="abandon",
                                  enabled=mine and abandonable(seed),
                                  why_not=say("Only a drive that is outstanding can be abandoned.")))  # fmt: skip
        entries.append(
            action(say("Open the &pairing"), lambda: self.desk.go("replication", seed["pairing"]), icon_name="pairing")
        )
        for made in entries:
            made.setParent(menu)
            menu.addAction(made)


class SeedDetail(QWidget):
    """One drive: its life so far, what is on it, and what can be done with it."""

    def __init__(self, page: SeedsPage) -> None:
        super().__init__()
        self._page = page
        self._seed: SeedAnswer | None = None
        self._name = label("", "title")
        self._state = Badge()
        self._life = LifeLine()
        self._facts = FactsView()
        self._consume = button(say("C&onsume …"), lambda: self._with(page.consume), icon_name="consume")
        self._abandon = button(
            say("&Abandon …"), lambda: self._with(page.ask_abandon), icon_name="abandon", role="danger"
        )
        frame = panel()
        rows(
            line(self._state, self._name, 1, self._consume, self._abandon, gap=GAP_L),
            self._life,
            self._facts,
            1,
            gap=GAP,
            margin=GAP_L,
            into=frame,
        )
        rows(frame, into=self)

    def _with(self, run: Callable[[SeedAnswer], None]) -> None:
        if self._seed is not None:
            run(self._seed)

    def show_seed(self, seed: SeedAnswer) -> None:
        self._seed = seed
        shown = states.seed(seed["state"])
        self._state.say(shown.text, shown.tone, shown.icon)
        self._name.setText(seed_title(seed))
        self._life.show_life(life_of(seed))
        incoming = seed["direction"] == "incoming"
        self._consume.setVisible(incoming and consumable(seed))
        self._abandon.setVisible(not incoming and abandonable(seed))
        mine = self._page.desk.may(Right.SEED)
        for made in (self._consume, self._abandon):
            allow(made, mine, say("Help desk may only look."))
        facts = [
            (say("Pairing"), seed["pairing_name"]),
            (say("Direction"), say("written elsewhere, consumed here") if incoming else say("written here")),
            (say("Holds"), _holds(seed)),
        ]
        if seed["oldest"] and seed["newest"]:
            span = say("{oldest} to {newest}", oldest=local(seed["oldest"]), newest=local(seed["newest"]))
            facts.append((say("Recovery points of"), span))
        if seed["location"]:
            facts.append((say("Written to"), seed["location"]))
        if seed["segments"]:
            media = {segment["medium"] for segment in seed["segments"]}
            facts.append(
                (
                    say("Segments"),
                    say(
                        "{segments} on {media}",
                        segments=count("{n} segment", "{n} segments", len(seed["segments"])),
                        media=count("{n} medium", "{n} media", len(media)),
                    ),
                )
            )
        if seed["customer_id"]:
            facts.append((say("Customer id"), seed["customer_id"]))
        facts.append((say("Id"), seed["id"]))
        self._facts.show_facts(facts)
        self.setAccessibleName(f"{self._name.text()}, {shown.text}")


def seed_title(seed: SeedAnswer) -> str:
    """What people call a drive: its comment, else a piece of its id."""
    return seed["comment"] or say("Seed drive {id}", id=seed["id"][:12])


def consumable(seed: SeedAnswer) -> bool:
    """Whether this Core still waits for what is on an incoming drive."""
    return seed["state"] in ("outstanding", "consuming", "failed", "defined")


def abandonable(seed: SeedAnswer) -> bool:
    """Whether an outgoing drive still holds something back."""
    return seed["state"] in ("defined", "outstanding", "failed")


def life_of(seed: SeedAnswer) -> list[tuple[str, str, bool]]:
    """The stations of a drive: (name, when, reached)."""
    state = seed["state"]
    written = seed["written"] is not None
    ended = seed["ended"] is not None
    stations = [(say("Defined"), local(seed["created"]), True)]
    stations.append((say("Written"), local(seed["written"]) if written else "", written))
    stations.append((say("Outstanding"), "", written))
    if state == "abandoned":
        stations.append((say("Abandoned"), local(seed["ended"]), True))
    elif state == "failed":
        stations.append((say("Failed"), local(seed["ended"]), True))
    else:
        stations.append((say("Consumed"), local(seed["ended"]) if ended else "", state == "consumed"))
    return stations


def _holds(seed: SeedAnswer) -> str:
    return say(
        "{images} of {points}, {bytes}",
        images=count("{n} volume image", "{n} volume images", seed["images"]),
        points=count("{n} recovery point", "{n} recovery points", seed["points"]),
        bytes=format_size(seed["bytes"]),
    )


def _seed_columns() -> tuple[Column, ...]:
    return (
        Column("state", say("State"), lambda row, _: states.seed(row["state"]).cell(), width=15),
        Column("title", say("Drive"), lambda row, _: Cell(seed_title(row)), width=24),  # type: ignore[arg-type]
        Column("pairing", say("Pairing"), lambda row, _: Cell(row["pairing_name"]), width=16),
        Column("direction", say("Direction"), _direction, width=14),
        number_column("points", say("Points")),
        size_column("bytes", say("Size")),
        time_column("created", say("Created")),
        Column("location", say("Written to"), lambda row, _: Cell(row["location"], tip=row["location"]), width=30),
    )


def _direction(row: Row, _: object) -> Cell:
    if row["direction"] == "incoming":
        return Cell(say("Incoming"), icon="consume")
    return Cell(say("Outgoing"), icon="seed")


def _media_columns() -> tuple[Column, ...]:
    return (
        Column(
            "label",
            say("Medium"),
            lambda row, _: Cell(row["label"] or row["device"] or row["path"], icon="medium"),
            width=20,
        ),
        Column("holds", say("What is on it"), _on_medium, width=40),
        size_column("size", say("Size")),
        size_column("free", say("Free")),
        Column("file_system", say("File system"), lambda row, _: Cell(row["file_system"]), width=11),
        Column("path", say("Place"), lambda row, _: Cell(row["path"], tip=row["path"]), width=30),
    )


def _on_medium(row: Row, _: object) -> Cell:
    if row["seeds"]:
        drives = ", ".join(seed["comment"] or seed["seed"][:12] for seed in row["seeds"])
        wanted = any(seed["expected"] for seed in row["seeds"])
        broken = any(seed["problem"] for seed in row["seeds"])
        if broken:
            return Cell(say("Damaged seed drive: {drives}", drives=drives), Tone.BAD, "bad")
        if wanted:
            return Cell(say("Seed drive this Core waits for: {drives}", drives=drives), Tone.WAIT, "seed")
        return Cell(say("Seed drive: {drives}", drives=drives), Tone.INFO, "seed")
    if row["read_only"]:
        return Cell(say("Read-only"), Tone.OFF, "off")
    if row["other_entries"]:
        return Cell(count("{n} other file or folder", "{n} other files and folders", row["other_entries"]))
    return Cell(say("Empty"))
