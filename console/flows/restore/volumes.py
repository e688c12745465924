"""Steps that say which volumes are restored as a whole, and where each of them goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from console.domain.errors import Failed, Failure
from console.domain.plan_answers import HostDevice, VolumePlan
from console.domain.sizes import format_size
from console.flows.fields import Answer, Choice, Field, Folders, Note, Option, Pick, Row, Text
from console.flows.flow import Step
from console.flows.places import folder_problem
from console.flows.restore.answers import DEVICE, DIRECTORY, FILE, Goes, Restoring
from console.flows.wording import count, say

MAY_WAIT = frozenset({"target-exists"})
"""Problems of a place that the next step settles."""


def source_said(one: VolumePlan) -> str:
    return {"tree": say("Files and directories"), "image": say("Disk"), "stream": say("Stream")}.get(
        one["source"], one["source"]
    )


def state_said(one: VolumePlan) -> str:
    """How much of it can be restored from here."""
    if one["whole"]:
        return say("Whole")
    if one["source"] == "tree" and one["files"]:
        return count("{n} file is here", "{n} files are here", one["files"])
    return say("Not whole here")


def why_not(one: VolumePlan) -> str:
    """Why a volume cannot be restored as a whole; empty: it can."""
    if one["whole"] or (one["source"] == "tree" and one["files"]):
        return ""
    if one["source"] == "tree":
        return say("None of its files is on this Core.")
    return say("Bytes of it have not arrived on this Core; a disk is restored whole or not at all.")


class VolumesStep(Step[Restoring]):
    key = "volumes"

    @property
    def title(self) -> str:
        return say("Volumes")

    @property
    def text(self) -> str:
        return say("Which volumes? Disks come back byte by byte, directories with all their files.")

    async def enter(self) -> None:
        known = await self.flow.look_at_volumes()
        said = self.flow.answers
        free = [one["volume"] for one in known["volumes"] if not why_not(one)]
        kept = tuple(label for label in said.volumes if label in free)
        if not kept and len(free) == 1:
            kept = (free[0],)
        self.flow.answers = replace(said, volumes=kept)

    def fields(self) -> Sequence[Field]:
        known = self.flow.known
        rows = tuple(
            Row(
                value=one["volume"],
                cells=(one["volume"], source_said(one), format_size(one["bytes"]), state_said(one)),
                why_not=why_not(one),
            )
            for one in (known["volumes"] if known is not None else ())
        )
        columns = (say("Volume"), say("What it is"), say("Size"), say("On this Core"))
        return (Pick(key="volumes", label=say("Volumes"), columns=columns, rows=rows, value=self.flow.answers.volumes),)

    def answer(self, key: str, value: Answer) -> None:
        if key != "volumes":
            raise KeyError(key)
        self.flow.answers = replace(self.flow.answers, volumes=tuple(cast(tuple[str, ...], value)))

    def problems(self) -> dict[str, str]:
        return {} if self.flow.answers.volumes else {"volumes": say("Choose at least one volume.")}


class TargetsStep(Step[Restoring]):
    key = "targets"

    @property
    def title(self) -> str:
        return say("Where")

    @property
    def text(self) -> str:
        return say(
            "Where each volume goes, on the Core's machine. A disk goes to an image file, or onto a block device of "
            "which nothing is in use."
        )

    async def enter(self) -> None:
        await self.flow.look_at_volumes()
        self.flow.devices = await self.flow.client.host_devices()
        for one in self.flow.wanted:
            said = self.flow.answers
            goes = said.place(one["volume"])
            if one["source"] == "tree" and goes.kind != DIRECTORY:
                self.flow.answers = said.placed(one["volume"], Goes(DIRECTORY))
            elif one["source"] != "tree" and (goes.kind == DIRECTORY or not (goes.name or goes.device)):
                name = one["volume"].replace("/", "-") + (".img" if one["source"] == "image" else "")
                self.flow.answers = said.placed(one["volume"], Goes(FILE, goes.folder, name))

    def fields(self) -> Sequence[Field]:
        shown: list[Field] = []
        for one in self.flow.wanted:
            reason = why_not(one)
            if reason:
                shown.append(Note(key=f"not:{one['volume']}", label=_head(one), explain=reason, level="danger"))
            elif one["source"] == "tree":
                shown.append(self._folder(one, _head(one)))
            else:
                shown += self._disk(one)
        return shown

    def _folder(self, one: VolumePlan, label: str, explain: str = "") -> Folders:
        folder = self.flow.answers.place(one["volume"]).folder
        value = (folder,) if folder else ()
        return Folders(key=f"to:{one['volume']}", label=label, explain=explain, value=value, make=True)

    def _disk(self, one: VolumePlan) -> list[Field]:
        label, goes = one["volume"], self.flow.answers.place(one["volume"])
        options = (
            Option(value=FILE, label=say("An image file")),
            Option(value=DEVICE, label=say("A block device"), why_not=self._no_device()),
        )
        shown: list[Field] = [
            Choice(key=f"kind:{label}", label=_head(one), value=goes.kind, options=options, compact=True)
        ]
        if goes.kind == DEVICE:
            shown.append(
                Pick(
                    key=f"device:{label}",
                    label=say("Device for “{volume}”", volume=label),
                    columns=(say("Device"), say("Size"), say("What it is")),
                    rows=tuple(_device_row(device, one["bytes"]) for device in self._devices()),
                    value=(goes.device,) if goes.device else (),
                    several=False,
                )
            )
            return shown
        shown.append(self._folder(one, say("Directory for “{volume}”", volume=label)))
        shown.append(Text(key=f"name:{label}", label=say("File name for “{volume}”", volume=label), value=goes.name))
        return shown

    def _devices(self) -> Sequence[HostDevice]:
        return self.flow.devices["devices"] if self.flow.devices is not None else ()

    def _no_device(self) -> str:
        return "" if self._devices() else say("This Core sees no block device on its machine.")

    def answer(self, key: str, value: Answer) -> None:
        what, _, label = key.partition(":")
        said = self.flow.answers
        goes = said.place(label)
        if what == "kind":
            goes = replace(goes, kind=cast(str, value))
        elif what == "device":
            goes = replace(goes, device=next(iter(cast(tuple[str, ...], value)), ""))
        elif what == "to":
            goes = replace(goes, folder=next(iter(cast(tuple[str, ...], value)), ""))
        elif what == "name":
            goes = replace(goes, name=cast(str, value).strip())
        else:
            raise KeyError(key)
        if goes != said.place(label):
            self.flow.answers = said.placed(label, goes)

    def problems(self) -> dict[str, str]:
        found: dict[str, str] = {}
        places: set[str] = set()
        for one in self.flow.wanted:
            label, goes = one["volume"], self.flow.answers.place(one["volume"])
            if why_not(one):
                found[f"not:{label}"] = say(
                    "“{volume}” cannot be restored. Go back and choose the others.", volume=label
                )
                continue
            key, problem = _problem(label, goes)
            if problem:
                found[key] = problem
            elif goes.path in places:
                found[key] = say("Another volume goes there already.")
            places.add(goes.path)
        return found

    async def check(self) -> None:
        """Raises Failed `target-in-use`, `target-too-small`, `destination-…`, `target-twice`."""
        judged = await self.flow.judge()
        for problem in judged["problems"]:
            if problem["code"] not in MAY_WAIT:
                raise Failed(Failure.from_dict(dict(problem)))
        self.flow.asks = any(one["there"] or one["conflict_count"] or one["missing_count"] for one in judged["volumes"])


def _head(one: VolumePlan) -> str:
    size = format_size(one["bytes"])
    return say("“{volume}” ({what}, {size}) goes to", volume=one["volume"], what=source_said(one), size=size)


def _problem(label: str, goes: Goes) -> tuple[str, str]:
    """The field that is wrong, and what is wrong with it; empty: nothing."""
    if goes.kind == DEVICE:
        return f"device:{label}", "" if goes.device else say("Choose a device.")
    problem = folder_problem(goes.folder)
    if problem:
        return f"to:{label}", problem
    if goes.kind == FILE and (not goes.name or "/" in goes.name or goes.name in (".", "..")):
        return f"name:{label}", say("Give the file a name, without “/”.")
    return f"to:{label}", ""


def _device_row(device: HostDevice, needs: int) -> Row:
    what = [device["model"], say("removable") if device["removable"] else ""]
    if device["part_of"]:
        what.insert(0, say("part of {disk}", disk=device["part_of"]))
    reason = ""
    if device["used_by"]:
        reason = say("It is in use: {who}.", who=", ".join(device["used_by"]))
    elif device["read_only"]:
        reason = say("It is read-only.")
    elif device["size"] < needs:
        reason = say("It is too small: {size} for {needs}.", size=format_size(device["size"]), needs=format_size(needs))
    return Row(
        value=device["path"],
        cells=(device["path"], format_size(device["size"]), " · ".join(part for part in what if part)),
        why_not=reason,
    )
