"""`replicore point find`: files by their names."""

from __future__ import annotations

from typing import Annotated, TypedDict

import typer

from console.cli.output import short, when
from console.cli.session import session_of
from console.client.client import Client
from console.domain.answers import FileAnswer
from console.domain.sizes import format_size


class FoundFile(FileAnswer):
    """A file, and the point it is in (id)."""

    point: str


class Finds(TypedDict):
    """`complete`: false where names were missing, or the limit was reached, so that there may be more."""

    files: list[FoundFile]
    complete: bool


def find(
    ctx: typer.Context,
    pattern: Annotated[str, typer.Argument(metavar="PATTERN", help="Part of the path; case is ignored.")],
    machine: Annotated[str | None, typer.Option(metavar="M", help="In the newest point of this machine.")] = None,
    point: Annotated[str | None, typer.Option(metavar="ID", help="In this point.")] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="At most so many.")] = 200,
) -> None:
    """Files whose path has a text in it, in the newest point of each machine, of one, or in one point.

    Files inside disk images are found too.
    """
    session = session_of(ctx)

    async def work(core: Client) -> Finds:
        found = Finds(files=[], complete=True)
        for one in [point] if point else await _newest(core, machine):
            after: str | None = None
            while True:
                left = limit - len(found["files"])
                if not left:
                    found["complete"] = False
                    return found
                page = await core.find_files(one, text=pattern, limit=min(left, 1000), after=after)
                found["files"] += [FoundFile(**file, point=page["point"]) for file in page["files"]]
                found["complete"] &= page["complete"]
                after = page["next"]
                if after is None:
                    break
        return found

    def show(found: Finds) -> None:
        rows = [
            (
                short(f["point"]),
                format_size(f["size"]) if f["type"] == "file" else f["type"],
                when(f["mtime"]) if f["mtime"] else "",
                "" if f["here"] else (f["problem"] or "not here"),
                f"{f['volume']}:{f['path']}",
            )
            for f in found["files"]
        ]
        session.output.table(("Point", ">Size", "Changed", "", "Path"), rows, "No file has this in its path.")
        if not found["complete"]:
            session.output.note("There may be more: --limit, or names that are not on this Core.")

    session.answer(work, show)


async def _newest(core: Client, machine: str | None) -> list[str]:
    """The newest point of each machine, or of one."""
    names = [machine] if machine else []
    after: str | None = None
    while not machine:
        page = await core.machines(limit=1000, after=after)
        names += [found["name"] for found in page["machines"]]
        after = page["next"]
        if after is None:
            break
    points = [(await core.points(machine=name, limit=1))["points"] for name in names]
    return [found[0]["id"] for found in points if found]
