"""What keeps a point and what its checks showed, as words, tones and icons: one place, the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence

from console.desktop.tables.columns import Cell
from console.desktop.theme.tokens import Tone
from console.desktop.widgets.states import Shown
from console.domain.retention_answers import WhyAnswer
from console.flows.amounts import NOTHING
from console.flows.retention import LOCKS, reason_word
from console.flows.wording import say


def kept(whys: Sequence[WhyAnswer]) -> Cell:
    """What keeps a point, or why it goes (`retention_answers.WhyAnswer`), in short; the sentences on hover."""
    if not whys:
        return Cell(NOTHING)
    codes = [why["code"] for why in whys]
    tip = "\n".join(why["text"] for why in whys)
    text = " · ".join(reason_word(code) for code in codes)
    if "held" in codes:
        return Cell(text, Tone.INFO, "pause", tip)
    if LOCKS.intersection(codes):
        return Cell(text, Tone.WAIT, "wait", tip)
    if codes[0] in ("aged", "superseded"):
        return Cell(text, Tone.WARN, "delete", tip)
    return Cell(text, tip=tip)


def point_check(verdict: str) -> Shown:
    """Of a check of a point (`domain.point_checks.Verdict`)."""
    known = {
        "good": Shown(say("Good"), Tone.GOOD, "good"),
        "bad": Shown(say("Bad"), Tone.BAD, "bad"),
        "not-checked": Shown(say("Not checked"), Tone.OFF, "off"),
    }
    return known.get(verdict) or Shown(verdict, Tone.OFF, "info")
