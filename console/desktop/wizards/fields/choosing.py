"""Exactly one of a few: radio buttons, or a drop-down list."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QButtonGroup, QComboBox, QRadioButton, QVBoxLayout, QWidget

from console.desktop.theme.tokens import GAP, GAP_S
from console.desktop.widgets.parts import label, line
from console.desktop.wizards.fields.mnemonics import plain
from console.desktop.wizards.fields.view import FieldView, text_begin
from console.flows.fields import Choice, Option


class ChoiceView(FieldView[Choice]):
    def build(self) -> QWidget:
        self.box: QComboBox | None = None
        self.radios: dict[str, QRadioButton] = {}
        self._shown: tuple[Option, ...] = ()
        if self.field.compact:
            self.box = QComboBox()
            self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            self.box.activated.connect(self._chosen)
            self.watch(self.box)
            return line(self.box, 1)
        self._group = QButtonGroup(self)
        holder = QWidget()
        self._column = QVBoxLayout(holder)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GAP_S)
        return holder

    def controls(self) -> list[QWidget]:
        return [self.box] if self.box is not None else list(self.radios.values())

    def buddy(self) -> QWidget | None:
        return self.box or self.radios.get(self.field.value) or next(iter(self.radios.values()), None)

    def show_field(self, field: Choice) -> None:
        if self.box is not None:
            self._show_box(self.box, field)
        else:
            self._show_radios(field)

    def _chosen(self, number: int) -> None:
        if 0 <= number < len(self.field.options):
            self.give(self.field.options[number].value)

    def _show_box(self, box: QComboBox, field: Choice) -> None:
        if field.options != self._shown:
            self._shown = field.options
            box.clear()
            for option in field.options:
                box.addItem(option.label)
                made = cast(QStandardItemModel, box.model()).item(box.count() - 1)
                _explain(made, option)
        values = [option.value for option in field.options]
        box.setCurrentIndex(values.index(field.value) if field.value in values else -1)
        chosen = next((option for option in field.options if option.value == field.value), None)
        said = " ".join(text for text in (field.explain, chosen.explain if chosen else "") if text)
        self.explain.setText(said)
        self.explain.setVisible(bool(said))

    def _show_radios(self, field: Choice) -> None:
        if [option.value for option in field.options] != [option.value for option in self._shown]:
            self._make_radios(field)
        elif field.options != self._shown:
            for option in field.options:
                _say(self.radios[option.value], option)
        self._shown = field.options
        chosen = self.radios.get(field.value)
        if chosen is not None:
            chosen.setChecked(True)
        else:
            self._group.setExclusive(False)
            for radio in self.radios.values():
                radio.setChecked(False)
            self._group.setExclusive(True)

    def _make_radios(self, field: Choice) -> None:
        had = next((value for value, radio in self.radios.items() if radio.hasFocus()), None)
        while (item := self._column.takeAt(0)) is not None:
            gone = item.widget()
            if gone is not None:
                gone.hide()
                gone.deleteLater()
        self.radios = {}
        for option in field.options:
            radio = QRadioButton()
            radio.setProperty("own-description", True)
            radio.clicked.connect(lambda _=False, value=option.value: self.give(value))
            explain = label("", "muted", wrap=True)
            explain.setContentsMargins(text_begin(radio, radio=True), 0, 0, GAP)
            radio.setProperty("explain", explain)
            self._group.addButton(radio)
            self._column.addWidget(radio)
            self._column.addWidget(explain)
            radio.show()
            self.radios[option.value] = radio
            self.watch(radio)
            _say(radio, option)
        if had in self.radios:
            self.radios[had].setFocus()


def _say(radio: QRadioButton, option: Option) -> None:
    said = " ".join(text for text in (option.explain, option.why_not) if text)
    radio.setText(plain(option.label))
    radio.setAccessibleName(option.label)
    radio.setAccessibleDescription(said)
    radio.setEnabled(not option.why_not)
    radio.setToolTip(option.why_not)
    explain = radio.property("explain")
    explain.setText(said)
    explain.setVisible(bool(said))


def _explain(item: QStandardItem, option: Option) -> None:
    said = " ".join(text for text in (option.explain, option.why_not) if text)
    item.setToolTip(said)
    item.setData(said, Qt.ItemDataRole.AccessibleDescriptionRole)
    item.setEnabled(not option.why_not)
