"""What is said of an image of a chain: for who hovers over it, and for who hears it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from console.desktop.widgets import states
from console.desktop.widgets.chain_layout import Lane
from console.domain.overview_answers import LinkAnswer
from console.domain.sizes import format_size
from console.flows.amounts import local
from console.flows.wording import count, say


def node_text(link: LinkAnswer) -> str:
    """One image in one line."""
    return say(
        "{time}, {kind}, {chain}.",
        time=local(link["time"]),
        kind=states.kind(link["kind"]).text,
        chain=states.chain(link["chain"]).text,
    )


def node_tip(link: LinkAnswer) -> str:
    """One image, line by line."""
    lines = [
        local(link["time"]),
        f"{states.kind(link['kind']).text} · {states.chain(link['chain']).text}",
        say(
            "New {new}, stored as {stored}, files {size}",
            new=format_size(link["bytes_new"]),
            stored=format_size(link["bytes_stored"]),
            size=format_size(link["size"]),
        ),
    ]
    if link["base_reason"]:
        lines.append(base_reason(link["base_reason"]))
    return "\n".join([*lines, *([link["why"]] if link["why"] else [])])


def several_tip(links: Sequence[LinkAnswer]) -> str:
    """Images that lie so close together that they share a mark."""
    found = Counter(link["chain"] for link in links)
    lines = [
        count("{n} image", "{n} images", len(links)),
        say("{first} to {last}", first=local(links[0]["time"]), last=local(links[-1]["time"])),
        *(
            say("{state}: {number}", state=states.chain(state).text, number=number)
            for state, number in found.most_common()
        ),
        say("Double-click to tell them apart."),
    ]
    return "\n".join(lines)


def base_reason(reason: str) -> str:
    """Why an image is a base (`domain.recovery_points.BaseReason`)."""
    known = {
        "first": say("A base, because it is the first of its volume."),
        "forced": say("A base, because a person asked for one."),
        "key-changed": say("A base, because the encryption key changed."),
        "volume-changed": say("A base, because the volume is another one."),
        "parent-lost": say("A base, because the image before it was lost."),
        "policy": say("A base, because what it built on was rolled up."),
    }
    return known.get(reason, "")


def base_word(reason: str) -> str:
    """As `base_reason`, in a word or two."""
    known = {
        "first": say("first"),
        "forced": say("asked for"),
        "key-changed": say("key changed"),
        "volume-changed": say("volume changed"),
        "parent-lost": say("parent lost"),
        "policy": say("rolled up"),
    }
    return known.get(reason) or reason.replace("-", " ")


def front_text(lanes: Sequence[Lane], lane: int, number: int | None) -> str:
    """What is in front, for those who do not see the map. `number`: of the image on its line."""
    if number is None:
        total = sum(len(one.nodes) for one in lanes)
        return count("{n} image. Nothing is chosen.", "{n} images. Nothing is chosen.", total)
    nodes = lanes[lane].nodes
    place = say("{number} of {total}", number=number + 1, total=len(nodes))
    return f"{lanes[lane].label}: {node_text(nodes[number].link)} {place}"
