"""The sign that the Core is asked something: a thin bar that keeps its place when it is not shown."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar

from console.flows.wording import say

THIN = 3


class BusyBar(QProgressBar):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(THIN)
        self.setTextVisible(False)
        self.setRange(0, 0)
        self.setAccessibleName(say("Asking the Core"))
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)
        self.hide()

    def start(self) -> None:
        self.show()

    def stop(self) -> None:
        self.hide()
