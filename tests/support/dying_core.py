"""Runs `replicore …` and kills the process (SIGKILL) at its Nth durable step: `python -m tests.support.dying_core N …`.

Durable steps are what promises are made of: syncing a file or directory, renaming a file into its place, and each
commit of the catalog or the chunk index. Without a death the command runs to its end as always.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable
from typing import Any

_lock = threading.Lock()
_steps = 0


def _counting(die_at: int, call: Callable[..., Any]) -> Callable[..., Any]:
    def step(*args: Any, **kwargs: Any) -> Any:
        count(die_at)
        return call(*args, **kwargs)

    return step


def count(die_at: int) -> None:
    """One more durable step is about to be taken."""
    global _steps
    with _lock:
        _steps += 1
        if _steps == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
            threading.Event().wait()


def arm(die_at: int) -> None:
    """From here on this process dies at its `die_at`th durable step."""
    for name in ("fsync", "fdatasync", "rename", "replace", "link"):
        setattr(os, name, _counting(die_at, getattr(os, name)))

    class Connection(sqlite3.Connection):
        def commit(self) -> None:
            if self.in_transaction:
                count(die_at)
            super().commit()

        def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
            if sql.strip().upper().startswith("COMMIT"):
                count(die_at)
            return super().execute(sql, *args)

    connect = sqlite3.connect

    def counted(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        kwargs.setdefault("factory", Connection)
        return connect(*args, **kwargs)

    sqlite3.connect = counted  # type: ignore[assignment]
    sqlite3.dbapi2.connect = counted  # type: ignore[attr-defined]


def main() -> None:
    arm(int(sys.argv[1]))
    from console.__main__ import main as replicore

    sys.argv = ["replicore", *sys.argv[2:]]
    replicore()


if __name__ == "__main__":
    main()
