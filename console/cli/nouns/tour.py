"""`replicore tour`: the main job, end to end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.cli.arguments import example
from console.cli.session import session_of

app = typer.Typer()


@app.command(epilog=example("tour", "tour /usr/share/doc --keep /tmp/tour"))
def tour(
    ctx: typer.Context,
    tree: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="A tree of real files; it stays as it is.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keeps both Cores and everything else there.")
    ] = None,
) -> None:
    """Shows the main job on real files, between two Cores on this machine: backup, pairing, seed drive, restore."""
    from console.cli.tour import take_tour

    session = session_of(ctx)
    result = take_tour(tree, keep, session.output.say)
    if session.output.json:
        session.output.document(result)
        return
    rows = [
        (
            row["step"],
            f"{row['seconds']:.1f} s",
            *(_size(row[key]) for key in ("bytes_read", "bytes_stored", "bytes_sent")),
            f"{row['mb_per_s']} MB/s" if row["mb_per_s"] else "",
        )
        for row in result["figures"]
    ]
    session.output.table(("Step", ">Time", ">Read", ">Stored", ">Sent", ">Rate"), rows, "")
    session.output.say("Everything held. A step's time includes starting its command.")


def _size(size: int | None) -> str:
    from console.domain.sizes import format_size

    return "" if size is None else format_size(size)
