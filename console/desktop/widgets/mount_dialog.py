"""Where a recovery point is to be mounted on this computer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFileDialog, QLabel, QLineEdit, QWidget
from shiboken6 import isValid

from console.client.mounts import Mount
from console.desktop.desk import Desk
from console.desktop.mounting import Mounting, title_of, usual_place
from console.desktop.theme.tokens import GAP, GAP_L
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import button, label, line, rows
from console.flows.wording import say


class MountDialog(QDialog):
    """Stays until it is mounted; what went wrong is told in it. `point` empty: all points of the Core."""

    def __init__(self, desk: Desk, mounting: Mounting, parent: QWidget, *, point: str, what: str, place: str) -> None:
        super().__init__(parent)
        self._desk, self._mounting, self._point, self._what = desk, mounting, point, what
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = say("Mount “{what}”", what=what)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        explain = label(
            say(
                "A read-only folder of this computer that shows what the point holds, also what is inside disks. It "
                "goes when this program ends."
            ),
            "muted",
            wrap=True,
        )
        self.place = QLineEdit(place)
        self.place.setAccessibleName(say("Directory on this computer"))
        self.place.setMinimumWidth(460)
        named = QLabel(say("&Directory on this computer"))
        named.setBuddy(self.place)
        browse = button(say("&Browse …"), self._browse, icon_name="folder")
        note = label(
            say("A new or an empty directory. One that is made for it is removed with it."), "muted", wrap=True
        )
        self.buttons = QDialogButtonBox()
        self.yes = self.buttons.addButton(say("&Mount"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.yes.setDefault(True)
        self.yes.setAccessibleName(say("Mount"))
        no = self.buttons.addButton(say("&Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        no.setAccessibleName(say("Cancel"))
        self.place.textChanged.connect(lambda text: self.yes.setEnabled(bool(text.strip())))
        self.buttons.accepted.connect(self._mount)
        self.buttons.rejected.connect(self.reject)
        inside = rows(explain, named, line(self.place, browse), note, gap=GAP)
        self.pane = Pane(inside, desk)
        rows(self.pane, self.buttons, gap=GAP_L, margin=GAP_L, into=self)

    def _browse(self) -> None:
        chooser = QFileDialog(self, say("Directory on this computer"), self.place.text())
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.setFileMode(QFileDialog.FileMode.Directory)
        chooser.setOption(QFileDialog.Option.ShowDirsOnly)
        chooser.fileSelected.connect(self.place.setText)
        chooser.open()

    def _mount(self) -> None:
        place = self.place.text().strip()
        self.yes.setEnabled(False)
        self.pane.act(self._work(place), self._mounted)

    def _work(self, place: str) -> Callable[[], Awaitable[Mount]]:
        async def work() -> Mount:
            try:
                return await self._mounting.mount(self._point, self._what, place)
            finally:
                if isValid(self):
                    self.yes.setEnabled(True)

        return work

    def _mounted(self, made: Mount) -> None:
        self._desk.notice(say("“{what}” is mounted at {place}.", what=self._what, place=made.place))
        self.accept()
        self._desk.go("mounts", made.id)


def ask_mount(desk: Desk, parent: QWidget, *, point: str = "", machine: str = "", moment: str = "") -> None:
    """Opens it for a point, or for all of them; where nothing can be mounted, the page of mounts says why."""
    mounting = desk.mounting
    if mounting is None or mounting.mounts.why_not() is not None:
        desk.go("mounts")
        return
    what = title_of(machine, moment) if point else say("all recovery points")
    MountDialog(desk, mounting, parent, point=point, what=what, place=usual_place(machine, moment)).open()
