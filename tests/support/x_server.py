"""A mouse and a keyboard of an X server: what is done here travels as it does from a person's desk."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import c_uint8, c_uint16

from PySide6.QtCore import QAbstractNativeEventFilter, QByteArray, QPoint
from PySide6.QtWidgets import QApplication
from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest

Wait = Callable[[Callable[[], object], str], None]
"""(condition, what for): until it is met."""

SHIFT, CONTROL, ALT = "Shift_L", "Control_L", "Alt_L"
LEFT, RIGHT, WHEEL_UP, WHEEL_DOWN = 1, 3, 4, 5
GENERIC = 35
"""Events of extensions; those of the input extension number presses and releases as the core protocol does."""


class Arrivals(QAbstractNativeEventFilter):
    """Counts what has reached this program from the X server, by kind of event."""

    def __init__(self) -> None:
        super().__init__()
        self.counted: dict[int, int] = {}

    def nativeEventFilter(self, kind: QByteArray | bytes | bytearray | memoryview, message: int) -> object:
        at = int(message)
        number = c_uint8.from_address(at).value & 0x7F
        if number == GENERIC:
            number = c_uint16.from_address(at + 8).value
        self.counted[number] = self.counted.get(number, 0) + 1
        return False, 0


class XServer:
    """Each call returns when this program has been handed what was done; `wait` turns its events meanwhile."""

    def __init__(self, wait: Wait) -> None:
        self._wait = wait
        self._display = Display()
        self._arrivals = Arrivals()
        self._app = QApplication.instance()
        assert isinstance(self._app, QApplication)
        self._app.installNativeEventFilter(self._arrivals)

    def close(self) -> None:
        assert isinstance(self._app, QApplication)
        self._app.removeNativeEventFilter(self._arrivals)
        self._display.close()

    def move(self, to: QPoint) -> None:
        """The pointer, to a place of the screen."""
        self._fake(X.MotionNotify, 0, to)
        self._wait(lambda: self._pointer() == (to.x(), to.y()), f"the pointer does not get to {to}")

    def click(self, at: QPoint, button: int = LEFT, times: int = 1) -> None:
        self.move(at)
        for _ in range(times):
            with _Arriving(self, X.ButtonPress), _Arriving(self, X.ButtonRelease):
                self._fake(X.ButtonPress, button)
                self._fake(X.ButtonRelease, button)

    def key(self, name: str, *held: str) -> None:
        """A key by its keysym's name (`Tab`, `Return`, `k`), while others are `held`. What it does may take the window
        away that would have seen it go up, so only its going down is waited for."""
        codes = [self._code(XK.string_to_keysym(one))[0] for one in (*held, name)]
        with _Arriving(self, X.KeyPress, len(codes)):
            for code in codes:
                self._fake(X.KeyPress, code)
            for code in reversed(codes):
                self._fake(X.KeyRelease, code)

    def type(self, text: str) -> None:
        """Characters of Latin-1, each with the keys that make it on this keyboard."""
        shift, _ = self._code(XK.string_to_keysym(SHIFT))
        for character in text:
            code, level = self._code(ord(character))
            held = [shift] if level == 1 else []
            with _Arriving(self, X.KeyPress, 1 + len(held)):
                for one in (*held, code):
                    self._fake(X.KeyPress, one)
                for one in (code, *held):
                    self._fake(X.KeyRelease, one)

    def _code(self, keysym: int) -> tuple[int, int]:
        """(key, 0 alone or 1 with shift)."""
        found = [one for one in self._display.keysym_to_keycodes(keysym) if one[1] < 2]
        assert found, f"the keyboard has no key for {keysym:#x}"
        code, level = min(found, key=lambda one: one[1])
        return int(code), int(level)

    def _pointer(self) -> tuple[int, int]:
        at = self._display.screen().root.query_pointer()
        return at.root_x, at.root_y

    def _fake(self, kind: int, detail: int, at: QPoint | None = None) -> None:
        x, y = (at.x(), at.y()) if at is not None else (0, 0)
        xtest.fake_input(self._display, kind, detail, x=x, y=y)
        self._display.sync()

    def seen(self, kind: int) -> int:
        return self._arrivals.counted.get(kind, 0)

    def arrive(self, kind: int, number: int) -> None:
        self._wait(lambda: self.seen(kind) >= number, f"event {kind} of the X server does not arrive")


class _Arriving:
    """At the end of the block: until so many more events of a kind have arrived, and were handed on."""

    def __init__(self, server: XServer, kind: int, number: int = 1) -> None:
        self._server, self._kind = server, kind
        self._until = server.seen(kind) + number

    def __enter__(self) -> None:
        return

    def __exit__(self, problem: object, *_: object) -> None:
        if problem is None:
            self._server.arrive(self._kind, self._until)
            QApplication.processEvents()
