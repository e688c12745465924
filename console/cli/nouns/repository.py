"""`replicore repository …`: where recovery points are kept."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console.cli import asking
from console.cli.arguments import example, path_text
from console.cli.output import amount, when
from console.cli.paging import everything
from console.cli.session import session_of
from console.client.client import Client
from console.domain.answers import RepositoryAnswer, RepositoryDetail
from console.domain.sizes import format_size

app = typer.Typer(help="Where recovery points are kept.", epilog=example("repository list"))

SHOWN_DAMAGE = 20
Name = Annotated[str, typer.Argument(help="Name or id of the repository.")]


@app.command(epilog=example("repository create big --path /srv/backup"))
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is called.")],
    path: Annotated[str, typer.Option(metavar="DIR", help="A new or empty directory on the Core's machine.")],
    default: Annotated[bool, typer.Option("--default", help="New machines go here.")] = False,
) -> None:
    """Makes a repository in a directory."""
    session = session_of(ctx)
    place = path_text(path)
    session.answer(
        lambda core: core.create_repository(name, place, default=default),
        lambda made: session.output.say(f"Repository “{made['name']}” is at {made['path']}"),
    )


@app.command("list", epilog=example("repository list"))
def list_repositories(ctx: typer.Context) -> None:
    """The repositories of this Core, by name."""
    session = session_of(ctx)

    def show(found: dict[str, Any]) -> None:
        rows = [
            (r["name"], "default" if r["default"] else "", len(r["machines"]), r["damaged"] or "", r["path"])
            for r in found["repositories"]
        ]
        session.output.table(("Name", "", ">Machines", ">Damaged", "Path"), rows, "There is no repository.")

    session.answer(lambda core: everything("repositories", lambda a: core.repositories(limit=1000, after=a)), show)


@app.command("show", epilog=example("repository show default"))
def show_repository(ctx: typer.Context, name: Name) -> None:
    """What a repository holds and how much room is left."""
    session = session_of(ctx)

    def show(found: RepositoryDetail) -> None:
        usage = found["usage"]
        ratio = usage["plain_bytes"] / usage["stored_bytes"] if usage["stored_bytes"] else 1.0
        session.output.facts(
            [
                ("Repository", f"{found['name']} ({found['id']})"),
                ("Path", found["path"]),
                ("Since", when(found["created"])),
                ("Machines", ", ".join(found["machines"])),
                ("Objects", f"{usage['objects']} in {amount(usage['packs'], 'pack')}"),
                ("Stored", f"{format_size(usage['stored_bytes'])} (compressed {ratio:.1f} : 1)"),
                ("Free", format_size(usage["free_bytes"])),
                ("Damaged", found["damaged"]),
                ("Missing packs", ", ".join(found["missing_packs"]) or "none"),
            ]
        )

    session.answer(lambda core: core.repository(name), show)


@app.command(epilog=example("repository check --read-data", "repository check big"))
def check(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(help="The default repository when it is not named.")] = None,
    read_data: Annotated[bool, typer.Option("--read-data", help="Reads every byte, not only the structure.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Does not wait for the job.")] = False,
) -> None:
    """Looks for damage, and says whom it hurts. Ends with 6 when there is any."""
    session = session_of(ctx)

    def show(result: dict[str, Any]) -> None:
        damaged = result["damaged"]
        session.output.say(
            f"{amount(result['objects'], 'object')}, {format_size(result['bytes'])} looked at; "
            f"{format_size(result['unreferenced_bytes'])} belong to no recovery point."
        )
        for one in damaged[:SHOWN_DAMAGE]:
            pack = f" in {one['pack']}" if one["pack"] else ""
            hurt = amount(len(one["images"]), "volume image")
            print(f"Damaged: object {one['object'][:16]}{pack}: hurts {hurt}")
        session.output.say(f"{amount(len(damaged), 'damaged object')}." if damaged else "No damage found.")

    session.job(lambda core: core.check_repository(name, read_data=read_data), show, detach=detach)


@app.command(epilog=example("repository remove big"))
def remove(
    ctx: typer.Context, name: Name, yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False
) -> None:
    """The Core forgets a repository that no machine uses. Its files stay."""
    session = session_of(ctx)

    async def work(core: Client) -> RepositoryAnswer:
        question = f"This Core will forget the repository “{name}”; its files stay where they are."
        asking.confirm(session.output, question, yes=yes, destructive=False)
        return await core.remove_repository(name)

    session.answer(work, lambda gone: session.output.say(f"Forgotten; its files are still at {gone['path']}"))
