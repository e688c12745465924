"""Stand-ins for what the command line is handed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from console.cli.parts import Reached


class NoCore:
    """A house in which no Core can be reached: for help and wrong usage."""

    def default_data(self) -> Path:
        return Path("/nowhere")

    def is_set_up(self, data: Path) -> bool:
        raise AssertionError("the command looked for a Core")

    def reach(self, data: Path, *, mend: bool = False) -> AbstractAsyncContextManager[Reached]:
        raise AssertionError("the command went to a Core")

    def serve(
        self, data: Path, listen: str | None, ready: Callable[[dict[str, Any]], None], *, embedded: bool = False
    ) -> None:
        raise AssertionError("the command ran a Core")

    def open_console(self, data: Path | None, world: str | None) -> int:
        raise AssertionError("the command opened the Console")
