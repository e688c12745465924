"""`replicore restore …`: getting things back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from console.cli.arguments import example, path_text, placed, selection_text
from console.cli.output import amount
from console.cli.session import Session, session_of
from console.domain.sizes import format_size

app = typer.Typer(help="Getting things back.", epilog=example("restore files 4f0c9a --to /tmp/restored"))

SHOWN_SKIPPED = 20


@app.callback()
def restore() -> None:
    """Getting things back. Every byte is verified while it is written."""


@app.command(
    epilog=example(
        "restore files 4f0c9a --to /tmp/restored",
        "restore files 4f0c9a ann/letter.odt home:bob --to /tmp/restored --overwrite older",
        "restore files 4f0c9a disk:p1/etc/fstab --to /tmp/restored",
    )
)
def files(
    ctx: typer.Context,
    point: Annotated[str, typer.Argument(metavar="ID", help="Id of the point, or its first letters.")],
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATH …]", help="What of it: sub/dir, or LABEL:sub/dir; else all.")
    ] = None,
    *,
    to: Annotated[str, typer.Option(metavar="DIR", help="Where to, on the Core's machine.")],
    overwrite: Annotated[
        Literal["never", "older", "always"], typer.Option(help="What happens to files that are there already.")
    ] = "never",
    partial: Annotated[
        bool, typer.Option("--partial", help="From an orphan: the files whose bytes are here, the rest is listed.")
    ] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Does not wait for the job.")] = False,
) -> None:
    """Restores files and folders of a point. Ends with 3 when some were skipped, with 6 when damage was found.

    A path may lead into a disk image: LABEL:p1/etc for partition 1 of a disk that has partitions, LABEL:etc for one
    that has none, LABEL:LABEL.img for the disk itself.
    """
    session = session_of(ctx)
    chosen = [selection_text(path) for path in paths or ()]
    target = path_text(to)

    def show(result: dict[str, Any]) -> None:
        _show(session, result)

    session.job(
        lambda core: core.restore_files(point, chosen, target, overwrite=overwrite, partial=partial),
        show,
        detach=detach,
    )


Point = Annotated[str, typer.Argument(metavar="ID", help="Id of the point, or its first letters.")]
Confirm = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME", help="Own name of a file or device that may be overwritten; may be given several times."
    ),
]
Overwrite = Annotated[
    Literal["never", "older", "always"], typer.Option(help="What happens to files in directories that are there.")
]
Detach = Annotated[bool, typer.Option("--detach", help="Does not wait for the job.")]


@app.command(
    epilog=example(
        "restore volume 4f0c9a disk --to /var/lib/vm/restored.img",
        "restore volume 4f0c9a disk --to /dev/sdb --confirm sdb",
        "restore volume 4f0c9a home --to /home",
    )
)
def volume(
    ctx: typer.Context,
    point: Point,
    label: Annotated[str, typer.Argument(metavar="VOLUME", help="Label of the volume.")],
    *,
    to: Annotated[str, typer.Option(metavar="PATH", help="File, block device or directory on the Core's machine.")],
    confirm: Confirm = None,
    overwrite: Overwrite = "never",
    detach: Detach = False,
) -> None:
    """Restores one volume as a whole: a disk to an image file or device, a stream to a file, a tree to a directory.
    What was cut goes on when it is asked for once more."""
    _restore(ctx, point, [(label, path_text(to))], confirm, overwrite, detach=detach)


@app.command(
    epilog=example(
        "restore machine 4f0c9a --disk system=/dev/sdb --disk home=/mnt/home --confirm sdb",
        "restore machine 4f0c9a --disk disk=vm.img --disk db=dump.sql",
    )
)
def machine(
    ctx: typer.Context,
    point: Point,
    disks: Annotated[
        list[str], typer.Option("--disk", metavar="VOLUME=PATH", help="Which volume goes where; once for each.")
    ],
    confirm: Confirm = None,
    overwrite: Overwrite = "never",
    detach: Detach = False,
) -> None:
    """Restores several volumes of a point in one job, each to its own file, device or directory."""
    _restore(ctx, point, [placed(text) for text in disks], confirm, overwrite, detach=detach)


def _restore(
    ctx: typer.Context,
    point: str,
    disks: list[tuple[str, str]],
    confirm: list[str] | None,
    overwrite: str,
    *,
    detach: bool,
) -> None:
    session = session_of(ctx)

    def show(result: dict[str, Any]) -> None:
        for one in result["volumes"]:
            there = f", {format_size(one['bytes_found'])} of it there already" if one["bytes_found"] else ""
            session.output.say(f"{one['volume']}: {format_size(one['bytes'])} to {one['to']}{there}.")
        _show(session, result)

    session.job(
        lambda core: core.restore_volumes(point, disks, confirm=confirm or (), overwrite=overwrite),
        show,
        detach=detach,
    )


def _show(session: Session, result: dict[str, Any]) -> None:
    skipped = result["skipped"]
    for one in skipped[:SHOWN_SKIPPED]:
        session.output.say(f"Skipped: {one['path']}: {one['why']}")
    if len(skipped) > SHOWN_SKIPPED:
        session.output.say(f"… and {len(skipped) - SHOWN_SKIPPED} more (--json lists all)")
    verified = ", verified" if result["verified"] else ""
    session.output.say(f"{amount(result['files'], 'file')} restored, {format_size(result['bytes'])}{verified}.")
