"""One Core's parts that back up and restore, on real files, without processes, sockets or schedules."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.machines import Machine
from console.domain.progress import Reporter, Silent
from console.domain.recovery_points import RecoveryPoint
from console.engine.jobs import Jobs
from console.engine.journal import Journal
from console.engine.protect import Protect
from console.engine.repositories import Repositories
from console.engine.restore.restore import Restore
from console.engine.restore.volumes import RestoreVolumes
from console.host.clock import SystemClock
from console.repository import Repository, TreeReader
from console.sources.reading import HostFiles


class CountingFiles(HostFiles):
    """Remembers which files and directories were opened."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[bytes] = []
        self.listed: list[bytes] = []

    def open(self, path: bytes) -> int:
        self.opened.append(path)
        return super().open(path)

    def open_directory(self, path: bytes) -> int:
        self.listed.append(path)
        return super().open_directory(path)


@dataclass
class World:
    """`data` is the Core's data directory, with a repository of its own."""

    data: Path
    files: HostFiles = field(default_factory=HostFiles)
    clock: Clock = field(default_factory=SystemClock)

    def __post_init__(self) -> None:
        self.data.mkdir(exist_ok=True)
        self.catalog = Catalog.in_memory(self.clock)
        self.journal = Journal(self.catalog, self.clock)
        self.repositories = Repositories(self.catalog, self.clock, self.data)
        self.repositories.set_up()
        self.jobs = Jobs(self.catalog, self.clock, self.journal)
        self.protect = Protect(
            self.catalog,
            self.repositories,
            self.jobs,
            self.journal,
            self.clock,
            "core-a",
            "Core A",
            files=self.files,
        )
        self.restoring = Restore(self.catalog, self.repositories, self.jobs, self.clock)
        self.volumes = RestoreVolumes(self.catalog, self.repositories, self.jobs, self.restoring)

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.jobs.stop()
        self.repositories.close()
        self.catalog.close()

    @property
    def repository(self) -> Repository:
        return self.repositories.open("default")

    def machine(
        self, *volumes: Path | str, name: str = "web", excludes: tuple[str, ...] = (), **options: Any
    ) -> Machine:
        return self.protect.add(
            name, [(None, os.fspath(volume)) for volume in volumes], interval_s=0, excludes=excludes, options=options
        )

    def backup(
        self, machine: Machine, *, base: bool = False, reporter: Reporter | None = None
    ) -> tuple[dict[str, Any], Silent]:
        """The result, and the reporter with its warnings."""
        silent = Silent()
        fresh = self.catalog.machines.get(machine.id)
        return self.protect.backup(fresh, base=base, reporter=reporter or silent), silent

    def point(self, result: dict[str, Any]) -> RecoveryPoint:
        return self.catalog.points.get(result["point"])

    def restore(
        self, point: str, to: Path, *paths: str, overwrite: str = "never", partial: bool = False
    ) -> tuple[dict[str, Any], Silent]:
        silent = Silent()
        wanted = self.restoring.plan(point, paths, os.fspath(to), overwrite=overwrite, partial=partial)
        return self.restoring.files(wanted, silent), silent

    def restore_volumes(
        self, point: str, disks: Mapping[str, Path], *confirm: str, reporter: Reporter | None = None
    ) -> tuple[dict[str, Any], Silent]:
        """Volumes by their labels, and where each goes."""
        silent = Silent()
        aims = [(label, os.fspath(to)) for label, to in disks.items()]
        wanted = self.volumes.plan(point, aims, confirm=confirm)
        return self.volumes.run(wanted, reporter or silent), silent

    def entry(self, result: dict[str, Any], path: bytes) -> Any:
        """One entry of the (first) image of a backup's result; None: there is none."""
        reader = TreeReader(self.repository)
        image = self.point(result).images[0]
        return reader.find(reader.root(bytes.fromhex(image.root)), path)


def codes(reporter: Silent) -> list[str]:
    return sorted(code for code, _ in reporter.warnings)
