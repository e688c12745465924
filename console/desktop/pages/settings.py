"""Settings of the Core in front, and how to recognise it."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLineEdit, QScrollArea, QWidget

from console.desktop.pages.page import Page
from console.desktop.theme.tokens import GAP
from console.desktop.widgets.nightly_panel import NightlyPanel
from console.desktop.widgets.parts import FactsView, allow, button, label, line, panel, rows, titled
from console.domain.answers import Certificate, CoreStatus, JobPage, SettingAnswer, Settings
from console.domain.events import Changed
from console.domain.roles import Right
from console.domain.settings import LOCAL_ZONE, RETENTION, ZONE
from console.flows.amounts import local
from console.flows.nightly import KEYS, known_values
from console.flows.wording import say

ELSEWHERE = KEYS | {RETENTION}
"""Settings that have a place of their own."""

Answer = tuple[CoreStatus, Certificate, Settings, JobPage]


class SettingsPage(Page):
    name: ClassVar[str] = "settings"
    help: ClassVar[str] = "settings"
    kinds: ClassVar[frozenset[Changed]] = frozenset({Changed.SETTINGS, Changed.JOBS})

    @property
    def title(self) -> str:
        return say("Settings")

    def build(self) -> QWidget:
        self._edits: dict[str, QLineEdit] = {}
        self._saves: dict[str, QWidget] = {}
        self._form = QFormLayout()
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.setVerticalSpacing(GAP)
        holder = panel("plain")
        holder.setLayout(self._form)
        self._core = FactsView()
        self._words = label("", "title", wrap=True, selectable=True)
        self._finger = label("", "muted", wrap=True, selectable=True)
        self._copy = button(say("&Copy the fingerprint"), self._copy_fingerprint, icon_name="copy")
        identity = titled(
            say("This Core"),
            self._core,
            label(say("Read these words to whoever pairs with this Core or adds it to a Console:"), "muted", wrap=True),
            self._words,
            self._finger,
            line(self._copy, 1),
        )
        self.nightly = NightlyPanel(self.desk, lambda: self.pane)
        self.retention = button(
            say("&How long points stay …"), lambda: self.desk.go("retention"), icon_name="retention"
        )
        content = rows(identity, titled(say("Settings"), holder, line(self.retention, 1)), self.nightly, 1)
        content.setProperty("role", "page")
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(content)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return area

    async def fetch(self) -> Answer:
        core = self.desk.client
        nights = core.jobs(kind="nightly", offset=0, limit=1)
        return await asyncio.gather(core.status(), core.certificate(), core.settings(), nights)

    def show_answer(self, answer: Answer) -> None:
        status, certificate, settings, nights = answer
        self._core.show_facts(
            [
                (say("Name"), status["name"]),
                (say("Address"), status["address"]),
                (say("Version"), status["version"]),
                (say("Data directory"), status["data"]),
                (say("Running since"), local(status["started"])),
                (say("Schedules"), say("run") if status["schedules"] else say("do not run")),
            ]
        )
        self._words.setText(" · ".join(certificate["words"]))
        self._words.setAccessibleName(say("Words of the certificate: {words}", words=" ".join(certificate["words"])))
        self._finger.setText(certificate["fingerprint"])
        self._finger.setAccessibleName(say("Fingerprint: {fingerprint}", fingerprint=certificate["fingerprint"]))
        for setting in settings["settings"]:
            if setting["key"] not in ELSEWHERE:
                self._show_setting(setting)
        zone = next((one["value"] or one["default"] for one in settings["settings"] if one["key"] == ZONE), LOCAL_ZONE)
        self.nightly.show_values(known_values(settings["settings"]), zone, next(iter(nights["jobs"]), None))

    def _show_setting(self, setting: SettingAnswer) -> None:
        key = setting["key"]
        edit = self._edits.get(key)
        if edit is None:
            edit = self._edits[key] = QLineEdit()
            edit.setMaximumWidth(260)
            save = self._saves[key] = button(
                say("Save"), lambda: self._save(key), name=say("Save {setting}", setting=key)
            )
            edit.returnPressed.connect(lambda: self._save(key))
            beside = QWidget()
            layout = QHBoxLayout(beside)
            layout.setContentsMargins(0, 0, 0, 0)
            for part in (edit, save, label(say("Default: {value}", value=setting["default"]), "muted")):
                layout.addWidget(part)
            layout.addStretch(1)
            called, explained = _words().get(key, (key, setting["text"]))
            name = label(called)
            name.setBuddy(edit)
            edit.setAccessibleName(called)
            edit.setAccessibleDescription(explained)
            self._form.addRow(label(explained, wrap=True))
            self._form.addRow(name, beside)
        if not edit.hasFocus() or not edit.isModified():
            edit.setText(setting["value"] or "")
            edit.setModified(False)
        mine = self.desk.may(Right.ADMINISTER)
        edit.setReadOnly(not mine)
        allow(self._saves[key], mine, say("Only an administrator may do this."))  # type: ignore[arg-type]

    def _save(self, key: str) -> None:
        if not self.desk.may(Right.ADMINISTER):
            return
        value = self._edits[key].text().strip() or None
        self._edits[key].setModified(False)
        self.pane.act(
            lambda: self.desk.client.set(key, value),
            lambda _: self.desk.notice(say("“{setting}” was saved.", setting=key)),
        )

    def _copy_fingerprint(self) -> None:
        QGuiApplication.clipboard().setText(self._finger.text())
        self.desk.notice(say("The fingerprint was copied."))


def _words() -> dict[str, tuple[str, str]]:
    """What settings are called here, and what they mean; a newer Core's are shown as that Core says them."""
    return {
        "listen": (say("Address"), say("Where the Core listens, as HOST:PORT; from its next start on.")),
        "protect-every": (
            say("Back up every"),
            say("How often a machine is backed up when nothing else is said: 60m, 4h, 1d."),
        ),
        "schedules": (
            say("Schedules"),
            say("Whether backups and contact begin by themselves: on or off; from the next start on."),
        ),
        "zone": (
            say("Time zone"),
            say("The zone of days, weeks and times of day: a name as Europe/Berlin, or local."),
        ),
    }
