"""How much a machine's data is compressed, in words. Pure."""

from __future__ import annotations

from console.flows.wording import say

NAMED = (1, 3, 9, 19)
"""Levels that people are offered; by command there are those between them too."""


def offered(level: int) -> tuple[int, ...]:
    """What can be chosen, with `level`, which was set already, among it."""
    return tuple(sorted({*NAMED, level}))


def level_text(level: int) -> str:
    """“Balanced (3)”."""
    known = {
        1: say("Quick (1)"),
        3: say("Balanced (3)"),
        9: say("Small (9)"),
        19: say("Smallest (19)"),
    }
    return known.get(level, say("Level {level}", level=level))


def cost_text() -> str:
    """What less room costs, in one sentence."""
    return say(
        "The smaller, the longer a backup takes: at 9 the processor has about ten times the work of 1, at 19 more than "
        "a hundred times; reading stays as quick."
    )
