"""Free text on its way into the database."""

from __future__ import annotations


def storable(text: str) -> str:
    """Text that can be written as UTF-8. Messages may quote file names as the operating system gave them, and a line of
    a log must not fail because of one."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
