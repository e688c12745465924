"""Colours by what they mean, and the scales. Pages use these names and never a colour of their own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Tone(Enum):
    """What a colour says. Never alone: an icon and a word stand beside it."""

    GOOD = "good"
    WAIT = "wait"
    WARN = "warn"
    BAD = "bad"
    INFO = "info"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Tokens:
    """One look. `window` lies behind everything, `panel` is what lies on it, `raised` what lies on a panel."""

    dark: bool
    window: str
    panel: str
    raised: str
    hover: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    selection: str
    good: str
    wait: str
    warn: str
    bad: str
    info: str
    off: str
    good_soft: str
    wait_soft: str
    warn_soft: str
    bad_soft: str
    info_soft: str
    off_soft: str

    def colour(self, tone: Tone) -> str:
        return str(getattr(self, tone.value))

    def soft(self, tone: Tone) -> str:
        """The same meaning as a background."""
        return str(getattr(self, f"{tone.value}_soft"))


LIGHT = Tokens(
    dark=False,
    window="#eef1f4",
    panel="#ffffff",
    raised="#f6f8fa",
    hover="#e9eef3",
    line="#d3dae1",
    text="#1b242d",
    muted="#596673",
    accent="#0f6a8b",
    on_accent="#ffffff",
    selection="#d5e8f0",
    good="#20713c",
    wait="#6a3fb5",
    warn="#8f5600",
    bad="#b3261e",
    info="#0f6a8b",
    off="#596673",
    good_soft="#dff2e4",
    wait_soft="#ebe3f9",
    warn_soft="#fbeccb",
    bad_soft="#fbe0de",
    info_soft="#dceef5",
    off_soft="#e6eaee",
)

DARK = Tokens(
    dark=True,
    window="#14191e",
    panel="#1c2329",
    raised="#242c34",
    hover="#2b353e",
    line="#38434d",
    text="#e4e9ee",
    muted="#9ba8b4",
    accent="#5cb8d6",
    on_accent="#0b1a20",
    selection="#24485a",
    good="#6fcf8b",
    wait="#b99df2",
    warn="#e8b04b",
    bad="#f28b82",
    info="#6cc3e0",
    off="#9ba8b4",
    good_soft="#1d3a28",
    wait_soft="#352a52",
    warn_soft="#43351a",
    bad_soft="#4a2624",
    info_soft="#1d3c49",
    off_soft="#2b353e",
)

GAP_S, GAP, GAP_L, GAP_XL = 4, 8, 16, 24
"""Spaces in device-independent pixels: within a thing, between things, around a group, around a page."""
RADIUS = 6
SMALL, BODY, TITLE, HEAD, FIGURE = 0.88, 1.0, 1.15, 1.5, 1.9
"""Type, as multiples of the system's font size."""
ROW = 26
"""Height of a line in a table."""
