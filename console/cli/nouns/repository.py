"""`replicore repository …`: where recovery points are kept."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console.cli import asking
from console.cli.arguments import example, path_text, percent, size
from console.cli.nouns.repository_damage import SHOWN_DAMAGE, show_damage, show_repair
from console.cli.output import amount, when
from console.cli.paging import everything
from console.cli.session import session_of
from console.client.client import Client
from console.domain.errors import usage
from console.domain.repository_answers import RepositoryAnswer, RepositoryDetail
from console.domain.sizes import format_size

app = typer.Typer(help="Where recovery points are kept.", epilog=example("repository list"))

LIMIT = "Bytes its packs, with their parity, may have: 500G, 2TB."
PARITY = "Parity of each pack: 10% heals the loss of any tenth of it."
Named = Annotated[str | None, typer.Argument(help="The default repository when it is not named.")]
Drives = Annotated[
    list[str] | None, typer.Option("--from", metavar="DIR", help="A seed drive to repair from; may be given again.")
]
Name = Annotated[str, typer.Argument(help="Name or id of the repository.")]


@app.command(epilog=example("repository create big --path /srv/backup --limit 2TB"))
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is called.")],
    path: Annotated[str, typer.Option(metavar="DIR", help="A new or empty directory on the Core's machine.")],
    default: Annotated[bool, typer.Option("--default", help="New machines go here.")] = False,
    limit: Annotated[str | None, typer.Option(metavar="SIZE", help=LIMIT)] = None,
    parity: Annotated[str | None, typer.Option(metavar="PERCENT", help=PARITY)] = None,
) -> None:
    """Makes a repository in a directory."""
    session = session_of(ctx)
    place = path_text(path)
    most, share = size(limit), percent(parity)
    session.answer(
        lambda core: core.create_repository(name, place, default=default, limit=most, parity=share),
        lambda made: session.output.say(f"Repository “{made['name']}” is at {made['path']}"),
    )


@app.command(epilog=example("repository adopt old --path /mnt/old/backup"))
def adopt(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is called here.")],
    path: Annotated[str, typer.Option(metavar="DIR", help="Where it lies on the Core's machine.")],
) -> None:
    """Takes a repository that is there already, of a lost catalog or another Core, and its recovery points."""
    session = session_of(ctx)
    place = path_text(path)

    async def work(core: Client) -> dict[str, Any]:
        taken = await core.adopt_repository(name, place)
        rebuilt = await session.follow(await core.rebuild_catalog())
        return {"repository": taken["name"], "path": taken["path"], **(rebuilt["result"] or {})}

    session.answer(
        work,
        lambda made: session.output.say(
            f"Repository “{made['repository']}”: {amount(made['points'], 'recovery point')} registered."
        ),
    )


@app.command(epilog=example("repository edit big --limit 2TB", "repository edit big --limit none --default"))
def edit(
    ctx: typer.Context,
    name: Name,
    limit: Annotated[str | None, typer.Option(metavar="SIZE", help=f"{LIMIT} “none”: what the disk takes.")] = None,
    default: Annotated[bool, typer.Option("--default", help="New machines go here from now on.")] = False,
    rename: Annotated[str | None, typer.Option("--name", metavar="NAME", help="What it is called from now on.")] = None,
    parity: Annotated[str | None, typer.Option(metavar="PERCENT", help=f"{PARITY} “none”: none from now on.")] = None,
) -> None:
    """Changes a repository. What is not given stays."""
    session = session_of(ctx)
    if limit is None and rename is None and parity is None and not default:
        hint = "Add --limit, --parity, --default or --name."
        raise usage("nothing-to-change", "Nothing was given to be changed.", hint)
    most = 0 if limit is not None and limit.lower() == "none" else size(limit)
    share = percent(parity)
    session.answer(
        lambda core: core.edit_repository(name, name=rename, limit=most, default=default, parity=share),
        lambda now: session.output.say(
            f"Repository “{now['name']}”: limit {_limit(now['limit'])}{', default' if now['default'] else ''}"
        ),
    )


@app.command("list", epilog=example("repository list"))
def list_repositories(ctx: typer.Context) -> None:
    """The repositories of this Core, by name."""
    session = session_of(ctx)

    def show(found: dict[str, Any]) -> None:
        rows = [
            (
                r["name"],
                "default" if r["default"] else "",
                len(r["machines"]),
                "?" if r["used_bytes"] is None else format_size(r["used_bytes"]),
                _limit(r["limit"]),
                format_size(r["free_bytes"]),
                r["damaged"] or "",
                r["path"],
            )
            for r in found["repositories"]
        ]
        heads = ("Name", "", ">Machines", ">Used", ">Limit", ">Free", ">Damaged", "Path")
        session.output.table(heads, rows, "There is no repository.")

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
                ("Limit", _limit(found["limit"])),
                ("Free", format_size(usage["free_bytes"])),
                ("Not needed", _unreferenced(found)),
                ("Parity", _parity(found)),
                ("Damaged", found["damaged"]),
                ("Missing packs", ", ".join(found["missing_packs"]) or "none"),
            ]
        )

    session.answer(lambda core: core.repository(name), show)


@app.command(epilog=example("repository check --read-data", "repository check big --read-data --repair"))
def check(
    ctx: typer.Context,
    name: Named = None,
    read_data: Annotated[
        bool, typer.Option("--read-data", help="Reads every byte and proves it, not only the structure.")
    ] = False,
    ids: Annotated[
        bool, typer.Option("--ids", help="With --read-data: also unpacks every object, not one chunk of sixteen.")
    ] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Repairs what it finds, as “repair” does.")] = False,
    drives: Drives = None,
    detach: Annotated[bool, typer.Option("--detach", help="Does not wait for the job. Not with --repair.")] = False,
) -> None:
    """Looks for damage, and says whom it hurts. Ends with 6 when there is any (that could not be repaired)."""
    session = session_of(ctx)
    places = [path_text(place) for place in drives or ()]
    if (repair and detach) or (places and not repair):
        raise usage("repair-waits", "--repair goes without --detach, and --from needs --repair.")

    async def work(core: Client) -> dict[str, Any]:
        found = (await session.follow(await core.check_repository(name, read_data=read_data, ids=ids)))["result"] or {}
        if not found["damaged"]:
            return found
        session.code = 0  # what counts is what stays damaged
        found["repair"] = (await session.follow(await core.repair_repository(name, places)))["result"] or {}
        return found

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
        if "repair" in result:
            show_repair(session, result["repair"])
        elif damaged:
            session.output.say("Repair it with: replicore repository repair")

    if repair:
        session.answer(work, show)
    else:
        session.job(lambda core: core.check_repository(name, read_data=read_data, ids=ids), show, detach=detach)


@app.command(epilog=example("repository repair", "repository repair big --from /media/usb"))
def repair(
    ctx: typer.Context,
    name: Named = None,
    drives: Drives = None,
    detach: Annotated[bool, typer.Option("--detach", help="Does not wait for the job.")] = False,
) -> None:
    """Brings back what is damaged: from parity, other repositories, seed drives, paired Cores. Ends with 6 when
    something stays damaged, and says what would help."""
    session = session_of(ctx)
    places = [path_text(place) for place in drives or ()]
    session.job(
        lambda core: core.repair_repository(name, places),
        lambda result: show_repair(session, result),
        detach=detach,
    )


@app.command(epilog=example("repository damage", "repository damage big --from /media/usb"))
def damage(ctx: typer.Context, name: Named = None, drives: Drives = None) -> None:
    """What is known of the damage of a repository, whom it hurts, and who could mend it. Changes nothing; look for
    damage with “check”."""
    session = session_of(ctx)
    places = [path_text(place) for place in drives or ()]
    session.answer(lambda core: core.repair_plan(name, places), lambda found: show_damage(session, found))


@app.command("rebuild-index", epilog=example("repository rebuild-index big"))
def rebuild_index(
    ctx: typer.Context,
    name: Named = None,
    detach: Annotated[bool, typer.Option("--detach", help="Does not wait for the job.")] = False,
) -> None:
    """Reads from the packs alone which object lies where. A damaged index is built again by itself; this is for one
    that is not trusted. Work on the repository goes on meanwhile; cancelled, it has changed nothing."""
    session = session_of(ctx)

    def show(made: dict[str, Any]) -> None:
        found, packs = amount(made["objects"], "object"), amount(made["packs"], "pack")
        session.output.say(f"The index was read from {packs}: {found}, {made['objects_before']} before.")

    session.job(lambda core: core.rebuild_index(name), show, detach=detach)


@app.command(epilog=example("repository parity big"))
def parity(
    ctx: typer.Context,
    name: Named = None,
    detach: Annotated[bool, typer.Option("--detach", help="Does not wait for the job.")] = False,
) -> None:
    """Makes the parity that packs lack, and anew what is damaged of it. Set how much with “repository edit --parity”;
    with none set, all parity is taken away."""
    session = session_of(ctx)

    def show(made: dict[str, Any]) -> None:
        session.output.say(
            f"Parity of {made['percent']} %: made for {amount(made['made'], 'pack')}, again for {made['made_again']}, "
            f"taken away from {made['dropped']}. {amount(made['packs'], 'pack')} have it, {format_size(made['bytes'])}."
        )

    session.job(lambda core: core.make_parity(name), show, detach=detach)


@app.command(epilog=example("repository reclaim --dry-run", "repository reclaim big --yes"))
def reclaim(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(help="The default repository when it is not named.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", "--plan", help="Only says what would be given back.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Does not wait for the job. Needs --yes.")] = False,
) -> None:
    """Gives back the room of what no recovery point needs: shows what would be done, asks, does it.

    Everything else goes on meanwhile: backups, replication, restores. Interrupted, it is simply started again.
    """
    session = session_of(ctx)

    async def work(core: Client) -> dict[str, Any]:
        if not yes or dry_run:
            planned = await session.follow(await core.reclaim_repository(name, dry_run=True))
            plan = planned["result"] or {}
            if dry_run or not (plan["packs_delete"] or plan["packs_rewrite"]):
                return plan
            asking.confirm(session.output, _question(plan), yes=yes)
        session.check_detach(detach)
        job = await core.reclaim_repository(name)
        return {"job": job["id"]} if detach else (await session.follow(job))["result"] or {}

    def show(result: dict[str, Any]) -> None:
        if "job" in result:
            session.show_detached(result)
        elif "done" in result:
            done = result["done"]
            session.output.say(
                f"{format_size(max(0, done['bytes_won']))} given back: {amount(done['objects_removed'], 'object')}, "
                f"{amount(done['packs_deleted'], 'pack')} deleted, {done['packs_rewritten']} written anew."
            )
            if result["left"]:
                session.output.say(f"{amount(len(result['left']), 'pack')} left as it was; the job's log says why.")
        else:
            session.output.say(_plan(result))

    session.answer(work, show)


@app.command(epilog=example("repository move big --to /srv/larger-disk/backup"))
def move(
    ctx: typer.Context,
    name: Name,
    to: Annotated[str, typer.Option(metavar="DIR", help="A new or empty directory on the Core's machine.")],
    detach: Annotated[bool, typer.Option("--detach", help="Does not wait for the job.")] = False,
) -> None:
    """Brings a repository to another directory, while it is in use. The old files go when all is there.

    Interrupted, it goes on when it is started again with the same directory.
    """
    session = session_of(ctx)
    place = path_text(to)

    def show(result: dict[str, Any]) -> None:
        session.output.say(
            f"“{result['repository']}” is at {result['to']} now: {format_size(result['bytes'])} in "
            f"{amount(result['packs'], 'pack')}."
        )

    session.job(lambda core: core.move_repository(name, place), show, detach=detach)


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


def _limit(limit: int | None) -> str:
    return "none" if limit is None else format_size(limit)


def _unreferenced(found: RepositoryDetail) -> str:
    if found["unreferenced_bytes"] is None or found["looked"] is None:
        return "not known yet: replicore repository reclaim --dry-run"
    return f"{format_size(found['unreferenced_bytes'])} on {when(found['looked'])}"


def _plan(plan: dict[str, Any]) -> str:
    if not (plan["packs_delete"] or plan["packs_rewrite"]):
        return (
            f"Nothing in “{plan['repository']}” is worth giving back: of {amount(plan['objects'], 'object')} "
            f"{plan['unreferenced_objects']} belong to no recovery point ({format_size(plan['unreferenced_bytes'])})."
        )
    return (
        f"“{plan['repository']}”: {plan['unreferenced_objects']} of {amount(plan['objects'], 'object')} belong to no "
        f"recovery point ({format_size(plan['unreferenced_bytes'])}). {amount(plan['packs_delete'], 'pack')} would be "
        f"deleted, {plan['packs_rewrite']} written anew ({format_size(plan['bytes_written'])}): "
        f"{format_size(max(0, plan['bytes_won']))} given back."
    )


def _question(plan: dict[str, Any]) -> str:
    return f"{_plan(plan)} What is deleted cannot be brought back."


def _parity(found: RepositoryDetail) -> str:
    parity = found["parity"]
    if not parity["percent"] and not parity["packs"]:
        return "none"
    there = f"{amount(parity['packs'], 'pack')} have it ({format_size(parity['bytes'])})"
    return f"{parity['percent']} % of each pack; {there}"
