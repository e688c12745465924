"""The tools that are measured: Replicore and its peers, each started as its users start it.

All compress and encrypt as they do when nobody asks for anything else. What a tool needs only once (creating
repositories, pairing, starting the server that receives) happens before the clock starts.
"""

from __future__ import annotations

import json
import os
import secrets
import select
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from tests.benchmarks import measure
from tests.benchmarks.measure import CommandFailed, Cost

PHASES = {
    "first": "first backup",
    "same": "unchanged backup",
    "replicate": "replicate everything",
    "day2": "backup after day 2",
    "replicate2": "replicate day 2",
    "restore": "restore everything",
    "check": "check, all data",
}
PASSWORD = "benchmark-passphrase"


class Tool(ABC):
    """One tool in one fresh place, for one run through all phases."""

    name: ClassVar[str]
    remarks: ClassVar[Mapping[str, str]] = {}  # phase -> why its figure is no equal of the others
    note: ClassVar[str] = ""  # what a reader of its figures must know

    def __init__(self, place: Path, source: Path) -> None:
        self.place = place
        self.source = source
        self.first_repository = place / "first"
        self.second_repository = place / "second"
        self.restored = place / "restored"
        self.env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        self.log = place / "log"
        for folder in (place, self.restored, place / "cache"):
            folder.mkdir(parents=True)

    @classmethod
    @abstractmethod
    def version(cls) -> str:
        """Its name and version; raises FileNotFoundError where it is not installed."""

    @abstractmethod
    def prepare(self) -> None:
        """What is done once, before anything is timed."""

    @abstractmethod
    def phases(self) -> Mapping[str, Callable[[], Cost]]:
        """The timed work of each phase."""

    def before(self, phase: str) -> None:  # noqa: B027  # most tools need nothing
        """What must be done before a phase, outside the clock."""

    def after(self, phase: str) -> None:  # noqa: B027
        """And after it."""

    def restored_tree(self) -> Path:
        """Where the source's tree came to lie."""
        return self.restored

    def close(self) -> None:  # noqa: B027
        """End whatever still runs."""

    def run(
        self, *command: str, cwd: Path | None = None, stdin: str = "", server: int | None = None
    ) -> tuple[Cost, str]:
        return measure.run(command, log=self.log, cwd=cwd or self.place, env=self.env, stdin=stdin, server=server)

    def timed(self, *command: str, cwd: Path | None = None) -> Callable[[], Cost]:
        return lambda: self.run(*command, cwd=cwd)[0]


def _said(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class Restic(Tool):
    name = "restic"

    @classmethod
    def version(cls) -> str:
        return " ".join(_said("restic", "version").split()[:2])

    def prepare(self) -> None:
        self.env |= {
            "RESTIC_PASSWORD": PASSWORD,
            "RESTIC_FROM_PASSWORD": PASSWORD,
            "RESTIC_CACHE_DIR": str(self.place / "cache"),
        }
        first, second = str(self.first_repository), str(self.second_repository)
        self.run("restic", "-q", "-r", first, "init")
        # the same chunker, or nothing the two have would ever be equal
        self.run("restic", "-q", "-r", second, "init", "--from-repo", first, "--copy-chunker-params")

    def phases(self) -> Mapping[str, Callable[[], Cost]]:
        first = ("restic", "-q", "-r", str(self.first_repository))
        second = ("restic", "-q", "-r", str(self.second_repository))
        backup = self.timed(*first, "backup", str(self.source))
        copy = self.timed(*second, "copy", "--from-repo", str(self.first_repository))
        return {
            "first": backup,
            "same": backup,
            "replicate": copy,
            "day2": backup,
            "replicate2": copy,
            "restore": self.timed(*first, "restore", "latest", "--target", str(self.restored)),
            "check": self.timed(*first, "check", "--read-data"),
        }

    def restored_tree(self) -> Path:
        return self.restored / self.source.relative_to("/")


class Borg(Tool):
    name = "borg"
    remarks: ClassVar[Mapping[str, str]] = {
        "replicate": "a copy of the repository's files by rsync, unverified: Borg 1 does not replicate",
        "replicate2": "a copy of the repository's files by rsync, unverified: Borg 1 does not replicate",
    }

    @classmethod
    def version(cls) -> str:
        _said("rsync", "--version")
        return _said("borg", "--version")

    def prepare(self) -> None:
        self.env |= {"BORG_PASSPHRASE": PASSWORD, "BORG_BASE_DIR": str(self.place / "cache")}
        self.run("borg", "init", "-e", "repokey", str(self.first_repository))

    def phases(self) -> Mapping[str, Callable[[], Cost]]:
        repository, above, name = str(self.first_repository), self.source.parent, self.source.name
        copy = self.timed("rsync", "-a", "--delete", f"{repository}/", f"{self.second_repository}/")
        sparse = ["--sparse"] if (self.source / "disk.img").exists() else []
        return {
            "first": self.timed("borg", "create", f"{repository}::first", name, cwd=above),
            "same": self.timed("borg", "create", f"{repository}::same", name, cwd=above),
            "replicate": copy,
            "day2": self.timed("borg", "create", f"{repository}::day2", name, cwd=above),
            "replicate2": copy,
            "restore": self.timed("borg", "extract", *sparse, f"{repository}::day2", cwd=self.restored),
            "check": self.timed("borg", "check", "--verify-data", repository),
        }

    def restored_tree(self) -> Path:
        return self.restored / self.source.name


class Replicore(Tool):
    """Backup, restore and check run in the command's own Core; replication goes to a Core of its own, which was
    started before the clock and is measured beside the command that forces it."""

    name = "replicore"
    note = "All three compress and encrypt: the machine of Replicore has a key."
    program = Path(sys.executable).with_name("replicore")
    start_within = 30.0

    def __init__(self, place: Path, source: Path) -> None:
        super().__init__(place, source)
        self._target: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._pairing = ""
        self._point = ""
        for name in ("DATA", "CONFIG", "STATE", "CACHE"):  # nothing of the user's own is touched
            self.env[f"XDG_{name}_HOME"] = str(place / "home" / name.lower())

    @classmethod
    def version(cls) -> str:
        return f"replicore {_said(str(cls.program), '--version').split()[-1]}"

    def prepare(self) -> None:
        # The key stays unlocked in a vault file, as on a server.
        credential = self.place / "credential"
        credential.write_text(secrets.token_hex(32))
        self.env |= {"REPLICORE_VAULT_KEY_FILE": str(credential), "REPLICORE_PASSPHRASE": PASSWORD}
        self._source("key", "create", "office")
        self._source("machine", "protect", "m", "--volume", self.volume(), "--every", "off", "--key", "office")

    def volume(self) -> str:
        """What is protected."""
        return f"src={self.source}"

    def phases(self) -> Mapping[str, Callable[[], Cost]]:
        return {
            "first": self._backup,
            "same": self._backup,
            "replicate": self._replicate,
            "day2": self._backup,
            "replicate2": self._replicate,
            "restore": lambda: self._source("restore", "files", self._point, "--to", str(self.restored))[0],
            "check": lambda: self._source("repository", "check", "--read-data")[0],
        }

    def before(self, phase: str) -> None:
        if phase == "replicate":
            self._create_target()
            self._pair(self._start_target())
            self.close()
        if phase in ("replicate", "replicate2"):
            self._source("replication", "resume", self._pairing)  # while nobody is there to be sent anything
            self._start_target()

    def after(self, phase: str) -> None:
        if phase in ("replicate", "replicate2"):
            self._source("replication", "pause", self._pairing)  # the next backup is a backup and no more
            self.close()

    def restored_tree(self) -> Path:
        volume = self.restored / "src"
        return volume if volume.is_dir() else self.restored

    def close(self) -> None:
        if self._target is not None:
            target, self._target = self._target, None
            target.terminate()
            target.wait(timeout=60)
            if target.stdout is not None:
                target.stdout.close()

    def _command(self, data: Path, *words: str) -> Sequence[str]:
        return str(self.program), "--data", str(data), "--json", *words

    def _source(self, *words: str, stdin: str = "", server: int | None = None) -> tuple[Cost, str]:
        return self.run(*self._command(self.first_repository, *words), stdin=stdin, server=server)

    def _backup(self) -> Cost:
        cost, said = self._source("backup", "m")
        self._point = json.loads(said)["point"]
        return cost

    def _create_target(self) -> None:
        def target(*words: str, stdin: str = "") -> None:
            self.run(*self._command(self.second_repository, *words), stdin=stdin)

        target("core", "init")
        target("user", "add", "admin", "--role", "administrator", "--password-stdin", stdin=PASSWORD + "\n")

    def _start_target(self) -> str:
        """Start the receiving Core, on the port it had before if it had one; its fingerprint."""
        listen = f"127.0.0.1:{self._port}"  # port 0: any that is free
        command = self._command(self.second_repository, "core", "run", "--listen", listen)
        with self.log.open("ab") as log:
            self._target = subprocess.Popen(
                command, cwd=self.place, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log
            )
        assert self._target.stdout is not None
        ready, _, _ = select.select([self._target.stdout], [], [], self.start_within)
        said = self._target.stdout.readline() if ready else b""
        if not said:
            raise CommandFailed(f"the target Core did not come up:\n{self.log.read_text()[-1500:]}")
        answer = json.loads(said)
        self._port = answer["port"]
        return str(answer["fingerprint"])

    def _pair(self, fingerprint: str) -> None:
        words = ("--user", "admin", "--password-stdin", "--fingerprint", fingerprint)
        address = f"127.0.0.1:{self._port}"
        _, said = self._source("replication", "pair", address, *words, stdin=PASSWORD + "\n")
        self._pairing = json.loads(said)["pairing"]
        self._source("replication", "add", self._pairing, "m", "--paused")

    def _replicate(self) -> Cost:
        assert self._target is not None
        return self._source("replication", "force", self._pairing, server=self._target.pid)[0]


TOOLS: Mapping[str, type[Tool]] = {tool.name: tool for tool in (Replicore, Restic, Borg)}
