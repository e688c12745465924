"""Recovery points that are orphans, by the facts of their images. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from console.domain.chains import ChainState, ChainVerdict, ImageFact, judge


def orphans(facts: Mapping[str, ImageFact], points: Mapping[str, str]) -> dict[str, ChainVerdict]:
    """Points (ids) of which something is here and not all is whole, with the verdict of what they wait for.

    `facts`: of the images of a machine, by id. `points`: the point of each image.
    """
    verdicts = judge(facts.values(), {})
    here = {points[fact.id] for fact in facts.values() if fact.here and not fact.damaged and fact.id in points}
    found: dict[str, ChainVerdict] = {}
    for image, verdict in verdicts.items():
        if points.get(image) in here and verdict.state is not ChainState.WHOLE:
            found.setdefault(points[image], verdict)
    return found
