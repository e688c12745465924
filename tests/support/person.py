"""A person at the Console, at a real screen: one with a mouse and a keyboard, one with the keyboard alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QPoint, QTimer
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QRadioButton,
    QStyle,
    QStyleOptionViewItem,
    QTabWidget,
    QToolButton,
    QWidget,
)
from shiboken6 import isValid

from console.desktop.main_window import MainWindow
from console.desktop.wizards.fields.mnemonics import letter_of
from console.desktop.wizards.window import WizardWindow
from console.domain.jobs import JobState
from tests.support.bench import Bench
from tests.support.walking import shared_letters
from tests.support.x_server import ALT, CONTROL, LEFT, RIGHT, WHEEL_DOWN, WHEEL_UP, XServer

MOST_TABS = 80
MOST_TURNS = 40
JOB_MS = 120_000
FORMS_MADE_ANEW = 5


class Person(ABC):
    """Acts on what stands in the window in front, by what is to be seen there, and waits for what comes of it."""

    def __init__(self, bench: Bench, server: XServer) -> None:
        self.bench = bench
        self.x = server

    # --- how each does it

    @abstractmethod
    def press(self, button: QAbstractButton) -> None: ...

    @abstractmethod
    def reach(self, control: QWidget) -> None:
        """Puts the keyboard there."""

    @abstractmethod
    def tick(self, box: QAbstractButton) -> None: ...

    @abstractmethod
    def take_line(self, view: QAbstractItemView, number: int) -> None:
        """Puts a line of a table in front."""

    @abstractmethod
    def pick_line(self, view: QAbstractItemView, number: int) -> None:
        """Chooses a line among others."""

    @abstractmethod
    def tick_line(self, view: QAbstractItemView, number: int) -> None:
        """The box at the begin of a line."""

    @abstractmethod
    def take_option(self, box: QComboBox, number: int) -> None: ...

    @abstractmethod
    def take_radio(self, radio: QRadioButton) -> None: ...

    @abstractmethod
    def take_entry(self, opener: QToolButton, text: str) -> None:
        """A line of the menu that a button opens."""

    @abstractmethod
    def take_row_entry(self, view: QAbstractItemView, number: int, text: str) -> None:
        """A line of the menu of a row."""

    @abstractmethod
    def take_tab(self, tabs: QTabWidget, page: QWidget) -> None: ...

    @abstractmethod
    def begin(self, window: MainWindow, title: str, button: str) -> Wizard:
        """Opens a wizard: by its button of that name, or by the search for its title."""

    @abstractmethod
    def go_to(self, window: MainWindow, page: str) -> None:
        """To one of the pages in the bar."""

    # --- the same for both

    def front(self, window: QWidget) -> None:
        """Does what a window manager would: what was opened last has the keyboard."""
        self.bench.qtbot.waitExposed(window)
        window.raise_()
        window.activateWindow()
        self.bench.wait(window.isActiveWindow, f"“{window.windowTitle()}” does not get the keyboard")

    def write(self, edit: QWidget, text: str) -> None:
        """Into a field, instead of what is there."""
        self.reach(edit)
        self.x.key("a", CONTROL)
        self.x.type(text)

    def wizard(self, window: MainWindow) -> Wizard:
        """The one that has just been opened."""
        self.bench.wait(lambda: window.wizards, "no wizard is opened")
        opened = window.wizards[-1]
        self.front(opened)
        wizard = Wizard(self, opened)
        wizard.settle()
        return wizard

    def press_found(self, find: Callable[[], QAbstractButton]) -> None:
        """A button of a page: it may be made anew under the hand, when the Core tells something new."""
        for _ in range(FORMS_MADE_ANEW):
            button = find()
            try:
                return self.press(button)
            except (AssertionError, RuntimeError):
                if isValid(button) and button.isVisible():
                    raise
                QApplication.processEvents()
        return self.press(find())

    def switch_core(self, window: MainWindow, title: str) -> None:
        self.take_entry(window.switcher, title)
        self.bench.wait(lambda: window.seat.desk.link.title == title, f"“{title}” is not in front")
        self.bench.wait(lambda: window.seat.desk.link.connected, f"“{title}” does not answer")
        self.bench.settle(window)


class Mouse(Person):
    def press(self, button: QAbstractButton) -> None:
        self.click(button)

    def reach(self, control: QWidget) -> None:
        self.click(control)
        self.bench.wait(lambda: holds_focus(control), f"{named(control)} does not take the keyboard")

    def tick(self, box: QAbstractButton) -> None:
        self.click(box)

    def take_line(self, view: QAbstractItemView, number: int) -> None:
        self._click_line(view, number)
        self.bench.wait(lambda: view.currentIndex().row() == number, f"line {number} does not come to the front")

    def pick_line(self, view: QAbstractItemView, number: int) -> None:
        self._click_line(view, number)

    def tick_line(self, view: QAbstractItemView, number: int) -> None:
        index = view.model().index(number, 0)
        option = QStyleOptionViewItem()
        view.initViewItemOption(option)
        option.rect = view.visualRect(index)
        option.features |= QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator
        sign = view.style().subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, option, view)
        self.click(view.viewport(), sign.center())

    def take_option(self, box: QComboBox, number: int) -> None:
        self.click(box)
        self.bench.wait(lambda: box.view().isVisible(), f"{named(box)} does not open")
        self._click_line(box.view(), number)
        self.bench.wait(lambda: box.currentIndex() == number, f"{named(box)} does not take the option")

    def take_radio(self, radio: QRadioButton) -> None:
        self.click(radio)
        self.bench.wait(radio.isChecked, f"{named(radio)} is not chosen")

    def take_entry(self, opener: QToolButton, text: str) -> None:
        def take(menu: QMenu) -> None:
            entry = next(one for one in menu.actions() if text in one.text())
            self.x.click(menu.mapToGlobal(menu.actionGeometry(entry).center()))

        with _in_menu(opener, take):
            self.click(opener)

    def take_row_entry(self, view: QAbstractItemView, number: int, text: str) -> None:
        self._click_line(view, number, RIGHT)
        menu = _popped_up(self.bench)
        entry = next(one for one in menu.actions() if text in one.text().replace("&", ""))
        self.x.click(menu.mapToGlobal(menu.actionGeometry(entry).center()))

    def take_tab(self, tabs: QTabWidget, page: QWidget) -> None:
        bar = tabs.tabBar()
        self.click(bar, bar.tabRect(tabs.indexOf(page)).center())
        self.bench.wait(lambda: tabs.currentWidget() is page, "the tab does not come to the front")

    def begin(self, window: MainWindow, title: str, button: str) -> Wizard:
        self.click(next(one for one in window.actions_bar.widgets if one.accessibleName() == button))
        return self.wizard(window)

    def go_to(self, window: MainWindow, page: str) -> None:
        self.click(window.pages._buttons[page])
        self.bench.wait(lambda: window.seat.place.page == page, f"{page} does not come to the front")
        self.bench.settle(window)

    def click(self, control: QWidget, at: QPoint | None = None, button: int = LEFT) -> None:
        """In the middle, or where its sign is."""
        usable(control)
        if at is None:
            at = control.rect().center()
            if isinstance(control, QCheckBox | QRadioButton):
                at = QPoint(10, at.y())
        self._bring(control, at)
        where = control.mapToGlobal(at)
        met = QApplication.widgetAt(where)
        assert met is control or control.isAncestorOf(met), f"{named(met)} lies over {named(control)}"
        self.x.click(where, button)

    def _click_line(self, view: QAbstractItemView, number: int, button: int = LEFT) -> None:
        view.scrollTo(view.model().index(number, 0))
        QApplication.processEvents()
        self.click(view.viewport(), view.visualRect(view.model().index(number, 0)).center(), button)

    def _bring(self, control: QWidget, at: QPoint) -> None:
        """Turns the wheel until it can be seen."""
        area = control.parentWidget()
        for _ in range(MOST_TURNS):
            QApplication.processEvents()
            if control.visibleRegion().contains(at):
                return
            while area is not None and not (area.objectName() == "qt_scrollarea_viewport" and area is not control):
                area = area.parentWidget()
            assert area is not None, f"{named(control)} is not to be seen"
            below = control.mapTo(area, at).y() > area.height() // 2
            self.x.click(area.mapToGlobal(area.rect().center()), WHEEL_DOWN if below else WHEEL_UP)
        raise AssertionError(f"the wheel does not lead to {named(control)}")


class Keys(Person):
    def press(self, button: QAbstractButton) -> None:
        """By its mnemonic, where it has one."""
        usable(button)
        letter = letter_of(button.text())
        if not letter:
            self.reach(button)
            self.x.key("space")
            return
        shared = shared_letters(button.window())
        assert letter not in shared, f"Alt+{letter} leads to several places: {shared[letter]}"
        heard: list[str] = []
        link = button.clicked.connect(lambda *_: heard.append("clicked"))
        self.x.key(letter, ALT)
        self.bench.wait(lambda: heard, f"Alt+{letter} does not press {named(button)}")
        if isValid(button):
            button.disconnect(link)

    def reach(self, control: QWidget) -> None:
        usable(control)
        trail = [named(focused())]
        for _ in range(MOST_TABS):
            if holds_focus(control):
                return
            self.x.key("Tab")
            trail.append(named(focused()))
        raise AssertionError(f"Tab does not lead to {named(control)}, only to {', '.join(dict.fromkeys(trail))}")

    def tick(self, box: QAbstractButton) -> None:
        self.reach(box)
        self.x.key("space")

    def take_line(self, view: QAbstractItemView, number: int) -> None:
        self.reach(view)
        while view.currentIndex().row() != number:
            before = view.currentIndex().row()
            self.x.key("Down" if before < number else "Up")
            self.bench.wait(lambda before=before: view.currentIndex().row() != before, "the arrows do not move")

    def pick_line(self, view: QAbstractItemView, number: int) -> None:
        self.take_line(view, number)
        self.x.key("space")

    def tick_line(self, view: QAbstractItemView, number: int) -> None:
        self.pick_line(view, number)

    def take_option(self, box: QComboBox, number: int) -> None:
        self.reach(box)
        while box.currentIndex() != number:
            before = box.currentIndex()
            self.x.key("Down" if before < number else "Up")
            self.bench.wait(lambda before=before: box.currentIndex() != before, f"{named(box)} does not move")

    def take_radio(self, radio: QRadioButton) -> None:
        group = [one for one in radio.parentWidget().findChildren(QRadioButton) if one.isVisible()]
        for _ in range(MOST_TABS):
            if any(one.hasFocus() for one in group):
                break
            self.x.key("Tab")
        while not radio.isChecked():
            assert any(one.hasFocus() for one in group), f"Tab does not lead to {named(radio)}"
            self.x.key("Down")

    def take_entry(self, opener: QToolButton, text: str) -> None:
        def take(menu: QMenu) -> None:
            for _ in range(len(menu.actions()) + 1):
                chosen = menu.activeAction()
                if chosen is not None and text in chosen.text():
                    self.x.key("Return")
                    return
                self.x.key("Down")
            raise AssertionError(f"the arrows do not lead to “{text}”")

        self.reach(opener)
        with _in_menu(opener, take):
            self.x.key("space")

    def take_row_entry(self, view: QAbstractItemView, number: int, text: str) -> None:
        self.take_line(view, number)
        self.x.key("Menu")
        menu = _popped_up(self.bench)
        for _ in range(len(menu.actions()) + 1):
            chosen = menu.activeAction()
            if chosen is not None and text in chosen.text().replace("&", ""):
                self.x.key("Return")
                return
            self.x.key("Down")
        raise AssertionError(f"the arrows do not lead to “{text}”")

    def take_tab(self, tabs: QTabWidget, page: QWidget) -> None:
        letter = letter_of(tabs.tabText(tabs.indexOf(page)))
        self.x.key(letter, ALT)
        self.bench.wait(lambda: tabs.currentWidget() is page, f"Alt+{letter} does not bring the tab to the front")

    def begin(self, window: MainWindow, title: str, button: str) -> Wizard:
        self.search(window, title, "Command")
        return self.wizard(window)

    def go_to(self, window: MainWindow, page: str) -> None:
        keys = window.pages._buttons[page].shortcut().toString()
        self.x.key(keys.removeprefix("Ctrl+"), CONTROL)
        self.bench.wait(lambda: window.seat.place.page == page, f"{keys} does not lead to {page}")
        self.bench.settle(window)

    def search(self, window: MainWindow, text: str, kind: str) -> None:
        """Finds something with Ctrl+K and takes it."""
        hits = window.search.hits

        def lines() -> list[str]:
            return [hits.item(number).text() for number in range(hits.count())] if hits.isVisible() else []

        self.x.key("k", CONTROL)
        self.bench.wait(lambda: window.search.hasFocus(), "Ctrl+K does not lead to the search")
        self.x.type(text)
        wanted = [text, kind]
        self.bench.wait(lambda: any(all(one in line for one in wanted) for line in lines()), f"“{text}” is not found")
        while not all(one in hits.currentItem().text() for one in wanted):
            self.x.key("Down")
        self.x.key("Return")


class Wizard:
    """A wizard, step by step."""

    def __init__(self, person: Person, window: WizardWindow) -> None:
        self.person = person
        self.window = window
        self._bench = person.bench

    @property
    def step(self) -> str:
        return str(self.window.flow.step.key)

    @property
    def said(self) -> str:
        """All that is to be read in it."""
        return texts(self.window)

    def view(self, key: str) -> Any:
        return self.window.form.views[key]

    def settle(self) -> None:
        self._bench.wait(lambda: not self.window.busy and self.window._begun, "the Core does not answer")

    def write(self, key: str, text: str) -> None:
        self._reach(lambda: self.person.write(self.view(key).controls()[0], text))
        self._bench.wait(lambda: self._answer(key) == text, f"{key} does not take what was typed")

    def _answer(self, key: str) -> str:
        value = self.view(key).field.value
        return "".join(value) if isinstance(value, tuple) else str(value)

    def add(self, key: str, folder: str) -> None:
        """One more directory, in a field that takes several."""
        self._reach(lambda: self.person.write(self.view(key).edit, folder))
        self.person.x.key("Return")
        self._bench.wait(lambda: folder in self.view(key).field.value, f"{key} does not take the directory")

    def tick(self, key: str) -> None:
        self._reach(lambda: self.person.tick(self.view(key).controls()[0]))
        self._bench.wait(lambda: self.view(key).field.value is True, f"{key} is not ticked")

    def choose(self, key: str, value: str) -> None:
        self._reach(lambda: self.person.take_radio(self.view(key).radios[value]))
        self._bench.wait(lambda: self.view(key).field.value == value, f"{key} is not {value}")

    def pick(self, key: str, line: str) -> None:
        row = next(one for one in self.view(key).field.rows if one.cells[0] == line)

        def press() -> None:
            view = self.view(key)
            self.person.pick_line(view.table, view.lines.number_of(row.value))

        self._reach(press)
        self._bench.wait(lambda: row.value in self.view(key).field.value, f"“{line}” is not chosen")

    def _reach(self, act: Callable[[], None]) -> None:
        """The form may be made anew under the hand, when the Core tells something new: then the hand looks again."""
        for _ in range(FORMS_MADE_ANEW):
            try:
                return act()
            except RuntimeError as gone:
                if "already deleted" not in str(gone):
                    raise
                self.settle()
        return act()

    def next(self, to: str) -> None:
        """Must lead to that step."""
        self.person.press(self.window.next)
        self.settle()
        why = f"{self.window.problem.failure} {self.window.flow.problems()} {self.window.rest.text}"
        assert self.step == to, f"{self.step} instead of {to}: {why}"

    def finish(self) -> None:
        """Until every job has ended well."""
        self.person.press(self.window.next)
        self._bench.wait(lambda: self.window.outcome is not None, f"it does not finish: {self.window.problem.failure}")
        outcome = self.window.outcome
        assert outcome is not None
        self._bench.wait(lambda: all(job.ended for job in outcome.jobs), "a job does not end", JOB_MS)
        states = [job.shown["state"] for job in outcome.jobs if job.shown is not None]
        assert states == [JobState.SUCCEEDED] * len(outcome.jobs), self.said

    def leave(self, button: QAbstractButton, window: MainWindow) -> None:
        """By one of the buttons of its end; the window it was opened from comes to the front."""
        self.person.press(button)
        self._bench.wait(lambda: not isValid(self.window) or not self.window.isVisible(), "the wizard does not close")
        self.person.front(window)
        self._bench.settle(window)


# --- what is to be seen


def texts(root: QWidget) -> str:
    """What labels say, each in a line."""
    shown = [one.text() for one in root.findChildren(QLabel) if one.isVisible() and one.text()]
    return "\n".join(shown)


def cells(view: QAbstractItemView) -> list[list[str]]:
    """What a table says, line by line."""
    model: QAbstractItemModel = view.model()
    return [
        [str(model.index(row, column).data() or "") for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def focused() -> QWidget | None:
    return QApplication.focusWidget()


def holds_focus(control: QWidget) -> bool:
    now = focused()
    return now is not None and (now is control or control.isAncestorOf(now))


def usable(control: QWidget) -> None:
    assert control.isVisible(), f"{named(control)} is not to be seen"
    assert control.isEnabled(), f"{named(control)} is greyed: {control.toolTip()}"


def named(control: QWidget | None) -> str:
    if control is None:
        return "nothing"
    text = control.text() if isinstance(control, QAbstractButton | QLabel | QLineEdit) else ""
    return f"{type(control).__name__} “{control.accessibleName() or text}”"


def _popped_up(bench: Bench) -> QMenu:
    bench.wait(lambda: isinstance(QApplication.activePopupWidget(), QMenu), "no menu opens")
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


@contextmanager
def _in_menu(opener: QToolButton, act: Callable[[QMenu], object]) -> Iterator[None]:
    """Acts in the menu that the block opens. Such a button turns an event loop of its own until its menu is closed, so
    what follows the press in the block comes only then, and what is done in the menu is begun by a timer."""
    ended: list[BaseException | None] = []
    timer = QTimer()
    timer.setInterval(10)

    def look() -> None:
        menu = opener.menu()
        if menu is None or not menu.isVisible():
            return
        timer.stop()
        try:
            act(menu)
            ended.append(None)
        except BaseException as problem:
            ended.append(problem)
            menu.close()

    timer.timeout.connect(look)
    timer.start()
    try:
        yield
    finally:
        timer.stop()
    assert ended, f"{named(opener)} does not open"
    if ended[0] is not None:
        raise ended[0]
