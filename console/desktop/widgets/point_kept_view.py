"""Why one recovery point is still there, and until when; why it is a base; who holds it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QScrollArea, QWidget

from console.desktop.desk import Desk
from console.desktop.theme.tokens import GAP, GAP_S, Tone
from console.desktop.widgets import point_states
from console.desktop.widgets.badge import Badge
from console.desktop.widgets.chain_words import base_reason
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import allow, button, label, line, rows
from console.desktop.widgets.point_columns import hold_text
from console.domain.answers import PointDetailAnswer
from console.domain.retention_answers import KeptAnswer, WhyAnswer
from console.domain.roles import Right
from console.flows.retention import reason_word
from console.flows.wording import say


class PointKeptView(QWidget):
    """`hold`: somebody wants to hold or release the point."""

    hold = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._detail: PointDetailAnswer | None = None
        self._shown = False
        self.kept: KeptAnswer | None = None
        self.fate = label("", "title", wrap=True)
        self._reasons = rows(gap=GAP_S)
        self.held = label("", wrap=True, selectable=True)
        self.change = button(say("&Hold …"), self.hold.emit, icon_name="pause")
        self.policy = button(say("&Retention of this machine"), self._to_policy, role="link")
        self._bases = label(say("Why it is a base"), "title")
        self.base = label("", wrap=True, selectable=True)
        inner = rows(
            self.fate,
            self._reasons,
            self.held,
            line(self.change, self.policy, 1),
            self._bases,
            self.base,
            1,
            gap=GAP,
        )
        inner.setProperty("role", "page")
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inner)
        area.setAccessibleName(say("Why it is kept"))
        self.pane = Pane(area, desk)
        rows(self.pane, into=self)

    def show_detail(self, detail: PointDetailAnswer) -> None:
        self._detail = detail
        self._shown = False
        hold = detail["hold"]
        self.held.setText(hold_text(hold) if hold else "")
        self.held.setVisible(bool(hold))
        self.change.setText(say("Release &hold") if detail["held"] else say("&Hold …"))
        self.change.setAccessibleName(self.change.text().replace("&", ""))
        self.change.setToolTip("")
        allow(self.change, self._desk.may(Right.ADMINISTER), say("Only an administrator may do this."))
        texts = [text for text in map(base_reason, detail["base_reasons"]) if text]
        self._bases.setVisible(bool(texts))
        self.base.setVisible(bool(texts))
        self.base.setText("\n".join(texts))
        self.read()

    def read(self) -> None:
        """Reasons take some looking at the Core: they are asked for when they are seen."""
        if self._detail is None or self._shown or not self.isVisible():
            return
        self._shown = True
        point = self._detail["id"]
        self.pane.load(lambda: self._desk.client.kept(point), self._show)

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self.read()

    def _show(self, kept: KeptAnswer) -> None:
        self.kept = kept
        goes = kept["goes"]
        self.fate.setText(
            say("It goes with the next rollup.") if goes else say("It stays at the next rollup, because:")
        )
        layout = self._reasons.layout()
        assert layout is not None
        while (item := layout.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        for why in [goes] if goes else kept["kept_by"]:
            layout.addWidget(_reason(why))

    def _to_policy(self) -> None:
        if self._detail is not None:
            self._desk.go("retention", self._detail["machine_id"])


def _reason(why: WhyAnswer) -> QWidget:
    cell = point_states.kept([why])
    badge = Badge(reason_word(why["code"]), cell.tone or Tone.OFF, cell.icon or "calendar")
    return line(badge, label(why["text"], wrap=True, selectable=True), gap=GAP)
