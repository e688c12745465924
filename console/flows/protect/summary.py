"""What protecting a machine will do, in sentences."""

from __future__ import annotations

from typing import TypeVar

from console.domain.errors import Failure
from console.domain.plan_answers import ProtectPlan
from console.domain.sizes import format_duration, format_size
from console.flows.compression import level_text
from console.flows.flow import Summary
from console.flows.folders import ground
from console.flows.plan import Plan
from console.flows.protect.answers import AS_EVER, NEW, ProtectAnswers, Protecting, commands
from console.flows.wording import count, say

P = TypeVar("P", bound=Protecting)


class ProtectSummary(Summary[P]):
    async def make(self) -> Plan:
        return await protect_plan(self.flow)


async def protect_plan(flow: Protecting) -> Plan:
    """The plan for the machine as answered. Raises Failed."""
    said, client = flow.protection, flow.client
    new = said.repository == NEW
    repository = "" if new else said.repository
    if flow.is_protected(said.name):
        return _going_on(said)
    found = await client.protect_plan(said.name, said.wanted, repository=repository or None, options=said.options)
    by_itself = (await client.status())["schedules"]
    told = [*found["problems"], *(volume["problem"] for volume in found["volumes"] if volume["problem"])]
    room, problems = found["room"], [Failure.from_dict(dict(problem)) for problem in told]
    name, warnings = found["repository"], list(found["warnings"])
    if new:
        # What the Core says of its default repository does not hold for the one that is made.
        problems = [problem for problem in problems if problem.code != "no-repository"]
        if found["bytes"] > room:
            warnings = [warning for warning in warnings if format_size(room) not in warning]
        room = (await ground(client, said.new_place))["free"] or 0
        if found["bytes"] > room:
            warnings.append(say("There may be too little room in {folder}.", folder=said.new_place))
        name = said.new_name
    key = (await client.key(said.key))["name"] if said.key not in ("", NEW) else said.key_name if said.key else ""
    return Plan(
        sentences=tuple(_sentences(said, name, key, found, by_itself=by_itself)),
        facts=(
            (say("Files"), _files(found)),
            (say("Size"), format_size(found["bytes"])),
            (say("Free in the repository"), format_size(room)),
            (_takes(said), format_duration(found["estimate_s"])),
        ),
        warnings=tuple(warnings),
        problems=tuple(problems),
        command=commands(said, "" if new else name, key),
    )


def _going_on(said: ProtectAnswers) -> Plan:
    text = say("“{name}” is protected by now; what is left to do is done next.", name=said.name)
    return Plan(sentences=(text,))


def _files(found: ProtectPlan) -> str:
    if all(volume["complete"] for volume in found["volumes"]):
        return str(found["files"])
    return say("about {n}", n=found["files"])


def _takes(said: ProtectAnswers) -> str:
    """The Core foresees what reading takes, not what closer compression adds."""
    if said.compression != AS_EVER.compression:
        return say("The first backup takes at least")
    return say("The first backup takes about")


def _sentences(said: ProtectAnswers, repository: str, key: str, found: ProtectPlan, *, by_itself: bool) -> list[str]:
    sentences: list[str] = []
    if said.repository == NEW:
        place = said.new_place
        sentences.append(say("The repository “{name}” is made in {folder}.", name=said.new_name, folder=place))
    if said.key == NEW:
        sentences.append(say("The key “{key}” is made, protected by the passphrase.", key=key))
    sentences.append(say("“{name}” is protected: {volumes}.", name=said.name, volumes=", ".join(said.named)))
    if said.patterns:
        sentences.append(say("Left out: {patterns}.", patterns=", ".join(said.patterns)))
    marked = (["CACHEDIR.TAG"] if said.caches else []) + list(said.marks)
    if marked:
        sentences.append(say("Directories marked by {names} are left out.", names=", ".join(marked)))
    if said.before.strip():
        sentences.append(say("Before each backup “{command}” is run.", command=said.before.strip()))
    if said.after.strip():
        sentences.append(say("After each backup “{command}” is run.", command=said.after.strip()))
    sentences.append(say("Its recovery points are kept in the repository “{name}”.", name=repository))
    if said.compression != AS_EVER.compression:
        sentences.append(say("They are compressed as “{level}”.", level=level_text(said.compression)))
    if key:
        sentences.append(say("Its images are sealed with the key “{key}”.", key=key))
    if said.back_up_now:
        size = format_size(found["bytes"])
        sentences.append(say("The first backup begins at once and reads {size}.", size=size))
    elif said.scheduled and by_itself:
        sentences.append(say("The first backup begins by itself within a minute."))
    else:
        sentences.append(say("Nothing is backed up before somebody asks for it."))
    if said.scheduled:
        sentences.append(
            count("Then it is backed up every minute.", "Then it is backed up every {n} minutes.", said.minutes)
        )
    if said.replicate:
        sentences.append(say("The replication wizard comes next."))
    return sentences
