"""Tab leads through a window as it is read, also where fields came later than what stands below them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QRadioButton, QWidget


def put_in_order(window: QWidget, parts: Sequence[QWidget]) -> None:
    """Tab leads through these parts of a window one after the other, and within each as before."""
    chain = focus_chain(window)
    ordered = [widget for part in parts for widget in chain if widget is part or part.isAncestorOf(widget)]
    for first, second in pairwise(ordered):
        QWidget.setTabOrder(first, second)


def focus_chain(window: QWidget) -> list[QWidget]:
    """All that Tab leads to in a window, whether it is shown now or not."""
    found: list[QWidget] = []
    widget = window.nextInFocusChain()
    while widget is not None and widget is not window:
        # A widget with a proxy is left out: to move it is to move its proxy, which is in the chain itself. Of radio
        # buttons only the one that is chosen takes Tab, and another one may be chosen later.
        takes = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) or isinstance(widget, QRadioButton)
        if takes and widget.focusProxy() is None:
            found.append(widget)
        widget = widget.nextInFocusChain()
    return found
