"""`replicore replication …`: pairings with other Cores, and the machines in them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console.cli import asking
from console.cli.arguments import assignments, example
from console.cli.output import amount, loss_text, short, when
from console.cli.paging import everything
from console.cli.session import Session, session_of
from console.client.client import Client
from console.domain.errors import usage
from console.domain.replication_answers import Paired, PairingDetailAnswer, PairingRemoved, PlanAnswer
from console.domain.sizes import format_duration, format_rate, format_size

app = typer.Typer(
    help="Pairings with other Cores, and the machines in them.", epilog=example("replication show office")
)

Pairing = Annotated[str, typer.Argument(metavar="PAIRING", help="Name or id of the pairing.")]
Machine = Annotated[str | None, typer.Argument(metavar="[MACHINE]", help="Only this machine.")]
Yes = Annotated[bool, typer.Option("--yes", help="Without asking.")]


@app.command(
    epilog=example(
        "replication pair backup.example.org:8006 --user admin --name office",
        "replication pair 10.0.0.2 --user admin --password-stdin --fingerprint 3A:91:… < password",
    )
)
def pair(
    ctx: typer.Context,
    target: Annotated[str, typer.Argument(metavar="HOST[:PORT]", help="The Core that shall keep the copies.")],
    user: Annotated[str, typer.Option(help="An administrator of that Core.")],
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help=asking.PASSWORD_HELP)] = False,
    fingerprint: Annotated[
        str | None, typer.Option(help="Of that Core's certificate; asked for on a terminal, required elsewhere.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What the pairing is called here; else that Core's name.")] = None,
) -> None:
    """Pairs this Core with a target. The password is used once and not kept."""
    from console.client.cores import parse_address

    session = session_of(ctx)
    host, port = parse_address(target)
    if fingerprint is None and not asking.somebody_there():
        raise usage(
            "fingerprint-required",
            "Nobody is there to confirm the target's fingerprint.",
            "Give it with --fingerprint; `replicore core certificate` on the target shows it.",
        )

    async def work(core: Client) -> Paired:
        confirmed = fingerprint or await _confirmed(session, core, host, port)
        password = asking.password(f"{user} on {host}", from_stdin=password_stdin)
        return await core.pair(host, port, user, password, confirmed, name)

    def show(paired: Paired) -> None:
        offers = ", ".join(offer["name"] for offer in paired["repositories"]) or "none yet"
        session.output.say(f"Paired with “{paired['peer']}” as “{paired['name']}”. Its repositories: {offers}.")
        for warning in paired["warnings"]:
            session.output.note(f"Warning: {warning}")
        session.output.say(f"Add machines: replicore replication add {paired['name']} MACHINE")

    session.answer(work, show)


@app.command(epilog=example("replication add office laptop", "replication add office laptop --seed-drive"))
def add(
    ctx: typer.Context,
    pairing: Pairing,
    machines: Annotated[list[str], typer.Argument(metavar="MACHINE …", help="Names or ids of machines.")],
    repositories: Annotated[
        list[str] | None, typer.Option("--repository", metavar="M=R", help="The target's repository for a machine.")
    ] = None,
    paused: Annotated[bool, typer.Option("--paused", help="Nothing is sent until it is resumed.")] = False,
    seed_drive: Annotated[
        bool, typer.Option("--seed-drive", help="What there is now goes by seed drive, only later points by wire.")
    ] = False,
) -> None:
    """Replicates machines: what there is now, and each new point after its backup."""
    session = session_of(ctx)
    places = assignments(repositories or ())
    strange = [machine for machine in places if machine not in machines]
    if strange:
        raise usage("bad-assignment", f"“{strange[0]}” is not among the machines that are added.", "Name it there too.")

    def show(found: PairingDetailAnswer) -> None:
        names = ", ".join(f"“{machine}”" for machine in machines)
        session.output.say(f"Replication of {names} to “{found['name']}” is set up.")
        if seed_drive:
            session.output.say(f"Write the drive: replicore seed create {found['name']} --to DIR")

    session.answer(
        lambda core: core.add_to_pairing(pairing, machines, repositories=places, paused=paused, seed_drive=seed_drive),
        show,
    )


@app.command(epilog=example("replication remove office laptop", "replication remove office --delete-points --yes"))
def remove(
    ctx: typer.Context,
    pairing: Pairing,
    machines: Annotated[
        list[str] | None, typer.Argument(metavar="[MACHINE …]", help="Only these; else the whole pairing.")
    ] = None,
    delete_points: Annotated[
        bool, typer.Option("--delete-points", help="Their points at the target go too; ours always stay.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Ends replication. What the target holds stays there unless --delete-points."""
    session = session_of(ctx)

    async def work(core: Client) -> PairingRemoved:
        found = await core.pairing(pairing)
        chosen = machines or [member["machine"] for member in found["machines"]]
        names = ", ".join(f"“{name}”" for name in chosen) or "no machine"
        outgoing = found["role"] == "source"
        way, place = ("to", f"on “{found['peer']}”") if outgoing else ("from", "on this Core")
        question = f"This ends the replication of {names} {way} “{found['peer']}”; "
        if delete_points:
            losses = [await core.machine_loss(name) for name in chosen]
            what = loss_text(chosen, sum(one["points"] for one in losses), sum(one["bytes"] for one in losses))
            question += f"it deletes {place} {'up to ' if outgoing else ''}{what}."
        else:
            question += f"their points {place} stay."
        asking.confirm(session.output, question, yes=yes, destructive=delete_points)
        return await core.remove_from_pairing(pairing, machines or None, delete_points=delete_points)

    def show(gone: PairingRemoved) -> None:
        session.output.say(
            f"Ended for {amount(len(gone['machines']), 'machine')}; "
            f"{amount(gone['points_deleted'], 'recovery point')} deleted."
        )
        if not gone["target_told"]:
            session.output.note("The target could not be reached; it learns of it at the next contact.")

    session.answer(work, show)


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


@app.command(epilog=example("replication edit office --host vault.example.org", "replication edit office --name vault"))
def edit(
    ctx: typer.Context,
    pairing: Pairing,
    name: Annotated[str | None, typer.Option(help="What it is called here from now on.")] = None,
    host: Annotated[str | None, typer.Option(help="Where the target is reached from now on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port that it listens on.")] = None,
) -> None:
    """Changes the name of a pairing, or where the target is reached; the next contact shows whether that is right."""
    session = session_of(ctx)
    if name is None and host is None and port is None:
        raise usage("nothing-to-change", "Nothing was said that should change.", "Give --name, --host or --port.")

    def tell(found: PairingDetailAnswer) -> None:
        address = f" It is reached at {found['host']}:{found['port']}." if found["host"] else ""
        session.output.say(f"“{found['name']}” was changed.{address}")

    session.answer(lambda core: core.edit_pairing(pairing, name=name, host=host, port=port), tell)


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


async def _confirmed(session: Session, core: Client, host: str, port: int) -> str:
    probed = await core.probe(host, port)
    question = (
        f"The Core at {host}:{port} is “{probed['name']}”, version {probed['version']}. Its fingerprint:\n"
        f"  {probed['fingerprint']}\n  {' '.join(probed['words'])}\n"
        "Compare with `replicore core certificate` on that machine."
    )
    asking.confirm(session.output, question, yes=False)
    return probed["fingerprint"]


def _whose(pairing: PairingDetailAnswer, machine: str | None) -> str:
    return f"Replication with “{pairing['name']}”" + (f" of “{machine}”" if machine else "")
