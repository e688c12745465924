"""Two Cores side by side: compare."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli.arguments import example
from console.cli.nouns.replication.shared import Pairing, app
from console.cli.output import short, when
from console.cli.session import session_of
from console.client.client import Client
from console.domain.compare_answers import Comparison
from console.domain.errors import EXIT_CODES, FailureKind
from console.domain.sizes import format_size


@app.command(epilog=example("replication compare office", "replication compare office --machine laptop --fix"))
def compare(
    ctx: typer.Context,
    pairing: Pairing,
    machine: Annotated[str | None, typer.Option("--machine", metavar="MACHINE", help="Only this machine.")] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Sends what waits or is damaged there, repairs what is damaged here.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Points that differ, of each machine.")] = 100,
) -> None:
    """Which recovery points this Core and the target have, where they differ, why, and what helps.

    Ends with 6 when something is damaged on one side, with 3 when they differ otherwise.
    """
    from console.flows import comparing

    session = session_of(ctx)

    async def work(core: Client) -> Comparison:
        if fix:
            for job in (await core.fix_differences(pairing, machine))["jobs"]:
                await session.follow(job)
        found = await core.compare(pairing, machine=machine, limit=limit)
        if any(one["damaged"] for one in found["machines"]):
            session.raise_code(EXIT_CODES[FailureKind.DAMAGE])
        elif not found["alike"]:
            session.raise_code(3)
        return found

    def show(found: Comparison) -> None:
        there = found["there"]
        for one in found["machines"]:
            session.output.say(f"{one['machine']}: {comparing.summed(one, there)}")
            kept = comparing.retention(one, there)
            if kept:
                session.output.say(f"  {kept}")
            if not one["exact"]:
                session.output.note(f"  “{there}” runs a release that cannot say what is damaged or only there.")
            if one["points"]:
                session.output.table(
                    ("Point", "Time", "Where", ">Bytes", "Why", "What helps"),
                    [
                        (
                            short(point["point"]),
                            when(point["time"]),
                            comparing.difference(point, there),
                            format_size(point["bytes"]),
                            comparing.why(point, there),
                            comparing.help_for(point),
                        )
                        for point in one["points"]
                    ],
                    "",
                )
            if one["left_out"]:
                session.output.say(f"  {one['left_out']} older ones differ too (--limit).")
        if not found["machines"]:
            session.output.say("No machine is in it.")
        elif comparing.mendable(found) and not fix:
            session.output.say(f"Make them alike: replicore replication compare {found['name']} --fix")

    session.answer(work, show)
