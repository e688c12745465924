"""Cores elsewhere that this user remembers: a name, an address, a pinned fingerprint, who to sign in as."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from console.domain.errors import FailureKind, failed, refused, usage
from console.domain.machines import name_problem

CORES_FILE = "cores.json"
DEFAULT_PORT = 8006


@dataclass(frozen=True, slots=True)
class RememberedCore:
    """`url`: `https://host:port`. The password is in the keyring, not here."""

    name: str
    url: str
    fingerprint: str
    user: str

    @property
    def address(self) -> tuple[str, int]:
        return parse_address(self.url)


def parse_address(text: str) -> tuple[str, int]:
    """`host`, `host:port`, `[v6]:port` or `https://host:port` as (host, port). Raises Failed `bad-address`."""
    problem = usage(
        "bad-address", f"“{text}” is not an address of a Core.", "Write HOST, HOST:PORT or https://HOST:PORT"
    )
    scheme, separator, _ = text.partition("://")
    try:
        parts = urlsplit(text if separator else f"https://{text}")
        port = parts.port
    except ValueError as error:
        raise problem from error
    if separator and scheme.lower() != "https":
        raise usage("bad-address", f"A Core is reached by https, not by {scheme}.", "Write https://HOST:PORT")
    if (
        not parts.hostname
        or any(ch.isspace() for ch in text)
        or port == 0
        or parts.path not in ("", "/")
        or parts.query
        or parts.username is not None
    ):
        raise problem
    return parts.hostname, port or DEFAULT_PORT


def config_directory() -> Path:
    """Where this user's settings of Replicore lie."""
    from platformdirs import user_config_path

    return user_config_path("replicore", appauthor=False)


class Cores:
    """The remembered Cores, in a file of the user's settings."""

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory

    @property
    def file(self) -> Path:
        return (self._directory or config_directory()) / CORES_FILE

    def list(self) -> list[RememberedCore]:
        """By name. Raises Failed `cores-unreadable`."""
        try:
            raw = json.loads(self.file.read_text(encoding="utf-8"))
            cores = [
                RememberedCore(str(c["name"]), str(c["url"]), str(c["fingerprint"]), str(c["user"]))
                for c in raw["cores"]
            ]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise failed(
                "cores-unreadable",
                f"The list of remembered Cores cannot be read: {self.file}",
                "Move the file away and add the Cores again.",
            ) from error
        return sorted(cores, key=lambda core: core.name.lower())

    def get(self, name: str) -> RememberedCore:
        """Raises Failed `no-such-core`."""
        for core in self.list():
            if core.name.lower() == name.lower():
                return core
        raise failed(
            "no-such-core",
            f"No Core “{name}” is remembered.",
            "See them with: replicore core list",
            FailureKind.NOT_FOUND,
        )

    def add(self, core: RememberedCore) -> None:
        """Raises Failed: `name-forbidden`, `name-taken`."""
        problem = name_problem(core.name)
        if problem is not None:
            raise usage("name-forbidden", problem.message, problem.hint)
        cores = self.list()
        if any(known.name.lower() == core.name.lower() for known in cores):
            raise refused(
                "name-taken", f"A Core “{core.name}” is remembered already.", f"replicore core forget {core.name}"
            )
        self._write([*cores, core])

    def forget(self, name: str) -> RememberedCore:
        core = self.get(name)
        self._write([known for known in self.list() if known.name != core.name])
        return core

    def _write(self, cores: Sequence[RememberedCore]) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        beside = self.file.with_suffix(f".{os.getpid()}.partial")
        beside.write_text(json.dumps({"cores": [asdict(core) for core in cores]}, indent=2) + "\n", encoding="utf-8")
        os.replace(beside, self.file)
