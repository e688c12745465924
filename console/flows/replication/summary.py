"""What setting up replication will do, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from console.domain.answers import MachineAnswer
from console.domain.errors import Failure
from console.domain.sizes import format_duration, format_size
from console.flows.flow import Summary
from console.flows.plan import Plan, command
from console.flows.replication.answers import Replicating
from console.flows.seed_options import ERASE, LATEST, NEVER, seeds_at
from console.flows.wording import count, say

MEASURED = 20
"""Of so many machines the points are added up; with more only their number is told."""
PAGE = 1000
DRIVE_RATE = 60e6
"""Bytes per second that a USB disk is taken to accept, with every byte read back."""


class ReplicationSummary(Summary[Replicating]):
    async def make(self) -> Plan:
        flow, said = self.flow, self.flow.answers
        seeded = set(said.seeded) if said.seed_drive else set[str]()
        on_drive = [one for one in flow.chosen if one["id"] in seeded]
        by_wire = [one for one in flow.chosen if one["id"] not in seeded]
        sentences = _pairing(flow)
        facts: list[tuple[str, str]] = []
        if flow.chosen:
            sentences += _machines(flow, on_drive, by_wire)
            drive = await self._bytes(on_drive)
            wire = await self._bytes(by_wire)
            facts = _facts(flow, on_drive, by_wire, drive, wire)
        problems, warnings = list[Failure](), list(flow.warnings)
        if on_drive:
            more, problems = await self._drive()
            warnings += more
        return Plan(
            sentences=tuple(sentences),
            facts=tuple(facts),
            warnings=tuple(warnings),
            problems=tuple(problems),
            command=commands(flow),
        )

    async def _bytes(self, machines: Sequence[MachineAnswer]) -> int | None:
        """What their points hold, as backed up; None where adding it up would take too long."""
        if len(machines) > MEASURED:
            return None
        total = 0
        for machine in machines:
            if machine["points"] > PAGE:
                return None
            page = await self.flow.client.points(machine=machine["id"], limit=PAGE)
            total += sum(point["bytes_new"] for point in page["points"])
        return total

    async def _drive(self) -> tuple[list[str], list[Failure]]:
        """Warnings and problems of the places that the drive is written to."""
        seed, warnings, problems = self.flow.seed, list[str](), list[Failure]()
        media = (await self.flow.client.media())["media"]
        for place in seed.places:
            for found in seeds_at(media, place):
                if seed.reuse == NEVER:
                    text = say("A seed drive lies in {place} already.", place=place)
                    hint = say("Go back and use another directory, or say what may go.")
                    problems.append(Failure("location-not-empty", text, hint))
                elif found["ours"] or seed.reuse == ERASE:
                    what = found["comment"] or found["seed"][:8]
                    warnings.append(say("The seed drive “{what}” in {place} is erased.", what=what, place=place))
        return warnings, problems


def _pairing(flow: Replicating) -> list[str]:
    said = flow.answers
    if not flow.own:
        return []
    if flow.pairing:
        return [say("The two Cores are paired by now as “{name}”.", name=said.name)]
    return [
        say(
            "This Core is paired with “{target}” at {address} as “{name}”, and knows it by its certificate then.",
            target=flow.title_of_target,
            address=said.address,
            name=said.name,
        ),
        say("The password of “{user}” is used for that once and not kept.", user=said.user),
    ]


def _machines(flow: Replicating, on_drive: Sequence[MachineAnswer], by_wire: Sequence[MachineAnswer]) -> list[str]:
    said, target = flow.answers, flow.title_of_target
    sentences: list[str] = []
    for offer in flow.offers:
        there = [one["name"] for one in flow.chosen if _place(flow, one["id"]) == offer["id"]]
        if there:
            sentences.append(
                say(
                    "{machines}: replicated to the repository “{repository}” of “{target}”.",
                    machines=_names(there),
                    repository=offer["name"],
                    target=target,
                )
            )
    if on_drive:
        places = ", ".join(said.seed.places)
        names = _names([one["name"] for one in on_drive])
        sentences.append(
            say("What there is of {machines} is written to a seed drive in {places}.", machines=names, places=places)
        )
        if said.seed.chains == LATEST:
            sentences.append(say("Only the newest chain of each machine goes on it; older points cross the wire."))
        sentences.append(say("Until the drive is consumed there, points that come by wire are orphans at the target."))
    if said.paused:
        sentences.append(say("Replication is paused: nothing goes over the wire until somebody resumes it."))
    elif by_wire:
        names = _names([one["name"] for one in by_wire])
        sentences.append(say("All points of {machines} go over the wire, beginning at once.", machines=names))
    if not said.paused:
        sentences.append(say("After each backup the new point follows by itself."))
    return sentences


def _facts(
    flow: Replicating,
    on_drive: Sequence[MachineAnswer],
    by_wire: Sequence[MachineAnswer],
    drive: int | None,
    wire: int | None,
) -> list[tuple[str, str]]:
    facts = [(say("Machines"), str(len(flow.chosen)))]
    if on_drive:
        facts.append((say("Points on the drive"), _points(on_drive, drive)))
    if on_drive and drive is not None:
        facts.append((say("Writing takes about"), format_duration(drive / DRIVE_RATE)))
    if by_wire:
        facts.append((say("Points over the wire"), _points(by_wire, wire)))
    places = {_place(flow, one["id"]) for one in flow.chosen}
    for offer in flow.offers:
        if offer["id"] in places:
            facts.append((say("Free in “{name}”", name=offer["name"]), format_size(offer["free_bytes"])))
    return facts


def _points(machines: Sequence[MachineAnswer], size: int | None) -> str:
    points = count("{n} point", "{n} points", sum(one["points"] for one in machines))
    return points if size is None else say("{points}, {size} at most", points=points, size=format_size(size))


def _place(flow: Replicating, machine: str) -> str:
    return flow.answers.repositories.get(machine, flow.home["id"] if flow.home else "")


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(f"“{name}”" for name in names[:10])
    if len(names) > 10:
        return count("{names} and {n} more", "{names} and {n} more", len(names) - 10, names=shown)
    return shown


def commands(flow: Replicating) -> str:
    """The equal command lines."""
    said, name = flow.answers, flow.name_of_pairing
    lines: list[str] = []
    if flow.own and not flow.pairing:
        options: list[tuple[str, str | None]] = [("--user", said.user), ("--password-stdin", None)]
        options += [("--fingerprint", said.probed["fingerprint"] if said.probed else ""), ("--name", name)]
        lines.append(command("replication", "pair", said.address, options=options))
    seeded = set(said.seeded) if said.seed_drive else set[str]()
    offers = {offer["id"]: offer["name"] for offer in flow.offers}
    for seed_drive in (True, False):
        group = [one for one in flow.chosen if (one["id"] in seeded) is seed_drive and one["id"] not in flow.added]
        if not group:
            continue
        chosen = {one["name"]: offers[said.repositories[one["id"]]] for one in group if one["id"] in said.repositories}
        options = [("--repository", f"{machine}={repository}") for machine, repository in chosen.items()]
        options += [("--paused", None)] if said.paused else []
        options += [("--seed-drive", None)] if seed_drive else []
        lines.append(command("replication", "add", name, *(one["name"] for one in group), options=options))
    if seeded:
        names = {one["id"]: one["name"] for one in flow.machines}
        lines.append(command("seed", "create", name, options=flow.on_drive.written(names)))
    return " && ".join(lines)
