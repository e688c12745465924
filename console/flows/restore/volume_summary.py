"""The last step of a restore of whole volumes: what will happen."""

from __future__ import annotations

from console.domain.errors import Failure
from console.domain.plan_answers import VolumePlan
from console.domain.sizes import format_size
from console.flows.amounts import local, takes
from console.flows.flow import Summary
from console.flows.places import typed
from console.flows.plan import Plan, command
from console.flows.restore.answers import DEVICE, MACHINE, Restoring
from console.flows.wording import say


class VolumesSummary(Summary[Restoring]):
    async def make(self) -> Plan:
        flow, said = self.flow, self.flow.answers
        judged = await flow.judge()
        point = await flow.client.point(said.point)
        whose = {"machine": point["machine"], "moment": local(point["time"])}
        sentences = [
            say("The whole of “{machine}” as of {moment} is restored:", **whose)
            if said.what == MACHINE
            else say("Volumes of “{machine}” as of {moment} are restored:", **whose)
        ]
        sentences += [_goes(one) for one in judged["volumes"]]
        if any(one["missing_count"] for one in judged["volumes"]):
            sentences.append(say("What cannot be restored is left out; the job lists it."))
        sentences.append(
            say("Every byte is verified while it is written. If it is cut, it goes on when asked once more.")
        )
        options: list[tuple[str, str | None]] = []
        disks = flow.disks
        if len(disks) == 1:
            words = ["restore", "volume", said.point, disks[0][0]]
            options.append(("--to", typed(disks[0][1])))
        else:
            words = ["restore", "machine", said.point]
            options += [("--disk", f"{label}={typed(to)}") for label, to in disks]
        options += [("--confirm", name) for name in flow.confirm]
        if said.overwrite != "never":
            options.append(("--overwrite", said.overwrite))
        room = [
            (say("Free for “{volume}”", volume=one["volume"]), format_size(one["room"]))
            for one in judged["volumes"]
            if one["kind"] != DEVICE
        ]
        return Plan(
            sentences=tuple(sentences),
            facts=(
                (say("Size"), format_size(judged["bytes"])),
                *room,
                (say("Takes about"), takes(judged["estimate_s"])),
            ),
            warnings=tuple(judged["warnings"]),
            problems=tuple(Failure.from_dict(dict(problem)) for problem in judged["problems"]),
            command=command(*words, options=options),
        )


def _goes(one: VolumePlan) -> str:
    named = {"volume": one["volume"], "size": format_size(one["bytes"]), "place": one["to"]}
    if one["kind"] == DEVICE:
        return say("“{volume}” ({size}) onto the device {place}; all that is on it is lost.", **named)
    if one["source"] == "tree":
        return say("“{volume}” ({size}) into the directory {place}.", **named)
    if one["there"]:
        return say("“{volume}” ({size}) to the file {place}, which is replaced.", **named)
    return say("“{volume}” ({size}) to the file {place}.", **named)
