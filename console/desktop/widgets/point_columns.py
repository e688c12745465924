"""Columns of tables over recovery points."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from console.client.client import Client
from console.desktop.tables.columns import Cell, Column, Row
from console.desktop.theme.tokens import Tone
from console.desktop.widgets import point_states, states
from console.desktop.widgets.chain_words import base_reason, base_word
from console.domain.answers import PointAnswer
from console.domain.retention_answers import HoldAnswer
from console.flows.amounts import NOTHING, local
from console.flows.keys import is_point_locked, sealed_text
from console.flows.point_checks import checks_text, worst
from console.flows.restorability import with_lock
from console.flows.wording import say


def kind_column() -> Column:
    """Of points and of images: with why it is a base."""

    def cell(row: Row, _: datetime) -> Cell:
        shown = states.kind(row["kind"])
        reasons = row.get("base_reasons") or ([row["base_reason"]] if row.get("base_reason") else [])
        if not reasons:
            return shown.cell()
        tip = "\n".join(text for text in map(base_reason, reasons) if text)
        words = ", ".join(base_word(reason) for reason in reasons)
        return Cell(f"{shown.text} · {words}", shown.tone, shown.icon, tip)

    return Column("kind", say("Kind"), cell, width=22)


def chain_column() -> Column:
    """With why it is not whole on hover; of a whole one also that its key is locked."""

    def cell(row: Row, _: datetime) -> Cell:
        shown = states.chain(row["chain"])
        if not is_point_locked(row):
            return shown.cell(row["why"])
        tip = "\n".join([row["why"] or shown.tip, say("It is sealed, and its key is locked.")])
        if row["chain"] == "whole":
            return Cell(with_lock(shown.text, locked=True), Tone.WARN, "lock", tip)
        return shown.cell(tip)

    return Column("chain", say("Chain"), cell, width=18)


def restorability_column() -> Column:
    return Column(
        "restorability",
        say("Restorable"),
        lambda row, _: states.restorable_now(row["restorability"], locked=is_point_locked(row)).cell(),
        width=14,
    )


def targets_column() -> Column:
    """The targets that have it too."""

    def cell(row: object, _: object) -> Cell:
        names = row["targets"]  # type: ignore[index]
        return Cell(", ".join(names) or NOTHING, tip="\n".join(names) or say("On no other Core."))

    return Column("targets", say("On targets"), cell, width=16)


def held_column() -> Column:
    """With the note of who holds it."""

    def cell(row: Row, _: datetime) -> Cell:
        if not row["held"]:
            return Cell(NOTHING)
        hold = row.get("hold")
        note = hold["reason"] if hold else ""
        return Cell(note or say("Held"), Tone.INFO, "pause", hold_text(hold) if hold else "")

    return Column("held", say("Held"), cell, width=14)


def hold_text(hold: HoldAnswer) -> str:
    """Who holds a point, since when, and why."""
    since = local(hold["since"])
    text = (
        say("Held by {user} since {time}", user=hold["user"], time=since)
        if hold["user"]
        else say("Held since {time}", time=since)
    )
    return f"{text}: {hold['reason']}" if hold["reason"] else f"{text}."


def kept_column(*, hidden: bool) -> Column:
    """What keeps it at the next rollup, or why it goes then; rows have it under `kept` (`with_reasons`)."""

    def cell(row: Row, _: datetime) -> Cell:
        kept = row.get("kept")
        if kept is None:
            return Cell(NOTHING, tip=say("Choose one machine above to see what keeps its points."))
        return point_states.kept([kept["goes"]] if kept["goes"] else kept["kept_by"])

    return Column("kept", say("Kept by"), cell, width=26, hidden=hidden)


async def with_reasons(client: Client, points: Sequence[PointAnswer]) -> list[Row]:
    """Points of a window with what keeps each. Raises Failed."""
    if not points:
        return []
    page = await client.kept_points([point["id"] for point in points])
    known = {one["point"]: one for one in page["points"]}
    return [{**point, "kept": known.get(point["id"])} for point in points]


def sealed_column() -> Column:
    """Whether it is encrypted, with which key, and whether that is locked."""

    def cell(row: object, _: object) -> Cell:
        if not row["encrypted"]:  # type: ignore[index]
            return Cell(NOTHING, tip=say("Not encrypted."))
        keys = row.get("keys", ())  # type: ignore[attr-defined]
        text = sealed_text(keys) or say("Encrypted")
        if is_point_locked(row):  # type: ignore[arg-type]
            return Cell(text, Tone.WARN, "lock", say("Encrypted. It cannot be opened here while the key is locked."))
        return Cell(text, Tone.INFO, "key", say("Encrypted."))

    return Column("encrypted", say("Encrypted"), cell, width=16)


def checks_column() -> Column:
    """One word for all checks of the point; each of them on hover."""

    def cell(row: Row, _: datetime) -> Cell:
        verdict = worst(row["checks"])
        if verdict is None:
            return Cell(NOTHING, tip=say("Never checked."))
        return point_states.point_check(verdict).cell(checks_text(row["checks"]))

    return Column("checks", say("Checks"), cell, width=13)
