"""The side of the test: work is started in processes of its own, to be killed there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


class Mortals:
    """Starts work in processes of its own and kills them."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.mortal"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._gone = True

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()

    def begin(self, **job: Any) -> tuple[int, int]:
        """Starts a job; its process and the port it listens on, when its Core is open. No process (0): it has died
        already."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({key: _plain(value) for key, value in job.items()}) + "\n")
        self._process.stdin.flush()
        pid = int(self._hear("pid")["pid"])
        self._gone = False
        said = self._hear("ready", "ended")
        if "ready" in said:
            return pid, int(said["ready"])
        self._gone = True
        return 0, 0

    def end(self) -> bool:
        """Waits for the process that was begun; whether it lived to the end of its work."""
        lived = False
        while not self._gone:
            said = self._hear("done", "ended")
            lived = lived or "done" in said
            self._gone = "ended" in said
        return lived

    def _hear(self, *keys: str) -> dict[str, Any]:
        """The next that it says of these."""
        while True:
            said = self._read()
            assert "failed" not in said, said["failed"]
            if said.keys() & set(keys):
                return said

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        said: dict[str, Any] = json.loads(self._process.stdout.readline())
        return said


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value
