"""`replicore restore …`: getting things back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from console.cli.arguments import example, path_text, selection_text
from console.cli.output import amount
from console.cli.session import session_of
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
    """Restores files and folders of a point. Ends with 3 when some were skipped, with 6 when damage was found."""
    session = session_of(ctx)
    chosen = [selection_text(path) for path in paths or ()]
    target = path_text(to)

    def show(result: dict[str, Any]) -> None:
        skipped = result["skipped"]
        for one in skipped[:SHOWN_SKIPPED]:
            session.output.say(f"Skipped: {one['path']}: {one['why']}")
        if len(skipped) > SHOWN_SKIPPED:
            session.output.say(f"… and {len(skipped) - SHOWN_SKIPPED} more (--json lists all)")
        verified = ", verified" if result["verified"] else ""
        session.output.say(f"{amount(result['files'], 'file')} restored, {format_size(result['bytes'])}{verified}.")

    session.job(
        lambda core: core.restore_files(point, chosen, target, overwrite=overwrite, partial=partial),
        show,
        detach=detach,
    )
