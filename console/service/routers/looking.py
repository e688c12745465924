"""Looking into points: folders with all attributes, and any stretch of a file. This is what mounts are made of."""

from __future__ import annotations

from base64 import b64encode
from typing import Annotated

from fastapi import Query
from fastapi.responses import Response

from console.domain import paths
from console.domain.looking_answers import EntryAnswer, FolderAnswer
from console.domain.trees import Entry, EntryFlag, FileType
from console.service.access import Restorer
from console.service.routing import noun

router = noun("recovery points")

MOST_BYTES = 16 << 20
Path = Annotated[str, Query(description="Below the volume, in the text form of paths; empty: its top.")]


@router.get("/points/{point}/folder")
def folder(
    point: str,
    volume: str,
    by: Restorer,
    path: Path = "",
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> FolderAnswer:
    """Names of one folder of a volume, also inside a disk image: `p1/etc`, or `etc` where it has no partitions."""
    found = by.core.browse.folder(point, volume, paths.from_text(path).strip(b"/"), offset, limit)
    return {"entries": [_entry(entry) for entry in found.entries], "total": found.total}


@router.get("/points/{point}/entry")
def entry(point: str, volume: str, by: Restorer, path: Path = "") -> EntryAnswer:
    """One name of a volume; its top for an empty path."""
    return _entry(by.core.browse.entry(point, volume, paths.from_text(path).strip(b"/")))


@router.get("/points/{point}/content")
def content(
    point: str,
    volume: str,
    by: Restorer,
    path: Path = "",
    offset: Annotated[int, Query(ge=0)] = 0,
    length: Annotated[int, Query(ge=1, le=MOST_BYTES)] = 1 << 20,
) -> Response:
    """Bytes of a file, each proven before it is sent; fewer than `length` only at its end."""
    found = by.core.browse.read(point, volume, paths.from_text(path).strip(b"/"), offset, length)
    return Response(found, media_type="application/octet-stream")


def _entry(entry: Entry) -> EntryAnswer:
    unreadable = bool(entry.flags & EntryFlag.UNREADABLE)
    return {
        "name": paths.to_text(entry.name),
        "type": FileType(entry.type).name.lower().replace("_", "-"),
        "size": entry.size,
        "mode": entry.mode,
        "uid": entry.uid,
        "gid": entry.gid,
        "mtime_ns": entry.mtime_ns,
        "target": paths.to_text(entry.target),
        "rdev": entry.rdev,
        "links": entry.links,
        "xattrs": [(paths.to_text(name), b64encode(value).decode("ascii")) for name, value in entry.xattrs],
        "problem": entry.problem or ("It could not be read when the recovery point was made." if unreadable else ""),
    }
