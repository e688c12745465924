"""Columns of tables over recovery points."""

from __future__ import annotations

from console.desktop.tables.columns import Cell, Column
from console.desktop.theme.tokens import Tone
from console.desktop.widgets import states
from console.flows.amounts import NOTHING
from console.flows.keys import sealed_text
from console.flows.wording import say


def kind_column() -> Column:
    return Column("kind", say("Kind"), lambda row, _: states.kind(row["kind"]).cell(), width=14)


def chain_column() -> Column:
    """With why it is not whole on hover."""
    return Column("chain", say("Chain"), lambda row, _: states.chain(row["chain"]).cell(row["why"]), width=18)


def restorability_column() -> Column:
    return Column(
        "restorability", say("Restorable"), lambda row, _: states.restorability(row["restorability"]).cell(), width=14
    )


def targets_column() -> Column:
    """The targets that have it too."""

    def cell(row: object, _: object) -> Cell:
        names = row["targets"]  # type: ignore[index]
        return Cell(", ".join(names) or NOTHING, tip="\n".join(names) or say("On no other Core."))

    return Column("targets", say("On targets"), cell, width=16)


def flag_column(key: str, title: str, yes: str, icon_name: str) -> Column:
    """A word with its icon where something holds, else nothing."""
    return Column(
        key, title, lambda row, _: Cell(yes, Tone.INFO, icon_name) if row[key] else Cell(NOTHING), width=11, hidden=True
    )


def sealed_column() -> Column:
    """Whether it is encrypted, with which key, and whether that is locked."""

    def cell(row: object, _: object) -> Cell:
        if not row["encrypted"]:  # type: ignore[index]
            return Cell(NOTHING, tip=say("Not encrypted."))
        keys = row.get("keys", ())  # type: ignore[attr-defined]
        text = sealed_text(keys) or say("Encrypted")
        if any(key["locked"] for key in keys):
            return Cell(text, Tone.WARN, "lock", say("Encrypted. It cannot be opened here while the key is locked."))
        return Cell(text, Tone.INFO, "key", say("Encrypted."))

    return Column("encrypted", say("Encrypted"), cell, width=16)


def checks_column() -> Column:
    """Results of checks of the point, each with its word."""

    def cell(row: object, _: object) -> Cell:
        checks = row["checks"]  # type: ignore[index]
        words = ", ".join(f"{name}: {result}" for name, result in checks.items())
        return Cell(words or NOTHING, tip=words or say("Not checked."))

    return Column("checks", say("Checks"), cell, width=14, hidden=True)
