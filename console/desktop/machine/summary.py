"""The first tab: what is protected, when, where to, and how it grows."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QScrollArea, QSizePolicy, QWidget

from console.desktop.machine.answer import MachineView
from console.desktop.machine.figures import Growth, change_chart, growth
from console.desktop.theme.tokens import GAP, GAP_L
from console.desktop.widgets import states
from console.desktop.widgets.chart import BarChart
from console.desktop.widgets.parts import FactsView, label, line, rows, titled
from console.desktop.widgets.sparkline import Sparkline
from console.domain.answers import VolumeAnswer
from console.domain.clock import Clock
from console.domain.overview_answers import VolumeChain
from console.domain.sizes import format_duration, format_size
from console.flows.amounts import NOTHING, ago
from console.flows.machine_settings import source_text
from console.flows.wording import count, say

Facts = list[tuple[str, str]]


class SummaryTab(QScrollArea):
    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.facts = FactsView()
        self.chart = BarChart(say("New bytes per day"))
        self.volumes = VolumeRows()
        self.growth = FactsView()
        left = rows(titled(say("Protection"), self.facts), titled(say("Growth"), self.growth), 1, gap=GAP)
        right = rows(titled(say("New bytes per day"), self.chart), titled(say("Volumes"), self.volumes), 1, gap=GAP)
        left.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        right.layout().setStretch(0, 8)  # type: ignore[union-attr]
        content = line(gap=GAP)
        layout = content.layout()
        assert layout is not None
        for column, weight in ((left, 2), (right, 3)):
            layout.addWidget(column)
            layout.setStretch(layout.count() - 1, weight)  # type: ignore[attr-defined]
        content.setProperty("role", "page")
        self.setWidgetResizable(True)
        self.setWidget(content)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.chart.setMinimumHeight(210)
        self.chart.setMaximumHeight(480)

    def show_view(self, view: MachineView) -> None:
        now = self._clock.now()
        self.facts.show_facts(protection_facts(view, now))
        self.growth.show_facts(growth_facts(growth(view.chain, now)))
        self.chart.show_data(change_chart(view.chain, now))
        self.volumes.show_volumes(view)


class VolumeRows(QWidget):
    """Name, path, size now, and how the size went."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(GAP_L)
        self._grid.setVerticalSpacing(GAP)
        self._grid.setColumnStretch(1, 1)

    def show_volumes(self, view: MachineView) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.setParent(None)
                old.deleteLater()
        chains = {chain["volume"]: chain for chain in view.chain["volumes"]}
        for number, volume in enumerate(view.machine["volumes"]):
            where = _where(volume)
            self._add(number, volume["label"], where, chains.get(volume["id"]))
        known = {volume["id"] for volume in view.machine["volumes"]}
        gone = [chain for chain in chains.values() if chain["volume"] not in known]
        for number, chain in enumerate(gone, len(view.machine["volumes"])):
            self._add(number, chain["label"], say("No longer protected") if view.protected else "", chain)
        if not self._grid.count():
            self._grid.addWidget(label(say("None"), "muted"), 0, 0)

    def _add(self, number: int, name: str, path: str, chain: VolumeChain | None) -> None:
        images = chain["images"] if chain else []
        sizes = [float(image["size"]) for image in images]
        size = format_size(sizes[-1]) if sizes else NOTHING
        self._grid.addWidget(label(name, selectable=True), number, 0, Qt.AlignmentFlag.AlignTop)
        where = label(path, "muted", wrap=True, selectable=True)
        where.setToolTip(path)
        self._grid.addWidget(where, number, 1, Qt.AlignmentFlag.AlignTop)
        spark = Sparkline(say("Size of “{name}” over time", name=name))
        spark.setFixedWidth(110)
        spark.show_values(sizes, _size_went(sizes))
        self._grid.addWidget(spark, number, 2, Qt.AlignmentFlag.AlignTop)
        shown = label(size)
        shown.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._grid.addWidget(shown, number, 3, Qt.AlignmentFlag.AlignTop)


def _where(volume: VolumeAnswer) -> str:
    """What kind of volume it is, and where its bytes come from."""
    kind = source_text(volume["source"], volume["path"])
    return say("{kind}: {where}", kind=kind, where=volume["path"]) if volume["path"] else kind


def protection_facts(view: MachineView, now: datetime) -> Facts:
    """Names and values of the first panel."""
    machine, safety = view.machine, view.safety
    facts: Facts = []
    if safety is not None and safety["why"]:
        facts.append((say("State"), safety["why"]))
    elif safety is not None:
        facts.append((say("State"), say("Everything is as it should be.")))
    last = ago(machine["last_point"], now)
    if safety is not None and machine["last_point"]:
        restorable = states.restorable_now(safety["restorability"], locked=safety["locked"]).text
        last = say("{time}; restorable here: {what}", time=last, what=restorable)
    facts.append((say("Last backup") if view.protected else say("Newest point"), last))
    if view.protected:
        facts.append((say("Next backup"), next_text(view, now)))
        facts.append((say("Schedule"), schedule_text(machine["interval_s"])))
    elif machine["origin"]:
        facts.append((say("From Core"), machine["origin"]))
        if len(machine["via"]) > 1:
            facts.append((say("Came here by"), " → ".join(core["name"] for core in machine["via"])))
    facts.append((say("Repository"), _repository(view)))
    points = count("{n} point", "{n} points", machine["points"])
    if safety is not None and safety["orphaned"]:
        points = say("{points}, of which {n} orphaned", points=points, n=safety["orphaned"])
    facts.append((say("Recovery points"), points))
    if view.protected:
        facts.append((say("Sealed with"), machine["key"] or say("Nothing: it is not encrypted")))
        names = ", ".join(machine["pairings"])
        facts.append((say("Replicated by"), names or say("Nothing: there is no copy on another Core")))
        facts.append((say("Left out"), "\n".join(machine["excludes"]) or say("Nothing")))
    facts.append((say("Known since"), ago(machine["created"], now)))
    return facts


def growth_facts(found: Growth) -> Facts:
    """Names and values of the second panel."""
    unknown = say("Known after a day")
    return [
        (say("Protected size"), format_size(found.size)),
        (say("New per day"), unknown if found.new_per_day is None else format_size(found.new_per_day)),
        (say("Stored per day"), unknown if found.stored_per_day is None else format_size(found.stored_per_day)),
        (say("Stored in all"), format_size(found.stored)),
    ]


def next_text(view: MachineView, now: datetime) -> str:
    """When it is backed up next, or why not."""
    if view.machine["paused"]:
        return say("Paused: only when somebody starts it")
    if not view.machine["next_due"]:
        return say("Only when somebody starts it")
    return ago(view.machine["next_due"], now)


def schedule_text(interval_s: int) -> str:
    """“Every 4 h”."""
    if interval_s <= 0:
        return say("None: only when somebody starts it")
    return say("Every {time}", time=format_duration(interval_s))


def _repository(view: MachineView) -> str:
    found = view.repository
    if found is None:
        return view.machine["repository"] or NOTHING
    free = format_size(found["usage"]["free_bytes"])
    return say("{name} ({size} free)", name=found["name"], size=free)


def _size_went(sizes: list[float]) -> str:
    if len(sizes) < 2:
        return ""
    return say("From {before} to {after}", before=format_size(sizes[0]), after=format_size(sizes[-1]))
