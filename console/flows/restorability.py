"""What can be restored of a point, in a word or two."""

from __future__ import annotations

from console.flows.wording import say


def with_lock(text: str, *, locked: bool) -> str:
    """All of it may be here, and yet nobody can open it."""
    return say("{what}, locked", what=text) if locked else text


def restorable(state: str) -> str:
    """`state`: of `domain.recovery_points.Restorability`."""
    return {
        "none": say("Nothing"),
        "some-files": say("Some files"),
        "all-files": say("All files"),
        "volume": say("Volume"),
        "bare-metal": say("Whole machine"),
    }.get(state, state)
