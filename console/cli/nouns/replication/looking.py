"""What there is and how it stands: list, show, plan."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console.cli.arguments import example
from console.cli.nouns.replication.shared import Pairing, app
from console.cli.output import amount, short, when
from console.cli.paging import everything
from console.cli.session import session_of
from console.domain.replication_answers import PairingDetailAnswer, PlanAnswer
from console.domain.sizes import format_duration, format_rate, format_size


@app.command("list", epilog=example("replication list --outgoing"))
def list_pairings(
    ctx: typer.Context,
    outgoing: Annotated[bool, typer.Option("--outgoing", help="Only those we send to.")] = False,
    incoming: Annotated[bool, typer.Option("--incoming", help="Only those that send to us.")] = False,
) -> None:
    """Pairings of this Core, by name."""
    session = session_of(ctx)
    direction = None if outgoing == incoming else ("outgoing" if outgoing else "incoming")

    def show(found: dict[str, Any]) -> None:
        rows = [
            (
                p["name"],
                "to" if p["role"] == "source" else "from",
                p["peer"],
                p["link"],
                p["machine_count"],
                p["lag_points"],
                when(p["last_contact"]),
            )
            for p in found["pairings"]
        ]
        columns = ("Name", "", "Core", "Link", ">Machines", ">Waiting", "Last contact")
        session.output.table(columns, rows, "No pairing yet: replicore replication pair HOST --user U")

    session.answer(
        lambda core: everything("pairings", lambda a: core.pairings(direction=direction, limit=1000, after=a)), show
    )


@app.command(epilog=example("replication show office"))
def show(ctx: typer.Context, pairing: Pairing) -> None:
    """One pairing with its machines: state, lag, rate, and who paused it."""
    session = session_of(ctx)

    def tell(found: PairingDetailAnswer) -> None:
        address = f" at {found['host']}:{found['port']}" if found["host"] else ""
        session.output.facts(
            [
                ("Pairing", f"{found['name']} ({found['pairing']})"),
                ("We are", f"the {found['role']}"),
                ("Other Core", f"{found['peer']}{address}, version {found['peer_version']}"),
                ("Fingerprint", found["fingerprint"]),
                ("Link", f"{found['link']} {found['link_text']}".strip()),
                ("Last contact", when(found["last_contact"])),
            ]
        )
        rows = [
            (
                m["machine"],
                m["state"],
                when(m["last_replicated"]),
                m["lag_points"],
                format_size(m["lag_bytes"]),
                format_rate(m["rate_bps"]) if m["rate_bps"] else "",
                format_duration(m["eta_s"]) if m["eta_s"] else "",
                m["images_on_seed"] or "",
                m["paused_by"] or "",
            )
            for m in found["machines"]
        ]
        columns = (
            "Machine",
            "State",
            "Last replicated",
            ">Waiting",
            ">Bytes",
            ">Rate",
            ">Left",
            ">On seed",
            "Paused by",
        )
        session.output.table(columns, rows, "No machine is in it.")

    session.answer(lambda core: core.pairing(pairing), tell)


@app.command(epilog=example("replication plan office"))
def plan(ctx: typer.Context, pairing: Pairing) -> None:
    """What the next run would send, and why not the rest. Sends nothing."""
    session = session_of(ctx)

    def tell(found: PlanAnswer) -> None:
        for machine in found["machines"]:
            steps = amount(len(machine["steps"]), "image")
            points = amount(machine["points"], "point")
            print(f"{machine['machine']}: {steps} of {points}, {format_size(machine['bytes'])} at most")
            reasons: dict[tuple[str, str], int] = {}
            for one in machine["withheld"]:
                reasons[one["reason"], one["detail"]] = reasons.get((one["reason"], one["detail"]), 0) + 1
            for (reason, detail), count in sorted(reasons.items()):
                more = f" ({short(detail)})" if detail else ""
                print(f"  {amount(count, 'image')} not sent: {reason}{more}")
        if not found["machines"]:
            session.output.say("No machine is in it.")

    session.answer(lambda core: core.plan(pairing), tell)
