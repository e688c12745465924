"""Columns of pairings and of the machines in one."""

from __future__ import annotations

from datetime import datetime

from console.desktop.tables.columns import Cell, Column, Row, rate_column, size_column, time_column
from console.desktop.theme.tokens import Tone
from console.desktop.widgets import states
from console.domain.sizes import format_duration, format_size
from console.flows.amounts import NOTHING
from console.flows.wording import count, say


def pairing_columns(peer: str) -> tuple[Column, ...]:
    """`peer`: what the other Core is called. Rows are PairingAnswer with `members`: its list of MemberAnswer."""
    return (
        Column("state", say("Status"), _link_cell, width=16),
        Column("peer", peer, lambda row, _: Cell(row["peer"]), width=16),
        Column("name", say("Pairing"), lambda row, _: Cell(row["name"]), width=14),
        Column("machines", say("Machines"), lambda row, _: Cell(str(row["machine_count"])), right=True, width=10,
               order=lambda row: row["machine_count"]),
        Column("lag", say("Lag"), _lag_cell, width=32, order=lambda row: row["lag_points"]),
        time_column("last_contact", say("Last contact")),
        Column("address", say("Address"), lambda row, _: Cell(address_of(row)), width=24),
        Column("version", say("Version"), lambda row, _: Cell(row["peer_version"]), width=10, hidden=True),
    )  # fmt: skip


def member_columns() -> tuple[Column, ...]:
    """Rows are MemberAnswer."""
    return (
        Column("state", say("State"), lambda row, _: _member_cell(row), width=16),
        Column("machine", say("Machine"), lambda row, _: Cell(row["machine"]), width=24),
        time_column("last_replicated", say("Last replicated point")),
        Column("lag", say("Lag"), _member_lag, width=14, right=True, order=lambda row: row["lag_s"] or 0),
        Column("points", say("Points behind"), lambda row, _: Cell(f"{row['lag_points']:,}"), right=True, width=12,
               order=lambda row: row["lag_points"]),
        size_column("lag_bytes", say("To send")),
        rate_column("rate_bps", say("Rate")),
        Column("eta", say("Time left"), lambda row, _: Cell(_span(row["eta_s"])), right=True, width=10,
               order=lambda row: row["eta_s"] or 0),
        Column("seed", say("On seed drive"), _seed_cell, width=14),
        Column("repository", say("Repository there"), lambda row, _: Cell(row["repository"]), width=16),
    )  # fmt: skip


def _link_cell(row: Row, _: datetime) -> Cell:
    if row["paused_here"]:
        return Cell(say("Paused"), Tone.OFF, "pause", say("Paused here."))
    if row["paused_there"]:
        return Cell(say("Paused there"), Tone.OFF, "pause", say("The other Core paused it."))
    if row["job"]:
        return Cell(say("Replicating"), Tone.INFO, "transfer")
    return states.link(row["link"], row["link_text"]).cell()


def _lag_cell(row: Row, _: datetime) -> Cell:
    waiting = sum(1 for member in row["members"] if member["images_on_seed"])
    if row["lag_points"]:
        worst = max((member["lag_s"] or 0 for member in row["members"]), default=0)
        size = sum(member["lag_bytes"] for member in row["members"])
        text = say("{points}, {time}, {bytes}", points=count("{n} point", "{n} points", row["lag_points"]),
                   time=format_duration(worst), bytes=format_size(size))  # fmt: skip
        return Cell(text, Tone.WARN, "late")
    if waiting:
        return Cell(
            count("{n} machine awaits a seed drive", "{n} machines await a seed drive", waiting), Tone.WAIT, "seed"
        )
    return Cell(say("Up to date"), Tone.GOOD, "good")


def _member_cell(row: Row) -> Cell:
    return states.member(row["state"]).cell(say("Paused by {who}", who=row["paused_by"]) if row["paused_by"] else "")


def _member_lag(row: Row, _: datetime) -> Cell:
    return Cell(_span(row["lag_s"]))


def _seed_cell(row: Row, _: datetime) -> Cell:
    images = row["images_on_seed"]
    return Cell(count("{n} image", "{n} images", images), Tone.WAIT, "seed") if images else Cell("")


def _span(seconds: float | None) -> str:
    return format_duration(seconds) if seconds else NOTHING


def address_of(row: Row) -> str:
    """Host and port of the other Core; empty where it is the one that calls."""
    return f"{row['host']}:{row['port']}" if row["host"] else ""
