"""`replicore seed …`: history that travels by drive."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from console.cli import asking
from console.cli.arguments import assignments, example, path_text, size
from console.cli.output import amount, short, when
from console.cli.paging import everything
from console.cli.session import session_of
from console.client.client import Client
from console.domain.replication_answers import Abandoned, SeedAnswer, SeedInspectionAnswer
from console.domain.sizes import format_size

app = typer.Typer(help="Seed drives: history that travels by drive.", epilog=example("seed list"))

Id = Annotated[str, typer.Argument(metavar="ID", help="Id of the seed drive, or its first letters.")]
Detach = Annotated[bool, typer.Option("--detach", help="Does not wait for the job.")]
Drives = Annotated[list[str], typer.Argument(metavar="DIR …", help="Where the drive is mounted, or the folder on it.")]


@app.command(
    epilog=example(
        "seed create office --to /media/drive",
        "seed create office --to /media/one --to /media/two --segment-size 2G --comment 'Blue drives'",
        "seed create office --to /media/drive --key-passphrase-file /run/secrets/office",
    )
)
def create(
    ctx: typer.Context,
    pairing: Annotated[str, typer.Argument(metavar="PAIRING", help="Name or id of the pairing it is for.")],
    to: Annotated[list[str], typer.Option(metavar="DIR", help="Where the drive is mounted; one for each medium.")],
    machines: Annotated[
        list[str] | None, typer.Option("--machine", metavar="M", help="Only these machines of the pairing.")
    ] = None,
    segment_size: Annotated[str | None, typer.Option(metavar="SIZE", help="Of one file on it: 512M, 2G.")] = None,
    medium_size: Annotated[str | None, typer.Option(metavar="SIZE", help="Of one medium: 32GB.")] = None,
    reuse: Annotated[
        Literal["never", "this-core", "erase"],
        typer.Option(help="Media that carry seeds already: refuse, take over ours, or erase them."),
    ] = "never",
    chains: Annotated[
        Literal["whole", "latest"], typer.Option(help="All points, or the newest chain of each machine.")
    ] = "whole",
    customer_id: Annotated[str, typer.Option(metavar="C", help="Printed on the drive.")] = "",
    comment: Annotated[str, typer.Option(metavar="T", help="What you call the drive.")] = "",
    key_passphrase_files: Annotated[
        list[Path] | None,
        typer.Option(
            "--key-passphrase-file",
            metavar="FILE",
            help="Its first line has to open the keys of what goes on the drive, or nothing is written. "
            "Several: one of them for each key.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False,
    detach: Detach = False,
) -> None:
    """Writes what the target lacks to a drive, to be carried there and consumed."""
    session = session_of(ctx)
    places = [path_text(place) for place in to]
    options: dict[str, Any] = {
        "machines": list(machines or ()),
        "segment_size": size(segment_size),
        "medium_size": size(medium_size),
        "reuse": reuse,
        "chains": chains,
        "customer_id": customer_id,
        "comment": comment,
        "passphrases": [asking.passphrase("the keys", file) for file in key_passphrase_files or ()] or None,
    }
    if reuse == "erase":
        where = ", ".join(places)
        asking.confirm(session.output, f"This erases the seeds that are on {where} now.", yes=yes)

    def show(result: dict[str, Any]) -> None:
        session.output.say(
            f"Seed {result['seed']}: {amount(result['points'], 'point')}, {format_size(result['bytes'])} in "
            f"{amount(len(result['segments']), 'segment')}."
        )
        session.output.say("At the target: replicore seed consume DIR")

    session.job(lambda core: core.create_seed(pairing, places, **options), show, detach=detach)


@app.command("list", epilog=example("seed list", "seed list --pairing office"))
def list_seeds(
    ctx: typer.Context, pairing: Annotated[str | None, typer.Option(metavar="P", help="Only of this pairing.")] = None
) -> None:
    """Seed drives that were written here or are expected here, newest first."""
    session = session_of(ctx)

    def show(found: dict[str, Any]) -> None:
        rows = [
            (
                short(s["id"]),
                s["state"],
                "to" if s["direction"] == "outgoing" else "from",
                s["pairing_name"],
                when(s["written"]),
                s["images"],
                format_size(s["bytes"]),
                s["comment"],
            )
            for s in found["seeds"]
        ]
        columns = ("Id", "State", "", "Pairing", "Written", ">Images", ">Size", "Comment")
        session.output.table(columns, rows, "No seed drive.")

    session.answer(
        lambda core: everything("seeds", lambda after: core.seeds(pairing=pairing, limit=1000, after=after)), show
    )


@app.command(epilog=example("seed show 7c2e41"))
def show(ctx: typer.Context, seed: Id) -> None:
    """Everything about one seed drive."""
    session = session_of(ctx)

    def tell(found: SeedAnswer) -> None:
        session.output.facts(
            [
                ("Seed drive", found["id"]),
                ("State", found["state"]),
                ("Pairing", f"{found['pairing_name']} ({found['direction']})"),
                ("Comment", found["comment"]),
                ("Customer", found["customer_id"]),
                ("Written", when(found["written"])),
                ("Ended", when(found["ended"])),
                ("Where", found["location"]),
                ("Holds", f"{amount(found['images'], 'image')}, {amount(found['points'], 'point')}"),
                ("From", f"{when(found['oldest'])} to {when(found['newest'])}"),
                ("Size", f"{format_size(found['bytes'])} in {amount(len(found['segments']), 'segment')}"),
            ]
        )

    session.answer(lambda core: core.seed(seed), tell)


@app.command(epilog=example("seed inspect /media/drive"))
def inspect(
    ctx: typer.Context,
    place: Annotated[str, typer.Argument(metavar="DIR", help="Where the drive is mounted, or the folder on it.")],
) -> None:
    """What is on a drive, without reading all of it."""
    session = session_of(ctx)
    where = path_text(place)

    def tell(found: SeedInspectionAnswer) -> None:
        source = found["source"]
        missing = ", ".join(found["segments_missing"])
        session.output.facts(
            [
                ("Seed drive", found["seed"]),
                ("Written by", f"“{source['name']}” ({source['fingerprint']}), signature {found['signature']}"),
                ("Created", when(found["created"])),
                ("Comment", found["comment"]),
                ("Customer", found["customer_id"]),
                ("Holds", f"{amount(found['images'], 'image')} of {amount(found['points'], 'point')}"),
                ("From", f"{when(found['oldest'])} to {when(found['newest'])}"),
                ("Size", f"{format_size(found['bytes'])} in {amount(len(found['segments']), 'segment')}"),
                ("Missing", missing or "nothing"),
                ("Known here as", found["state"] or "not known"),
                ("Consumable", f"no: {found['why_not']['message']}" if found["why_not"] else "yes"),
            ]
        )
        rows = [
            (m["machine"], m["points"], m["images"], when(m["oldest"]), when(m["newest"])) for m in found["machines"]
        ]
        session.output.table(("Machine", ">Points", ">Images", "Oldest", "Newest"), rows, "No machine is on it.")
        if found["keys"]:
            keys = [
                (k["name"], k["thumbprint"], k["tag"], k["images"], "yes" if k["wrapped"] else "no", k["state"] or "-")
                for k in found["keys"]
            ]
            session.output.table(("Key", "Thumbprint", "Tag", ">Images", "On the drive", "Here"), keys, "")
        for problem in found["problems"]:
            session.output.note(f"Warning: {problem['message']}")

    session.answer(lambda core: core.inspect_seed(where), tell)


@app.command(epilog=example("seed verify /media/drive"))
def verify(ctx: typer.Context, drives: Drives, detach: Detach = False) -> None:
    """Reads every byte of a drive. Ends with 6 when something is damaged."""
    session = session_of(ctx)
    places = [path_text(place) for place in drives]

    def show(result: dict[str, Any]) -> None:
        for segment in result["segments"]:
            if segment["state"] != "ok":
                print(f"{segment['file']}: {segment['state']} {segment['why']}".rstrip())
        session.output.say(
            f"{amount(result['objects'], 'object')}, {format_size(result['bytes'])} read; "
            f"{amount(result['images_whole'], 'image')} whole, {len(result['images_hurt'])} hurt."
        )
        for one in result["damaged"]:
            print(_damaged(one))
        session.output.say("The drive is damaged." if result["damaged"] else "No damage found.")

    session.job(lambda core: core.verify_seed(places), show, detach=detach)


@app.command(epilog=example("seed consume /media/drive", "seed consume /media/drive --repository laptop=big"))
def consume(
    ctx: typer.Context,
    drives: Drives,
    machines: Annotated[list[str] | None, typer.Option("--machine", metavar="M", help="Only these machines.")] = None,
    repositories: Annotated[
        list[str] | None, typer.Option("--repository", metavar="M=R", help="Where a machine's points are kept.")
    ] = None,
    detach: Detach = False,
) -> None:
    """Imports a drive; orphans that waited for it become whole. Twice changes nothing."""
    session = session_of(ctx)
    places = [path_text(place) for place in drives]
    homes = assignments(repositories or ())

    def show(result: dict[str, Any]) -> None:
        session.output.say(
            f"{amount(result['points_imported'], 'point')} imported, {result['points_skipped']} skipped; "
            f"{amount(result['orphans_repaired'], 'orphan')} repaired, {result['orphans_left']} left."
        )
        for segment in result["segments_missing"]:
            print(f"Missing: {segment}")
        for one in result["damaged"]:
            print(_damaged(one))

    session.job(
        lambda core: core.consume_seed(places, machines=tuple(machines or ()), repositories=homes), show, detach=detach
    )


@app.command(epilog=example("seed abandon 7c2e41"))
def abandon(
    ctx: typer.Context, seed: Id, yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False
) -> None:
    """Forgets a drive: what is on it goes over the wire. The drive itself is not touched."""
    session = session_of(ctx)

    async def work(core: Client) -> Abandoned:
        meant = await core.abandon_preview(seed)
        question = (
            f"Seed drive {short(meant['seed'])} will be forgotten; {amount(meant['points'], 'point')} with "
            f"about {format_size(meant['bytes'])} will go over the wire instead."
        )
        asking.confirm(session.output, question, yes=yes, destructive=False)
        return await core.abandon_seed(seed)

    session.answer(work, lambda gone: session.output.say(f"Seed drive {short(gone['seed'])} is abandoned."))


def _damaged(found: dict[str, Any]) -> str:
    return f"Damaged: {found['file']}: {found['why']} It hurts {amount(len(found['images']), 'image')}."
