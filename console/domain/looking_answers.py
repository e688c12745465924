"""What a Core answers about the folders and files of a point, with everything that restoring them would set."""

from __future__ import annotations

from typing import TypedDict


class EntryAnswer(TypedDict):
    """One name. `name` and `target` in the text form of `domain.paths`; `type` as in `FileAnswer`.

    `links`: entries of one volume with the same number that is not 0 are one file. `xattrs`: name and value (base64).
    `problem`: why it cannot be read; empty for what can.
    """

    name: str
    type: str
    size: int
    mode: int
    uid: int
    gid: int
    mtime_ns: int
    target: str
    rdev: int
    links: int
    xattrs: list[tuple[str, str]]
    problem: str


class FolderAnswer(TypedDict):
    """A window of a folder's names, sorted; `total`: how many it has."""

    entries: list[EntryAnswer]
    total: int
