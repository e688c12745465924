"""Files go where the platform wants them."""

import os
import stat
import sys
from pathlib import Path

import pytest

from console.host import paths


@pytest.mark.skipif(sys.platform != "linux", reason="the XDG variables are Linux's")
def test_the_platform_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert paths.data_directory() == tmp_path / "data" / "replicore"
    assert paths.settings_directory() == tmp_path / "config" / "replicore"
    assert tmp_path / "state" in paths.log_directory().parents
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX")
def test_a_private_directory_is_its_owners(tmp_path: Path):
    made = paths.private_directory(tmp_path / "a" / "b")
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    made.chmod(0o750)
    assert stat.S_IMODE(paths.private_directory(made).stat().st_mode) == 0o750
