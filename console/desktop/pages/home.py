"""One glance: are we safe?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QLineEdit,
    QMenu,
    QScrollArea,
    QSplitter,
    QStackedLayout,
    QToolButton,
    QWidget,
)

from console.desktop.desk import Place
from console.desktop.pages.home_tiles import VERDICTS, HomeTiles
from console.desktop.pages.page import Page
from console.desktop.tables.columns import Row
from console.desktop.tables.model import WindowModel
from console.desktop.tables.safety import safety_columns
from console.desktop.tables.view import Table
from console.desktop.theme.tokens import GAP, Tone
from console.desktop.widgets import states
from console.desktop.widgets.chart import BarChart
from console.desktop.widgets.chart_data import ChartData, Series
from console.desktop.widgets.pane import Empty
from console.desktop.widgets.parts import action, allow, button, label, line, rows, titled
from console.desktop.widgets.topology import TopologyMap
from console.domain.events import Changed
from console.domain.overview_answers import Home, Throughput, Topology
from console.domain.roles import Right
from console.flows.wording import count, say

SPANS = ("24h", "7d", "30d")


@dataclass(frozen=True, slots=True)
class HomeAnswer:
    home: Home
    throughput: Throughput
    topology: Topology


class HomePage(Page):
    name = "home"
    help = "home"
    kinds = frozenset(
        {
            Changed.MACHINES,
            Changed.POINTS,
            Changed.KEYS,
            Changed.PAIRINGS,
            Changed.SEEDS,
            Changed.JOBS,
            Changed.EVENTS,
            Changed.REPOSITORIES,
        }
    )

    @property
    def title(self) -> str:
        return say("Home")

    def build(self) -> QWidget:
        self._topology: Topology = {"cores": [], "arrows": []}
        self._span = SPANS[0]
        self.strip = HomeTiles()
        self.tiles = self.strip.tiles
        desk = self.desk
        for name, go in (
            ("machines", self._to_table),
            ("lag", lambda: desk.go("replication")),
            ("repositories", lambda: desk.go("repositories")),
            ("seeds", lambda: desk.go("seeds")),
            ("jobs", lambda: desk.go("jobs")),
            ("alerts", lambda: desk.go("events", filter="alerts")),
        ):
            self.tiles[name].clicked.connect(lambda *_, go=go: go())
        below = QSplitter(Qt.Orientation.Horizontal)
        below.addWidget(self._build_chart())
        below.addWidget(self._build_map())
        below.setChildrenCollapsible(False)
        # Three Cores in a row fit into the map at the smallest window.
        below.setSizes([400, 600])
        below.setStretchFactor(0, 2)
        below.setStretchFactor(1, 3)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self._build_table())
        split.addWidget(below)
        split.setChildrenCollapsible(False)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 1)
        split.setSizes([250, 290])
        content = rows(self.strip, split, gap=GAP)
        holder = QWidget()
        self._front = QStackedLayout(holder)
        self._front.addWidget(content)
        self._content = content
        self.protect = button(say("&Protect a machine …"), lambda: self.desk.open_wizard("protect"), role="primary")
        self._empty = Empty(
            "protect",
            say("Nothing is protected yet"),
            say(
                "Here you will see at one glance whether every machine is safe: its last recovery point, what can be "
                "restored of it, and how far its replicas are. Begin with the first machine."
            ),
            self.protect,
        )
        self._front.addWidget(self._empty)
        self._blank = QWidget()
        self._front.addWidget(self._blank)
        self._front.setCurrentWidget(self._blank)
        return holder

    async def fetch(self) -> HomeAnswer:
        client = self.desk.client
        home, throughput, topology = await asyncio.gather(
            client.home(), client.throughput(self._span), client.topology()
        )
        return HomeAnswer(home, throughput, topology)

    def show_answer(self, answer: HomeAnswer) -> None:
        home = answer.home
        self._topology = answer.topology
        allow(self.protect, self.desk.may(Right.ADMINISTER), say("Only an administrator may do this."))
        bare = not home["machines"] and not answer.topology["arrows"] and not self._filtered
        self._front.setCurrentWidget(self._empty if bare else self._content)
        if bare:
            return
        self.strip.show_home(home, answer.topology)
        self.chart.show_data(throughput_data(answer.throughput))
        self.map.show_topology([answer.topology])
        if self.model.ever_answered:
            self.model.refresh()
        else:
            self.model.start_over()

    def _is_ours(self, core: str) -> bool:
        return any(node["id"] == core and node["self"] for node in self._topology["cores"])

    def _to_table(self) -> None:
        self.table.setFocus()
        if self.model.total and not self.table.currentIndex().isValid():
            self.table.selectRow(0)

    # --- the safety table

    def _build_table(self) -> QWidget:
        self.model = WindowModel(
            safety_columns(), self.desk.clock, self.desk.tasks, self._safety, sort="verdict", id_key="machine_id"
        )
        self.model.failed.connect(lambda failure: self.pane.tell(failure, self.model.start_over))
        self.model.counted.connect(self._counted)
        self.table = Table("safety", say("Machines and whether they are safe"), self.model)
        self.table.opened.connect(lambda row: self.desk.go("machine", row["machine_id"]))
        self.table.set_row_menu(self._row_menu)
        self.table.setMinimumHeight(120)
        self.name_filter = QLineEdit()
        self.name_filter.setPlaceholderText(say("Filter by name"))
        self.name_filter.setAccessibleName(say("Filter machines by name"))
        self.name_filter.setClearButtonEnabled(True)
        self.name_filter.setMaximumWidth(260)
        self.name_filter.textChanged.connect(lambda *_: self.model.start_over())
        self.verdicts = QComboBox()
        self.verdicts.setAccessibleName(say("Show only machines that are"))
        self.verdicts.addItem(say("All states"), "")
        for state in VERDICTS:
            self.verdicts.addItem(states.verdict(state).text, state)
        self.verdicts.currentIndexChanged.connect(lambda *_: self.model.start_over())
        self._total = label("", "muted")
        head = line(label(say("Are we safe?"), "title"), self._total, 1, self.name_filter, self.verdicts)
        return rows(head, self.table)

    @property
    def _filtered(self) -> bool:
        return bool(self.name_filter.text().strip() or self.verdicts.currentData())

    async def _safety(self, sort: str, descending: bool, offset: int, limit: int) -> tuple[Sequence[Row], int]:
        page = await self.desk.client.safety(
            text=self.name_filter.text().strip() or None,
            verdict=self.verdicts.currentData() or None,
            sort=sort,
            descending=descending,
            offset=offset,
            limit=limit,
        )
        return page["machines"], page["total"]

    def _counted(self, total: int) -> None:
        self._total.setText(count("{n} machine", "{n} machines", total))

    def _row_menu(self, row: Row, menu: QMenu) -> None:
        id = row["machine_id"]
        entries = [
            action(say("&Open"), lambda: self.desk.go("machine", id), icon_name="machine"),
            action(say("&Recovery points"), lambda: self.desk.go("machine", id, tab="points"), icon_name="point"),
            action(
                say("Re&store …"),
                lambda: self.desk.open_wizard("restore", machine=id),
                icon_name="restore",
                enabled=self.desk.may(Right.RESTORE) and bool(row["points"]),
                why_not=say("There is no recovery point, or your role may not restore."),
            ),
        ]
        if row["kind"] == "protected":
            entries.append(
                action(
                    say("&Back up now"),
                    lambda: self._back_up(id, row["machine"]),
                    icon_name="backup",
                    enabled=self.desk.may(Right.BACK_UP),
                    why_not=say("Only an administrator may do this."),
                )
            )
        for entry in entries:
            entry.setParent(menu)
            menu.addAction(entry)

    def _back_up(self, id: str, name: str) -> None:
        self.pane.act(
            lambda: self.desk.client.back_up(id),
            lambda _: self.desk.notice(say("The backup of “{name}” has started.", name=name)),
        )

    # --- chart and map

    def _build_chart(self) -> QWidget:
        self.chart = BarChart(say("Throughput"))
        self.spans: dict[str, QToolButton] = {}
        group = QButtonGroup(self)
        names = {"24h": say("24 hours"), "7d": say("7 days"), "30d": say("30 days")}
        for span in SPANS:
            made = QToolButton()
            made.setText(names[span])
            made.setAccessibleName(names[span])
            made.setCheckable(True)
            made.setProperty("role", "page")
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            made.setChecked(span == self._span)
            made.clicked.connect(lambda *_, span=span: self._choose_span(span))
            group.addButton(made)
            self.spans[span] = made
        return titled(say("Throughput"), line(*self.spans.values(), 1, gap=GAP // 2), self.chart)

    def _choose_span(self, span: str) -> None:
        self._span = span
        self.reload()

    def _build_map(self) -> QWidget:
        self.map = TopologyMap()
        self.map.opened.connect(self._open_on_map)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(self.map)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.viewport().setAutoFillBackground(False)
        self.map.setAutoFillBackground(False)
        return titled(say("Cores"), scroll)

    def _open_on_map(self, kind: str, id: str) -> None:
        if kind == "pairing":
            self.desk.go("replication", id)
            return
        touching = [arrow for arrow in self._topology["arrows"] if id in (arrow["source"], arrow["target"])]
        self.desk.go("replication", touching[0]["pairing"] if touching and not self._is_ours(id) else "")

    def go_to(self, place: Place) -> None:
        super().go_to(place)
        at = self.verdicts.findData(place.filter)
        if at >= 0:
            self.verdicts.setCurrentIndex(at)


def throughput_data(answer: Throughput) -> ChartData:
    """The Core's answer as a chart."""
    buckets = answer["buckets"]
    return ChartData(
        tuple(bucket["time"] for bucket in buckets),
        answer["span_s"],
        (
            Series(say("Stored"), Tone.INFO, tuple(bucket["stored"] for bucket in buckets)),
            Series(say("Sent"), Tone.GOOD, tuple(bucket["sent"] for bucket in buckets)),
            Series(say("Received"), Tone.WAIT, tuple(bucket["received"] for bucket in buckets)),
            Series(say("Restored"), Tone.WARN, tuple(bucket["restored"] for bucket in buckets)),
        ),
    )
