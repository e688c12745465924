"""Steps that say what is protected: the machine's name and volumes, and what is left out of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar, cast

from console.domain.errors import refused
from console.domain.machines import name_problem
from console.domain.plan_answers import HostVolume
from console.domain.sizes import format_size
from console.flows.fields import Answer, Field, Folders, Note, Pick, Row, Text, Toggle
from console.flows.flow import Step
from console.flows.folders import is_below, same_folder
from console.flows.listing import all_machines
from console.flows.machine_settings import marker_problem
from console.flows.places import folder_problem
from console.flows.protect.answers import Protecting
from console.flows.wording import say

P = TypeVar("P", bound=Protecting)


class MachineStep(Step[P]):
    """Answers `name`, `volumes`, `folders`, `others`. The name of the Core's machine is there already."""

    key = "machine"
    _volumes: tuple[HostVolume, ...] = ()
    _taken: frozenset[str] = frozenset()

    @property
    def title(self) -> str:
        return say("Machine")

    @property
    def text(self) -> str:
        return say("What is protected: file systems, directories, disks and streams of the machine this Core runs on.")

    async def enter(self) -> None:
        found = await self.flow.client.host_volumes()
        await self._look_at_names()
        self._volumes = tuple(found["volumes"])
        said = self.flow.protection
        there = {volume["path"] for volume in self._volumes if volume["protectable"]}
        name = said.name or _free(_as_name(found["host"]), self._taken)
        volumes = tuple(path for path in said.volumes if path in there)
        self.flow.keep_protection(replace(said, name=name, volumes=volumes))

    async def check(self) -> None:
        """Raises Failed `name-taken`, and what keeps the Core from looking into a directory."""
        await self._look_at_names()
        if self._is_taken():
            raise refused("name-taken", self._name_taken(), say("Choose another name."))
        for path in self.flow.protection.paths:
            await self.flow.client.host_folder(path)

    def fields(self) -> Sequence[Field]:
        said = self.flow.protection
        shown: list[Field] = [
            Text(
                key="name",
                label=say("Name"),
                explain=say("What the machine is called here, and at the Cores it is replicated to."),
                value=said.name,
            ),
            Pick(
                key="volumes",
                label=say("File systems"),
                columns=(say("Path"), say("Name"), say("Type"), say("Used"), say("Size")),
                rows=tuple(map(_row, self._volumes)),
                value=said.volumes,
                empty=say("This Core sees no file system. Choose directories below."),
            ),
            Folders(
                key="folders",
                label=say("Directories"),
                explain=say("Instead of whole file systems, or from elsewhere."),
                value=said.folders,
                several=True,
            ),
            Text(
                key="others",
                label=say("Disks and streams"),
                explain=say(
                    "One in each line: a disk image or block device, “cmd:” with a command whose output is kept; "
                    "“name=” before it names the volume."
                ),
                value=said.others,
                placeholder="/var/lib/vm/disk.img",
                long=True,
            ),
        ]
        inside = [(one, top) for one in said.folders for top in said.volumes if is_below(one, top)]
        shown += [
            Note(
                key=f"inside-{number}",
                label=say("{folder} lies in {volume}, which is chosen too.", folder=folder, volume=top),
                explain=say("Unless something else is mounted there, it is read twice; its bytes are kept once."),
            )
            for number, (folder, top) in enumerate(inside)
        ]
        if self._volumes and not any(volume["protectable"] for volume in self._volumes):
            label = say("None of the file systems can be protected as a whole.")
            shown.append(Note(key="none", label=label, explain=say("Choose directories instead.")))
        return shown

    def answer(self, key: str, value: Answer) -> None:
        said = self.flow.protection
        if key == "name":
            said = replace(said, name=cast(str, value))
        elif key == "volumes":
            said = replace(said, volumes=tuple(cast(tuple[str, ...], value)))
        elif key == "folders":
            said = replace(said, folders=tuple(cast(tuple[str, ...], value)))
        elif key == "others":
            said = replace(said, others=cast(str, value))
        else:
            raise KeyError(key)
        self.flow.keep_protection(said)

    def problems(self) -> dict[str, str]:
        said, found = self.flow.protection, dict[str, str]()
        problem = name_problem(said.name)
        if problem is not None:
            found["name"] = f"{problem.message} {problem.hint}"
        elif self._is_taken():
            found["name"] = self._name_taken()
        if not said.wanted:
            found["volumes"] = say("Choose at least one file system or directory.")
        if not all(map(_may_be_disk, (path for _, path in said.disks))):
            found["others"] = say("Name a disk from the root on, as in “/dev/sdb”, or write “cmd:” and a command.")
        wrong = next(filter(None, map(folder_problem, said.folders)), None)
        if wrong is None and _twice(said.paths):
            wrong = say("{folder} is chosen twice.", folder=_twice(said.paths))
        if wrong is not None:
            found["folders"] = wrong
        return found

    async def _look_at_names(self) -> None:
        self._taken = frozenset(one["name"].casefold() for one in await all_machines(self.flow.client))

    def _is_taken(self) -> bool:
        name = self.flow.protection.name
        return name.casefold() in self._taken and not self.flow.is_protected(name)

    def _name_taken(self) -> str:
        return say("There is a machine “{name}” already.", name=self.flow.protection.name)


class ExclusionsStep(Step[P]):
    """Answers `excludes`, `caches`, `markers`, `cross`."""

    key = "exclusions"

    @property
    def title(self) -> str:
        return say("Exclusions")

    @property
    def text(self) -> str:
        return say("What need not be kept: caches, downloads, images of virtual machines. Nothing has to be left out.")

    def fields(self) -> Sequence[Field]:
        return (
            Text(
                key="excludes",
                label=say("Leave out"),
                explain=say("One pattern in each line: “*.cache”, “node_modules”, “/home/*/Downloads”."),
                value=self.flow.protection.excludes,
                placeholder="*.tmp",
                long=True,
            ),
            Toggle(
                key="caches",
                label=say("Leave out caches that say that they are one (CACHEDIR.TAG)"),
                value=self.flow.protection.caches,
            ),
            Text(
                key="markers",
                label=say("Leave out directories that hold a file called"),
                explain=say("Names, with blanks between them. A directory is left out by putting such a file into it."),
                value=self.flow.protection.markers,
                placeholder=".nobackup",
            ),
            Toggle(
                key="cross",
                label=say("Go on into other file systems that are mounted below"),
                value=self.flow.protection.cross,
            ),
        )

    def answer(self, key: str, value: Answer) -> None:
        said = self.flow.protection
        if key == "excludes":
            said = replace(said, excludes=cast(str, value))
        elif key == "caches":
            said = replace(said, caches=bool(value))
        elif key == "markers":
            said = replace(said, markers=cast(str, value))
        elif key == "cross":
            said = replace(said, cross=bool(value))
        else:
            raise KeyError(key)
        self.flow.keep_protection(said)

    def problems(self) -> dict[str, str]:
        wrong = marker_problem(self.flow.protection.marks)
        return {"markers": wrong} if wrong else {}


def _row(volume: HostVolume) -> Row:
    name = volume["label"] or volume["device"]
    used, size = format_size(volume["used"]), format_size(volume["size"])
    why_not = "" if volume["protectable"] else volume["why_not"] or say("It cannot be protected.")
    return Row(value=volume["path"], cells=(volume["path"], name, volume["file_system"], used, size), why_not=why_not)


def _may_be_disk(path: str) -> bool:
    return folder_problem(path) is None or bool(path.startswith("cmd:") and path[4:].strip())


def _twice(folders: Sequence[str]) -> str:
    for number, folder in enumerate(folders):
        if any(same_folder(folder, other) for other in folders[:number]):
            return folder
    return ""


def _as_name(host: str) -> str:
    name = "".join(ch if ch.isalnum() or ch in "._-" else "-" for ch in host.partition(".")[0])[:60].strip(" .-")
    return name if name_problem(name) is None else say("machine")


def _free(name: str, taken: frozenset[str]) -> str:
    free, number = name, 1
    while free.casefold() in taken:
        number += 1
        free = f"{name}-{number}"
    return free
