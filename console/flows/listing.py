"""Whole lists of a Core, of what it has dozens of: for steps in which people pick from them, and for short tables."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from console.client.client import Client
from console.domain.answers import MachineAnswer, UserAnswer
from console.domain.key_answers import KeyAnswer
from console.domain.replication_answers import PairingAnswer, SeedAnswer
from console.domain.repository_answers import RepositoryAnswer

PAGE = 1000

Fetch = Callable[[str | None], Awaitable[Mapping[str, Any]]]
"""Cursor (None: from the beginning) → a page with a list and `next`."""


async def all_machines(client: Client) -> tuple[MachineAnswer, ...]:
    """By name. Raises Failed."""
    return tuple(await _whole("machines", lambda after: client.machines(limit=PAGE, after=after)))


async def all_repositories(client: Client) -> tuple[RepositoryAnswer, ...]:
    """By name, the default one first. Raises Failed."""
    found = await _whole("repositories", lambda after: client.repositories(limit=PAGE, after=after))
    return tuple(sorted(found, key=lambda one: not one["default"]))


async def all_pairings(client: Client, direction: str | None = None) -> tuple[PairingAnswer, ...]:
    """By name. `direction`: `outgoing` or `incoming`; None: both. Raises Failed."""
    return tuple(await _whole("pairings", lambda after: client.pairings(direction=direction, limit=PAGE, after=after)))


async def all_seeds(client: Client) -> tuple[SeedAnswer, ...]:
    """Newest first. Raises Failed."""
    return tuple(await _whole("seeds", lambda after: client.seeds(limit=PAGE, after=after)))


async def all_users(client: Client) -> tuple[UserAnswer, ...]:
    """By name. Raises Failed."""
    return tuple(await _whole("users", lambda after: client.users(limit=PAGE, after=after)))


async def all_keys(client: Client) -> tuple[KeyAnswer, ...]:
    """By name; for administrators. Raises Failed."""
    return tuple(await _whole("keys", lambda after: client.keys(limit=PAGE, after=after)))


def named(machines: Sequence[MachineAnswer], text: str) -> MachineAnswer | None:
    """The machine of this id or name."""
    return next((one for one in machines if text in (one["id"], one["name"])), None)


async def _whole(key: str, fetch: Fetch) -> list[Any]:
    found: list[Any] = []
    after: str | None = None
    while True:
        page = await fetch(after)
        found += page[key]
        after = page["next"]
        if after is None:
            return found
