"""The shell that runs command lines which people wrote."""

from __future__ import annotations

import os
import shutil
from typing import Any


def shell_call(line: str) -> dict[str, Any]:
    """For `subprocess.Popen`: `args`, and what belongs to them. Where there is bash it runs the line, and a pipe fails
    with the first of its commands that fails; the system's shell tells of the last one only."""
    bash = None if os.name == "nt" else shutil.which("bash")
    if bash is None:
        return {"args": line, "shell": True}  # a shell's command line is what an administrator wrote
    return {"args": [bash, "-o", "pipefail", "-c", line]}
