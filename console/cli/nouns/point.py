"""`replicore point …`: recovery points."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from console.cli import asking
from console.cli.arguments import example, selection_text
from console.cli.nouns import point_check, point_find, retention
from console.cli.output import amount, loss_text, short, when
from console.cli.session import Session, session_of
from console.client.client import Client
from console.domain.answers import FileList, ImageAnswer, PointKeyAnswer, PointPage, PointsDeleted, PointShown
from console.domain.sizes import format_size
from console.flows.keys import is_point_locked
from console.flows.restorability import with_lock

app = typer.Typer(help="Recovery points.", epilog=example("point list --machine laptop"))

retention.add_to_points(app)

Id = Annotated[str, typer.Argument(metavar="ID", help="Id of the point, or its first letters.")]


@app.command("list", epilog=example("point list --machine laptop", "point list --state orphaned"))
def list_points(
    ctx: typer.Context,
    machine: Annotated[str | None, typer.Option(metavar="M", help="Only of this machine.")] = None,
    state: Annotated[
        Literal["orphaned", "whole", "awaiting-seed", "awaiting-transfer", "broken"] | None,
        typer.Option(help="Only in this state; orphaned: every one but whole."),
    ] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="At most so many.")] = 100,
    after: Annotated[str | None, typer.Option(metavar="CURSOR", help="Goes on where a list ended.")] = None,
) -> None:
    """Recovery points, newest first: whether their chain is whole here, and what can be restored from them."""
    session = session_of(ctx)

    def show(found: PointPage) -> None:
        rows = [
            (
                short(p["id"]),
                p["machine"],
                when(p["time"]),
                f"{p['kind']} ({', '.join(p['base_reasons'])})" if p["base_reasons"] else p["kind"],
                p["chain"],
                with_lock(p["restorability"], locked=is_point_locked(p)),
                format_size(p["size"]),
                "held" if p["held"] else "",
            )
            for p in found["points"]
        ]
        columns = ("Id", "Machine", "Time", "Kind", "Chain", "Restorable", ">Size", "")
        session.output.table(columns, rows, "No recovery point.")
        if found["next"]:
            session.output.note(f"There are more: --after {found['next']}")

    session.answer(lambda core: core.points(machine=machine, state=state, limit=limit, after=after), show)


@app.command(epilog=example("point show 4f0c9a"))
def show(ctx: typer.Context, point: Id) -> None:
    """Everything about one point; of an orphan what is missing, why, and what heals it."""
    session = session_of(ctx)

    async def work(core: Client) -> PointShown:
        found = await core.point(point)
        return {**found, "kept": await core.kept(found["id"])}

    session.answer(work, lambda found: _show(session, found))


@app.command(
    epilog=example("point files 4f0c9a", "point files 4f0c9a home:ann/letters", "point files 4f0c9a disk:p1/etc")
)
def files(
    ctx: typer.Context,
    point: Id,
    path: Annotated[str, typer.Argument(help="A directory in it: sub/dir, or LABEL:sub/dir.")] = "",
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="At most so many; else all.")] = None,
    offset: Annotated[int, typer.Option(metavar="N", min=0, help="Begins after so many.")] = 0,
) -> None:
    """The names in one directory of a point, and whether their bytes are here.

    A path may lead into a disk image: LABEL:p1/etc for partition 1 of a disk that has partitions, LABEL:etc for one
    that has none. LABEL:LABEL.img is the disk itself. What was deleted on the disk is not shown.
    """
    session = session_of(ctx)

    def tell(found: FileList) -> None:
        rows = [
            (
                f"{f['mode'] & 0o7777:04o}",
                format_size(f["size"]) if f["type"] == "file" else f["type"],
                when(f["mtime"]) if f["mtime"] else "",
                "" if f["here"] else (f["problem"] or "not here"),
                f["volume"],
                f["path"],
            )
            for f in found["files"]
        ]
        session.output.table(("Mode", ">Size", "Changed", "", "Volume", "Path"), rows, "Nothing is in it.")
        total = found.get("total", 0)  # an older Core gives all at once
        if total > offset + len(found["files"]):
            session.output.note(f"There are more, {total} in all: --offset {offset + len(found['files'])}")

    session.answer(lambda core: core.files(point, selection_text(path), offset=offset, limit=limit), tell)


app.command("check", epilog=example("point check 4f0c9a", "point check --machine laptop --only checksum,integrity"))(
    point_check.check
)
app.command("find", epilog=example("point find letter.odt --machine laptop", "point find passwd --point 4f0c9a"))(
    point_find.find
)


@app.command(epilog=example("point delete 4f0c9a --yes", "point delete 4f0c9a --chain"))
def delete(
    ctx: typer.Context,
    points: Annotated[list[str], typer.Argument(metavar="ID …", help="Ids of points, or their first letters.")],
    chain: Annotated[bool, typer.Option("--chain", help="Also the points that build on them.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False,
) -> None:
    """Deletes points. One that others build on goes only with them (--chain)."""
    session = session_of(ctx)

    async def work(core: Client) -> PointsDeleted:
        loss = await core.points_loss(points, chain=chain)
        what = loss_text(loss["machines"], loss["points"], loss["bytes"])
        frees = format_size(loss["frees"])
        question = f"This deletes {what}. About {frees} become free at the next reclaim."
        if others := loss["dependents"]:
            question += f" {others} of them only because they build on what was named."
        asking.confirm(session.output, question, yes=yes)
        return await core.delete_points(points, chain=chain)

    session.answer(
        work, lambda gone: session.output.say(f"{amount(gone['points_deleted'], 'recovery point')} deleted.")
    )


def _show(session: Session, point: PointShown) -> None:
    session.output.facts(
        [
            ("Point", point["id"]),
            ("Machine", point["machine"]),
            ("Time", when(point["time"])),
            ("Kind", point["kind"]),
            ("Chain", point["chain"]),
            ("Restorable", with_lock(point["restorability"], locked=is_point_locked(point))),
            ("Size", format_size(point["size"])),
            ("Sealed with", ", ".join(_key(key) for key in point.get("keys", ())) or "nothing"),
            *(
                (f"Check of {one['check']}", f"{one['verdict']}: {one['message']}")
                for one in point.get("check_results", ())
            ),
        ]
    )
    for image in point["images"]:
        print()
        session.output.facts(_image(image))
    if point["why"]:
        print(f"\n{point['why']}")
    goes = point["kept"]["goes"]
    stays = " ".join(why["text"] for why in point["kept"]["kept_by"])
    print(f"\nGoes with the next rollup: {goes['text']}" if goes else f"\nStays: {stays}")


def _key(key: PointKeyAnswer) -> str:
    return f"{key['name']} (locked)" if key["locked"] else key["name"]


def _image(image: ImageAnswer) -> list[tuple[str, object]]:
    reason = f" ({image['base_reason']})" if image["base_reason"] else ""
    facts: list[tuple[str, object]] = [
        ("Volume", image["volume"]),
        ("Image", image["id"]),
        ("Kind", f"{image['kind']}{reason}"),
        ("Parent", image["parent"] or "–"),
        ("Root", image["root"]),
        ("Files", f"{image['files']} in {image['directories']} directories, {format_size(image['size'])}"),
        ("New", f"{format_size(image['bytes_new'])} new, {format_size(image['bytes_stored'])} stored"),
    ]
    if image["chain"] != "whole":
        facts += [
            ("Chain", image["chain"]),
            ("Missing", f"{amount(image['missing_objects'], 'object')}, {format_size(image['missing_bytes'])}"),
            ("Waiting for", image["waiting_for"] or "nothing that is known"),
            ("Restorable", _restorable(image)),
        ]
    return facts


def _restorable(image: ImageAnswer) -> str:
    if image["locked"] and not image["files_restorable"]:
        return f"not known of its {image['files_total']} files while its key is locked"
    text = f"{image['files_restorable']} of {image['files_total']} files"
    return with_lock(text, locked=image["locked"])
