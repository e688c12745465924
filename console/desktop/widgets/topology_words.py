"""What the map of Cores says of a Core and of an arrow."""

from __future__ import annotations

from console.desktop.theme.tokens import Tone
from console.desktop.widgets import states
from console.domain.overview_answers import ArrowAnswer, NodeAnswer
from console.domain.sizes import format_duration, format_size
from console.flows.wording import count, say


def arrow_state(arrow: ArrowAnswer) -> states.Shown:
    """One word for a pairing: what hinders it, else what it does."""
    if arrow["paused"]:
        return states.link("paused", arrow["link_text"])
    if arrow["link"] not in ("online", "paused"):
        return states.link(arrow["link"], arrow["link_text"])
    if arrow["running"]:
        return states.Shown(say("Replicating"), Tone.INFO, "run")
    if arrow["lag_points"]:
        return states.member("behind")
    if arrow["seeds"]:
        return states.member("waiting-for-seed")
    return states.member("in-step")


def lag_text(arrow: ArrowAnswer) -> str:
    """How far the target is behind; empty where it is not, or nobody knows."""
    if not arrow["lag_points"]:
        return ""
    points = count("{n} point", "{n} points", arrow["lag_points"])
    if arrow["lag_s"]:
        return say("{time}, {points}", points=points, time=format_duration(arrow["lag_s"]))
    return say("{points}, {size}", points=points, size=format_size(arrow["lag_bytes"]))


def below(core: NodeAnswer) -> str:
    """The line below a Core's name. What nobody told of another Core is left out."""
    machines = count("{n} machine", "{n} machines", core["machines"])
    if core["self"]:
        return say("this Core · {machines}", machines=machines)
    return machines if core["machines"] else say("version {version}", version=core["version"])


def seeds_text(arrow: ArrowAnswer) -> str:
    """Seed drives on their way; empty where there are none."""
    return count("{n} seed drive", "{n} seed drives", arrow["seeds"]) if arrow["seeds"] else ""


def node_text(core: NodeAnswer) -> str:
    """All of a Core in a line."""
    return say("{name}: {what}", name=core["name"], what=below(core))


def arrow_text(arrow: ArrowAnswer, source: str, target: str) -> str:
    """All of an arrow in lines, between two Cores (names)."""
    state = arrow_state(arrow)
    said = [
        say(
            "{source} replicates {machines} to {target}: {state}",
            source=source,
            target=target,
            machines=count("{n} machine", "{n} machines", arrow["machines"]),
            state=state.text,
        ),
        lag_text(arrow),
        seeds_text(arrow),
        state.tip,
    ]
    return "\n".join(text for text in said if text)
