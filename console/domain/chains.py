"""Chains: which images are whole here, which are orphans, and why. Pure arithmetic on facts the catalog hands out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class ChainState(StrEnum):
    WHOLE = "whole"
    AWAITING_SEED = "awaiting-seed"
    AWAITING_TRANSFER = "awaiting-transfer"
    BROKEN = "broken"


class WaitingKind(StrEnum):
    SEED = "seed"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class ImageFact:
    """What is known of one image on this Core. `here`: all objects of its own increment are durable here.

    `damaged`: objects of its own increment were found damaged or missing here.
    """

    id: str
    parent: str | None
    here: bool = True
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """Where an image that is not here will come from: a seed (id, or "" while it is not written yet) or a pairing."""

    kind: WaitingKind
    id: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """`missing`: the nearest ancestor, or the image itself, that is not whole by its own fault (None when whole)."""

    state: ChainState
    missing: str | None = None
    expected: Expected | None = None


WHOLE = ChainVerdict(ChainState.WHOLE)


def judge(images: Iterable[ImageFact], expected: Mapping[str, Expected]) -> dict[str, ChainVerdict]:
    """The verdict over every image given, by id.

    An image is whole when its own objects are here, undamaged, and its parent is whole (architecture, invariant 4).
    Of an orphan, the *oldest* hole decides what it waits for: only when that is filled can the rest follow.
    `expected` says of image ids that are not here where they will come from.
    """
    facts = {fact.id: fact for fact in images}
    verdicts: dict[str, ChainVerdict] = {}

    def own(image: str) -> ChainVerdict | None:
        fact = facts.get(image)
        if fact is not None and fact.here and not fact.damaged:
            return None
        coming = expected.get(image)
        if coming is None:
            return ChainVerdict(ChainState.BROKEN, image)
        state = ChainState.AWAITING_SEED if coming.kind is WaitingKind.SEED else ChainState.AWAITING_TRANSFER
        return ChainVerdict(state, image, coming)

    for start in facts:
        path: list[str] = []
        seen: set[str] = set()
        cursor: str | None = start
        while cursor is not None and cursor in facts and cursor not in verdicts and cursor not in seen:
            seen.add(cursor)
            path.append(cursor)
            cursor = facts[cursor].parent
        if cursor is None:
            above = WHOLE
        elif cursor in verdicts:
            above = verdicts[cursor]
        elif cursor in seen:
            above = ChainVerdict(ChainState.BROKEN, cursor)
        else:
            above = own(cursor) or WHOLE
        for image in reversed(path):
            if above.state is ChainState.WHOLE:
                above = own(image) or WHOLE
            verdicts[image] = above
    return verdicts


def worst(states: Iterable[ChainState]) -> ChainState:
    """The state of a point, from those of its images: broken before awaiting transfer before awaiting seed."""
    order = [ChainState.BROKEN, ChainState.AWAITING_SEED, ChainState.AWAITING_TRANSFER]
    found = set(states)
    return next((state for state in order if state in found), ChainState.WHOLE)
