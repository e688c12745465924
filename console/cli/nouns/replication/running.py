"""When something is sent: force, pause, resume."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console.cli.arguments import example
from console.cli.nouns.replication.shared import Machine, Pairing, app, show_sent
from console.cli.session import session_of
from console.domain.replication_answers import PairingDetailAnswer


@app.command(epilog=example("replication force office"))
def force(
    ctx: typer.Context,
    pairing: Pairing,
    detach: Annotated[bool, typer.Option("--detach", help="Does not wait for the job.")] = False,
) -> None:
    """Sends now what the target lacks."""
    session = session_of(ctx)

    def tell(result: dict[str, Any]) -> None:
        show_sent(session, result)

    session.job(lambda core: core.force(pairing), tell, detach=detach)


@app.command(epilog=example("replication pause office", "replication pause office laptop"))
def pause(ctx: typer.Context, pairing: Pairing, machine: Machine = None) -> None:
    """Nothing is sent until it is resumed; incoming pairings can be paused too."""
    session = session_of(ctx)
    session.answer(
        lambda core: core.pause_pairing(pairing, machine),
        lambda found: session.output.say(f"{_whose(found, machine)} is paused."),
    )


@app.command(epilog=example("replication resume office"))
def resume(ctx: typer.Context, pairing: Pairing, machine: Machine = None) -> None:
    """Undoes our pause; what waited is sent."""
    session = session_of(ctx)
    session.answer(
        lambda core: core.resume_pairing(pairing, machine),
        lambda found: session.output.say(f"{_whose(found, machine)} goes on."),
    )


def _whose(pairing: PairingDetailAnswer, machine: str | None) -> str:
    return f"Replication with “{pairing['name']}”" + (f" of “{machine}”" if machine else "")
