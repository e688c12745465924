"""What stands where in a mount: machines, points by their times, volumes, and below them what they hold."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from console.cli.mounting.source import Attributes, Point, Source

NAMES = 600_000
"""Names of folders that are kept; a folder with more than that is kept alone."""
FRESH_S = 30.0
"""Lists of machines and points are asked for again after so many seconds."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """A name inside a volume of a point; `attributes` None: a folder above the volumes."""

    attributes: Attributes
    point: str = ""
    volume: str = ""
    path: bytes = b""

    @property
    def inside(self) -> bool:
        return bool(self.volume)


class Tree:
    """Thread-safe. `point`: only this one is shown, its volumes at the top; None: all points of all machines.

    Every method raises FileNotFoundError, NotADirectoryError, and Failed as the source does.
    """

    def __init__(self, source: Source, point: str | None = None) -> None:
        self._source = source
        self._only = source.point(point) if point else None
        self._lock = threading.Lock()
        self._folders: OrderedDict[tuple[str, str, bytes], list[Attributes]] = OrderedDict()
        self._names = 0
        self._lists: dict[str, tuple[float, object]] = {}
        self._points: dict[str, Point] = {}

    def find(self, path: bytes) -> Place:
        """What is at an absolute path."""
        parts = [part for part in path.split(b"/") if part]
        if self._only is not None:
            return self._below(self._only, parts)
        if not parts:
            return Place(_folder(b""))
        if parts[0].decode("utf-8", "surrogateescape") not in self._machines():
            raise FileNotFoundError(path)
        if len(parts) == 1:
            return Place(_folder(parts[0]))
        point = self._times(parts[0]).get(parts[1])
        if point is None:
            raise FileNotFoundError(path)
        return self._below(self._whole(point), parts[2:])

    def children(self, path: bytes) -> list[Attributes]:
        """What is in a folder."""
        parts = [part for part in path.split(b"/") if part]
        if self._only is None and len(parts) == 0:
            return [_folder(name.encode("utf-8", "surrogateescape")) for name in self._machines()]
        if self._only is None and len(parts) == 1:
            self.find(path)
            return [_folder(name, point) for name, point in self._times(parts[0]).items()]
        place = self.find(path)
        if not place.inside:
            point = self._only or self._whole(self._times(parts[0])[parts[1]])
            return [_folder(_label(label), point) for label in point.volumes]
        if place.attributes.type != "directory":
            raise NotADirectoryError(path)
        return self._listed(place.point, place.volume, place.path)

    def _below(self, point: Point, parts: list[bytes]) -> Place:
        if not parts:
            return Place(_folder(b"", point), point.id)
        volume = next((label for label in point.volumes if _label(label) == parts[0]), None)
        if volume is None:
            raise FileNotFoundError(parts[0])
        found = _folder(parts[0], point)
        above = b""
        for name in parts[1:]:
            if found.type != "directory":
                raise NotADirectoryError(above)
            entries = self._listed(point.id, volume, above)
            at = bisect_left(entries, name, key=_name)
            if at == len(entries) or entries[at].name != name:
                raise FileNotFoundError(name)
            found = entries[at]
            above = above + b"/" + name if above else name
        return Place(found, point.id, volume, above)

    def _listed(self, point: str, volume: str, path: bytes) -> list[Attributes]:
        key = (point, volume, path)
        with self._lock:
            known = self._folders.get(key)
            if known is not None:
                self._folders.move_to_end(key)
                return known
        found = self._source.folder(point, volume, path)
        with self._lock:
            if key not in self._folders:
                self._folders[key] = found
                self._names += len(found)
            while self._names > NAMES and len(self._folders) > 1:
                self._names -= len(self._folders.popitem(last=False)[1])
        return found

    def _machines(self) -> list[str]:
        return self._fresh("", self._source.machines)

    def _times(self, machine: bytes) -> dict[bytes, Point]:
        """The points of a machine, by the names of their folders."""
        name = machine.decode("utf-8", "surrogateescape")

        def ask() -> dict[bytes, Point]:
            named: dict[bytes, Point] = {}
            for point in self._source.points(name):
                folder = f"{point.time:%Y-%m-%dT%H-%M-%SZ}".encode()
                named[folder if folder not in named else folder + b"-" + point.id[:8].encode()] = point
            return named

        return self._fresh("/" + name, ask)

    def _whole(self, point: Point) -> Point:
        with self._lock:
            known = self._points.get(point.id)
        if known is None:
            known = replace(point, volumes=self._source.point(point.id).volumes)
            with self._lock:
                self._points[point.id] = known
        return known

    def _fresh(self, key: str, ask: Callable[[], T]) -> T:
        with self._lock:
            known = self._lists.get(key)
        if known is not None and time.monotonic() - known[0] < FRESH_S:
            return known[1]  # type: ignore[return-value]
        found = ask()
        with self._lock:
            self._lists[key] = (time.monotonic(), found)
        return found


def _folder(name: bytes, point: Point | None = None) -> Attributes:
    moment = int(point.time.timestamp()) * 1_000_000_000 if point else 0
    return Attributes(name, "directory", mode=0o555, mtime_ns=moment)


def _label(label: str) -> bytes:
    return label.encode("utf-8", "surrogateescape")


def _name(entry: Attributes) -> bytes:
    return entry.name
