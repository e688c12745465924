"""Names for what comes from another Core, where the one it has there may be taken here."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

LONGEST = 64


def free_name(name: str, otherwise: str, is_free: Callable[[str], bool]) -> str:
    """`name`, or else `otherwise`, or that with the first number from 2 on that makes it free."""
    for wanted in (name, otherwise):
        if is_free(cut(wanted, "")):
            return cut(wanted, "")
    return next(numbered for number in count(2) if is_free(numbered := cut(otherwise, f" {number}")))


def cut(name: str, end: str) -> str:
    """With an end that stays whole, however long the name is."""
    return f"{name[: LONGEST - len(end)].rstrip(' .')}{end}"
