"""The chain map of one machine with what belongs around it: looking closer, older images, a legend, loading."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedLayout, QWidget

from console.desktop.desk import Desk
from console.desktop.theme.tokens import GAP, GAP_L
from console.desktop.widgets.chain_map import ChainMap
from console.desktop.widgets.marks import MarkSign
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import button, label, line, rows, tool
from console.desktop.widgets.states import chain
from console.domain.overview_answers import ChainMap as ChainMapAnswer
from console.flows.wording import count, say

FEW, MANY = 500, 1000
"""Images of a volume asked for at first, and when older ones are wanted."""


class ChainPanel(QWidget):
    """`chosen` and `opened` as of the map. It loads by itself when another machine is shown."""

    chosen = Signal(str)
    opened = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._machine = ""
        self._wanted = ""
        self._seek = False
        self._limit = FEW
        self._until: str | None = None
        self._around: str | None = None
        self._oldest = ""
        self.map = ChainMap()
        self.map.chosen.connect(self._chosen)
        self.map.opened.connect(self.opened)
        self.map.looked.connect(self._tell)
        self.title = label("", "title")
        self.closer = tool("add", say("Look closer (Ctrl+wheel, +)"), self.map.look_closer)
        self.farther = tool("off", say("Look from farther away (Ctrl+wheel, −)"), lambda: self.map.look_closer(1 / 1.5))
        self.all = button(say("Show &all"), self.map.look_at_all, role="link", tip=say("All images at once (0)"))
        self.earlier = button("", self._show_earlier, role="link")
        self.newest = button(say("Ne&west"), self._show_newest, role="link")
        self.earlier.hide()
        self.newest.hide()
        self.nothing = label("", "muted", wrap=True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        holder = QWidget()
        self._stack = QStackedLayout(holder)
        self._stack.addWidget(self.nothing)
        self._stack.addWidget(self.map)
        self.pane = Pane(holder, desk)
        head = line(self.title, 1, self.earlier, self.newest, self.farther, self.closer, self.all, gap=GAP)
        rows(head, self.pane, _legend(), gap=GAP // 2, into=self)
        layout = self.layout()
        assert layout is not None
        layout.setContentsMargins(0, 0, 0, 0)

    @property
    def machine(self) -> str:
        """The id of the machine that is shown, or empty."""
        return self._machine

    def show_machine(self, machine: str, point: str = "") -> None:
        """The images of a machine (id), and a point in front; the same machine is not read again."""
        self._wanted, self._seek = point, bool(point)
        if not machine:
            self._machine = ""
            self._say_nothing(say("Choose a recovery point to see the chain of its machine."))
        elif machine != self._machine:
            self._machine = machine
            self._limit, self._until, self._around = FEW, None, None
            self.refresh()
        elif point and not self.map.choose(point) and not self.pane.busy:
            self._around = point
            self.refresh()

    def refresh(self, *, front: bool = True) -> None:
        """Something changed at the Core, or another part is wanted. `front` False: no point is in front any more."""
        if not front:
            self._wanted, self._around = "", None
        if self._machine:
            machine, limit, until, around = self._machine, self._limit, self._until, self._around
            self.pane.load(
                lambda: self._desk.client.chain_map(machine, limit=limit, until=until, point=around), self._show
            )

    def _show(self, answer: ChainMapAnswer) -> None:
        shown = [volume for volume in answer["volumes"] if volume["images"]]
        self.title.setText(answer["machine"])
        if not shown:
            self._say_nothing(say("“{machine}” has no recovery point yet.", machine=answer["machine"]))
            return
        self._stack.setCurrentWidget(self.map)
        self.map.show_map(answer)
        self._oldest = min(volume["images"][0]["time"] for volume in shown)
        left_out = max(volume["earlier"] for volume in shown)
        self.earlier.setText(count("{n} ear&lier", "{n} ear&lier", left_out))
        self.earlier.setAccessibleName(self.earlier.text().replace("&", ""))
        self.earlier.setVisible(left_out > 0)
        self.newest.setVisible(bool(self._until or self._around))
        missed = bool(self._wanted) and not self.map.choose(self._wanted)
        if missed and self._seek and self._around != self._wanted:
            self._around = self._wanted
            self.refresh()
        else:
            self._seek = False  # a point that goes later is not looked for
        self._tell()

    def _show_earlier(self) -> None:
        """More of them first, then those before the oldest one that is shown."""
        if self._limit == FEW and not self._around:
            self._limit = MANY
        else:
            self._until, self._around = self._oldest, None
        self._wanted = ""
        self.refresh()

    def _show_newest(self) -> None:
        self._until, self._around, self._wanted = None, None, ""
        self.refresh()

    def _chosen(self, point: str) -> None:
        self._wanted = point
        self.chosen.emit(point)

    def _say_nothing(self, sentence: str) -> None:
        self.title.setText("")
        self.earlier.hide()
        self.newest.hide()
        self.nothing.setText(sentence)
        self._stack.setCurrentWidget(self.nothing)
        self._tell()

    def _tell(self) -> None:
        shown = self._stack.currentWidget() is self.map
        self.closer.setEnabled(shown)
        self.farther.setEnabled(shown and not self.map.fits)
        self.all.setVisible(shown and not self.map.fits)


def _legend() -> QWidget:
    parts: list[QWidget | int] = []
    for sign, words in (
        (MarkSign("whole", base=True), say("Base")),
        (MarkSign("whole"), say("Incremental")),
        (MarkSign("awaiting-seed"), chain("awaiting-seed").text),
        (MarkSign("awaiting-transfer"), chain("awaiting-transfer").text),
        (MarkSign("broken"), chain("broken").text),
        (MarkSign(""), say("Not known here")),
    ):
        parts.append(line(sign, label(words, "small"), gap=GAP // 2))
    return line(*parts, 1, gap=GAP_L)
