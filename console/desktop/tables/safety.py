"""Machines and whether they are safe: the columns of `SafetyAnswer`."""

from __future__ import annotations

from datetime import datetime

from console.desktop.tables.columns import Cell, Column, Row, number_column, text_column, time_column
from console.desktop.widgets import states
from console.domain.overview_answers import ReplicaAnswer
from console.domain.sizes import format_duration
from console.flows.amounts import NOTHING, ago, local
from console.flows.wording import say


def replica_text(replica: ReplicaAnswer) -> str:
    """One target in words: “vault: Behind 2 h 5 min”."""
    state = states.member(replica["state"])
    if replica["lag_points"] and replica["lag_s"]:
        return say(
            "{name}: {state}, {lag}", name=replica["name"], state=state.text, lag=format_duration(replica["lag_s"])
        )
    return say("{name}: {state}", name=replica["name"], state=state.text)


def paused_text(replica: Row) -> str:
    """Who paused a replica; empty where nobody did."""
    return say("Paused by {who}", who=replica["paused_by"]) if replica["paused_by"] else ""


def safety_columns() -> list[Column]:
    """Of the table whose lines are `SafetyAnswer`."""
    return [
        Column(
            "verdict",
            say("State"),
            lambda row, _: states.verdict(row["verdict"]).cell(row["why"]),
            sort="verdict",
            width=14,
        ),
        Column("machine", say("Machine"), _machine, sort="name", width=18),
        time_column("last_point", say("Last point"), sort="last_point"),
        Column("restorability", say("Restorable here"), _restorable, width=17),
        Column("replicas", say("Replicas"), _replicas, sort="lag", width=22),
        Column("next_due", say("Next backup"), _next_due, sort="next_due", width=14),
        number_column("points", say("Points"), sort="points", hidden=True),
        number_column("orphaned", say("Orphaned"), width=9, hidden=True),
        text_column("origin", say("From Core"), hidden=True),
        Column("why", say("Why"), lambda row, _: Cell(row["why"] or NOTHING), width=8),
    ]


def _machine(row: Row, _: datetime) -> Cell:
    kind = states.machine_kind(row["kind"])
    return Cell(row["machine"], icon=kind.icon, tip=say("{name} · {kind}", name=row["machine"], kind=kind.text))


def _restorable(row: Row, _: datetime) -> Cell:
    return states.restorable_now(row["restorability"], locked=row["locked"]).cell()


def _next_due(row: Row, now: datetime) -> Cell:
    if row["kind"] != "protected":
        return Cell(NOTHING)
    if row["verdict"] == "paused":
        return states.verdict("paused").cell()
    return Cell(ago(row["next_due"], now), tip=local(row["next_due"]))


def _replicas(row: Row, _: datetime) -> Cell:
    replicas: list[ReplicaAnswer] = row["replicas"]
    if not replicas:
        return Cell(NOTHING, tip=say("It is not replicated to another Core."))
    order = ("behind", "waiting-for-seed", "paused", "in-step")
    worst = min(replicas, key=lambda one: order.index(one["state"]) if one["state"] in order else 0)
    texts = [replica_text(one) for one in replicas]
    shown = states.member(worst["state"])
    tips = [text for one, said in zip(replicas, texts, strict=True) for text in (said, paused_text(one)) if text]
    return Cell(" · ".join(texts), shown.tone, shown.icon, "\n".join(tips))
