"""Who replicates where: pair, add, remove, edit."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli import asking
from console.cli.arguments import assignments, example
from console.cli.nouns.replication.shared import Pairing, Yes, app
from console.cli.output import amount
from console.cli.session import Session, session_of
from console.client.client import Client
from console.domain.errors import usage
from console.domain.replication_answers import Paired, PairingDetailAnswer, PairingRemoved
from console.domain.sizes import format_size


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
        found, loss = await core.pairing(pairing), await core.removal_loss(pairing, machines)
        names = ", ".join(f"“{name}”" for name in loss["machines"]) or "no machine"
        outgoing = found["role"] == "source"
        way, place = ("to", f"on “{found['peer']}”") if outgoing else ("from", "on this Core")
        question = f"This ends the replication of {names} {way} “{found['peer']}”; "
        what = f"{amount(loss['points'], 'recovery point')} with {format_size(loss['bytes'])} of files"
        question += f"it deletes {what} {place}." if delete_points else f"{what} {place} stay as they are."
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


async def _confirmed(session: Session, core: Client, host: str, port: int) -> str:
    probed = await core.probe(host, port)
    question = (
        f"The Core at {host}:{port} is “{probed['name']}”, version {probed['version']}. Its fingerprint:\n"
        f"  {probed['fingerprint']}\n  {' '.join(probed['words'])}\n"
        "Compare with `replicore core certificate` on that machine."
    )
    asking.confirm(session.output, question, yes=False)
    return probed["fingerprint"]
