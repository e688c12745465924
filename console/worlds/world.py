"""A named world: the data directories of one or several Cores, in a situation worth looking at."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from pathlib import Path

from console.domain.roles import Role

PASSWORDS = {"admin": "admin-pass", "technician": "technician-pass", "helpdesk": "helpdesk-pass"}
"""The people who may sign in at every Core of every world, and their passwords."""
ROLES = {"admin": Role.ADMINISTRATOR, "technician": Role.TECHNICIAN, "helpdesk": Role.HELPDESK}
_PEOPLE = (
    "At every Core there are " + ", ".join(f"“{name}” (password “{word}”)" for name, word in PASSWORDS.items()) + "."
)


@dataclass(frozen=True, slots=True)
class WorldCore:
    """One Core of a world. `name` is its own name, `data` its data directory, `title` says what it is in this world.

    `port`: where it listens, on loopback; the other Cores of the world know it. `primary`: the one whose view the world
    is made for; there is one. `opened`: a screen opens it too.
    """

    name: str
    data: Path
    title: str
    primary: bool = False
    opened: bool = True
    port: int = 0


@dataclass(frozen=True, slots=True)
class World:
    """`directory` holds everything of it. `media`: directories that seed drives lie in, where they lie now.

    `notes`: what else to know about it, in sentences.
    """

    name: str
    description: str
    directory: Path
    cores: tuple[WorldCore, ...]
    media: tuple[Path, ...] = ()
    notes: str = ""

    @property
    def primary(self) -> WorldCore:
        return next(core for core in self.cores if core.primary)

    def core(self, name: str) -> WorldCore:
        """By its name. Raises KeyError."""
        for core in self.cores:
            if core.name == name:
                return core
        raise KeyError(name)

    @classmethod
    def told(
        cls,
        build: object,
        name: str,
        directory: Path,
        cores: tuple[WorldCore, ...],
        media: tuple[Path, ...] = (),
        notes: str = "",
    ) -> World:
        """A world that is described by the docstring of the function that builds it."""
        return cls(name, f"{inspect.getdoc(build)}\n\n{_PEOPLE}", directory, cores, media, notes)

    def at(self, directory: Path) -> World:
        """The same world, as if it lay in another directory. What lies there is not touched: see `relocate`."""

        def there(path: Path) -> Path:
            return directory / path.relative_to(self.directory)

        return replace(
            self,
            directory=directory,
            cores=tuple(replace(core, data=there(core.data)) for core in self.cores),
            media=tuple(map(there, self.media)),
        )
