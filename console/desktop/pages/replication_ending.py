"""Questions before replication ends: each says what lies at the target, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QWidget

from console.desktop.desk import Desk
from console.desktop.tables.columns import Row
from console.desktop.widgets.asking import ask
from console.desktop.widgets.pane import Pane
from console.domain.answers import Loss
from console.domain.replication_answers import PairingRemoved
from console.domain.sizes import format_size
from console.flows.wording import count, say


class Ending:
    """`parent`: where questions stand; `done`: called when something has ended."""

    def __init__(self, parent: QWidget, desk: Desk, pane: Pane, done: Callable[[], object]) -> None:
        self._parent = parent
        self._desk = desk
        self._pane = pane
        self._done = done

    def ask_pairing(self, row: Row) -> None:
        """`row`: of a pairing."""
        outgoing = row["role"] == "source"
        there = row["peer"] if outgoing else say("this Core")

        def question(loss: Loss) -> None:
            ask(
                self._parent,
                say("End the pairing with “{core}”", core=row["peer"]),
                say("Nothing more is replicated between this Core and “{core}”.", core=row["peer"]),
                [
                    say("Machines: {names}", names=", ".join(loss["machines"]) or say("none")),
                    _stays(loss, there),
                    say("Seed drives of this pairing that are outstanding can no longer be consumed."),
                    _later(row["peer"], outgoing=outgoing),
                ],
                say("&End the pairing"),
                lambda: self._end(row["pairing"], None, delete=False),
            )

        self._pane.act(lambda: self._desk.client.removal_loss(row["pairing"]), question)

    def ask_machine(self, detail: Row, row: Row, *, delete: bool) -> None:
        """`row`: of a machine of the pairing `detail`. `delete`: its points at the target are to go too."""
        outgoing = detail["role"] == "source"
        there = detail["peer"] if outgoing else say("this Core")
        machine, id = row["machine"], row["machine_id"]

        def question(loss: Loss) -> None:
            ask(
                self._parent,
                say("Stop replicating “{machine}”", machine=machine),
                say("“{machine}” is no longer replicated to “{core}”.", machine=machine, core=detail["peer"])
                if outgoing
                else say("“{machine}” of “{core}” is not taken any more.", machine=machine, core=detail["peer"]),
                [*(_goes(loss, there) if delete else [_stays(loss, there)]), _later(detail["peer"], outgoing=outgoing)],
                say("&Stop and delete") if delete else say("&Stop replicating"),
                lambda: self._end(detail["pairing"], [id], delete=delete),
            )

        self._pane.act(lambda: self._desk.client.removal_loss(detail["pairing"], [id]), question)

    def _end(self, pairing: str, machines: Sequence[str] | None, *, delete: bool) -> None:
        def done(_: PairingRemoved) -> None:
            self._done()

        client = self._desk.client
        self._pane.act(lambda: client.remove_from_pairing(pairing, machines, delete_points=delete), done)


def _stays(loss: Loss, there: str) -> str:
    return count(
        "{n} recovery point with {size} of files stays at {core}.",
        "{n} recovery points with {size} of files stay at {core}.",
        loss["points"],
        size=format_size(loss["bytes"]),
        core=there,
    )


def _goes(loss: Loss, there: str) -> list[str]:
    lines = [
        count(
            "{n} recovery point with {size} of files is deleted at {core}.",
            "{n} recovery points with {size} of files are deleted at {core}.",
            loss["points"],
            size=format_size(loss["bytes"]),
            core=there,
        ),
        say("This cannot be undone."),
    ]
    if loss["held"]:
        lines.append(say("Points of it are held, so the Core will refuse; release them first."))
    return lines


def _later(peer: str, *, outgoing: bool) -> str:
    if outgoing:
        return say("“{core}” learns of it at once; where it is away, at the next contact.", core=peer)
    return say("“{core}” learns of it when it calls next.", core=peer)
