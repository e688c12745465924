"""Encryption keys: what each one seals, whether it is locked, and all that can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, cast

from PySide6.QtWidgets import QFileDialog, QWidget

from console.desktop.keys.asking import (
    ChangePassphrase,
    EditKey,
    ExportKey,
    ImportKey,
    MakeUniversal,
    NewKey,
    TestKey,
)
from console.desktop.keys.detail import Deed, KeyDetail, fill_menu
from console.desktop.keys.dialog import KeyDialog
from console.desktop.keys.unlocking import UnlockKey
from console.desktop.pages.page import Page
from console.desktop.tables.columns import Cell, Column, Row, number_column, text_column, time_column
from console.desktop.tables.model import ListModel
from console.desktop.tables.view import Table
from console.desktop.theme.tokens import GAP, Tone
from console.desktop.widgets import states
from console.desktop.widgets.asking import ask
from console.desktop.widgets.pane import Empty
from console.desktop.widgets.parts import button, label, line, rows
from console.domain.events import Changed
from console.domain.key_answers import KeyAnswer, KeyLossAnswer
from console.domain.keys import KeyType
from console.domain.roles import Right
from console.flows.keys import (
    due_text,
    is_locked,
    is_universal,
    loss_lines,
    names_text,
    state_text,
    tested_text,
    type_text,
)
from console.flows.listing import all_keys
from console.flows.wording import count, say

ENDING = ".key"


class KeysPage(Page):
    name: ClassVar[str] = "keys"
    help: ClassVar[str] = "keys"
    kinds: ClassVar[frozenset[Changed]] = frozenset({Changed.KEYS, Changed.MACHINES, Changed.POINTS})

    @property
    def title(self) -> str:
        return say("Encryption keys")

    def build(self) -> QWidget:
        self.dialog: KeyDialog | None = None
        self.files: QFileDialog | None = None
        self.model = ListModel(_columns(), self.desk.clock)
        self.table = Table("keys", say("Encryption keys"), self.model)
        self.table.set_row_menu(lambda row, menu: fill_menu(menu, self.deeds(cast(KeyAnswer, row))))
        self.table.chosen.connect(self._chosen)
        self.add = button(say("&New key …"), self.ask_new, icon_name="add")
        self.take = button(say("&Import …"), self.ask_import, icon_name="consume")
        self.first = button(say("Make a ke&y …"), self.ask_new, icon_name="add", role="primary")
        self.detail = KeyDetail()
        self.detail.hide()
        text = label(
            say("Images of machines that have a key are sealed with it, here, at their targets and on seed drives."),
            "muted",
            wrap=True,
        )
        self.empty = Empty(
            "key",
            say("No encryption keys yet"),
            say(
                "With a key, what lies in a repository or on a seed drive can be read only by who knows its "
                "passphrase. Give it to a machine when you protect it, or later in its settings."
            ),
            self.first,
        )
        self.closed = Empty(
            "lock",
            say("Encryption keys are for administrators"),
            say("Only an administrator sees, makes, unlocks and removes keys. Sealed points are replicated, checked "
                "and kept all the same."),
        )  # fmt: skip
        self.head = line(text, self.take, self.add)
        self.head.layout().setStretch(0, 1)  # type: ignore[union-attr]
        for part in (self.empty, self.closed):
            part.hide()
        return rows(self.head, self.table, self.detail, self.empty, self.closed, gap=GAP)

    # --- reading and showing

    async def fetch(self) -> Sequence[KeyAnswer] | None:
        """None: who is signed in may not see them."""
        return await all_keys(self.desk.client) if self.desk.may(Right.ADMINISTER) else None

    def show_answer(self, answer: Sequence[KeyAnswer] | None) -> None:
        keys = answer or ()
        self.closed.setVisible(answer is None)
        self.empty.setVisible(answer is not None and not keys)
        self.head.setVisible(answer is not None)
        self.add.setVisible(bool(keys))
        self.table.setVisible(bool(keys))
        self.model.put(keys)
        row = self.table.current
        if row is None and keys:
            wanted = self.place.id or keys[0]["id"]
            if not self.table.choose(wanted):
                self.table.choose(keys[0]["id"])
        self._chosen(self.table.current)

    def _chosen(self, row: Row | None) -> None:
        self.detail.setVisible(row is not None)
        if row is not None:
            key = cast(KeyAnswer, row)
            self.detail.show_key(key, self.deeds(key), self.desk.clock.now())

    # --- what can be done

    def deeds(self, key: KeyAnswer) -> list[Deed]:
        """All that can be done with a key, the usual first."""
        universal, machines = is_universal(key), bool(key["machines"])
        foreign = say("It came from another Core. Make it universal first to change it here.")
        always = say("A universal key is always unlocked. Make it a replication key first.")
        id, name = key["id"], key["name"]
        return [
            Deed("unlock", say("&Unlock …"), "unlock", lambda: self._unlock(key), button=True),
            Deed(
                "lock",
                say("&Lock"),
                "lock",
                lambda: self._do_lock(id, name),
                always if universal else say("It is locked.") if is_locked(key) else "",
                button=True,
            ),
            Deed("test", say("Test the &passphrase …"), "check", lambda: self._test(key), button=True),
            Deed("export", say("&Export …"), "export", lambda: self._ask_file(key), button=True),
            Deed("rename", say("&Rename …"), "edit", lambda: self._edit(key), "" if universal else foreign, True),
            Deed(
                "passphrase",
                say("Chan&ge the passphrase …"),
                "key",
                lambda: self._change(key),
                "" if universal else foreign,
                button=True,
            ),
            Deed("replication", say("Make it a repli&cation key …"), "replicated", lambda: self._ask_replication(key))
            if universal
            else Deed("universal", say("Make it uni&versal …"), "core", lambda: self._universal(key)),
            Deed(
                "remove",
                say("Re&move …"),
                "delete",
                lambda: self._before_removing(id),
                say("Machines use it: take it from them first, in their settings.") if machines else "",
                button=True,
            ),
        ]

    def ask_new(self) -> None:
        self.dialog = NewKey(self, self.desk)
        self.dialog.finished_with.connect(self._made)

    def _made(self, key: KeyAnswer) -> None:
        self.table.choose(key["id"])
        self.desk.notice(say("The key “{key}” is made. Give it to machines in their settings.", key=key["name"]))

    def _test(self, key: KeyAnswer) -> None:
        self.dialog = TestKey(self, self.desk, key)

    def _unlock(self, key: KeyAnswer) -> None:
        self.dialog = UnlockKey(self, self.desk, key["id"], key["name"], universal=is_universal(key))
        self.dialog.finished_with.connect(
            lambda now: self.desk.notice(say("“{key}”: {state}.", key=now["name"], state=state_text(now)))
        )

    def _do_lock(self, id: str, name: str) -> None:
        self.pane.act(
            lambda: self.desk.client.lock_key(id), lambda _: self.desk.notice(say("“{key}” is locked.", key=name))
        )

    def _edit(self, key: KeyAnswer) -> None:
        self.dialog = EditKey(self, self.desk, key)
        self.dialog.finished_with.connect(
            lambda now: self.desk.notice(say("The key is called “{key}” now.", key=now["name"]))
        )

    def _change(self, key: KeyAnswer) -> None:
        self.dialog = ChangePassphrase(self, self.desk, key)
        self.dialog.finished_with.connect(
            lambda now: self.desk.notice(say("“{key}” has another passphrase now.", key=now["name"]))
        )

    def _universal(self, key: KeyAnswer) -> None:
        self.dialog = MakeUniversal(self, self.desk, key)
        self.dialog.finished_with.connect(
            lambda now: self.desk.notice(say("“{key}” is a universal key now.", key=now["name"]))
        )

    def _ask_replication(self, key: KeyAnswer) -> None:
        details = [
            say("It can be locked then, by hand or after a time."),
            say("Its name and passphrase are not changed here any more. Its passphrase makes it universal again."),
        ]
        if key["machines"]:
            details.append(
                say("While it is locked, {machines} cannot be backed up.", machines=names_text(key["machines"]))
            )
        ask(
            self,
            say("Make it a replication key"),
            say("Make “{key}” a replication key?", key=key["name"]),
            details,
            say("&Make it a replication key"),
            lambda: self.pane.act(
                lambda: self.desk.client.set_key_type(key["id"], KeyType.REPLICATION.value),
                lambda now: self.desk.notice(say("“{key}” is a replication key now.", key=now["name"])),
            ),
            danger=False,
        )

    # --- to and from files

    def _ask_file(self, key: KeyAnswer) -> None:
        self.files = QFileDialog(self, say("Export “{key}”", key=key["name"]))
        self.files.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self.files.setDefaultSuffix(ENDING.lstrip("."))
        self.files.setNameFilters([say("Keys (*.key)"), say("All files (*)")])
        self.files.selectFile(key["name"] + ENDING)
        self.files.fileSelected.connect(lambda path: self.export_to(key, Path(path)))
        self.files.open()

    def export_to(self, key: KeyAnswer, to: Path) -> None:
        self.dialog = ExportKey(self, self.desk, key, to)
        self.dialog.finished_with.connect(
            lambda file: self.desk.notice(say("“{key}” is in {file}.", key=key["name"], file=file))
        )

    def ask_import(self) -> None:
        self.files = QFileDialog(self, say("Import a key"))
        self.files.setFileMode(QFileDialog.FileMode.ExistingFile)
        self.files.setNameFilters([say("Keys (*.key)"), say("All files (*)")])
        self.files.fileSelected.connect(lambda path: self.import_from(Path(path)))
        self.files.open()

    def import_from(self, file: Path) -> None:
        self.dialog = ImportKey(self, self.desk, file)
        self.dialog.finished_with.connect(self._imported)

    def _imported(self, key: KeyAnswer) -> None:
        self.table.choose(key["id"])
        self.desk.notice(say("“{key}” is here, locked. Unlock it with its passphrase.", key=key["name"]))

    # --- removing

    def _before_removing(self, id: str) -> None:
        self.pane.act(lambda: self.desk.client.key_loss(id), lambda loss: self._ask_remove(id, loss))

    def _ask_remove(self, id: str, loss: KeyLossAnswer) -> None:
        name = loss["key"]
        details = loss_lines(loss)
        if loss["machines"]:
            details.insert(0, say("{machines} use it.", machines=names_text(loss["machines"])))
        ask(
            self,
            say("Remove the key"),
            say("Remove “{key}” from this Core?", key=name),
            details,
            say("&Remove the key"),
            lambda: self.pane.act(
                lambda: self.desk.client.remove_key(id, points=bool(loss["points"])),
                lambda _: self.desk.notice(say("The key “{key}” was removed.", key=name)),
            ),
        )


def _columns() -> tuple[Column, ...]:
    return (
        text_column("name", say("Name"), width=15),
        Column("type", say("Type"), lambda row, _: Cell(type_text(row["type"])), width=10),
        Column("state", say("State"), lambda row, _: _state(row), width=33),
        Column("machines", say("Machines that use it"), lambda row, _: _machines(row), width=16,
               order=lambda row: len(row["machines"])),
        number_column("points", say("Points"), width=6),
        Column("tested", say("Passphrase proven"), lambda row, now: _tested(row, now), width=20,
               order=lambda row: row["tested"] or ""),
        replace(time_column("created", say("Created")), width=11),
        text_column("description", say("Comment"), width=24, hidden=True),
        text_column("thumbprint", say("Thumbprint"), width=30, hidden=True),
    )  # fmt: skip


def _state(row: Row) -> Cell:
    shown = states.key(row["state"])
    return Cell(state_text(cast(KeyAnswer, row)), shown.tone, shown.icon, shown.tip)


def _machines(row: Row) -> Cell:
    names = row["machines"]
    if not names:
        return Cell(say("None"))
    return Cell(", ".join(names), tip=count("{n} machine", "{n} machines", len(names)) + "\n" + "\n".join(names))


def _tested(row: Row, now: datetime) -> Cell:
    key: Any = row
    text = tested_text(key, now)
    if key["proof_due"]:
        return Cell(text, Tone.WARN, "warn", due_text(key))
    if key["tested"] is None:
        return Cell(text, tip=say("Nobody has proven yet that somebody knows its passphrase."))
    return Cell(text, Tone.GOOD, "good") if key["test_passed"] else Cell(text, Tone.WARN, "warn")
