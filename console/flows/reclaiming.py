"""A reclaim as people are asked about it: what would be given back, and what it costs. Starting it is the page's."""

from __future__ import annotations

from typing import Any

from console.client.client import Client
from console.domain.errors import Failed, Failure
from console.domain.sizes import format_size
from console.flows.wording import count, say


async def plan(client: Client, repository: str) -> dict[str, Any]:
    """What a reclaim of a repository (id) would do now; takes as long as looking at all its points. Raises Failed."""
    job = await client.reclaim_repository(repository, dry_run=True)
    async for seen in client.watch(job["id"]):
        job = seen
    if job["failure"] is not None:
        raise Failed(Failure.from_dict(dict(job["failure"])))
    return job["result"] or {}


def worth_it(planned: dict[str, Any]) -> bool:
    """Whether there is anything to be done."""
    return bool(planned["packs_delete"] or planned["packs_rewrite"])


def said(planned: dict[str, Any]) -> list[str]:
    """The plan in sentences."""
    lines = [
        say(
            "{size} belong to no recovery point ({part} of {all}).",
            size=format_size(planned["unreferenced_bytes"]),
            part=f"{planned['unreferenced_objects']:,}",
            all=count("{n} object", "{n} objects", planned["objects"]),
        )
    ]
    if not worth_it(planned):
        return [*lines, say("There is nothing that is worth giving back.")]
    lines.append(
        say(
            "{delete} deleted, {rewrite} written anew ({written}): {won} become free.",
            delete=count("{n} pack is", "{n} packs are", planned["packs_delete"]),
            rewrite=f"{planned['packs_rewrite']:,}",
            written=format_size(planned["bytes_written"]),
            won=format_size(max(0, planned["bytes_won"])),
        )
    )
    if planned["packs_kept"]:
        lines.append(
            count(
                "{n} pack with damage stays until it is mended.",
                "{n} packs with damage stay until they are mended.",
                planned["packs_kept"],
            )
        )
    lines.append(say("Backups, replication and restores go on meanwhile. What is deleted cannot be brought back."))
    return lines
