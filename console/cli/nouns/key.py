"""`replicore key …`: encryption keys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli import asking
from console.cli.arguments import example, interval
from console.cli.output import amount, when
from console.cli.paging import everything
from console.cli.session import session_of
from console.client.client import Client
from console.domain.errors import EXIT_CODES, FailureKind
from console.domain.key_answers import KeyAnswer, KeyTested
from console.domain.keys import KeyType
from console.domain.sizes import format_size
from console.flows.key_files import read_key, write_key

app = typer.Typer(
    help="Encryption keys: images of machines that have one are sealed with it, on every Core and on seed drives.",
    epilog=example("key create office", "key list"),
)

Name = Annotated[str, typer.Argument(help="Name or id of the key.")]
PassphraseFile = Annotated[Path | None, typer.Option("--passphrase-file", metavar="FILE", help=asking.PASSPHRASE_HELP)]


@app.command(epilog=example("key create office", "key create office --passphrase-file /run/secrets/office"))
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="What the key is called.")],
    passphrase_file: PassphraseFile = None,
    description: Annotated[str, typer.Option(metavar="T", help="A note.")] = "",
) -> None:
    """Makes a key. Without its passphrase nobody can open what is sealed with it: keep that where no backup is."""
    session = session_of(ctx)
    passphrase = asking.passphrase(f"the new key “{name}”", passphrase_file, twice=True)

    def tell(key: KeyAnswer) -> None:
        session.output.say(f"The key “{key['name']}” is made. Thumbprint: {key['thumbprint']}")
        session.output.note(f"Give it to a machine: replicore machine edit MACHINE --key {key['name']}")

    session.answer(lambda core: core.create_key(name, passphrase, description), tell)


@app.command("list", epilog=example("key list"))
def list_keys(ctx: typer.Context) -> None:
    """The keys of this Core, by name."""
    session = session_of(ctx)

    def show(found: dict[str, Any]) -> None:
        rows = [
            (
                key["name"],
                key["thumbprint"],
                key["type"],
                _state(key),
                key["points"],
                ", ".join(key["machines"]),
                _tested(key),
                key["description"],
            )
            for key in found["keys"]
        ]
        columns = ("Name", "Thumbprint", "Type", "State", ">Points", "Machines", "Passphrase proven", "Description")
        session.output.table(columns, rows, "There are no keys: replicore key create NAME")

    session.answer(lambda core: everything("keys", lambda after: core.keys(limit=1000, after=after)), show)


@app.command(epilog=example("key lock office"))
def lock(ctx: typer.Context, name: Name) -> None:
    """Locks a replication key; a universal one is always unlocked."""
    session = session_of(ctx)
    session.answer(lambda core: core.lock_key(name), lambda key: session.output.say(f"“{key['name']}” is locked."))


@app.command(epilog=example("key unlock office", "key unlock office --for 48h --passphrase-file /run/secrets/office"))
def unlock(
    ctx: typer.Context,
    name: Name,
    passphrase_file: PassphraseFile = None,
    duration: Annotated[
        str | None, typer.Option("--for", metavar="48h", help="Locked again after that; without it: for good.")
    ] = None,
) -> None:
    """Unlocks a key with its passphrase."""
    session = session_of(ctx)
    for_s = None if duration is None else interval(duration)
    passphrase = asking.passphrase(f"the key “{name}”", passphrase_file)
    session.answer(
        lambda core: core.unlock_key(name, passphrase, for_s=for_s),
        lambda key: session.output.say(f"“{key['name']}” is {_state(key)}."),
    )


@app.command(epilog=example("key rename office headquarters"))
def rename(
    ctx: typer.Context,
    name: Name,
    new_name: Annotated[str, typer.Argument(help="What it is called from now on.")],
    description: Annotated[str | None, typer.Option(metavar="T", help="Another note.")] = None,
) -> None:
    """Gives a universal key another name."""
    session = session_of(ctx)
    session.answer(
        lambda core: core.edit_key(name, name=new_name, description=description),
        lambda key: session.output.say(f"The key is called “{key['name']}” now."),
    )


@app.command(epilog=example("key passphrase office"))
def passphrase(
    ctx: typer.Context,
    name: Name,
    passphrase_file: PassphraseFile = None,
    new_passphrase_file: Annotated[
        Path | None, typer.Option("--new-passphrase-file", metavar="FILE", help="The first line of it is the new one.")
    ] = None,
) -> None:
    """Changes the passphrase of a universal key. Records, drives and exported files of before keep the old one."""
    session = session_of(ctx)
    old = asking.passphrase(f"the key “{name}”", passphrase_file)
    new = asking.passphrase(f"the key “{name}”, the new one", new_passphrase_file, twice=True, variable="")
    session.answer(
        lambda core: core.change_passphrase(name, old, new),
        lambda key: session.output.say(f"“{key['name']}” has another passphrase now."),
    )


@app.command("set-type", epilog=example("key set-type office universal", "key set-type office replication"))
def set_type(
    ctx: typer.Context,
    name: Name,
    type: Annotated[KeyType, typer.Argument(help="What it becomes.")],
    passphrase_file: PassphraseFile = None,
) -> None:
    """To become universal takes the passphrase; the key is unlocked for good then."""
    session = session_of(ctx)
    given = asking.passphrase(f"the key “{name}”", passphrase_file) if type is KeyType.UNIVERSAL else None
    session.answer(
        lambda core: core.set_key_type(name, type.value, given),
        lambda key: session.output.say(f"“{key['name']}” is a {key['type']} key now, {_state(key)}."),
    )


@app.command(epilog=example("key export office --to office.key"))
def export(
    ctx: typer.Context,
    name: Name,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="A new file, here.")],
    passphrase_file: PassphraseFile = None,
) -> None:
    """Writes a key to a file, under its passphrase: who has both can open what is sealed with it."""
    session = session_of(ctx)
    given = asking.passphrase(f"the key “{name}”", passphrase_file)

    async def work(core: Client) -> dict[str, Any]:
        file = await core.export_key(name, given)
        write_key(to, file)
        return {"key": file["name"], "id": file["id"], "file": str(to)}

    session.answer(work, lambda made: session.output.say(f"“{made['key']}” is in {made['file']}."))


@app.command("import", epilog=example("key import office.key"))
def import_key(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="What key export has written.")],
    name: Annotated[str | None, typer.Option(metavar="N", help="What it is called here.")] = None,
) -> None:
    """Takes a key from a file. It is locked until its passphrase is given."""
    session = session_of(ctx)
    content = read_key(file)
    session.answer(
        lambda core: core.import_key(content, name=name),
        lambda key: session.output.say(
            f"“{key['name']}” is here, locked. Unlock it: replicore key unlock {key['name']}"
        ),
    )


@app.command("test", epilog=example("key test office"))
def prove(ctx: typer.Context, name: Name, passphrase_file: PassphraseFile = None) -> None:
    """Proves that a passphrase opens what is here, without unlocking anything. The result is kept and shown."""
    session = session_of(ctx)
    given = asking.passphrase(f"the key “{name}”", passphrase_file)

    def tell(found: KeyTested) -> None:
        if found["passed"]:
            session.output.say(
                f"This passphrase opens “{found['key']}”: {amount(found['images_opened'], 'image')} of "
                f"{found['images']} were opened with it, {amount(found['points'], 'recovery point')} depend on it."
            )
        else:
            session.output.say(f"It does not open “{found['key']}”: {found['why']}")

    async def work(core: Client) -> KeyTested:
        found = await core.test_key(name, given)
        if not found["passed"]:
            session.code = EXIT_CODES[FailureKind.FAILED]
        return found

    session.answer(work, tell)


@app.command(epilog=example("key remove old --yes"))
def remove(
    ctx: typer.Context, name: Name, yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False
) -> None:
    """Forgets a key. Nothing is decrypted by that: what is sealed with it cannot be opened here any more."""
    session = session_of(ctx)

    async def work(core: Client) -> dict[str, Any]:
        loss = await core.key_loss(name)
        question = f"The key “{loss['key']}” is removed."
        if loss["points"]:
            question = (
                f"{amount(loss['points'], 'recovery point')} with {format_size(loss['bytes'])} of files cannot be "
                f"opened on this Core without the key “{loss['key']}”."
            )
        if not loss["machines"]:
            asking.confirm(session.output, question, yes=yes, destructive=bool(loss["points"]))
        await core.remove_key(name, points=bool(loss["points"]))
        return {"key": loss["key"], "removed": True, "points": loss["points"]}

    session.answer(work, lambda gone: session.output.say(f"“{gone['key']}” is removed."))


def _state(key: KeyAnswer) -> str:
    return f"unlocked until {when(key['until'])}" if key["until"] else key["state"]


def _tested(key: KeyAnswer) -> str:
    if key["tested"] is None:
        said = "never"
    else:
        said = when(key["tested"]) if key["test_passed"] else f"{when(key['tested'])}: wrong"
    return f"{said}, due" if key["proof_due"] else said
