"""Failures that come when some of a wizard's work is done already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from console.domain.errors import Failed
from console.flows.wording import say


@contextmanager
def half_done(done: Sequence[str]) -> Iterator[None]:
    """A failure inside says what was done before: `done`, sentences that may be added to meanwhile."""
    try:
        yield
    except Failed as known:
        if not done:
            raise
        hint = say("Done so far: {done} Finish again to go on from there.", done=" ".join(done))
        raise Failed(replace(known.failure, hint=f"{known.failure.hint} {hint}".strip())) from known
