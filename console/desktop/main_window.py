"""The window: one seat per Core, and around them what all seats share. It holds parts and has no work of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QByteArray, QSettings, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QMainWindow, QMenu, QStackedWidget, QToolButton

from console.desktop.cores import CoreList
from console.desktop.desk import Place, WizardName
from console.desktop.frame.actions import Actions
from console.desktop.frame.banner import Banner
from console.desktop.frame.leaving import Tray, ask_leaving, remembered_choice
from console.desktop.frame.search import SearchCommand, SearchField
from console.desktop.frame.seat import Seat
from console.desktop.frame.status_line import StatusLine
from console.desktop.frame.top_bar import CoreSwitcher, PagesBar, TopBar, account_text
from console.desktop.help import HelpWindow
from console.desktop.pages.registry import PAGES
from console.desktop.tasks import Tasks
from console.desktop.theme.icons import icon
from console.desktop.theme.theme import Theme
from console.desktop.widgets.parts import action, rows, tool
from console.desktop.wizards.catalogue import begin
from console.desktop.wizards.window import WizardWindow
from console.domain.clock import Clock
from console.domain.errors import Failed
from console.flows.wording import say

GEOMETRY, SPLIT, LOOK = "window/geometry", "window/split", "window/look"


class MainWindow(QMainWindow):
    """`usable` once, when the first page has shown something; `ended` when the program is to end."""

    usable = Signal()
    ended = Signal()

    def __init__(self, cores: CoreList, clock: Clock, theme: Theme, tasks: Tasks) -> None:
        super().__init__()
        self.cores = cores
        self.wizards: list[WizardWindow] = []
        self._clock, self._theme, self._tasks = clock, theme, tasks
        self._seats: dict[str, Seat] = {}
        self._quitting = False
        self._help: HelpWindow | None = None
        self._tray: Tray | None = None
        self.setWindowTitle("Replicore")
        self.setMinimumSize(900, 560)
        self.switcher = CoreSwitcher(cores)
        self.search = SearchField(self, self._commands)
        self.account = self._account()
        self.top = TopBar(self.switcher, self.search, self.account)
        self.actions_bar = Actions(self.open_wizard)
        self.pages = PagesBar(self.actions_bar.widgets)
        self.banner = Banner()
        self.seats = QStackedWidget()
        self.status = StatusLine()
        whole = rows(self.top, self.pages, self.banner, self.seats, self.status, gap=0)
        whole.layout().setStretch(3, 1)  # type: ignore[union-attr]
        self.setCentralWidget(whole)
        self.switcher.chosen.connect(self.show_core)
        self.pages.wanted.connect(lambda name: self.seat.go(Place(name)))
        self._shortcuts()
        self._restore_layout()

    # --- Cores

    @property
    def seat(self) -> Seat:
        """Of the Core in front. Raises AssertionError before `show_core`."""
        current = self.seats.currentWidget()
        assert isinstance(current, Seat)
        return current

    def show_core(self, key: str) -> None:
        """Puts a Core in front; its page is the one that was in front there."""
        seat = self._seats.get(key)
        if seat is None:
            seat = self._add_seat(key)
        self.seats.setCurrentWidget(seat)
        link = seat.desk.link
        self.switcher.follow(link)
        self.banner.follow(link)
        self.status.follow(seat.desk)
        self.top.follow(seat.desk)
        self.search.use(seat.desk)
        self._told()
        self._moved()

    def drop_core(self, key: str) -> None:
        """A Core that was forgotten leaves the window; the first of the others comes to the front."""
        seat = self._seats.pop(key, None)
        if seat is not None:
            self.show_core(self.cores.links[0].key)
            self.seats.removeWidget(seat)
            seat.deleteLater()

    def _add_seat(self, key: str) -> Seat:
        link = self.cores.link(key)
        seat = self._seats[key] = Seat(link, self._clock, self._tasks)
        seat.desk.opening.connect(self.open_wizard)
        seat.desk.helping.connect(self.open_help)
        seat.desk.others = lambda: [other for other in self.cores.links if other is not link]
        seat.desk.mounting = self.cores.mounting(key)
        seat.moved.connect(self._moved)
        link.moved.connect(self._told)
        self.seats.addWidget(seat)
        split = QSettings().value(SPLIT)
        if isinstance(split, QByteArray):
            seat.restoreState(split)
        seat.go(Place("home"))
        page = seat.page
        if page is not None and len(self._seats) == 1:
            page.pane.loaded.connect(self.usable.emit)
        link.open()
        return seat

    def _told(self) -> None:
        """Something about the link in front is another way: who is signed in, whether it answers."""
        if self._seats:
            link = self.seat.desk.link
            self.actions_bar.follow(self.seat.desk)
            self.account.setToolTip(account_text(link))
            self.account.setAccessibleName(say("Account: {who}", who=account_text(link)))

    def _moved(self) -> None:
        page = self.seat.page
        self.pages.show_page(self.seat.place.page)
        self.setWindowTitle(f"{page.title} – Replicore" if page else "Replicore")

    # --- wizards and help

    def open_wizard(self, name: WizardName, presets: dict[str, Any] | None = None) -> None:
        """Opens a wizard over the Core in front."""
        desk = self.seat.desk
        try:
            flow = begin(desk, name, presets or {})
        except Failed as known:
            self.status.tell(f"{known.failure.message} {known.failure.hint}")
            return
        self.show_wizard(WizardWindow(desk, flow, self))

    def show_wizard(self, window: WizardWindow) -> None:
        self.wizards.append(window)
        window.help_wanted.connect(self.open_help)
        window.destroyed.connect(lambda *_: self._forget_wizard(window))
        window.show()

    def open_help(self, topic: str = "") -> None:
        """The help of a topic, or of the page in front."""
        if self._help is None:
            self._help = HelpWindow(self)
        page = self.seat.page
        self._help.open_topic(topic or (page.help if page else "index"))

    def _forget_wizard(self, window: WizardWindow) -> None:
        if window in self.wizards:
            self.wizards.remove(window)

    # --- closing

    def closeEvent(self, event: QCloseEvent) -> None:
        self._keep_layout()
        embedded = any(self.cores.is_embedded(link.key) for link in self.cores.links)
        if self._quitting or not embedded:
            self.ended.emit()
            return
        event.ignore()
        choice = remembered_choice()
        if choice == "quit":
            self.quit()
        elif choice == "tray" and Tray.possible():
            self.keep_in_tray()
        else:
            jobs = sum(link.status["counts"]["jobs_running"] for link in self.cores.links if link.status)
            ask_leaving(self, jobs, Tray.possible(), self.keep_in_tray, self.quit)

    def keep_in_tray(self) -> None:
        if self._tray is None:
            self._tray = Tray(self, self.quit)
        self._tray.keep()

    def quit(self) -> None:
        """Ends the program, without another question."""
        self._quitting = True
        self._keep_layout()
        self.close()
        self.ended.emit()

    # --- small things

    def _account(self) -> QToolButton:
        menu = QMenu(self)
        for text, run in (
            (say("Look: &like the system"), self._look("system")),
            (say("Look: li&ght"), self._look("light")),
            (say("Look: &dark"), self._look("dark")),
            (say("&Help (F1)"), self.open_help),
            (say("&Quit"), self.quit),
        ):
            made = action(text, run)
            made.setParent(menu)
            menu.addAction(made)
        made_button = tool("account", say("Account"))
        made_button.setMenu(menu)
        made_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return made_button

    def _look(self, choice: str) -> Callable[[], None]:
        def choose() -> None:
            QSettings().setValue(LOOK, choice)
            self._theme.choose(choice)

        return choose

    def _commands(self) -> list[SearchCommand]:
        pages = [
            SearchCommand(say("Go to {page}", page=page.title().replace("&", "")), page.icon, self._going(page.name))
            for page in PAGES
            if page.listed
        ]
        orphans = SearchCommand(say("Show orphaned recovery points"), "broken", self._to_orphans)
        return [*self.actions_bar.commands(self.seat.desk), *pages, orphans]

    def _to_orphans(self) -> None:
        self.seat.desk.go("points", filter="orphaned")

    def _going(self, name: Any) -> Callable[[], None]:
        return lambda: self.seat.desk.go(name)

    def _shortcuts(self) -> None:
        for keys, run in (
            ("Ctrl+K", self._to_search),
            ("F1", self.open_help),
            ("F5", self._reload),
            ("Alt+Left", lambda: self.seat.back()),
            ("Alt+Right", lambda: self.seat.forward()),
            ("Ctrl+M", lambda: self.seat.tree.filter.setFocus()),
            ("Ctrl+Q", self.quit),
        ):
            QShortcut(QKeySequence(keys), self, run)

    def _to_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _reload(self) -> None:
        page = self.seat.page
        if page is not None:
            page.reload()

    def _keep_layout(self) -> None:
        QSettings().setValue(GEOMETRY, self.saveGeometry())
        if self._seats:
            QSettings().setValue(SPLIT, self.seat.saveState())

    def _restore_layout(self) -> None:
        kept = QSettings().value(GEOMETRY)
        if not (isinstance(kept, QByteArray) and self.restoreGeometry(kept)):
            self.resize(1280, 800)
        self.setWindowIcon(icon("core"))
