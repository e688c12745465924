"""The one `app` that every file here adds its verbs to, and the arguments that they share."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli.arguments import example

app = typer.Typer(
    help="Pairings with other Cores, and the machines in them.", epilog=example("replication show office")
)

Pairing = Annotated[str, typer.Argument(metavar="PAIRING", help="Name or id of the pairing.")]
Machine = Annotated[str | None, typer.Argument(metavar="[MACHINE]", help="Only this machine.")]
Yes = Annotated[bool, typer.Option("--yes", help="Without asking.")]
