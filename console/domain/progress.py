"""What long work tells about itself, and where it notices that it shall end. The engine is given a `Reporter`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a job stands. Sizes in bytes, `rate_bps` in bytes per second, `eta_s` in seconds; None: not known."""

    phase: str = ""
    bytes_done: int = 0
    bytes_total: int | None = None
    items_done: int = 0
    items_total: int | None = None
    rate_bps: float | None = None
    eta_s: float | None = None
    text: str = ""


class Reporter(Protocol):
    """Given to the engine's work. Any method may raise `domain.errors.Cancelled`; any thread may call them."""

    def phase(self, name: str, *, bytes_total: int | None = None, items_total: int | None = None) -> None:
        """A new part of the work begins; counters start from zero."""

    def advance(self, *, bytes: int = 0, items: int = 0, text: str | None = None) -> None:
        """So much more is done. Cheap: call it as often as you like."""

    def expect(self, *, bytes_total: int | None = None, items_total: int | None = None) -> None:
        """The totals of this phase became known, or better known."""

    def warn(self, code: str, message: str) -> None:
        """Something went wrong that does not end the work; it is kept with the job and makes it end with warnings."""

    def log(self, message: str) -> None:
        """A line for the job's log."""

    def check(self) -> None:
        """Raises `Cancelled` when the job shall end."""


class Silent:
    """The do-nothing twin of a job: for tests and for work nobody watches. Keeps the warnings."""

    def __init__(self) -> None:
        self.warnings: list[tuple[str, str]] = []

    def phase(self, name: str, *, bytes_total: int | None = None, items_total: int | None = None) -> None:
        del name, bytes_total, items_total

    def advance(self, *, bytes: int = 0, items: int = 0, text: str | None = None) -> None:
        del bytes, items, text

    def expect(self, *, bytes_total: int | None = None, items_total: int | None = None) -> None:
        del bytes_total, items_total

    def warn(self, code: str, message: str) -> None:
        self.warnings.append((code, message))

    def log(self, message: str) -> None:
        del message

    def check(self) -> None:
        return None
