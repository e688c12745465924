"""The one `app` that every file here adds its verbs to, and the arguments that they share."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console.cli.arguments import example
from console.cli.output import amount
from console.cli.session import Session
from console.domain.sizes import format_duration, format_rate, format_size

app = typer.Typer(
    help="Pairings with other Cores, and the machines in them.", epilog=example("replication show office")
)

Pairing = Annotated[str, typer.Argument(metavar="PAIRING", help="Name or id of the pairing.")]
Machine = Annotated[str | None, typer.Argument(metavar="[MACHINE]", help="Only this machine.")]
Yes = Annotated[bool, typer.Option("--yes", help="Without asking.")]


def show_sent(session: Session, result: dict[str, Any]) -> None:
    """What a run has sent, in a line."""
    rate = result["bytes_sent"] / result["duration_s"] if result["duration_s"] else 0.0
    session.output.say(
        f"{amount(result['points_sent'], 'point')}, {amount(result['objects_sent'], 'object')} and "
        f"{format_size(result['bytes_sent'])} sent, {format_size(result['bytes_skipped'])} were there already; "
        f"{format_duration(result['duration_s'])}" + (f", {format_rate(rate)}." if result["bytes_sent"] else ".")
    )
