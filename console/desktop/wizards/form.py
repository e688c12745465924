"""The fields of the step in front, below each other, changed in place when the step answers with others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from console.desktop.desk import Desk
from console.desktop.theme.tokens import GAP_L, GAP_S
from console.desktop.wizards.fields.making import same_kind, view_of
from console.desktop.wizards.fields.mnemonics import with_letters
from console.desktop.wizards.fields.view import AnyView
from console.desktop.wizards.share import let_go, share_of
from console.flows.fields import Field


class Form(QWidget):
    """`answered` says (key, value). Problems are shown below fields that were touched; `touch_all` touches them all."""

    answered = Signal(str, object)
    meant = Signal()
    """Somebody chose and meant it, as by a double click: the next step can come."""
    seen = Signal()
    """Something was touched: problems are to be shown anew."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.views: dict[str, AnyView] = {}
        self._desk = desk
        self._step: object = None
        self._touched: set[str] = set()
        self._all = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, GAP_S, GAP_L, GAP_S)
        self._column.setSpacing(GAP_L)
        self._column.addStretch(1)

    def show_fields(self, step: object, fields: Sequence[Field], taken: Iterable[str]) -> None:
        """`step` tells steps apart; `taken`: letters that lead elsewhere in the window."""
        if step is not self._step:
            self._step = step
            self._touched.clear()
            self._all = False
            for key in list(self.views):
                self._drop(key)
        keys = {field.key for field in fields}
        for key in [key for key in self.views if key not in keys]:
            self._drop(key)
        wide = False
        for place, field in enumerate(fields):
            view = self.views.get(field.key)
            if view is not None and not same_kind(view.field, field):
                self._drop(field.key)
                view = None
            if view is None:
                view = self._make(field)
            else:
                view.update_field(field)
            wide = wide or view.wide
            if self._column.indexOf(view) != place:
                self._column.removeWidget(view)
                self._column.insertWidget(place, view)
                view.show()
            self._column.setStretch(place, 1 if view.wide else 0)
        self._column.setStretch(self._column.count() - 1, 0 if wide else 1)
        self.views = {field.key: self.views[field.key] for field in fields}
        asking = [view for view in self.views.values() if view.field.label and view.controls()]
        for view, text in zip(asking, with_letters([view.field.label for view in asking], taken), strict=True):
            view.set_label(text)

    def touch_all(self) -> None:
        self._all = True

    def own_problems(self) -> dict[str, str]:
        """What was typed and is no answer at all."""
        return {key: view.problem for key, view in self.views.items() if view.problem}

    def tell(self, problems: Mapping[str, str]) -> list[str]:
        """Shows problems below their fields. Returns those that are of no field that asks, once all are to be seen."""
        rest = []
        for key, view in self.views.items():
            touched = self._all or key in self._touched
            view.tell(problems.get(key, "") if touched and view.asks else "")
        said = {view.field.label for view in self.views.values() if not view.asks}
        for key, sentence in problems.items():
            shown = self.views.get(key) or self.views.get(key.partition(".")[0])
            if shown is not None and shown.asks:
                if key not in self.views and (self._all or shown.field.key in self._touched):
                    shown.tell(sentence)
            elif self._all and sentence not in said:
                rest.append(sentence)
        return rest

    def focus_first(self, keys: Iterable[str] = ()) -> bool:
        """Puts the first of these fields in front, or the first one that asks. False: nothing here can have it."""
        wanted = [key.partition(".")[0] if key not in self.views else key for key in keys]
        candidates = [self.views[key] for key in wanted if key in self.views]
        candidates = candidates or [view for view in self.views.values() if view.asks]
        return any(view.take_focus() for view in candidates)

    def _make(self, field: Field) -> AnyView:
        view = view_of(field, share_of(self._desk))
        view.meant.connect(self.meant)
        view.answered.connect(self._answered)
        view.left.connect(self._left)
        self.views[field.key] = view
        return view

    def _drop(self, key: str) -> None:
        view = self.views.pop(key)
        view.blockSignals(True)
        self._column.removeWidget(view)
        view.hide()
        let_go(view, view.desk, self._desk)

    def _answered(self, key: str, value: object) -> None:
        self._touched.add(key.partition(".")[0] if key not in self.views else key)
        self.answered.emit(key, value)

    def _left(self, key: str) -> None:
        if key in self._touched:
            self.seen.emit()
