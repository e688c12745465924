"""The volumes of a machine, to be changed: directories, disks, streams; added, changed, taken away."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from console.desktop.desk import Desk
from console.desktop.theme.icons import icon
from console.desktop.theme.tokens import GAP, GAP_L
from console.desktop.widgets.parts import button, label, line, rows
from console.desktop.wizards.fields.browser import FolderBrowser
from console.domain.machines import VolumeSource
from console.flows.machine_settings import VolumeDraft, source_text
from console.flows.wording import say

INPUT = "input"
"""Beside those of `VolumeSource`: what is given by standard input."""
ICONS = {VolumeSource.TREE: "folder", VolumeSource.IMAGE: "volume", VolumeSource.STREAM: "run"}
LINES = 5
WIDE = 620


class VolumeList(QWidget):
    """`changed` when there are others; `value` has them."""

    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.value: tuple[VolumeDraft, ...] = ()
        self.dialog: VolumeDialog | None = None
        self.list = QListWidget()
        self.list.setAccessibleName(say("Volumes"))
        self.list.setFixedHeight((self.fontMetrics().height() + GAP) * LINES)
        self.list.itemActivated.connect(lambda *_: self.ask_change())
        self.list.currentRowChanged.connect(lambda *_: self._judge())
        self.add = button(say("&Add a volume …"), self.ask_new, icon_name="add")
        self.change = button(say("C&hange it …"), self.ask_change, icon_name="edit")
        self.remove = button(say("Take it awa&y"), self._take_away, icon_name="delete")
        rows(self.list, line(self.add, self.change, self.remove, 1), gap=GAP, into=self)

    def show_volumes(self, volumes: Sequence[VolumeDraft]) -> None:
        self.value = tuple(volumes)
        number = self.list.currentRow()
        self.list.clear()
        for volume in volumes:
            kind = source_text(volume.source, volume.path)
            text = say("{volume} — {kind}: {where}", volume=volume.label, kind=kind, where=volume.path)
            if not volume.path:
                text = say("{volume} — {kind}", volume=volume.label, kind=kind)
            elif not volume.label:
                text = say("{kind}: {where}", kind=kind, where=volume.path)
            item = QListWidgetItem(icon(ICONS.get(VolumeSource(volume.source), "volume")), text)
            item.setToolTip(volume.path)
            self.list.addItem(item)
        self.list.setCurrentRow(min(max(number, 0), self.list.count() - 1))
        self._judge()

    def _judge(self) -> None:
        for made in (self.change, self.remove):
            made.setEnabled(self.list.currentRow() >= 0)

    def ask_new(self) -> None:
        self.dialog = VolumeDialog(self, self._desk, None)
        self.dialog.made.connect(lambda volume: self._put((*self.value, volume)))

    def ask_change(self) -> None:
        number = self.list.currentRow()
        if 0 <= number < len(self.value):
            before, after = self.value[:number], self.value[number + 1 :]
            self.dialog = VolumeDialog(self, self._desk, self.value[number])
            self.dialog.made.connect(lambda volume: self._put((*before, volume, *after)))

    def _take_away(self) -> None:
        number = self.list.currentRow()
        self._put(self.value[:number] + self.value[number + 1 :])

    def _put(self, volumes: tuple[VolumeDraft, ...]) -> None:
        self.show_volumes(volumes)
        self.changed.emit()


class VolumeDialog(QDialog):
    """One volume: what it is, where it lies, what it is called. `made` brings it; the Core looks at it when the
    machine is saved."""

    made = Signal(object)

    def __init__(self, parent: QWidget, desk: Desk, volume: VolumeDraft | None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = say("Add a volume") if volume is None else say("Change a volume")
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setMinimumWidth(WIDE)
        self.kind = QComboBox()
        for text, value in (
            (say("A directory with all in it"), VolumeSource.TREE.value),
            (say("A disk image or block device"), VolumeSource.IMAGE.value),
            (say("What a command writes"), VolumeSource.STREAM.value),
            (say("What is given by standard input of each backup"), INPUT),
        ):
            self.kind.addItem(text, value)
        self.path = QLineEdit()
        self.name = QLineEdit()
        self.name.setPlaceholderText(say("Made from the path"))
        self.browse = button(say("&Browse"), self._browse, icon_name="folder")
        self.browse.setCheckable(True)
        self.browser = FolderBrowser(desk)
        self.browser.hide()
        self.browser.chosen.connect(self._found)
        self.where = QLabel()
        self.where.setBuddy(self.path)
        self.explain = label("", "small", wrap=True)
        self.wrong = label("", "small", wrap=True)
        self.wrong.setProperty("role", "problem")
        form = QFormLayout()
        form.setHorizontalSpacing(GAP_L)
        form.setVerticalSpacing(GAP)
        kind, name = QLabel(say("&What")), QLabel(say("&Name"))
        kind.setBuddy(self.kind)
        name.setBuddy(self.name)
        self.kind.setAccessibleName(say("What"))
        self.name.setAccessibleName(say("Name"))
        self._place = line(self.path, self.browse)
        form.addRow(kind, self.kind)
        form.addRow(self.where, self._place)
        form.addRow("", self.browser)
        form.addRow(name, self.name)
        form.addRow("", self.explain)
        form.addRow("", self.wrong)
        buttons = QDialogButtonBox()
        self.yes = buttons.addButton(
            say("&Add") if volume is None else say("&Change"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        self.yes.setDefault(True)
        buttons.addButton(say("&Cancel"), QDialogButtonBox.ButtonRole.RejectRole).setAutoDefault(False)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP_L, GAP_L, GAP_L, GAP_L)
        column.setSpacing(GAP_L)
        column.addLayout(form)
        column.addStretch(1)
        column.addWidget(buttons)
        if volume is not None:
            self.kind.setCurrentIndex(self.kind.findData(INPUT if volume.fed else volume.source))
            self.path.setText(volume.path)
            self.name.setText(volume.label)
        self.kind.currentIndexChanged.connect(lambda *_: self._judge())
        for field in (self.path, self.name):
            field.textChanged.connect(lambda *_: self._judge())
        self.accepted.connect(lambda: self.made.emit(self.volume))
        self._judge()
        self.open()
        self.path.setFocus()

    @property
    def volume(self) -> VolumeDraft:
        kind = self.kind.currentData()
        source = VolumeSource.STREAM.value if kind == INPUT else kind
        return VolumeDraft(self.name.text().strip(), source, "" if kind == INPUT else self.path.text().strip())

    def _judge(self) -> None:
        kind = self.kind.currentData()
        stream = kind == VolumeSource.STREAM
        self.where.setText(say("C&ommand line") if stream else say("&Path"))
        self.path.setAccessibleName(say("Command line") if stream else say("Path"))
        self.path.setPlaceholderText("pg_dumpall -U postgres" if stream else "/srv")
        for part in (self.where, self._place):
            part.setVisible(kind != INPUT)
        self.browse.setVisible(kind == VolumeSource.TREE)
        if kind != VolumeSource.TREE:
            self.browse.setChecked(False)
            self.browser.hide()
        self.explain.setText(_explained()[kind])
        wrong = self.volume.problem or (
            say("Name the command whose output is kept.") if stream and not self.volume.path else ""
        )
        typed = bool(self.path.text().strip() or self.name.text().strip())
        self.wrong.setText(wrong if typed else "")
        self.yes.setEnabled(not wrong)

    def _browse(self) -> None:
        self.browser.setVisible(self.browse.isChecked())
        if self.browse.isChecked():
            typed = self.path.text().strip()
            self.browser.open(typed if typed.startswith("/") else "", make=False)
            self.browser.focus()

    def _found(self, path: str) -> None:
        self.path.setText(path)
        self.browse.setChecked(False)
        self.browser.hide()
        self.path.setFocus()


def _explained() -> dict[str, str]:
    return {
        VolumeSource.TREE.value: say("Of the Core's machine. What is mounted below it is left out, unless said below."),
        VolumeSource.IMAGE.value: say("Kept block by block; only changed blocks are stored. Holes stay holes."),
        VolumeSource.STREAM.value: say(
            "Run by the shell of the Core's machine at each backup. The line is kept as it is: name a file with the "
            "password in it, not the password."
        ),
        INPUT: say("Backed up by “replicore backup MACHINE --stdin NAME” only; such a machine has no schedule."),
    }
