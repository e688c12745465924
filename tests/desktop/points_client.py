"""A client that answers from values, for widgets over recovery points: large worlds, failures, answers on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from console.client.client import Client
from console.domain.clock import from_iso, iso
from console.domain.errors import Failed, not_found

NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)
MACHINE = "machine-1"


def link(number: int, volume: str, **other: Any) -> dict[str, Any]:
    """One image of a chain map: the first one and every fiftieth are bases."""
    base = number % 50 == 0
    made = {
        "image": f"{volume}-{number:05}",
        "point": f"point-{number:05}",
        "time": iso(NOW - timedelta(days=30) + timedelta(hours=number)),
        "kind": "base" if base else "incremental",
        "base_reason": ("first" if number == 0 else "policy") if base else None,
        "parent": None if base else f"{volume}-{number - 1:05}",
        "chain": "whole",
        "bytes_new": 4_000_000,
        "bytes_stored": 1_500_000,
        "size": 900_000_000,
        "why": "",
        "missing": None,
    }
    return made | other


def chain_map(number: int = 40, volumes: Sequence[str] = ("srv",), earlier: int = 0) -> dict[str, Any]:
    lanes = [
        {"volume": name, "label": name, "images": [link(n, name) for n in range(number)], "earlier": earlier}
        for name in volumes
    ]
    return {"machine": "fileserver", "machine_id": MACHINE, "volumes": lanes}


def point(number: int, **other: Any) -> dict[str, Any]:
    known = link(number, "srv")
    made = {
        "id": known["point"],
        "machine": "fileserver",
        "machine_id": MACHINE,
        "time": known["time"],
        "kind": known["kind"],
        "chain": "whole",
        "base_reasons": [],
        "restorability": "volume",
        "size": known["size"],
        "bytes_new": known["bytes_new"],
        "targets": ["Vault"],
        "encrypted": False,
        "keys": [],
        "checks": {},
        "held": False,
        "hold": None,
        "why": "",
    }
    return made | other


def image(volume: str, **other: Any) -> dict[str, Any]:
    made = {
        "volume": volume,
        "id": f"image-{volume}",
        "kind": "incremental",
        "base_reason": None,
        "root": "00" * 32,
        "parent": "11" * 16,
        "chain": "whole",
        "size": 900_000_000,
        "bytes_read": 5_000_000,
        "bytes_new": 4_000_000,
        "bytes_stored": 1_500_000,
        "files": 12_345,
        "directories": 321,
        "files_unreadable": 0,
        "missing_objects": 0,
        "missing_bytes": 0,
        "waiting_for": None,
        "why": "",
        "files_restorable": 12_345,
        "files_total": 12_345,
        "locked": False,
    }
    return made | other


def file(path: str, volume: str = "srv", **other: Any) -> dict[str, Any]:
    made = {
        "volume": volume,
        "path": path,
        "type": "file",
        "size": 1234,
        "mode": 0o644,
        "mtime": iso(NOW),
        "mtime_ns": 0,
        "here": True,
        "problem": "",
    }
    return made | other


def folder(path: str, volume: str = "srv", **other: Any) -> dict[str, Any]:
    return file(path, volume, type="directory", size=0, **other)


class PointsClient:
    """Answers what it was given; `fails` raises instead, by the name of the call; `gates` hold it.

    `calls` remembers what was asked."""

    def __init__(self) -> None:
        self.map: dict[str, Any] = chain_map()
        self.points_known: list[dict[str, Any]] = [point(number) for number in reversed(range(40))]
        self.volumes: list[str] = ["srv"]
        self.tree: dict[str, list[dict[str, Any]]] = {}
        self.orphans: dict[str, dict[str, Any]] = {}
        self.page = 200
        self.role = "administrator"
        self.fails: dict[str, Failed] = {}
        self.calls: list[tuple[Any, ...]] = []
        self.gates: dict[str, asyncio.Event] = {}

    async def connect(self) -> Client:
        return cast(Client, self)

    async def close(self) -> None:
        return None

    async def changes(self) -> AsyncIterator[dict[str, Any]]:
        await asyncio.Event().wait()
        yield {"kinds": []}

    async def status(self) -> dict[str, Any]:
        counts = dict.fromkeys(("machines", "points", "repositories", "pairings", "jobs_running", "alerts"), 0)
        return {"id": "core", "name": "Test Core", "role": self.role, "user": "admin", "counts": counts}

    async def chain_map(self, machine: str, **query: Any) -> dict[str, Any]:
        await self._asked("chain_map", machine, query)
        return self.map

    async def days(self, machine: str) -> dict[str, Any]:
        await self._asked("days", machine)
        found: dict[str, list[dict[str, Any]]] = {}
        for one in reversed(self.points_known):
            found.setdefault(one["time"][:10], []).append(one)
        return {
            "days": [
                {
                    "day": day,
                    "points": len(points),
                    "orphaned": sum(one["chain"] != "whole" for one in points),
                    "worst": next((one["chain"] for one in points if one["chain"] != "whole"), "whole"),
                    "newest": points[-1]["id"],
                }
                for day, points in found.items()
            ]
        }

    async def points(self, **query: Any) -> dict[str, Any]:
        await self._asked("points", query)
        since, until = query.get("since"), query.get("until")
        found = [
            one
            for one in self.points_known
            if (not since or from_iso(one["time"]) >= from_iso(since))
            and (not until or from_iso(one["time"]) <= from_iso(until))
            and (query.get("state") is None or one["chain"] != "whole")
        ]
        offset = query.get("offset") or 0
        return {"points": found[offset : offset + query["limit"]], "next": None, "total": len(found)}

    async def point(self, point: str) -> dict[str, Any]:
        await self._asked("point", point)
        known = next((one for one in self.points_known if one["id"] == point), None)
        if known is None:
            raise not_found("recovery point", point)
        images = [image(volume) for volume in self.volumes]
        more = {"origin_core": "core", "duration_s": 12.0, "warnings": 0, "images": images, "check_results": []}
        return more | known

    async def files(self, point: str, path: str = "") -> dict[str, Any]:
        await self._asked("files", point, path)
        return {"point": point, "files": self.tree.get(path, [])}

    async def find_files(self, point: str, **query: Any) -> dict[str, Any]:
        await self._asked("find_files", point, query)
        every = sorted((one for files in self.tree.values() for one in files), key=lambda one: one["path"])
        here = query.get("here")
        found = [one for one in every if query.get("text", "") in one["path"] and (here is None or one["here"] is here)]
        start = int(query.get("after") or 0)
        end = start + self.page
        return {
            "point": point,
            "files": found[start:end],
            "next": str(end) if end < len(found) else None,
            "complete": all(one["here"] for one in every if one["type"] == "directory"),
        }

    async def kept(self, point: str) -> dict[str, Any]:
        await self._asked("kept", point)
        why = {"code": "newest", "text": "It is the newest point of its machine."}
        return {"point": point, "held": False, "hold": None, "kept_by": [why], "goes": None}

    async def orphan(self, point: str) -> dict[str, Any]:
        await self._asked("orphan", point)
        return self.orphans[point]

    async def ask_source(self, point: str) -> dict[str, Any]:
        await self._asked("ask_source", point)
        return {"pairing": "p1", "peer": "Office", "points": 1, "text": "Office will send it at its next contact."}

    async def check_repository(self, repository: str | None, *, read_data: bool = False) -> dict[str, Any]:
        await self._asked("check_repository", repository, read_data)
        return {"id": "job-1"}

    async def _asked(self, name: str, *arguments: Any) -> None:
        self.calls.append((name, *arguments))
        gate = self.gates.get(name)
        if gate is not None:
            await gate.wait()
        if name in self.fails:
            raise self.fails[name]
