"""When something is sent: force, pause, resume."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console.cli.arguments import example
from console.cli.nouns.replication.shared import Machine, Pairing, app
from console.cli.output import amount
from console.cli.session import session_of
from console.domain.replication_answers import PairingDetailAnswer
from console.domain.sizes import format_duration, format_rate, format_size


@app.command(epilog=example("replication force office"))
def force(
    ctx: typer.Context,
    pairing: Pairing,
    detach: Annotated[bool, typer.Option("--detach", help="Does not wait for the job.")] = False,
) -> None:
    """Sends now what the target lacks."""
    session = session_of(ctx)

    def tell(result: dict[str, Any]) -> None:
        rate = result["bytes_sent"] / result["duration_s"] if result["duration_s"] else 0.0
        session.output.say(
            f"{amount(result['points_sent'], 'point')}, {amount(result['objects_sent'], 'object')} and "
            f"{format_size(result['bytes_sent'])} sent, {format_size(result['bytes_skipped'])} were there already; "
            f"{format_duration(result['duration_s'])}" + (f", {format_rate(rate)}." if result["bytes_sent"] else ".")
        )

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
