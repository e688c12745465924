"""Directories of the Core's machine as people type them, and as a command line takes them."""

from __future__ import annotations

import os
import re

from console.domain import paths
from console.flows.wording import say

_ABSOLUTE = re.compile(r"/|[A-Za-z]:[\\/]|\\\\")


def folder_problem(folder: str) -> str | None:
    """Why this cannot be a directory of the Core's machine, whatever machine that is; None: it can."""
    if not folder:
        return say("Choose a directory.")
    if not _ABSOLUTE.match(folder):
        return say("Name the directory from the root on, as in “/media/drive”.")
    return None


def typed(folder: str) -> str:
    """A path in the text form as it is written on a command line, where that can be written at all."""
    raw = paths.from_text(folder)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return os.fsdecode(raw).encode("utf-8", "backslashreplace").decode()
