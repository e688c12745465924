"""The Console as a person starts it, ended as soon as its window can be used; says how many seconds that took.

Arguments: data directory, directory for settings, when the process was started (time.monotonic of this machine)."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any


def main() -> int:
    data, settings, began = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    from PySide6.QtCore import QSettings

    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, settings)
    from PySide6.QtWidgets import QApplication

    from console.client.embedded import EmbeddedCore, Start
    from console.desktop import app
    from console.domain.clock import Clock
    from console.host.clock import SystemClock

    drawn = app.session

    def measured(qt: QApplication, start: Start, clock: Clock, core: EmbeddedCore, asked: app.Asked) -> Any:
        # Imported when the Console itself imports it: its Core gets ready meanwhile.
        from console.desktop import main_window, session

        class Measured(main_window.MainWindow):
            def __init__(self, *parts: object) -> None:
                super().__init__(*parts)  # type: ignore[arg-type]
                self.usable.connect(self._said)

            def _said(self) -> None:
                self.usable.disconnect(self._said)
                print(time.monotonic() - began, flush=True)
                self.quit()

        session.MainWindow = Measured  # type: ignore[misc]
        return drawn(qt, start, clock, core, asked)

    app.session = measured
    return app.run(Start(data, (sys.executable, "-m", "console")), SystemClock())


if __name__ == "__main__":
    sys.exit(main())
