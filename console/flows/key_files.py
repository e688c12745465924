"""A key as a file on the machine that people sit at: written for whoever keeps it, and read again."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from console.domain.errors import failed, usage
from console.domain.key_answers import KeyFile
from console.flows.wording import say

MOST = 64 << 10
"""Bytes that are looked at of a file."""


def write_key(to: Path, file: KeyFile, *, replace: bool = False) -> None:
    """For its owner alone. `replace`: although such a file is there. Raises Failed `file-there`, `file-unwritable`."""
    beginning = os.O_TRUNC if replace else os.O_EXCL
    try:
        with open(os.open(to, os.O_WRONLY | os.O_CREAT | beginning, 0o600), "w", encoding="utf-8") as opened:
            if replace:
                to.chmod(0o600)  # what was there may have been open to all
            opened.write(json.dumps(file, indent=2) + "\n")
    except FileExistsError as error:
        raise usage("file-there", say("{file} is there already.", file=to), say("Name a new file.")) from error
    except OSError as error:
        raise failed(
            "file-unwritable",
            say("{file} cannot be written: {why}.", file=to, why=error.strerror),
            say("Name another place."),
        ) from error


def read_key(file: Path) -> dict[str, Any]:
    """What `write_key` wrote. Raises Failed `file-unreadable`, `not-a-key-file`."""
    wrong = usage(
        "not-a-key-file",
        say("{file} is no file with a key.", file=file),
        say("Export one from the Core that has the key: replicore key export NAME --to FILE"),
    )
    try:
        with file.open("rb") as opened:
            raw = opened.read(MOST)
    except OSError as error:
        raise usage(
            "file-unreadable",
            say("{file} cannot be read: {why}.", file=file, why=error.strerror),
            say("Name the right file."),
        ) from error
    try:
        content = json.loads(raw)
    except ValueError as error:
        raise wrong from error
    if not isinstance(content, dict) or content.get("replicore_key") != 1:
        raise wrong
    return content
