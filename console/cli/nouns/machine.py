"""`replicore machine …`: what is protected here, and what came from other Cores."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console.cli import asking
from console.cli.arguments import example, interval, volume
from console.cli.nouns import retention
from console.cli.output import amount, loss_text, when
from console.cli.paging import everything
from console.cli.session import session_of
from console.client.client import Client
from console.domain.answers import MachineAnswer, MachineOptionsAnswer, MachineRemoved, VolumeAnswer
from console.domain.errors import usage
from console.domain.machines import MachineKind, VolumeSource
from console.domain.sizes import format_interval

app = typer.Typer(
    help="Machines: what is protected here, and what came from other Cores.", epilog=example("machine list")
)

retention.add_to_machines(app)

Name = Annotated[str, typer.Argument(help="Name or id of the machine.")]
Volumes = Annotated[
    list[str] | None,
    typer.Option(
        "--volume",
        metavar="[LABEL=]PATH",
        help="A directory, disk image or block device that belongs to it; cmd:… for what a command writes, - for the "
        "standard input of each backup; may be given several times. A command line is kept by the Core as it is: name "
        "a password file in it, not a password. It is run by bash with pipefail, so that any command of a pipe that "
        "fails makes the backup fail; without bash by the system's shell, which looks at the last one only.",
    ),
]
Excludes = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="GLOB", help="What is left out; may be given several times."),
]
Cross = Annotated[
    bool | None,
    typer.Option(
        "--cross-file-systems/--one-file-system",
        help="Whether what is mounted below a volume belongs to it; it does not.",
    ),
]
Caches = Annotated[
    bool | None,
    typer.Option("--exclude-caches/--include-caches", help="Whether directories with a CACHEDIR.TAG are left out."),
]
Markers = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude-if-present",
        metavar="NAME",
        help="Directories that hold a file of this name, like .nobackup, are left out; may be given several times.",
    ),
]
Before = Annotated[
    str | None,
    typer.Option(
        metavar="CMD",
        help="A command line run before each backup (by bash with pipefail where there is bash, else by the system's "
        "shell); when it fails no point is made. '' takes it away.",
    ),
]
After = Annotated[
    str | None, typer.Option(metavar="CMD", help="A command line run after each backup, also after one that failed.")
]
Timeout = Annotated[
    int | None, typer.Option("--command-timeout", metavar="S", help="Seconds after which a command is ended (300).")
]
Snapshot = Annotated[
    bool | None,
    typer.Option("--snapshot/--no-snapshot", help="Whether volumes on btrfs are read from a snapshot; they are."),
]

Compression = Annotated[
    int | None,
    typer.Option(metavar="LEVEL", help="From 1, quick, to 19: smaller, and slow to write; 1 unless you say."),
]


@app.command(
    epilog=example(
        "machine protect laptop --volume home=/home --every 60m --exclude '*.cache'",
        "machine protect web --volume /etc --volume /var/www --repository big",
        "machine protect vm --volume disk=/var/lib/vm/disk.img --volume db=cmd:'pg_dumpall -U postgres'",
        "machine protect db --volume /srv --exclude-caches --exclude-if-present .nobackup --before 'sh /srv/freeze'",
    )
)
def protect(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="What the machine is called.")],
    volumes: Volumes = None,
    repository: Annotated[str | None, typer.Option(metavar="R", help="Where its points are kept.")] = None,
    every: Annotated[str | None, typer.Option(metavar="60m", help="How often it is backed up; off: never.")] = None,
    excludes: Excludes = None,
    cross: Cross = None,
    caches: Caches = None,
    markers: Markers = None,
    before: Before = None,
    after: After = None,
    command_timeout: Timeout = None,
    snapshot: Snapshot = None,
    compression: Compression = None,
    key: Annotated[str | None, typer.Option(metavar="K", help="The encryption key that seals its images.")] = None,
) -> None:
    """Protects directories of this machine from now on, backed up while a Core runs."""
    session = session_of(ctx)
    if not volumes:
        raise usage("no-volumes", "Nothing was named to protect.", "Name directories: --volume [LABEL=]PATH")
    chosen = [volume(text) for text in volumes]
    interval_s = None if every is None else interval(every)
    options = _options(cross, caches, markers, before, after, command_timeout, snapshot, compression)
    session.answer(
        lambda core: core.protect(
            name,
            chosen,
            repository=repository,
            interval_s=interval_s,
            excludes=tuple(excludes or ()),
            options=options,
            key=key,
        ),
        lambda made: session.output.say(
            f"“{made['name']}” is protected: {_volumes(made)}, "
            f"{_every(made)}. The first backup: replicore backup {made['name']}"
        ),
    )


@app.command("list", epilog=example("machine list", "machine list --kind replicated"))
def list_machines(
    ctx: typer.Context, kind: Annotated[MachineKind | None, typer.Option(help="Only these.")] = None
) -> None:
    """Machines of this Core, by name."""
    session = session_of(ctx)
    wanted = kind.value if kind else None

    def show(found: dict[str, Any]) -> None:
        rows = [
            (
                m["name"],
                m["kind"],
                "paused" if m["paused"] else format_interval(m["interval_s"]),
                m["points"],
                when(m["last_point"]),
                m["repository"],
                m["origin"],
            )
            for m in found["machines"]
        ]
        columns = ("Name", "Kind", "Every", ">Points", "Last point", "Repository", "Protected by")
        session.output.table(columns, rows, "No machine yet: replicore machine protect NAME --volume PATH")

    session.answer(
        lambda core: everything("machines", lambda after: core.machines(kind=wanted, limit=1000, after=after)), show
    )


@app.command(epilog=example("machine show laptop"))
def show(ctx: typer.Context, name: Name) -> None:
    """Everything about one machine."""
    session = session_of(ctx)

    def tell(found: MachineAnswer) -> None:
        session.output.facts(
            [
                ("Machine", f"{found['name']} ({found['id']})"),
                ("Kind", found["kind"]),
                ("Protected by", found["origin"]),
                *_came_by(found),
                *((f"Volume {volume['label']}", _where(volume)) for volume in found["volumes"]),
                ("Excluded", ", ".join(found["excludes"]) or "nothing"),
                *_how(found["options"]),
                ("Backed up", _every(found)),
                ("Next due", when(found["next_due"])),
                ("Repository", found["repository"]),
                ("Sealed with", found["key"] or "nothing"),
                ("Points", found["points"]),
                ("Last point", when(found["last_point"])),
                ("Replicated by", ", ".join(found["pairings"]) or "nothing"),
            ]
        )

    session.answer(lambda core: core.machine(name), tell)


@app.command(
    epilog=example(
        "machine edit laptop --every 4h",
        "machine edit laptop --name notebook --exclude '*.iso'",
        "machine edit laptop --key office",
    )
)
def edit(
    ctx: typer.Context,
    name: Name,
    new_name: Annotated[str | None, typer.Option("--name", help="Another name.")] = None,
    volumes: Volumes = None,
    every: Annotated[str | None, typer.Option(metavar="60m", help="How often it is backed up; off: never.")] = None,
    excludes: Excludes = None,
    no_excludes: Annotated[bool, typer.Option("--no-exclude", help="No pattern leaves out anything any more.")] = False,
    cross: Cross = None,
    caches: Caches = None,
    markers: Markers = None,
    no_markers: Annotated[
        bool, typer.Option("--no-exclude-if-present", help="No file in a directory leaves it out any more.")
    ] = False,
    before: Before = None,
    after: After = None,
    command_timeout: Timeout = None,
    snapshot: Snapshot = None,
    compression: Compression = None,
    key: Annotated[
        str | None, typer.Option(metavar="K", help="The encryption key that seals its images from now on.")
    ] = None,
    no_key: Annotated[bool, typer.Option("--no-key", help="Its images are not sealed any more.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False,
) -> None:
    """Changes what is named; volumes and exclusions are replaced as a whole. Another key, or none, makes the next
    images base images: what that means is said first."""
    if key is not None and no_key:
        raise usage("key-or-no-key", "Both --key and --no-key were given.", "Give one of them.")
    wanted = "" if no_key else key
    session = session_of(ctx)
    chosen = [volume(text) for text in volumes] if volumes else None
    left_out = () if no_excludes else (tuple(excludes) if excludes else None)
    interval_s = None if every is None else interval(every)
    options = _options(
        cross, caches, [] if no_markers else markers, before, after, command_timeout, snapshot, compression
    )

    async def work(core: Client) -> MachineAnswer:
        if wanted is not None:
            change = await core.key_change(name, wanted)
            if change["why"]:
                asking.confirm(session.output, change["why"], yes=yes, destructive=False)
        return await core.edit_machine(
            name,
            name=new_name,
            volumes=chosen,
            interval_s=interval_s,
            excludes=left_out,
            options=options or None,
            key=wanted,
        )

    session.answer(
        work,
        lambda made: session.output.say(f"“{made['name']}”: {_volumes(made)}, {_every(made)}."),
    )


@app.command(epilog=example("machine pause laptop"))
def pause(ctx: typer.Context, name: Name) -> None:
    """No scheduled backups until it is resumed."""
    session = session_of(ctx)
    session.answer(
        lambda core: core.pause_machine(name), lambda made: session.output.say(f"“{made['name']}” is paused.")
    )


@app.command(epilog=example("machine resume laptop"))
def resume(ctx: typer.Context, name: Name) -> None:
    """Scheduled backups go on."""
    session = session_of(ctx)
    session.answer(
        lambda core: core.resume_machine(name), lambda made: session.output.say(f"“{made['name']}”: {_every(made)}.")
    )


@app.command(epilog=example("machine remove laptop", "machine remove laptop --delete-points --yes"))
def remove(
    ctx: typer.Context,
    name: Name,
    delete_points: Annotated[bool, typer.Option("--delete-points", help="Its recovery points go too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False,
) -> None:
    """Ends the protection of a machine. Its recovery points stay unless --delete-points."""
    session = session_of(ctx)

    async def work(core: Client) -> MachineRemoved:
        loss = await core.machine_loss(name)
        if delete_points:
            what = loss_text(loss["machines"], loss["points"], loss["bytes"])
            asking.confirm(session.output, f"This deletes {what}.", yes=yes)
        else:
            question = f"“{name}” will not be backed up any more; its recovery points stay."
            asking.confirm(session.output, question, yes=yes, destructive=False)
        return await core.remove_machine(name, delete_points=delete_points)

    def tell(gone: MachineRemoved) -> None:
        kept = "its points are kept" if gone["kind"] else f"{amount(gone['points_deleted'], 'recovery point')} deleted"
        session.output.say(f"“{gone['machine']}” is not protected any more; {kept}.")

    session.answer(work, tell)


def _options(
    cross: bool | None,
    caches: bool | None,
    markers: list[str] | None,
    before: str | None,
    after: str | None,
    timeout: int | None,
    snapshot: bool | None,
    compression: int | None,
) -> dict[str, Any]:
    """What was given, as the Core takes it."""
    options: dict[str, Any] = {
        "one_file_system": None if cross is None else not cross,
        "caches": caches,
        "markers": markers,
        "before": before,
        "after": after,
        "command_timeout_s": timeout,
        "snapshot": snapshot,
        "compression": compression,
    }
    return {name: value for name, value in options.items() if value is not None}


def _how(options: MachineOptionsAnswer) -> list[tuple[str, str]]:
    marks = [*(["CACHEDIR.TAG"] if options["caches"] else []), *options["markers"]]
    shown = [
        ("Marked by", ", ".join(marks) + " (left out)" if marks else ""),
        ("Mounted below", "left out" if options["one_file_system"] else "belongs to the volumes"),
        ("Before a backup", options["before"]),
        ("After a backup", options["after"]),
        ("Snapshots", "" if options["snapshot"] else "not used"),
        ("Compression", "" if options["compression"] == 1 else f"level {options['compression']}"),
    ]
    return [(what, text) for what, text in shown if text]


def _volumes(machine: MachineAnswer) -> str:
    return ", ".join(f"{volume['label']} ({_where(volume)})" for volume in machine["volumes"])


def _where(volume: VolumeAnswer) -> str:
    """Where a volume's bytes come from, as `--volume` takes it; command lines are shown to administrators only."""
    if volume["source"] != VolumeSource.STREAM:
        return volume["path"]
    return f"cmd:{volume['path']}" if volume["path"] else "-"


def _came_by(machine: MachineAnswer) -> list[tuple[str, str]]:
    cores = [core["name"] for core in machine["via"]]
    return [("Came by", " → ".join(cores))] if cores else []


def _every(machine: MachineAnswer) -> str:
    if machine["kind"] != MachineKind.PROTECTED:
        return "by its own Core" if machine["kind"] == MachineKind.REPLICATED else "not any more"
    if machine["paused"]:
        return "paused"
    return f"every {format_interval(machine['interval_s'])}" if machine["interval_s"] else "only when asked"
