"""`replicore core …`: this Core itself, and the Cores elsewhere that this user remembers."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from console.cli import asking
from console.cli.arguments import example
from console.cli.nouns import retention
from console.cli.output import amount, when
from console.cli.session import Session, session_of
from console.client.client import Client
from console.domain.answers import Certificate, CoreStatus, SettingAnswer, Settings
from console.domain.errors import Failed, usage

app = typer.Typer(help="This Core, and remembered Cores elsewhere.", epilog=example("core status"))
retention.add_to_core(app)


@app.command(epilog=example("core run --listen 0.0.0.0:8006", "--data /srv/replicore core run --listen :0"))
def run(
    ctx: typer.Context,
    listen: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="0.0.0.0:8006 unless a setting says otherwise; port 0: any.")
    ] = None,
    embedded: Annotated[
        bool, typer.Option("--embedded", help="Unless a setting says otherwise: loopback only, on any free port.")
    ] = False,
) -> None:
    """Runs the Core until it is asked to stop (SIGTERM, Ctrl-C): API, replication, schedules."""
    session = session_of(ctx)

    def ready(where: dict[str, Any]) -> None:
        if session.output.json:
            session.output.document(where, indent=None)
        else:
            print(
                f"Core “{where['name']}” listens on {where['address']}, fingerprint {where['fingerprint']}", flush=True
            )

    session.parts.serve(session.data, listen, ready, embedded=embedded)


@app.command(epilog=example("core status", "--core office core status"))
def status(ctx: typer.Context) -> None:
    """How the Core is, and what it has."""
    session = session_of(ctx)
    session.answer(lambda core: core.status(), lambda found: _show_status(session, found))


@app.command(epilog=example("--data /srv/replicore core init"))
def init(ctx: typer.Context) -> None:
    """Sets up a data directory: identity, catalog, default repository. One that is set up stays as it is."""
    session = session_of(ctx)
    created = session.core is None and not session.parts.is_set_up(session.data)

    async def work(core: Client) -> dict[str, Any]:
        return {**(await core.status()), "created": created}

    def show(found: dict[str, Any]) -> None:
        session.output.say(
            f"Core “{found['name']}” {'was set up' if created else 'is set up already'} in {found['data']}\n"
            f"Fingerprint {found['fingerprint']}"
        )

    session.answer(work, show)


@app.command(epilog=example("core settings", "core settings protect-every", "core settings protect-every 4h"))
def settings(
    ctx: typer.Context,
    key: Annotated[str | None, typer.Argument(help="One setting.")] = None,
    value: Annotated[str | None, typer.Argument(help="Its new value.")] = None,
    default: Annotated[bool, typer.Option("--default", help="Back to the default.")] = False,
) -> None:
    """Shows what can be set, or sets it."""
    session = session_of(ctx)
    if default and (key is None or value is not None):
        raise usage("bad-setting", "--default goes with a KEY and no VALUE.", "replicore core settings KEY --default")
    if key is None:
        session.answer(lambda core: core.settings(), lambda found: _show_settings(session, found["settings"]))
    elif value is None and not default:
        session.answer(lambda core: _one_setting(core, key), lambda found: _show_settings(session, [found]))
    else:
        session.answer(lambda core: core.set(key, value), lambda found: _show_settings(session, [found]))


@app.command("rebuild-catalog", epilog=example("core rebuild-catalog"))
def rebuild_catalog(ctx: typer.Context, detach: Annotated[bool, typer.Option("--detach")] = False) -> None:
    """Registers again what the repositories hold and a lost catalog does not know.

    A catalog that is damaged is set aside first. Users, pairings and schedules stand in the catalog only: a new one
    has none of them.
    """
    session = session_of(ctx)
    session.mend = True

    def show(result: dict[str, Any]) -> None:
        for path in session.set_aside:
            session.output.note(f"The damaged catalog was set aside: {path}")
        session.output.say(
            f"{amount(result['points'], 'recovery point')} of {amount(result['machines'], 'machine')} registered "
            f"again; {result['points_known']} were known."
        )

    session.job(lambda core: core.rebuild_catalog(), show, detach=detach)


@app.command(epilog=example("core certificate"))
def certificate(ctx: typer.Context) -> None:
    """The fingerprint to read to the other side when it pairs with this Core."""
    session = session_of(ctx)

    def show(found: Certificate) -> None:
        session.output.facts(
            [("Core", found["name"]), ("Fingerprint", found["fingerprint"]), ("In words", " ".join(found["words"]))]
        )

    session.answer(lambda core: core.certificate(), show)


@app.command(epilog=example("core add office https://backup.example.org:8006 --user admin --password-stdin < password"))
def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="What you call it; --core NAME uses it.")],
    url: Annotated[str, typer.Argument(help="https://HOST:PORT")],
    user: Annotated[str, typer.Option(help="A user of that Core.")],
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help=asking.PASSWORD_HELP)] = False,
    fingerprint: Annotated[
        str | None, typer.Option(help="Of that Core's certificate; asked for on a terminal, required elsewhere.")
    ] = None,
) -> None:
    """Remembers a Core elsewhere: address, fingerprint, user; the password goes into the keyring."""
    session = session_of(ctx)
    added = asyncio.run(_add(session, name, url, user, password_stdin, fingerprint))
    if session.output.json:
        session.output.document(added)
        return
    session.output.say(f"“{name}” is remembered: replicore --core {name} core status")
    if not added["password_kept"]:
        session.output.note(f"There is no keyring here: give the password in {asking.PASSWORD_VARIABLE} or when asked.")


@app.command("list", epilog=example("core list"))
def list_cores(ctx: typer.Context) -> None:
    """The Cores elsewhere that are remembered."""
    from dataclasses import asdict

    from console.client.cores import Cores

    session = session_of(ctx)
    cores = Cores().list()
    if session.output.json:
        session.output.document({"cores": [asdict(core) for core in cores]})
        return
    rows = [(core.name, core.url, core.user, core.fingerprint) for core in cores]
    session.output.table(("Name", "Address", "User", "Fingerprint"), rows, "No Core is remembered.")


@app.command(epilog=example("core forget office"))
def forget(ctx: typer.Context, name: Annotated[str, typer.Argument(help="As core list shows it.")]) -> None:
    """Forgets a Core elsewhere and its password."""
    from console.client import passwords
    from console.client.cores import Cores

    session = session_of(ctx)
    core = Cores().forget(name)
    passwords.drop(core.name)
    if session.output.json:
        session.output.document({"forgotten": core.name})
    session.output.say(f"“{core.name}” is forgotten.")


async def _add(
    session: Session, name: str, url: str, user: str, password_stdin: bool, fingerprint: str | None
) -> dict[str, Any]:
    from console.client import connect, passwords
    from console.client.cores import Cores, RememberedCore, parse_address
    from console.client.https import digest_of, fingerprint_text, shown_fingerprint

    host, port = parse_address(url)
    if fingerprint is None:
        if not asking.somebody_there():
            raise usage(
                "fingerprint-required",
                "Nobody is there to confirm the fingerprint of that Core.",
                "Give it with --fingerprint; `replicore core certificate` on that machine shows it.",
            )
        fingerprint = await shown_fingerprint(host, port)
        question = f"The Core at {host}:{port} shows the fingerprint\n  {fingerprint}\nIs that its fingerprint?"
        asking.confirm(session.output, question, yes=False)
    try:
        fingerprint = fingerprint_text(digest_of(fingerprint))
    except ValueError as error:
        raise usage(
            "bad-fingerprint", f"“{fingerprint}” is not a fingerprint.", "It is 64 hexadecimal digits."
        ) from error
    password = asking.password(f"{user} on {host}", from_stdin=password_stdin)
    shown = f"[{host}]" if ":" in host else host
    core = RememberedCore(name, f"https://{shown}:{port}", fingerprint, user)
    client = await connect.remembered(core, password)
    try:
        found = await client.status()
    finally:
        await client.close()
    Cores().add(core)
    kept = passwords.keep(name, password)
    return {
        "name": name,
        "url": core.url,
        "fingerprint": fingerprint,
        "user": user,
        "core": found["id"],
        "password_kept": kept,
    }


async def _one_setting(core: Client, key: str) -> SettingAnswer:
    found = await core.settings()
    for setting in found["settings"]:
        if setting["key"] == key:
            return setting
    raise _no_setting(key, found)


def _no_setting(key: str, known: Settings) -> Failed:
    from console.domain.errors import FailureKind, failed

    names = ", ".join(setting["key"] for setting in known["settings"])
    return failed("no-such-setting", f"A Core has no setting “{key}”.", f"There are: {names}.", FailureKind.NOT_FOUND)


def _show_settings(session: Session, settings: list[SettingAnswer]) -> None:
    rows = [
        (s["key"], s["value"], "default" if s["value"] == s["default"] else f"default: {s['default']}", s["text"])
        for s in settings
    ]
    session.output.table(("Setting", "Value", "", "What it does"), rows, "There is nothing to set.")


def _show_status(session: Session, found: CoreStatus) -> None:
    counts = found["counts"]
    running = f"since {when(found['started'])}, on {found['address']}" if found["mode"] == "service" else "no"
    session.output.facts(
        [
            ("Core", f"{found['name']} ({found['id']})"),
            ("Version", found["version"]),
            ("Running", running),
            ("Data", found["data"]),
            ("Fingerprint", found["fingerprint"]),
            ("Machines", counts["machines"]),
            ("Points", counts["points"]),
            ("Repositories", counts["repositories"]),
            ("Pairings", counts["pairings"]),
            ("Jobs running", counts["jobs_running"]),
            ("Alerts", counts["alerts"]),
        ]
    )
