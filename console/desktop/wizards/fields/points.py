"""A recovery point of a machine, and files of a recovery point."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from console.desktop.widgets.file_tree import FileTree
from console.desktop.widgets.point_picker import PointPicker
from console.desktop.wizards.fields.view import FieldView
from console.flows.fields import FilePick, PointPick


class PointPickView(FieldView[PointPick]):
    wide = True

    def build(self) -> QWidget:
        self.points = PointPicker(self.desk)
        self.points.changed.connect(self.give)
        self.points.opened.connect(lambda _: self.meant.emit())
        self.watch(self.points.table)
        return self.points

    def controls(self) -> list[QWidget]:
        return [self.points.table]

    def show_field(self, field: PointPick) -> None:
        if (field.machine, field.value) != (self.points.machine, self.points.value):
            self.points.show_machine(field.machine, field.value)


class FilePickView(FieldView[FilePick]):
    wide = True

    def build(self) -> QWidget:
        self.files = FileTree(self.desk)
        self.files.changed.connect(lambda: self.give(self.files.value))
        self.files.search.installEventFilter(self)
        self.watch(self.files.tree)
        return self.files

    def controls(self) -> list[QWidget]:
        return [self.files.tree]

    def show_field(self, field: FilePick) -> None:
        if (field.point, field.value) != (self.files.point, self.files.value):
            self.files.show_point(field.point, field.value)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            watched is self.files.search
            and isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        ):
            self.files.search.returnPressed.emit()
            return True  # or Enter would also mean Next
        return super().eventFilter(watched, event)
