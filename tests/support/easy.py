"""Passwords and passphrases that are hashed quickly.

One hash as it should be costs a quarter of a second of a processor, and tests make thousands. What was hashed easily is
checked easily: the cost stands beside the hash.
"""

from __future__ import annotations

import dataclasses

from console.engine import users
from console.repository import wrapping

HARD = (users.HARDNESS, wrapping.HARDNESS)
"""What the program itself uses."""
EASY = dataclasses.replace(wrapping.HARDNESS, memory_kib=64, passes=1, lanes=1)


def make_easy() -> None:
    """For this process, and those forked from it."""
    users.HARDNESS = EASY
    wrapping.HARDNESS = EASY
