"""Lists that a Core answers in pages are gathered to their end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from console.flows import listing
from console.worlds import World
from tests.support.flows import at_home


async def test_all_pages_are_read(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    here = world("seed-in-the-post")
    async with at_home(here) as office, at_home(here, "Vault") as vault:
        machines = await listing.all_machines(office)
        assert len({one["id"] for one in machines}) == len(machines) == 5
        for number in range(3):
            await vault.create_repository(f"a{number}", f"{tmp_path}/a{number}")
        repositories = await listing.all_repositories(vault)
        assert len({one["id"] for one in repositories}) == len(repositories) == 4
        assert [one["default"] for one in repositories] == [True, False, False, False]
        assert len(await listing.all_pairings(office, "outgoing")) == 1
        assert await listing.all_pairings(office, "incoming") == ()
