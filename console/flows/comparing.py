"""What is said of two Cores side by side."""

from __future__ import annotations

from console.domain.compare_answers import ComparedMachine, Comparison, DifferentPoint
from console.flows.wording import count, say


def difference(point: DifferentPoint, there: str) -> str:
    """`there`: name of the other Core."""
    return {
        "only-here": say("Only here"),
        "only-there": say("Only at {core}", core=there),
        "damaged-here": say("Damaged here"),
        "damaged-there": say("Damaged at {core}", core=there),
        "damaged-both": say("Damaged on both"),
        "incomplete-here": say("Incomplete here"),
        "incomplete-there": say("Incomplete at {core}", core=there),
        "incomplete-both": say("Incomplete on both"),
    }.get(point["difference"], say("Same"))


def why(point: DifferentPoint, there: str) -> str:
    return {
        "waits": say("It has not been sent yet."),
        "paused": say("The replication is paused."),
        "on-seed": say("It is set aside for a seed drive."),
        "gone-here": say("It was rolled up or deleted here."),
        "gone-there": say("It was rolled up or deleted at {core}.", core=there),
        "damaged": say("Objects of it are damaged or missing."),
        "builds-on": say("What it builds on is not whole."),
        "unknown-here": say("This Core does not know it."),
    }.get(point["why"], "")


def help_for(point: DifferentPoint) -> str:
    """What makes it alike; empty where nobody can say."""
    if not point["fix"]:
        if point["difference"] == "damaged-there":
            return say("A repair at the other Core.")
        if point["why"] == "builds-on":
            return say("It is whole when that has come.")
        return say("Nothing needs to be done.") if point["why"] in ("gone-here", "gone-there") else ""
    return {
        "send": say("The next run sends it."),
        "repair-here": say("A repair here fetches it."),
        "resume": say("Resume the replication."),
        "consume": say("Consume the seed drive there."),
    }.get(point["fix"], "")


def mendable(found: Comparison) -> bool:
    """Whether this Core can start something that makes both alike."""
    return any(point["fix"] in ("send", "repair-here") for machine in found["machines"] for point in machine["points"])


def summed(machine: ComparedMachine, there: str) -> str:
    """One machine in one line, gravest first."""
    told = [
        count("{n} damaged", "{n} damaged", machine["damaged"]) if machine["damaged"] else "",
        count("{n} incomplete", "{n} incomplete", machine["incomplete"]) if machine["incomplete"] else "",
        count("{n} only here", "{n} only here", machine["only_here"]) if machine["only_here"] else "",
        say("{n} only at {core}", n=machine["only_there"], core=there) if machine["only_there"] else "",
        count("{n} the same", "{n} the same", machine["same"]),
    ]
    return ", ".join(one for one in told if one)


def retention(machine: ComparedMachine, there: str) -> str:
    """Empty where both keep it by the same policy, or the other did not say."""
    if machine["retention_same"] or not machine["retention_there"]:
        return ""
    return say(
        "Kept here by “{here}”, at {core} by “{there}”.",
        here=machine["retention_here"],
        core=there,
        there=machine["retention_there"],
    )
