"""`replicore point check`: whether points can be relied on."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console.cli.output import short
from console.cli.session import session_of
from console.domain.errors import usage
from console.domain.point_checks import PointCheck


def check(
    ctx: typer.Context,
    points: Annotated[list[str] | None, typer.Argument(metavar="[ID …]", help="Ids, or their first letters.")] = None,
    machine: Annotated[str | None, typer.Option(metavar="M", help="The newest point of this machine.")] = None,
    every: Annotated[bool, typer.Option("--all", help="With --machine: all of its points.")] = False,
    only: Annotated[
        str, typer.Option(metavar="CHECK,…", help="Of checksum, integrity, mountability, attachability; else all.")
    ] = "",
    detach: Annotated[bool, typer.Option("--detach", help="Does not wait for the job.")] = False,
) -> None:
    """Checks points: reads and verifies every object, looks at the chain, opens the file systems of disk images and the
    databases in it (SQLite, PostgreSQL), with the programs that this host has for them.

    Ends with 6 when something is bad. What cannot be checked is said, and is not bad.
    """
    session = session_of(ctx)
    wanted = [word for word in only.replace(" ", "").split(",") if word]
    for word in wanted:
        if word not in {one.value for one in PointCheck}:
            raise usage("check-unknown", f"“{word}” is no check.", f"Use {', '.join(PointCheck)}.")
    if bool(points) == (machine is not None):
        raise usage("nothing-to-check", "Either points or a machine are checked.", "replicore point check --help")

    def show(result: dict[str, Any]) -> None:
        rows = [
            (short(point["point"]), one["check"], one["verdict"], one["message"])
            for point in result["points"]
            for one in point["results"]
        ]
        session.output.table(("Point", "Check", "Result", ""), rows, "Nothing was checked.")

    session.job(
        lambda core: core.check_points(points or (), machine=machine, every=every, only=wanted), show, detach=detach
    )
