"""An orphan in words: what is missing, why, where it is, what can be restored now, and what repairs it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLayout, QScrollArea, QVBoxLayout, QWidget

from console.desktop.desk import Desk
from console.desktop.theme.tokens import GAP, ROW
from console.desktop.widgets import states
from console.desktop.widgets.badge import Badge
from console.desktop.widgets.file_tree import FoundList, find_here, found_text
from console.desktop.widgets.found_model import FoundModel
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import allow, button, label, line, rows
from console.domain.answers import FileAnswer, JobAnswer
from console.domain.overview_answers import MissingImage, OrphanAnswer, OrphanImage, RepairAnswer
from console.domain.plan_answers import Wished
from console.domain.roles import Right
from console.domain.sizes import format_size
from console.flows.amounts import local
from console.flows.wording import count, say

MOST_NAMED = 5
"""Missing images that are named one by one; the others are counted."""


class OrphanView(QWidget):
    """`whole`: the point turned out to be whole by now."""

    whole = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._point = ""
        self._several = False
        self._images: list[OrphanImage] = []
        self.summary = label("", wrap=True, selectable=True)
        self._column = QVBoxLayout()
        self._column.setSpacing(GAP)
        self._column.setContentsMargins(0, 0, 0, 0)
        images = QWidget()
        images.setLayout(self._column)
        self.repairs: list[QWidget] = []
        self.files = FoundModel(desk.tasks, self._path_of)
        self.files.answered.connect(self._counted)
        self.list = FoundList(self.files, say("What can be restored now"))
        self.list.setMinimumHeight(6 * ROW)
        self.files_note = label("", "muted", wrap=True)
        self.restore = button(
            say("Restore &these files …"),
            lambda: desk.open_wizard("restore", point=self._point, partial=True),
            icon_name="restore",
        )
        head = line(label(say("What can be restored now"), "title"), 1, self.restore)
        self.files_pane = Pane(rows(head, self.files_note, self.list, gap=GAP // 2), desk)
        self.files.answered.connect(self.files_pane.problem.clear)
        self.files.failed.connect(lambda failure: self.files_pane.tell(failure, self.files.again))
        inner = rows(self.summary, images, self.files_pane, gap=GAP)
        inner.setProperty("role", "page")
        words = QScrollArea()
        words.setWidgetResizable(True)
        words.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        words.setAccessibleName(say("Why it is not whole"))
        words.setWidget(inner)
        layout = inner.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.setContentsMargins(0, 0, GAP, 0)
        layout.setStretch(2, 1)
        self.pane = Pane(words, desk)
        rows(self.pane, into=self)

    def show_point(self, point: str) -> None:
        """Explains a point (id); again, when it is the same."""
        fresh, self._point = point != self._point, point
        if fresh:
            self.files.clear()
        if point:
            self.pane.load(lambda: self._desk.client.orphan(point), self._show)

    def _show(self, answer: OrphanAnswer) -> None:
        if not answer["images"]:
            self.whole.emit()
            return
        self.summary.setText(answer["summary"])
        self.summary.setAccessibleName(answer["summary"])
        may = self._desk.may(Right.RESTORE)
        nothing = answer["restorability"] == "none"
        self.restore.setToolTip("")
        allow(
            self.restore,
            may and not nothing,
            say("Nothing can be restored now.") if nothing else say("Help desk may look, not restore."),
        )
        self.files.start(find_here(self._desk, answer["point"], True))
        if answer["images"] == self._images:
            return
        self._images = answer["images"]
        _empty(self._column)
        self.repairs = []
        for image in answer["images"]:
            self._column.addWidget(self._image(image, several=len(answer["images"]) > 1))

    def _image(self, image: OrphanImage, *, several: bool) -> QWidget:
        parts: list[QWidget | int] = []
        if several:
            shown = states.chain(image["chain"])
            volume = label(say("Volume “{volume}”", volume=image["volume"]), "title")
            parts.append(line(volume, Badge(shown.text, shown.tone, shown.icon), 1))
            parts.append(label(image["why"], wrap=True, selectable=True))
        parts.append(label(amount_text(image, files=several), "muted", wrap=True))
        if image["wait_text"]:
            parts.append(label(image["wait_text"], wrap=True, selectable=True))
        parts.append(_head(say("What repairs it")))
        if not image["repairs"]:
            parts.append(label(say("Nothing that this Core knows of."), wrap=True))
        for repair in image["repairs"]:
            parts.append(self._repair(repair))
        if image["missing"]:
            parts.append(_head(say("What is missing")))
            named = image["missing"][:MOST_NAMED]
            parts += [label("• " + missing_text(one), wrap=True, selectable=True) for one in named]
            rest = len(image["missing"]) - len(named)
            if rest > 0:
                parts.append(label(count("… and {n} more image.", "… and {n} more images.", rest), "muted"))
        return rows(*parts, gap=GAP // 2)

    def _repair(self, repair: RepairAnswer) -> QWidget:
        title, icon_name, right = _kind(repair["kind"])
        made = button(
            title, lambda: self._do(repair), icon_name=icon_name, name=f"{title.replace('&', '')}: {repair['text']}"
        )
        made.setProperty("kind", repair["kind"])
        refused = repair["why_not"]
        if repair["possible"] and not self._desk.may(right):
            refused = say("Help desk may look, not repair.")
        allow(made, not refused, refused)
        made.setAccessibleDescription(refused)
        self.repairs.append(made)
        words = repair["text"] if not refused else f"{repair['text']} {refused}".strip()
        text = label(words, "muted" if refused else "", wrap=True, selectable=True)
        if repair["kind"] != "check":
            return rows(line(made, 1), text, gap=GAP // 2)
        mend = button(say("Repair …"), lambda: self._mend(repair), icon_name="good")
        mend.setProperty("kind", "mend")
        only = "" if self._desk.may(Right.ADMINISTER) else say("Only an administrator may do this.")
        allow(mend, not (repair["why_not"] or only), repair["why_not"] or only)
        return rows(line(made, mend, 1), text, gap=GAP // 2)

    def _mend(self, repair: RepairAnswer) -> None:
        self._desk.open_wizard("repository-repair", repository=repair["repository"] or "")

    def _do(self, repair: RepairAnswer) -> None:
        point, client = self._point, self._desk.client
        if repair["kind"] == "consume":
            self._desk.open_wizard("consume", seed=repair["seed"] or "")
        elif repair["kind"] == "transfer":
            self.pane.act(lambda: client.ask_source(point), self._wished)
        else:
            self.pane.act(lambda: client.check_repository(repair["repository"], read_data=True), self._checking)

    def _wished(self, wished: Wished) -> None:
        self._desk.notice(wished["text"])

    def _checking(self, job: JobAnswer) -> None:
        self._desk.notice(say("The check has started; every byte is read."))
        self._desk.go("jobs", job["id"])

    def _counted(self) -> None:
        self.files_note.setText(found_text(self.files))

    def _path_of(self, file: FileAnswer) -> str:
        return f"{file['volume']}:{file['path']}" if self._several else file["path"]

    def set_volumes(self, number: int) -> None:
        """How many volumes the point has: with several, paths begin with the volume's label."""
        self._several = number > 1


def amount_text(image: OrphanImage, *, files: bool = True) -> str:
    """How much is missing; with `files` also how much can be restored all the same."""
    missing = (
        say("{size} missing", size=format_size(image["missing_bytes"]))
        if image["missing_bytes"]
        else say("How much is missing is not known before the names of its files have arrived")
    )
    if not files:
        return missing
    if image["locked"] and not image["files_restorable"]:
        total = count("{n} file", "{n} files", image["files_total"])
        return say("{missing} · which of its {files} are here is sealed", missing=missing, files=total)
    return say(
        "{missing} · {here} of {total} files can be restored now",
        missing=missing,
        here=f"{image['files_restorable']:,}",
        total=f"{image['files_total']:,}",
    )


def missing_text(missing: MissingImage) -> str:
    """One missing image: of when, what, how much; its id where nothing else is known."""
    if missing["time"] is None:
        return say("An image that has not been here yet ({image}).", image=missing["image"][:12])
    kind = states.kind(missing["kind"] or "").text
    if missing["bytes_stored"]:
        return say(
            "{kind} of {time}, {size}",
            kind=kind,
            time=local(missing["time"]),
            size=format_size(missing["bytes_stored"]),
        )
    return say("{kind} of {time}", kind=kind, time=local(missing["time"]))


def _kind(kind: str) -> tuple[str, str, Right]:
    """Title, icon and right of a way to repair."""
    known = {
        "consume": (say("&Consume this seed drive …"), "consume", Right.SEED),
        "transfer": (say("F&etch it from the source"), "transfer", Right.SEED),
        "check": (say("Check every &byte"), "check", Right.CHECK),
    }
    return known.get(kind) or (kind, "run", Right.ADMINISTER)


def _head(text: str) -> QWidget:
    made = label(text, "title")
    made.setContentsMargins(0, GAP, 0, 0)
    return made


def _empty(layout: QLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        gone = item.widget()
        if gone is not None:
            gone.hide()
            gone.deleteLater()
