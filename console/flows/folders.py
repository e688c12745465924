"""Looks at directories of the Core's machine before something is written there."""

from __future__ import annotations

from console.client.client import Client
from console.domain.errors import Failed, FailureKind, refused
from console.domain.plan_answers import HostFolder
from console.flows.listing import all_repositories
from console.flows.wording import say


async def ground(client: Client, folder: str, *, files: bool = False) -> HostFolder:
    """The directory, or where it is not there yet the nearest one above it. Raises Failed: not a directory, not to be
    read, and what the way to the Core raises."""
    while True:
        try:
            return await client.host_folder(folder, files=files)
        except Failed as known:
            above = _above(folder)
            if known.failure.kind is not FailureKind.NOT_FOUND or above == folder:
                raise
            folder = above


async def writable_ground(client: Client, folder: str, *, files: bool = False) -> HostFolder:
    """As `ground`. Raises Failed `folder-not-writable` as well."""
    found = await ground(client, folder, files=files)
    if not found["writable"]:
        raise refused(
            "folder-not-writable",
            say("This Core may not write to {folder}.", folder=found["path"]),
            say("Give the user the Core runs as the right to write there, or use another directory."),
        )
    return found


async def private_folders(client: Client) -> tuple[str, ...]:
    """Repositories and the data directory of the Core. Raises Failed."""
    data = (await client.status())["data"]
    return (data, *(one["path"] for one in await all_repositories(client)))


def is_below(folder: str, other: str) -> bool:
    """Whether a directory is another one, or lies in it, as far as their names say."""
    return same_folder(folder, other) or folder.startswith((other.rstrip("/\\") + "/", other.rstrip("/\\") + "\\"))


def same_folder(one: str, other: str) -> bool:
    return one.rstrip("/\\") == other.rstrip("/\\")


def _above(folder: str) -> str:
    trimmed = folder.rstrip("/\\")
    cut = max(trimmed.rfind("/"), trimmed.rfind("\\"))
    return trimmed[:cut] or trimmed[: cut + 1] if cut >= 0 else folder
