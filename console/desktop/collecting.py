"""Garbage is collected on Qt's thread only.

Python collects on whichever thread happens to allocate. When that is a worker, a cycle that holds widgets is destroyed
there, their timers stay behind in Qt's thread, and the next one that fires finds nothing: the program is gone.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 250


class Collector(QObject):
    """From its making until `stop`, instead of Python's own collecting, by the same thresholds."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._thresholds = gc.get_threshold()
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Collects the oldest generation that is due."""
        due = [
            generation
            for generation, (count, most) in enumerate(zip(gc.get_count(), self._thresholds, strict=True))
            if most and count > most
        ]
        if due:
            gc.collect(due[-1])

    def stop(self) -> None:
        self._timer.stop()
        gc.enable()
