"""Lists of the API come in pages; some commands show all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any


async def everything(key: str, page: Callable[[str | None], Awaitable[Mapping[str, Any]]]) -> dict[str, Any]:
    """All pages of a list as one answer: {key: items, "next": None}. `page` is given the cursor."""
    items: list[Any] = []
    after: str | None = None
    while True:
        found = await page(after)
        items += found[key]
        after = found["next"]
        if after is None:
            return {key: items, "next": None}
