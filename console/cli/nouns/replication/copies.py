"""Copies of single points: replicate-backup, require-copy."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console.cli.arguments import example
from console.cli.nouns.replication.shared import Pairing, app, show_sent
from console.cli.session import session_of
from console.domain.copy_answers import RequiredAnswer


@app.command(
    "replicate-backup",
    epilog=example(
        "replication replicate-backup 3f2a91 --to office",
        'replication replicate-backup 3f2a91 --to office --name before-upgrade --describe "Last one of release 4"',
    ),
)
def replicate_backup(
    ctx: typer.Context,
    point: Annotated[str, typer.Argument(metavar="POINT", help="Id of a recovery point, or how it begins.")],
    to: Annotated[str, typer.Option("--to", metavar="PAIRING", help="Name or id of the pairing.")],
    name: Annotated[str, typer.Option(help="What this copy is called: 1 to 64 letters, digits, _ and -.")] = "",
    description: Annotated[
        str, typer.Option("--description", "--describe", help="What it is for; at most 255 characters.")
    ] = "",
    detach: Annotated[bool, typer.Option("--detach", help="Does not wait for the job.")] = False,
) -> None:
    """Sends one existing point now, whatever the schedule; again too, when the target has let go of it."""
    session = session_of(ctx)

    def tell(result: dict[str, Any]) -> None:
        called = f" as “{result['name']}”" if result["name"] else ""
        session.output.say(f"“{to}” has the recovery point {result['point'][:12]}{called}.")
        show_sent(session, result)

    session.job(lambda core: core.replicate_backup(point, to, name=name, description=description), tell, detach=detach)


@app.command(
    "require-copy", epilog=example("replication require-copy office web", "replication require-copy office web --off")
)
def require_copy(
    ctx: typer.Context,
    pairing: Pairing,
    machine: Annotated[str, typer.Argument(metavar="MACHINE", help="Name or id of the machine.")],
    off: Annotated[bool, typer.Option("--off", help="A backup need not be there any longer.")] = False,
) -> None:
    """A backup of this machine succeeds only when this target has it too, asked for with --replicate or not."""
    session = session_of(ctx)

    def tell(found: RequiredAnswer) -> None:
        way = "only with its copy" if found["required"] else "also without a copy"
        session.output.say(f"A backup of “{found['machine']}” succeeds {way} on “{found['name']}”.")

    session.answer(lambda core: core.require_copy(pairing, machine, not off), tell)
