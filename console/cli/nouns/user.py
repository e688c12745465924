"""`replicore user …`: people who may sign in from elsewhere."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console.cli import asking
from console.cli.arguments import example
from console.cli.output import when
from console.cli.paging import everything
from console.cli.session import session_of
from console.client.client import Client
from console.domain.roles import Role

app = typer.Typer(help="People who may sign in from elsewhere.", epilog=example("user list"))

PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help=asking.PASSWORD_HELP)]
Name = Annotated[str, typer.Argument(help="The user's name.")]


@app.command(
    epilog=example("user add admin --role administrator", "user add ann --role helpdesk --password-stdin < file")
)
def add(
    ctx: typer.Context,
    name: Name,
    role: Annotated[Role, typer.Option(help="What the user may do.")],
    password_stdin: PasswordStdin = False,
) -> None:
    """Adds a user. A password has at least eight characters."""
    session = session_of(ctx)
    password = asking.password(name, from_stdin=password_stdin, twice=True)
    session.answer(
        lambda core: core.add_user(name, role.value, password),
        lambda user: session.output.say(f"“{user['name']}” may sign in as {user['role']}."),
    )


@app.command("list", epilog=example("user list"))
def list_users(ctx: typer.Context) -> None:
    """The users of this Core, by name."""
    session = session_of(ctx)

    def show(found: dict[str, Any]) -> None:
        rows = [(user["name"], user["role"], when(user["created"])) for user in found["users"]]
        session.output.table(
            ("Name", "Role", "Since"), rows, "There are no users: this Core is managed from its own machine only."
        )

    session.answer(lambda core: everything("users", lambda after: core.users(limit=1000, after=after)), show)


@app.command(epilog=example("user passwd admin"))
def passwd(ctx: typer.Context, name: Name, password_stdin: PasswordStdin = False) -> None:
    """Sets another password; open sessions of the user end."""
    session = session_of(ctx)
    password = asking.password(name, from_stdin=password_stdin, twice=True)

    async def work(core: Client) -> dict[str, Any]:
        await core.set_password(name, password)
        return {"user": name, "changed": True}

    session.answer(work, lambda _: session.output.say(f"“{name}” has another password now."))


@app.command(epilog=example("user remove ann"))
def remove(
    ctx: typer.Context, name: Name, yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False
) -> None:
    """The user cannot sign in any more."""
    session = session_of(ctx)

    async def work(core: Client) -> dict[str, Any]:
        asking.confirm(session.output, f"“{name}” will not be able to sign in.", yes=yes, destructive=False)
        await core.remove_user(name)
        return {"user": name, "removed": True}

    session.answer(work, lambda _: session.output.say(f"“{name}” is removed."))
