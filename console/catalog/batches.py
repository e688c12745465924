"""Cutting long lists of ids into what one statement takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

BATCH = 500


def batches(ids: Iterable[str]) -> Iterator[list[str]]:
    """Databases limit how many parameters a statement has; short lists also keep its plan simple."""
    rest = iter(ids)
    while part := list(islice(rest, BATCH)):
        yield part
