"""The two lines on top: which Core, search, jobs, alerts, account; pages and actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QMenu, QToolButton, QWidget

from console.desktop.cores import CoreList
from console.desktop.desk import Desk
from console.desktop.frame.ring import AlertsBell, JobsRing
from console.desktop.frame.search import SearchField
from console.desktop.frame.status_line import role_word
from console.desktop.link import Link, LinkState
from console.desktop.pages.registry import PAGES, PageEntry
from console.desktop.theme.icons import icon
from console.desktop.theme.tokens import GAP, GAP_S, Tone
from console.desktop.widgets.parts import ICON, action, line, menu_button
from console.flows.wording import say

STATE_TONES = {
    LinkState.CONNECTED: Tone.GOOD,
    LinkState.CONNECTING: Tone.INFO,
    LinkState.LOST: Tone.WARN,
    LinkState.REFUSED: Tone.BAD,
}


class CoreSwitcher(QToolButton):
    """Which Core is in front; its menu has the others, and the way to add one."""

    chosen = Signal(str)
    adding = Signal()
    forgetting = Signal(str)
    signing_in = Signal(str)

    def __init__(self, cores: CoreList) -> None:
        super().__init__()
        self._cores = cores
        self._link: Link | None = None
        self.setProperty("role", "button")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMinimumWidth(170)
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill)
        self.setMenu(self._menu)

    def follow(self, link: Link) -> None:
        if self._link is not None:
            self._link.moved.disconnect(self._say)
        self._link = link
        link.moved.connect(self._say)
        self._say()

    def _say(self) -> None:
        if self._link is not None:
            self.setIcon(icon("core", STATE_TONES[self._link.state]))
            self.setText(core_title(self._link))
            self.setAccessibleName(
                say("Core: {core}, {state}", core=core_title(self._link), state=state_word(self._link))
            )
            self.setToolTip(self.accessibleName())

    def _fill(self) -> None:
        self._menu.clear()
        for link in self._cores.links:
            made = action(f"{core_title(link)}  ({state_word(link)})", self._choose(link.key), icon_name="")
            made.setIcon(icon("core", STATE_TONES[link.state]))
            made.setParent(self._menu)
            made.setCheckable(True)
            made.setChecked(link is self._link)
            self._menu.addAction(made)
        self._menu.addSeparator()
        more = [action(say("&Add a Core elsewhere …"), self.adding.emit, icon_name="add")]
        link_here = self._link
        if link_here is not None and self._cores.remembered_core(link_here.key) is not None:
            key = link_here.key
            more.append(action(say("&Sign in again …"), lambda: self.signing_in.emit(key), icon_name="account"))
            more.append(action(say("&Forget this Core …"), lambda: self.forgetting.emit(key), icon_name="delete"))
        for made in more:
            made.setParent(self._menu)
            self._menu.addAction(made)

    def _choose(self, key: str) -> Callable[[], None]:
        return lambda: self.chosen.emit(key)


def core_title(link: Link) -> str:
    """The Core's own name beside what this user calls it."""
    name = link.status["name"] if link.status else ""
    if not name or name.casefold() == link.title.casefold():
        return name or link.title
    return f"{link.title} – {name}"


def state_word(link: Link) -> str:
    return {
        LinkState.CONNECTED: say("connected"),
        LinkState.CONNECTING: say("connecting"),
        LinkState.LOST: say("does not answer"),
        LinkState.REFUSED: say("not signed in"),
    }[link.state]


class TopBar(QFrame):
    """The first line. The ring and the bell belong to the Core in front and are made anew with it."""

    def __init__(self, switcher: CoreSwitcher, search: SearchField, account: QToolButton) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        self._around: list[QWidget] = []
        search.setMinimumWidth(320)
        search.setMaximumWidth(640)
        line(switcher, 1, search, 1, account, gap=GAP, margin=GAP_S + 2, into=self)

    def follow(self, desk: Desk) -> None:
        layout = self.layout()
        assert layout is not None
        for old in self._around:
            layout.removeWidget(old)
            old.deleteLater()
        self._around = [JobsRing(desk, self), AlertsBell(desk, self)]
        for made in self._around:
            layout.insertWidget(layout.count() - 1, made)  # type: ignore[attr-defined]


class PagesBar(QFrame):
    """The second line: a button for each page, *More*, and the actions at the right."""

    wanted = Signal(str)

    def __init__(self, actions: Sequence[QWidget]) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        self.setAccessibleName(say("Pages"))
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        self._more = QMenu(self)
        parts: list[QWidget | int] = []
        for number, page in enumerate((page for page in PAGES if page.bar and page.listed), 1):
            parts.append(self._button(page, number))
        for page in (page for page in PAGES if not page.bar):
            made = action(page.title(), self._want(page.name), icon_name=page.icon)
            made.setParent(self._more)
            self._more.addAction(made)
        self._more_button = menu_button("more", say("More pages"), self._more)
        self._more_button.setText(say("More"))
        self._more_button.setProperty("role", "page")
        self._more_button.setCheckable(True)
        self._group.addButton(self._more_button)
        line(*parts, self._more_button, 1, *actions, gap=GAP_S, margin=GAP_S, into=self)

    def show_page(self, name: str) -> None:
        """Marks the page in front."""
        button = self._buttons.get(name)
        listed = any(page.name == name and page.listed for page in PAGES)
        if button is None and listed:
            button = self._more_button
        self._group.setExclusive(False)
        for each in self._group.buttons():
            each.setChecked(each is button)
        self._group.setExclusive(True)

    def _button(self, page: PageEntry, number: int) -> QToolButton:
        made = QToolButton()
        made.setProperty("role", "page")
        made.setIcon(icon(page.icon))
        made.setIconSize(ICON)
        made.setText(page.title().replace("&", ""))  # a letter of its own would take it from the page's own buttons
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        made.setCheckable(True)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made.setAccessibleName(page.title().replace("&", ""))
        made.setToolTip(say("{page} (Ctrl+{number})", page=page.title().replace("&", ""), number=number))
        made.setShortcut(f"Ctrl+{number}")
        made.clicked.connect(lambda *_: self.wanted.emit(page.name))
        self._group.addButton(made)
        self._buttons[page.name] = made
        return made

    def _want(self, name: str) -> Callable[[], None]:
        return lambda: self.wanted.emit(name)


def account_text(link: Link) -> str:
    """Who is signed in, with the role, for the account button."""
    status = link.status
    return f"{status['user']} ({role_word(status['role'])})" if status else say("Not signed in")
