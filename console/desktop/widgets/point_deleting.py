"""The question before a recovery point is deleted: what is lost, and what builds on it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from console.client.client import Client
from console.desktop.tables.columns import Row
from console.desktop.widgets.asking import ask
from console.domain.answers import Loss, PointDetailAnswer
from console.domain.sizes import format_size
from console.flows.amounts import local
from console.flows.wording import count, say


async def losses(client: Client, point: str) -> tuple[Loss, Loss]:
    """What deleting a point alone, and with all that builds on it, would take. Raises Failed."""
    return await client.points_loss([point]), await client.points_loss([point], chain=True)


def ask_delete(
    parent: QWidget,
    row: Row | PointDetailAnswer,
    found: tuple[Loss, Loss],
    *,
    chain: bool,
    on_yes: Callable[[], object],
) -> None:
    """`found`: what `losses` says. `chain`: also what builds on it."""
    alone, deep = found
    taken = deep if chain else alone
    details = [
        count("{n} recovery point is lost.", "{n} recovery points are lost.", taken["points"]),
        say("Files in them: {size}.", size=format_size(taken["bytes"])),
    ]
    if taken["frees"]:
        details.append(say("About {size} can be given back by a reclaim then.", size=format_size(taken["frees"])))
    if taken["held"]:
        details.append(
            count(
                "{n} of them is held, so the Core will refuse; release it first.",
                "{n} of them are held, so the Core will refuse; release them first.",
                taken["held"],
            )
        )
    beyond = deep["points"] - alone["points"]
    if beyond and not chain:
        details.append(
            count(
                "{n} other point builds on it, so the Core will refuse; delete it together with that one.",
                "{n} other points build on it, so the Core will refuse; delete it together with them.",
                beyond,
            )
        )
    elif beyond:
        details.append(
            count(
                "{n} of them is newer and builds on this one.",
                "{n} of them are newer and build on this one.",
                beyond,
            )
        )
    machine, time = row["machine"], local(row["time"])
    if chain:
        title = say("Delete recovery points")
        text = say("Delete the point of “{machine}” of {time} and all that builds on it?", machine=machine, time=time)
    else:
        title = say("Delete recovery point")
        text = say("Delete the point of “{machine}” of {time}?", machine=machine, time=time)
    ask(parent, title, text, details, say("&Delete"), on_yes)
