"""Where this program's files belong on each platform."""

from __future__ import annotations

from pathlib import Path

import platformdirs

APPLICATION = "replicore"


def data_directory() -> Path:
    """Of this user's Core: catalog, identity, default repository. It is not created here."""
    return Path(platformdirs.user_data_dir(APPLICATION, appauthor=False))


def settings_directory() -> Path:
    """Of this user's Console and commands: remembered Cores, window layout. It is not created here."""
    return Path(platformdirs.user_config_dir(APPLICATION, appauthor=False))


def log_directory() -> Path:
    """Logs and crash reports of the Console. It is not created here."""
    return Path(platformdirs.user_log_dir(APPLICATION, appauthor=False))


def private_directory(path: Path) -> Path:
    """`path` as a directory that only its owner may enter, made when it is not there. Raises OSError.

    A directory that is there keeps its permissions: somebody may have chosen them.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path
