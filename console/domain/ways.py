"""The Cores that a machine has come by, from hop to hop."""

from __future__ import annotations

from collections.abc import Collection, Sequence

Way = tuple[tuple[str, str], ...]
"""Id and name of each Core it went through, the oldest first; the last one sends it here. Empty: it is our own."""
LONGEST = 32
"""Hops that are kept."""


def way_of(said: Sequence[Sequence[str]], sender: str, name: str) -> Way:
    """By which Cores a machine comes here: those that its sender (id and name) has named, and the sender itself. What
    was said is a stranger's word: only pairs count, and a Core that is named twice counts where it was last."""
    cores = [(core[0], core[1]) for core in said if len(core) == 2 and core[0] != sender]
    named = {id: (id, label) for id, label in cores}
    return (*list(named.values())[-(LONGEST - 1) :], (sender, name))


def circle(way: Way, goes_to: Collection[str]) -> str | None:
    """The name of a Core on the way that this Core sends the same machine to (ids): taking it would go round for ever.
    None: there is none."""
    return next((name for id, name in way if id in goes_to), None)
