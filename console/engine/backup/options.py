"""How a machine's volumes are read: what people ask for, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from console.domain.errors import usage
from console.domain.machines import MachineOptions

COMMAND_MOST = 4096
"""Characters of a command line."""
TIMEOUT_MOST_S = 24 * 3600
COMPRESSION_MOST = 19

_KNOWN = frozenset(field.name for field in fields(MachineOptions))


def changed_options(before: MachineOptions, wanted: Mapping[str, Any]) -> MachineOptions:
    """`before` with what is wanted (names of `MachineOptions`; None: stays as it is).

    Raises Failed `marker-wrong`, `command-wrong`, `command-timeout-wrong`.
    """
    given = {name: value for name, value in wanted.items() if value is not None and name in _KNOWN}
    if "markers" in given:
        given["markers"] = tuple(dict.fromkeys(marker.strip() for marker in given["markers"] if marker.strip()))
    for command in ("before", "after"):
        if command in given:
            given[command] = given[command].strip()
    after = replace(before, **given)
    for marker in after.markers:
        if "/" in marker or "\0" in marker or marker in (".", ".."):
            raise usage("marker-wrong", f"“{marker}” is no name of a file.", "Give a name alone, like .nobackup.")
    for command in (after.before, after.after):
        if len(command) > COMMAND_MOST or "\0" in command:
            raise usage(
                "command-wrong",
                f"A command is one line of at most {COMMAND_MOST} characters.",
                "Put what is longer into a script, and name the script.",
            )
    if not 1 <= after.command_timeout_s <= TIMEOUT_MOST_S:
        raise usage(
            "command-timeout-wrong",
            "Commands may take between 1 second and a day.",
            "Give seconds: --command-timeout 300",
        )
    if not 1 <= after.compression <= COMPRESSION_MOST:
        raise usage(
            "compression-wrong",
            f"Compression goes from 1 (quick) to {COMPRESSION_MOST} (small).",
            "Give a level: --compression 1",
        )
    return after
