"""What of a machine is here: the answer to a source that asks."""

from __future__ import annotations

from collections.abc import Mapping

from console.catalog import Catalog, StoredImage
from console.domain.chains import WHOLE, ChainState, ChainVerdict
from console.domain.replication import Holding
from console.engine.points import Points


def holdings_of(catalog: Catalog, points: Points, machine: str) -> list[Holding]:
    """What is here of a machine (id), and what was."""
    verdicts = points.verdicts(machine)
    return [
        *(_holding(stored, verdicts) for stored in catalog.points.images_of(machine)),
        *(Holding(image, True, True, False, gone=True) for image in catalog.retention.removed(machine)),
    ]


def _holding(stored: StoredImage, verdicts: Mapping[str, ChainVerdict]) -> Holding:
    here = stored.here and not stored.damaged
    whole = verdicts.get(stored.image.id, WHOLE).state is ChainState.WHOLE
    parent = stored.image.parent if here and not whole else None
    return Holding(stored.image.id, here, whole, stored.names, parent or "")
