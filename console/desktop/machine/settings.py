"""The last tab: what may be changed about a machine, and how its protection ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QSpinBox,
    QWidget,
)

from console.desktop.desk import Desk
from console.desktop.machine.answer import MachineView
from console.desktop.machine.ending import EndingPanel
from console.desktop.machine.retention import RetentionPanel
from console.desktop.machine.sealing import SealingPanel
from console.desktop.machine.volumes import VolumeList
from console.desktop.theme.tokens import GAP, GAP_L
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import button, label, line, panel, rows, titled
from console.domain.answers import MachineAnswer
from console.domain.roles import Right
from console.domain.sizes import format_interval
from console.flows.compression import cost_text, level_text, offered
from console.flows.machine_settings import DAY_S, MachineDraft
from console.flows.wording import say

INTERVALS_S = (900, 1800, 3600, 4 * 3600, 12 * 3600, 86_400, 0)
NOTE_LINES = 4
WIDE = 900


class SettingsTab(QWidget):
    """What somebody has typed stays until it is saved or taken back, whatever changes meanwhile."""

    def __init__(self, desk: Desk, pane: Callable[[], Pane], changed: Callable[[], object]) -> None:
        super().__init__()
        self.desk = desk
        self._pane = pane
        self._changed = changed
        self._view: MachineView | None = None
        self._filling = False
        self.ending = EndingPanel(desk, pane, changed)
        self.sealing = SealingPanel(desk, pane, changed)
        self.retention = RetentionPanel(desk)
        self.elsewhere = label("", "muted", wrap=True)
        self.protection = rows(self._build_plan(), self._build_volumes(), self._build_leaving(), self._build_reading())
        content = rows(self.elsewhere, self.protection, self.sealing, self.retention, self.ending, 1, gap=GAP)
        content.setProperty("role", "page")
        content.setMaximumWidth(WIDE)
        for field in (self.interval, self.timeout, self.compression):
            field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            field.installEventFilter(self)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setWidget(content)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.bar = self._build_bar()
        rows(self.area, self.bar, gap=GAP, into=self)
        self.layout().setStretch(0, 1)  # type: ignore[union-attr]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Who scrolls the page must not change what passes below the mouse.
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def show_view(self, view: MachineView) -> None:
        another = self._view is None or self._view.machine["id"] != view.machine["id"]
        typed = not another and self.dirty
        self._view = view
        if not typed:
            self.revert()
        machine = view.machine
        self.protection.setVisible(view.protected)
        self.sealing.setVisible(view.protected)
        self.bar.setVisible(view.protected)
        self.elsewhere.setVisible(not view.protected)
        self.elsewhere.setText(
            say(
                "“{name}” is protected by the Core “{core}”: its schedule and exclusions are set there. Its "
                "replication is ended on the Replication page.",
                name=machine["name"],
                core=machine["origin"],
            )
            if machine["kind"] == "replicated"
            else say("“{name}” is no longer protected; its recovery points are kept.", name=machine["name"])
        )
        may, why = self.desk.may(Right.ADMINISTER), say("Only an administrator may do this.")
        for field in self._fields:
            field.setEnabled(may)
            field.setToolTip("" if may else why)
        self.ending.show_machine(machine)
        self.retention.show_machine(machine["id"])
        if view.protected:
            self.sealing.show_machine(machine)
        self._judge()

    # --- what is typed

    @property
    def draft(self) -> MachineDraft:
        """As it is in front now."""
        return MachineDraft(
            self.name.text().strip(),
            self.interval.currentText().strip(),
            self.volumes.value,
            _lines(self.excludes.toPlainText()),
            self.caches.isChecked(),
            tuple(self.markers.text().split()),
            not self.cross.isChecked(),
            self.before.text().strip(),
            self.after.text().strip(),
            self.timeout.value(),
            self.snapshot.isChecked(),
            int(self.compression.currentData()),
        )

    @property
    def dirty(self) -> bool:
        """Whether something is typed that is not saved."""
        machine = self._view.machine if self._view else None
        return machine is not None and bool(self.draft.changes(machine))

    def revert(self) -> None:
        """Back to what the Core has."""
        if self._view is None:
            return
        was = MachineDraft.of(self._view.machine)
        self._filling = True
        self.name.setText(was.name)
        self.interval.setEditText(was.every)
        self.volumes.show_volumes(was.volumes)
        self.excludes.setPlainText("\n".join(was.excludes))
        self.caches.setChecked(was.caches)
        self.markers.setText(" ".join(was.markers))
        self.cross.setChecked(not was.one_file_system)
        self.before.setText(was.before)
        self.after.setText(was.after)
        self.timeout.setValue(was.command_timeout_s)
        self.snapshot.setChecked(was.snapshot)
        self.compression.clear()
        for level in offered(was.compression):
            self.compression.addItem(level_text(level), level)
        self.compression.setCurrentIndex(self.compression.findData(was.compression))
        self._filling = False
        self._judge()

    def _judge(self) -> None:
        if self._filling or self._view is None:
            return
        draft, may = self.draft, self.desk.may(Right.ADMINISTER)
        dirty, wrong = bool(draft.changes(self._view.machine)), draft.problem
        self.wrong.setText(wrong)
        self.wrong.setVisible(bool(wrong))
        meaning = "" if wrong else " ".join(draft.meaning(self._view.machine))
        self.means.setText(meaning)
        self.means.setVisible(bool(meaning))
        self.timeout.setEnabled(may and bool(draft.before or draft.after))
        self.save.setEnabled(may and not wrong and dirty)
        self.take_back.setEnabled(may and (bool(wrong) or dirty))

    def _save(self) -> None:
        if self._view is None:
            return
        id, draft = self._view.machine["id"], self.draft
        changes = draft.changes(self._view.machine)

        def done(saved: MachineAnswer) -> None:
            self.desk.notice(say("“{name}” was changed.", name=draft.name))
            if self._view is not None and self._view.machine["id"] == id and self.draft == draft:
                # What the Core made of it: names of new volumes, and whether a path is a directory or a disk.
                self._view = replace(self._view, machine=saved)
                self.revert()
            self._changed()

        self._pane().act(lambda: self.desk.client.edit_machine(id, **changes), done)

    # --- the fields

    @property
    def _fields(self) -> tuple[QWidget, ...]:
        leaving = (self.excludes, self.caches, self.markers, self.cross)
        reading = (self.before, self.after, self.timeout, self.snapshot, self.compression)
        return (self.name, self.interval, self.volumes, *leaving, *reading)

    def _build_plan(self) -> QWidget:
        self.name = QLineEdit()
        self.name.textChanged.connect(self._judge)
        self.interval = QComboBox()
        self.interval.setEditable(True)
        self.interval.addItems([format_interval(seconds) for seconds in INTERVALS_S])
        self.interval.editTextChanged.connect(self._judge)
        form = _form(
            (say("&Name"), self.name, ""),
            (say("Back up &every"), self.interval, say("60m, 4h, 1d; off: only when somebody starts it.")),
        )
        return titled(say("Protection"), form)

    def _build_volumes(self) -> QWidget:
        self.volumes = VolumeList(self.desk)
        self.volumes.changed.connect(self._judge)
        return titled(say("Volumes"), self.volumes)

    def _build_leaving(self) -> QWidget:
        self.excludes = QPlainTextEdit()
        self.excludes.setTabChangesFocus(True)
        self.excludes.setFixedHeight(self.excludes.fontMetrics().height() * NOTE_LINES + 2 * GAP_L)
        self.excludes.textChanged.connect(self._judge)
        self.markers = QLineEdit()
        self.markers.setPlaceholderText(".nobackup")
        self.markers.textChanged.connect(self._judge)
        self.caches = _tick(say("Directories that say that they are a &cache (CACHEDIR.TAG)"), self._judge)
        self.cross = _tick(say("Go on into other file systems that are mounted belo&w"), self._judge)
        form = _form(
            (
                say("Patte&rns"),
                self.excludes,
                say("One in each line, such as *.tmp or /var/cache. What matches is not in new recovery points."),
            ),
            (
                say("Marked by a file"),
                self.markers,
                say("Names of files, with blanks between them: a directory that holds one is left out."),
            ),
            ("", self.caches, ""),
            ("", self.cross, ""),
        )
        return titled(say("Left out of directories"), form)

    def _build_reading(self) -> QWidget:
        self.before, self.after = QLineEdit(), QLineEdit()
        self.before.setPlaceholderText("sh /srv/freeze")
        self.after.setPlaceholderText("sh /srv/thaw")
        for edit in (self.before, self.after):
            edit.textChanged.connect(self._judge)
        self.timeout = QSpinBox()
        self.timeout.setRange(1, DAY_S)
        self.timeout.setSuffix(" " + say("seconds"))
        self.timeout.setMinimumWidth(140)
        self.timeout.valueChanged.connect(self._judge)
        self.snapshot = _tick(say("Read from a snapshot where the host has them (btrfs)"), self._judge)
        self.compression = QComboBox()
        self.compression.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.compression.currentIndexChanged.connect(self._judge)
        later = say("What is stored already stays as it is.")
        form = _form(
            (
                say("Command be&fore"),
                self.before,
                say("Run by the shell of the Core's machine. When it fails, no recovery point is made."),
            ),
            (say("Command after"), self.after, say("Run whatever became of the backup.")),
            (say("Ended after"), self.timeout, ""),
            ("", self.snapshot, ""),
            (say("Com&pression"), self.compression, f"{cost_text()} {later}"),
        )
        return titled(say("While it is read and stored"), form)

    def _build_bar(self) -> QWidget:
        """Stays in front however far the fields are scrolled."""
        self.wrong = label("", wrap=True)
        self.wrong.setProperty("role", "problem")
        self.means = label("", "small", wrap=True)
        self.save = button(say("Sa&ve"), self._save, role="primary")
        self.take_back = button(say("&Take back"), self.revert)
        said = rows(self.wrong, self.means, gap=0)
        made = panel()
        made.setMaximumWidth(WIDE)
        line(self.save, self.take_back, said, gap=GAP, margin=GAP, into=made)
        made.layout().setStretch(2, 1)  # type: ignore[union-attr]
        return made


def _form(*fields: tuple[str, QWidget, str]) -> QWidget:
    form = QWidget()
    layout = QFormLayout(form)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setHorizontalSpacing(GAP_L)
    for name, field, explain in fields:
        shown = QLabel(name)
        if name:
            shown.setBuddy(field)
            field.setAccessibleName(name.replace("&", ""))
        field.setAccessibleDescription(explain)
        layout.addRow(shown, field)
        if explain:
            layout.addRow("", label(explain, "small", wrap=True))
    return form


def _tick(text: str, changed: Callable[[], object]) -> QCheckBox:
    made = QCheckBox(text)
    made.setAccessibleName(text.replace("&", ""))
    made.toggled.connect(lambda *_: changed())
    return made


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
