"""Which mounted file systems hold nobody's files."""

from __future__ import annotations

import os
from pathlib import Path

from console.sources.mounts import Mounts

TABLE = b"""\
23 28 0:21 / /sys rw,nosuid shared:7 - sysfs sysfs rw
24 28 0:22 / /proc rw,nosuid shared:14 master:1 - proc proc rw
28 1 253:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
40 28 0:35 / /run rw shared:5 - tmpfs tmpfs rw
broken line
"""


def test_pseudo_file_systems_are_known_by_their_device(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_bytes(TABLE)
    mounts = Mounts(table)
    assert mounts.pseudo(os.makedev(0, 21)) == "sysfs"
    assert mounts.pseudo(os.makedev(0, 22)) == "proc"
    assert mounts.pseudo(os.makedev(253, 1)) is None
    assert mounts.pseudo(os.makedev(0, 35)) is None
    assert mounts.pseudo(os.makedev(9, 9)) is None


def test_without_a_table_nothing_is_pseudo(tmp_path: Path) -> None:
    assert Mounts(tmp_path / "none").pseudo(os.makedev(0, 22)) is None


def test_this_hosts_own_proc() -> None:
    if os.path.ismount("/proc"):
        assert Mounts().pseudo(os.stat("/proc").st_dev) == "proc"
