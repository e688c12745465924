"""What of a machine is on this Core, image by image, for who compares two Cores."""

from __future__ import annotations

from console.catalog import Catalog
from console.domain.chains import WHOLE, ChainState
from console.domain.comparison import KeptImage
from console.engine.points import Points

PAGE = 8192
"""Images in one answer: about 1.5 MB of message."""


def inventory_of(catalog: Catalog, points: Points, machine: str) -> list[KeptImage]:
    """All images of a machine (id), and those that were rolled up or deleted here."""
    verdicts = points.verdicts(machine)
    times = dict(catalog.points.moments(machine))
    kept = []
    for stored in catalog.points.images_of(machine):
        image = stored.image
        here = stored.here and not stored.damaged
        whole = here and verdicts.get(image.id, WHOLE).state is ChainState.WHOLE
        time = times.get(image.point)
        parent = image.parent if here and not whole else None
        kept.append(
            KeptImage(
                image.id,
                image.point,
                time,
                here,
                whole,
                stored.damaged,
                bytes=image.bytes_stored,
                parent=parent or "",
            )
        )
    known = {one.image for one in kept}
    gone = [KeptImage(image, gone=True) for image in catalog.retention.removed(machine) if image not in known]
    return [*kept, *gone]


def inventory_page(catalog: Catalog, points: Points, machine: str, after: str) -> tuple[list[KeptImage], bool]:
    """Those after an image (id), in the order of ids, and whether there are more."""
    found = sorted(
        (one for one in inventory_of(catalog, points, machine) if one.image > after), key=lambda one: one.image
    )
    return found[:PAGE], len(found) > PAGE
