"""The repositories of this Core: made, opened once, kept open, asked for by id or name."""

from __future__ import annotations

import builtins
import os
import threading
import uuid
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import Failed, failed, refused, usage
from console.domain.machines import name_problem
from console.domain.repositories import DamagedObject, RepositoryInfo
from console.domain.sizes import format_size

if TYPE_CHECKING:
    from console.repository import Repository, Usage
    from console.repository.sealing import Keys

DEFAULT_NAME = "default"
LIMITS = 64 << 10, 1 << 60
"""Bytes: the least and the most that can be asked for as a limit."""
MARKER = "replicore-repository.json"


class Repositories:
    """Opens each repository at its first use and holds it (and its lock) until `close`."""

    def __init__(self, catalog: Catalog, clock: Clock, data: Path) -> None:
        self._catalog = catalog
        self._clock = clock
        self._data = data
        self._lock = threading.RLock()
        self._open: dict[str, Repository] = {}
        self.keys: Keys | None = None
        """Whom opened repositories ask for the keys of what is sealed; None: nothing sealed can be opened."""

    def create(self, name: str, path: Path, *, default: bool = False, limit: int | None = None) -> RepositoryInfo:
        """A new repository in an empty or new directory; the first one of a Core becomes its default. `limit`: bytes
        its packs may have.

        Raises Failed: `name-forbidden`, `name-taken`, `bad-limit`, `repository-inside-repository`, and what creating
        refuses.
        """
        self._check_name(name)
        _check_limit(limit)
        path = path.absolute()
        self.refuse_inside(path)
        now = self._clock.now()
        first = self._catalog.repositories.default() is None
        info = RepositoryInfo(uuid.uuid4().hex, name, str(path), now, default or first, limit)
        opened = _repositories().create(path, id=info.id, created=now)
        opened.set_limit(limit)
        with self._lock:
            self._open[info.id] = opened
        self._catalog.repositories.add(info)
        return info

    def edit(
        self, name: str, *, rename: str | None = None, limit: int | None = None, default: bool = False
    ) -> RepositoryInfo:
        """Changes what is given. `limit`: bytes its packs may have; 0: as many as the disk takes. `default`: new
        machines go there from now on. Raises Failed `name-forbidden`, `name-taken`, `bad-limit`."""
        info = self._catalog.repositories.get(name)
        if rename is not None and rename != info.name:
            self._check_name(rename, but=info.id)
            info = replace(info, name=rename)
        if limit is not None:
            _check_limit(limit or None)
            info = replace(info, limit=limit or None)
        if default:
            info = replace(info, default=True)
        self._catalog.repositories.update(info)
        with self._lock:
            opened = self._open.get(info.id)
            if opened is not None:
                opened.set_limit(info.limit)
        return info

    def adopt(self, name: str, path: Path) -> RepositoryInfo:
        """Registers a repository that is there already, as after a lost catalog; its points are registered by a rebuild
        of the catalog.

        Raises Failed: `name-forbidden`, `name-taken`, `repository-inside-repository`, and what opening refuses.
        """
        self._check_name(name)
        self.refuse_inside(path.absolute())
        opened = _repositories().open(path.absolute())
        first = self._catalog.repositories.default() is None
        info = RepositoryInfo(opened.id, name, str(path.absolute()), self._clock.now(), first)
        with self._lock:
            self._open[info.id] = opened
        self._catalog.repositories.add(info)
        return info

    def set_up(self) -> None:
        """The default repository of a Core that was just made, in its data directory; one that lies there is taken. Not
        when it is known already, as after a kill before that was written down."""
        if self._catalog.repositories.list():
            return
        place = self._data / "repository"
        if (place / MARKER).exists():
            self.adopt(DEFAULT_NAME, place)
        else:
            self.create(DEFAULT_NAME, place, default=True)

    def open(self, name: str) -> Repository:
        """By id or name. Raises Failed `no-such-repository`, `repository-gone`, `repository-in-use`, …"""
        info = self._catalog.repositories.get(name)
        with self._lock:
            opened = self._open.get(info.id)
            if opened is None:
                opened = _repositories().open(Path(info.path))
                if opened.id != info.id:
                    opened.close()
                    raise refused(
                        "repository-changed",
                        f"Another repository lies at {info.path} than the one this Core knows as “{info.name}”.",
                        "Bring the right disk, or mount it at that place.",
                    )
                opened.set_limit(info.limit)
                self._open[info.id] = opened
        self._still_there(info)
        if self.keys is not None:
            opened.keys = self.keys
        return opened

    def opened(self) -> builtins.list[tuple[RepositoryInfo, Repository]]:
        """Those that are open, without opening any."""
        with self._lock:
            opened = dict(self._open)
        return [(info, opened[info.id]) for info in self._catalog.repositories.list() if info.id in opened]

    def info(self, name: str) -> RepositoryInfo:
        return self._catalog.repositories.get(name)

    def list(self) -> list[RepositoryInfo]:
        return self._catalog.repositories.list()

    def choose(self, name: str | None) -> RepositoryInfo:
        """The named repository, or the default. Raises Failed `no-repository` when there is none at all."""
        if name:
            return self._catalog.repositories.get(name)
        info = self._catalog.repositories.default()
        if info is None:
            raise failed(
                "no-repository", "This Core has no repository.", "Make one: replicore repository create NAME --path DIR"
            )
        return info

    def usage(self, name: str) -> Usage:
        return self.open(name).usage()

    def free(self, info: RepositoryInfo) -> int:
        """Bytes that may still be written there, by its disk and its limit; 0 when that cannot be read."""
        try:
            return self.open(info.id).usage().free_bytes
        except (Failed, OSError):
            return 0

    def used(self, info: RepositoryInfo) -> int | None:
        """Bytes of its packs; None when it cannot be opened now."""
        try:
            return self.open(info.id).usage().stored_bytes
        except (Failed, OSError):
            return None

    def refuse_inside(self, path: Path) -> None:
        """Also inside one of another Core. Raises Failed `repository-inside-repository`."""
        above = any(os.path.isfile(parent / MARKER) for parent in path.resolve().parents)
        if above or self.holding(path) is not None:
            raise refused(
                "repository-inside-repository", f"{path} lies inside another repository.", "Choose another directory."
            )

    def holding(self, path: Path) -> RepositoryInfo | None:
        """The repository that a path lies in (or is), if any."""
        real = path.resolve()
        for info in self._catalog.repositories.list():
            root = Path(info.path).resolve()
            if real == root or root in real.parents:
                return info
        return None

    def private_paths(self) -> builtins.list[Path]:
        """What never belongs into a backup: repositories, and the Core's own data directory."""
        return [self._data.resolve(), *(Path(info.path).resolve() for info in self._catalog.repositories.list())]

    def mark_damaged(self, damaged: builtins.list[DamagedObject]) -> None:
        self._catalog.damage.add(damaged)

    def remove(self, name: str) -> RepositoryInfo:
        """Forgets a repository that no machine uses; its files stay. Raises Failed `repository-in-service`."""
        info = self._catalog.repositories.get(name)
        users = [m.name for m in self._catalog.machines.list() if m.repository == info.id]
        users += [
            member.machine
            for pairing in self._catalog.pairings.list()
            for member in self._catalog.members.list(pairing.id)
            if member.repository == info.id
        ]
        if users:
            raise refused(
                "repository-in-service",
                f"“{info.name}” is used by {len(users)} machine(s): {', '.join(users[:5])}.",
                "Remove those machines with their points first.",
            )
        with self._lock:
            opened = self._open.pop(info.id, None)
        if opened is not None:
            opened.close()
        self._catalog.repositories.remove(info.id)
        return info

    def close(self) -> None:
        with self._lock:
            opened, self._open = [*self._open.values()], {}
        for repository in opened:
            repository.close()

    def _check_name(self, name: str, but: str = "") -> None:
        problem = name_problem(name)
        if problem is not None:
            raise usage("name-forbidden", problem.message, problem.hint)
        known = self._catalog.repositories.find(name)
        if known is not None and known.id != but:
            raise refused("name-taken", f"There is a repository “{name}” already.", "Choose another name.")

    def _still_there(self, info: RepositoryInfo) -> None:
        if not (Path(info.path) / MARKER).is_file():
            raise failed(
                "repository-gone",
                f"The directory of repository “{info.name}” is gone: {info.path}",
                "Mount the disk it lies on, or bring the directory back; nothing was changed.",
            )


def _check_limit(limit: int | None) -> None:
    least, most = LIMITS
    if limit is not None and not least <= limit <= most:
        raise usage(
            "bad-limit",
            f"A repository cannot be limited to {format_size(limit)}.",
            f"Give {format_size(least)} to {format_size(most)}, or no limit.",
        )


def _repositories() -> type[Repository]:
    """What opens and makes them, which is loaded with the first one: a list of points reads the catalog alone."""
    from console.repository import Repository

    return Repository
