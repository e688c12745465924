"""What can be restored of a point, in a word or two."""

from __future__ import annotations

from console.flows.wording import say


def restorable(state: str) -> str:
    """`state`: of `domain.recovery_points.Restorability`."""
    return {
        "none": say("Nothing"),
        "some-files": say("Some files"),
        "all-files": say("All files"),
        "volume": say("Volume"),
        "bare-metal": say("Whole machine"),
    }.get(state, state)
