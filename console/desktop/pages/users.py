"""Users: who may sign in at this Core from elsewhere, and as what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from console.desktop.frame.status_line import role_word
from console.desktop.pages.page import Page
from console.desktop.tables.columns import Cell, Column, Row, text_column, time_column
from console.desktop.tables.model import ListModel
from console.desktop.tables.view import Table
from console.desktop.theme.tokens import GAP, GAP_L
from console.desktop.widgets.asking import ask, ask_text
from console.desktop.widgets.pane import Empty
from console.desktop.widgets.parts import action, allow, button, label, line, rows
from console.domain.answers import UserAnswer
from console.domain.events import Changed
from console.domain.roles import Right, Role
from console.flows.listing import all_users
from console.flows.wording import say


class UsersPage(Page):
    name: ClassVar[str] = "users"
    help: ClassVar[str] = "users"
    kinds: ClassVar[frozenset[Changed]] = frozenset({Changed.USERS})

    @property
    def title(self) -> str:
        return say("Users")

    def build(self) -> QWidget:
        self._model = ListModel(_columns(), self.desk.clock)
        self._table = Table("users", say("Users"), self._model)
        self._table.set_row_menu(self._menu)
        self._add = button(say("&Add a user …"), self._ask_new, icon_name="add")
        self._text = label(
            say("Users sign in from other computers, and other Cores pair with this one by them. "
                "Whoever owns the data directory needs no user."),
            "muted", wrap=True,
        )  # fmt: skip
        self._empty = Empty(
            "user",
            say("No users yet"),
            say("Without a user nobody can sign in from elsewhere, and no Core can pair with this one."),
        )
        self._empty.hide()
        return rows(line(self._text, self._add), self._table, self._empty, gap=GAP)

    async def fetch(self) -> Sequence[UserAnswer]:
        return await all_users(self.desk.client)

    def offer(self) -> None:
        allow(self._add, self.desk.may(Right.ADMINISTER), say("Only an administrator may do this."))

    def show_answer(self, answer: Sequence[UserAnswer]) -> None:
        self._model.put(answer)
        self._empty.setVisible(not answer)
        self._table.setVisible(bool(answer))

    def _menu(self, row: Row, menu: QMenu) -> None:
        mine = self.desk.may(Right.ADMINISTER)
        only = say("Only an administrator may do this.")
        for made in (
            action(
                say("&New password …"), lambda: self._ask_password(row), icon_name="edit", enabled=mine, why_not=only
            ),
            action(say("&Remove …"), lambda: self._ask_remove(row), icon_name="delete", enabled=mine, why_not=only),
        ):
            made.setParent(menu)
            menu.addAction(made)

    def _ask_new(self) -> None:
        NewUser(self, self._create)

    def _create(self, name: str, role: str, password: str) -> None:
        self.pane.act(
            lambda: self.desk.client.add_user(name, role, password),
            lambda _: self.desk.notice(say("“{name}” may sign in now.", name=name)),
        )

    def _ask_password(self, row: Row) -> None:
        ask_text(
            self,
            say("New password of “{name}”", name=row["name"]),
            [(say("&Password"), "", True)],
            say("&Set"),
            lambda typed: self.pane.act(
                lambda: self.desk.client.set_password(row["id"], typed[0]),
                lambda _: self.desk.notice(say("The password of “{name}” was changed.", name=row["name"])),
            ),
        )

    def _ask_remove(self, row: Row) -> None:
        ask(
            self,
            say("Remove “{name}”", name=row["name"]),
            say("“{name}” can no longer sign in.", name=row["name"]),
            [say("Pairings that were made with this user stay.")],
            say("&Remove"),
            lambda: self.pane.act(lambda: self.desk.client.remove_user(row["id"]), lambda _: self.reload()),
        )


class NewUser(QDialog):
    """Asks for name, role and password; tells `done` when all are there."""

    def __init__(self, page: UsersPage, done: object) -> None:
        super().__init__(page)
        self._done = done
        self.setWindowTitle(say("Add a user"))
        self.setAccessibleName(say("Add a user"))
        self.name, self.password = QLineEdit(), QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.role = QComboBox()
        for role in Role:
            self.role.addItem(role_word(role.value).capitalize(), role.value)
        form = QFormLayout()
        for text, field in ((say("&Name"), self.name), (say("&Role"), self.role), (say("&Password"), self.password)):
            field.setAccessibleName(text.replace("&", ""))
            form.addRow(text, field)
        buttons = QDialogButtonBox()
        self.add = buttons.addButton(say("&Add"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.add.setDefault(True)
        buttons.addButton(say("&Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP_L, GAP_L, GAP_L, GAP_L)
        layout.setSpacing(GAP_L)
        layout.addLayout(form)
        layout.addWidget(buttons)
        for field in (self.name, self.password):
            field.textChanged.connect(self._typed)
        self.accepted.connect(
            lambda: done(self.name.text().strip(), self.role.currentData(), self.password.text())  # type: ignore[operator]
        )
        self._typed()
        self.open()

    def _typed(self) -> None:
        self.add.setEnabled(bool(self.name.text().strip() and self.password.text()))


def _columns() -> tuple[Column, ...]:
    return (
        text_column("name", say("Name"), width=26),
        Column("role", say("Role"), lambda row, _: Cell(role_word(row["role"]).capitalize()), width=18),
        time_column("created", say("Created")),
    )
