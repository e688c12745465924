"""`replicore event …`: the journal, and what wants a person."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from console.cli.arguments import example
from console.cli.output import amount, when
from console.cli.session import session_of
from console.domain.answers import EventPage
from console.domain.clock import iso
from console.domain.errors import usage
from console.domain.events import Severity

app = typer.Typer(help="The journal, and what wants a person.", epilog=example("event list --alerts"))


@app.command("list", epilog=example("event list --severity error", "event list --since 2026-05-03T08:00"))
def list_events(
    ctx: typer.Context,
    since: Annotated[
        str | None, typer.Option(metavar="T", help="ISO 8601; in this machine's zone unless it says.")
    ] = None,
    severity: Annotated[
        Severity | None, typer.Option(metavar="S", help="info, warning or error: this or worse.")
    ] = None,
    alerts: Annotated[bool, typer.Option("--alerts", help="Only what wants a person and was not dismissed.")] = False,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="At most so many.")] = 100,
    after: Annotated[str | None, typer.Option(metavar="CURSOR", help="Goes on where a list ended.")] = None,
) -> None:
    """What happened on this Core, newest first."""
    session = session_of(ctx)
    moment = _moment(since)

    def show(found: EventPage) -> None:
        rows = [
            (
                e["id"][:12],
                when(e["time"]),
                e["severity"],
                ("alert" if not e["dismissed"] else "dismissed") if e["alert"] else "",
                e["message"] + (f" ({e['count']} times)" if e["count"] > 1 else ""),
            )
            for e in found["events"]
        ]
        session.output.table(("Id", "Time", "Severity", "", "What"), rows, "Nothing has happened.")
        if found["next"]:
            session.output.note(f"There are more: --after {found['next']}")

    wanted = severity.value if severity else None
    session.answer(
        lambda core: core.events(since=moment, severity=wanted, alerts=alerts, limit=limit, after=after), show
    )


@app.command(epilog=example("event dismiss 9e1f02", "event dismiss --all"))
def dismiss(
    ctx: typer.Context,
    event: Annotated[str | None, typer.Argument(metavar="ID", help="Id of an alert.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every alert.")] = False,
) -> None:
    """Says that an alert was seen."""
    session = session_of(ctx)
    if (event is None) != everything:
        raise usage("usage", "Name one alert, or --all.", "replicore event list --alerts shows them.")
    session.answer(
        lambda core: core.dismiss(event),
        lambda found: session.output.say(f"{amount(found['dismissed'], 'alert')} dismissed."),
    )


def _moment(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return iso(datetime.fromisoformat(text).astimezone())
    except (ValueError, OverflowError) as error:
        raise usage("bad-time", f"“{text}” is not a time.", "Write it as 2026-05-03T08:00.") from error
