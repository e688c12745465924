"""The building blocks of a retention policy, judged while they are typed."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QLineEdit, QRadioButton, QWidget

from console.desktop.theme.tokens import GAP, GAP_S
from console.desktop.widgets.parts import label, rows
from console.desktop.wizards.fields.view import ProblemLine
from console.domain.clock import Clock
from console.domain.retention import Rule, Unit
from console.flows.retention import Block, Draft, reach_text, rule_text, unit_text
from console.flows.wording import say


class PolicyEditor(QWidget):
    """`changed` when a person changed the draft; it may be wrong."""

    changed = Signal()

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._draft: Draft | None = None
        self._follows = True
        self._may = False
        self._showing = False
        self.core = QRadioButton(say("As the &Core says"))
        self.own = QRadioButton(say("A policy of its &own"))
        self.everything = QCheckBox(say("Keep e&very point for ever"))
        self.lines = {rule: _Line(rule) for rule in Rule}
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(GAP_S)
        for number, one in enumerate(self.lines.values()):
            one.put(grid, 2 * number)
            one.changed.connect(self._edited)
        grid.setColumnStretch(3, 1)
        self._blocks = holder
        self.reach = label("", "muted", wrap=True)
        for made in (self.core, self.own):
            made.toggled.connect(lambda *_: self._edited())
        self.everything.toggled.connect(lambda *_: self._edited())
        self._choice = rows(self.core, self.own, gap=GAP_S)
        rows(self._choice, self.everything, holder, self.reach, gap=GAP, into=self)

    @property
    def draft(self) -> Draft | None:
        return self._draft

    def show_draft(self, draft: Draft, *, follows: bool, may: bool) -> None:
        """Without `changed`. `follows`: offers the choice between the Core's policy and an own one. `may`: whether it
        can be edited."""
        self._showing = True
        self._draft = draft
        self._follows = follows
        self._may = may
        self._choice.setVisible(follows)
        self.core.setChecked(not draft.own)
        self.own.setChecked(draft.own)
        self.everything.setChecked(draft.everything)
        for rule, one in self.lines.items():
            one.show_block(draft.blocks[rule])
        self._showing = False
        for made in (self.core, self.own):
            made.setEnabled(may)
        self._judge()

    def _edited(self) -> None:
        if self._showing or self._draft is None:
            return
        blocks = {rule: one.block for rule, one in self.lines.items()}
        self._draft = replace(
            self._draft,
            own=self.own.isChecked() or not self._follows,
            everything=self.everything.isChecked(),
            blocks=blocks,
        )
        self._judge()
        self.changed.emit()

    def _judge(self) -> None:
        draft = self._draft
        if draft is None:
            return
        self.everything.setEnabled(self._may and draft.own)
        for one in self.lines.values():
            one.allow(self._may and draft.own and not draft.everything)
        problems, advice = draft.problems(), draft.advice()
        for rule, one in self.lines.items():
            one.tell(problems.get(rule, ""), advice.get(rule, ""))
        built = draft.built()
        text = reach_text(built, self._clock.now()) if built is not None else ""
        self.reach.setText(text)
        self.reach.setVisible(bool(text))


class _Line(QObject):
    """One block: whether, how many, of what; below it what is wrong. Its parts stand in the grid of the editor."""

    changed = Signal()

    def __init__(self, rule: Rule) -> None:
        super().__init__()
        text = rule_text(rule)
        called = text.replace("&", "")
        self.rule = rule
        self.on: QCheckBox | None = None
        self.name: QWidget
        self.number = QLineEdit()
        self.number.setMaxLength(6)
        self.number.setFixedWidth(9 * self.number.fontMetrics().averageCharWidth())
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.number.setAccessibleName(say("{what}: how many", what=called))
        self.unit = QComboBox()
        self.unit.setAccessibleName(say("{what}: of what", what=called))
        for unit in Unit:
            self.unit.addItem(unit_text(unit), unit)
        if rule is Rule.ALL:
            shown = QLabel(text)
            shown.setBuddy(self.number)
            self.name = shown
        else:
            self.on = QCheckBox(text)
            self.on.toggled.connect(lambda *_: self.changed.emit())
            self.name = self.on
        self.wrong = ProblemLine()
        self.hint = label("", "small", wrap=True)
        self.number.textEdited.connect(lambda *_: self.changed.emit())
        self.unit.currentIndexChanged.connect(lambda *_: self.changed.emit())

    def put(self, grid: QGridLayout, row: int) -> None:
        for column, part in enumerate((self.name, self.number, self.unit)):
            grid.addWidget(part, row, column)
        grid.addWidget(rows(self.wrong, self.hint, gap=0), row + 1, 0, 1, 4)

    @property
    def block(self) -> Block:
        return Block(self.on is None or self.on.isChecked(), self.number.text(), Unit(self.unit.currentData()))

    def show_block(self, block: Block) -> None:
        if self.on is not None:
            self.on.setChecked(block.on)
        if self.number.text() != block.number:
            self.number.setText(block.number)
        self.unit.setCurrentIndex(self.unit.findData(block.unit))

    def allow(self, may: bool) -> None:
        if self.on is not None:
            self.on.setEnabled(may)
        filled = may and (self.on is None or self.on.isChecked())
        self.number.setEnabled(filled)
        self.unit.setEnabled(filled)
        if self.on is None:
            self.name.setEnabled(may)

    def tell(self, problem: str, advice: str) -> None:
        self.wrong.tell(problem)
        self.hint.setText(advice)
        self.hint.setVisible(bool(advice and not problem))
        self.number.setAccessibleDescription(problem or advice)
        if self.number.property("wrong") != ("true" if problem else "false"):
            self.number.setProperty("wrong", "true" if problem else "false")
            self.number.style().unpolish(self.number)
            self.number.style().polish(self.number)
