"""The points of one machine as chains of images, and by day."""

from __future__ import annotations

from datetime import UTC, datetime

from console.catalog import Catalog
from console.domain.chains import WHOLE, worst
from console.domain.clock import iso
from console.domain.overview_answers import ChainMap, DayAnswer, Days, LinkAnswer, VolumeChain
from console.domain.recovery_points import VolumeImage
from console.engine.overview.standings import Standings
from console.engine.points import Points


class Chains:
    def __init__(self, catalog: Catalog, points: Points, standings: Standings) -> None:
        self._catalog = catalog
        self._points = points
        self._standings = standings

    def map(self, machine: str, until: datetime | None, limit: int, point: str | None) -> ChainMap:
        """The newest `limit` images of each volume, up to a time; with `point` (id), as many before it as behind it.

        Raises Failed `no-such-machine`, `no-such-recovery-point`.
        """
        found = self._catalog.machines.get(machine)
        if point is not None:
            time = self._catalog.points.get(point).time
            after = self._catalog.points.time_after(found.id, time, max(1, limit // 2))
            until = min(filter(None, (after, until)), default=None)
        images, counts = self._catalog.points.volume_images(found.id, until, limit)
        by_volume: dict[str, list[tuple[VolumeImage, datetime]]] = {}
        for image, time in reversed(images):
            by_volume.setdefault(image.volume, []).append((image, time))
        order = {volume.id: number for number, volume in enumerate(found.volumes)}
        volumes: list[VolumeChain] = [
            {
                "volume": volume,
                "label": chain[-1][0].volume_label,
                "images": [self._link(image, time) for image, time in chain],
                "earlier": counts[volume] - len(chain),
            }
            for volume, chain in sorted(by_volume.items(), key=lambda item: (order.get(item[0], len(order)), item[0]))
        ]
        return {"machine": found.name, "machine_id": found.id, "volumes": volumes}

    def days(self, machine: str) -> Days:
        """Raises Failed `no-such-machine`."""
        found = self._catalog.machines.get(machine)
        orphans = self._standings.orphans().points
        days: list[DayAnswer] = []
        points: list[str] = []

        def close(day: str) -> None:
            states = [orphans[point].state for point in points if point in orphans]
            days.append(
                {
                    "day": day,
                    "points": len(points),
                    "orphaned": len(states),
                    "worst": worst(states).value,
                    "newest": points[-1],
                }
            )
            points.clear()

        today: int | None = None
        for point, time in self._catalog.points.moments(found.id):
            day = time.toordinal()
            if today is not None and day != today:
                close(_written(today))
            today = day
            points.append(point)
        if today is not None:
            close(_written(today))
        return {"days": days}

    def _link(self, image: VolumeImage, time: datetime) -> LinkAnswer:
        verdict = self._standings.orphans().verdicts.get(image.id, WHOLE)
        return {
            "image": image.id,
            "point": image.point,
            "time": iso(time),
            "kind": image.kind.value,
            "base_reason": image.base_reason.value if image.base_reason else None,
            "parent": image.parent,
            "chain": verdict.state.value,
            "bytes_new": image.bytes_new,
            "bytes_stored": image.bytes_stored,
            "size": image.size,
            "why": self._points.why(verdict),
            "missing": verdict.missing,
        }


def _written(ordinal: int) -> str:
    return datetime.fromordinal(ordinal).replace(tzinfo=UTC).date().isoformat()
