"""The zone that this Core counts days and weeks in."""

from __future__ import annotations

from datetime import tzinfo

from console.catalog import Catalog
from console.domain.settings import LOCAL_ZONE, ZONE
from console.host.clock import local_zone, zone_named


def zone_of(catalog: Catalog) -> tzinfo:
    """As the setting `zone` says; that of the machine by default."""
    name = catalog.settings.get(ZONE) or LOCAL_ZONE
    return local_zone() if name == LOCAL_ZONE else zone_named(name)
