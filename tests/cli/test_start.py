"""What a command loads before its first work: only what it uses. Times are in tests/benchmarks/PROFILES.md."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from console.engine.core import Core

ELSEWHERE = [
    "alembic", "sqlmodel", "sqlalchemy.orm",  # the catalog is opened and read without
    "uvicorn", "aiohttp", "uvloop", "console.wire.server", "console.wire.dialer",  # nobody knocks, nobody is called
    "console.repository", "console.seeding", "console.sources", "console.vault", "keyring", "psutil", "zfec",
    "console.catalog.providers", "console.catalog.groups", "console.domain.traffic",
    "console.engine.protect", "console.engine.replicate", "console.engine.seed", "console.engine.restore",
    "console.service.routers.machines", "console.service.routers.plans", "console.service.routers.seeds",
    "pydantic.v1", "rich", "PySide6",
]  # fmt: skip


def test_a_list_loads_only_what_it_shows(tmp_path: Path) -> None:
    data = tmp_path / "data"
    Core(data, name="here").stop()  # set up
    script = (
        f"import sys; sys.argv = ['replicore', '--data', {str(data)!r}, 'point', 'list']\n"
        "from console.__main__ import main\n"
        "try: main()\n"
        f"finally: print([name for name in {ELSEWHERE!r} if sys.modules.get(name)], len(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "No recovery point.\n"
    loaded, _, count = done.stderr.strip().rpartition(" ")
    assert loaded == "[]"
    assert int(count) < 900, "that many modules take longer than a list may"
