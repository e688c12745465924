"""How long recovery points stay: verbs of machines, points and the Core, added to theirs."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli import asking
from console.cli.arguments import example
from console.cli.output import amount, short, when
from console.cli.session import Session, session_of
from console.client.client import Client
from console.domain.answers import JobAnswer
from console.domain.errors import usage
from console.domain.retention import DEFAULT, Policy, Rule, changed, parse_policy, parse_span
from console.domain.retention_answers import KeptAnswer, RetentionAnswer, RollupAnswer, SimulationAnswer
from console.domain.sizes import format_size

Machine = Annotated[str, typer.Argument(metavar="NAME", help="Name or id of the machine.")]
Point = Annotated[str, typer.Argument(metavar="ID", help="Id of the point, or its first letters.")]
Detach = Annotated[bool, typer.Option("--detach", help="Does not wait for the end.")]
Yes = Annotated[bool, typer.Option("--yes", help="Without asking.")]
SHOWN = 30
"""Rows of a simulation that are shown; --json has every day."""


def add_to_machines(app: typer.Typer) -> None:
    app.command(
        epilog=example(
            "machine retention laptop",
            "machine retention laptop --keep-all 1w --daily 30d --monthly 12m --yearly 5y",
            "machine retention laptop --default",
            "machine retention laptop --simulate 365",
        )
    )(retention)
    app.command(epilog=example("machine rollup laptop --dry-run", "machine rollup laptop --yes"))(rollup)


def add_to_points(app: typer.Typer) -> None:
    app.command(epilog=example("point hold 4f0c9a --reason 'audit 2026'"))(hold)
    app.command(epilog=example("point release 4f0c9a"))(release)


def add_to_core(app: typer.Typer) -> None:
    app.command(epilog=example("core nightly"))(nightly)


def retention(
    ctx: typer.Context,
    name: Machine,
    keep_all: Annotated[str | None, typer.Option(metavar="3d", help="All points of this time.")] = None,
    hourly: Annotated[str | None, typer.Option(metavar="2d", help="Then one an hour for so long; off: none.")] = None,
    daily: Annotated[str | None, typer.Option(metavar="4d", help="Then one a day for so long; off: none.")] = None,
    weekly: Annotated[str | None, typer.Option(metavar="3w", help="Then one a week for so long; off: none.")] = None,
    monthly: Annotated[str | None, typer.Option(metavar="2m", help="Then one a month for so long; off: none.")] = None,
    yearly: Annotated[str | None, typer.Option(metavar="5y", help="Then one a year for so long; off: none.")] = None,
    everything: Annotated[bool, typer.Option("--everything", help="Nothing is ever rolled up.")] = False,
    default: Annotated[bool, typer.Option("--default", help="As the Core's setting “retention” says.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Shows what holds; so does no option at all.")] = False,
    simulate: Annotated[
        int | None, typer.Option(metavar="DAYS", min=1, help="Plays what is named forward; changes nothing.")
    ] = None,
) -> None:
    """How long the points of a machine stay, counted back from its newest point; spans as 3d, 2w, 6m, 1y. What is not
    named stays as it is."""
    session = session_of(ctx)
    given = {
        Rule.ALL.value: keep_all,
        Rule.HOURLY.value: hourly,
        Rule.DAILY.value: daily,
        Rule.WEEKLY.value: weekly,
        Rule.MONTHLY.value: monthly,
        Rule.YEARLY.value: yearly,
    }
    spans = {rule: parse_span(text) for rule, text in given.items() if text is not None}
    if sum([bool(spans), everything, default]) > 1 or (show and (spans or everything or default)):
        raise usage("options-exclude", "These options exclude one another.", "Name spans, or one of the others.")

    async def wanted(core: Client) -> str | None:
        """The policy that is meant; None: the Core's."""
        if default:
            return (await core.core_retention())["policy"] if simulate else None
        if everything:
            return str(Policy(everything=True))
        now = parse_policy((await core.retention(name))["policy"])
        return str(changed(DEFAULT if now.everything and spans else now, spans))

    if simulate is not None:

        async def play(core: Client) -> SimulationAnswer:
            policy = await wanted(core) if spans or everything or default else None
            return await core.simulate_retention(name, days=simulate or 1, policy=policy)

        session.answer(play, lambda found: _show_simulation(session, found))
        return

    async def work(core: Client) -> RetentionAnswer:
        if spans or everything or default:
            return await core.set_retention(name, await wanted(core))
        return await core.retention(name)

    def tell(found: RetentionAnswer) -> None:
        whose = "its own policy" if found["own"] else "the Core's policy"
        session.output.say(f"“{found['machine']}” ({whose}): {found['text']}")

    session.answer(work, tell)


def rollup(
    ctx: typer.Context,
    name: Machine,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only says which points would go, and why.")] = False,
    detach: Detach = False,
    yes: Yes = False,
) -> None:
    """Removes the points that the retention policy keeps no longer, now instead of at night."""
    session = session_of(ctx)
    if dry_run:
        session.answer(lambda core: core.rollup_plan(name), lambda found: _show_plan(session, found))
        return

    async def start(core: Client) -> JobAnswer:
        plan = await core.rollup_plan(name)
        going = amount(plan["points_removed"], "recovery point")
        question = f"This removes {going} of “{plan['machine']}”; {plan['points_kept']} are kept."
        if plan["points_removed"]:
            asking.confirm(session.output, question, yes=yes)
        return await core.roll_up(name)

    session.job(
        start,
        lambda result: session.output.say(
            f"{amount(result['points_removed'], 'recovery point')} rolled up, {result['points_kept']} kept."
        ),
        detach=detach,
    )


def hold(
    ctx: typer.Context,
    point: Point,
    reason: Annotated[str, typer.Option(metavar="T", help="Why; shown with the point.")] = "",
) -> None:
    """Keeps a point, whatever the policy says, until it is released. It cannot be deleted either."""
    session = session_of(ctx)
    session.answer(
        lambda core: core.hold(point, reason), lambda found: session.output.say(f"{short(found['point'])} is held.")
    )


def release(ctx: typer.Context, point: Point) -> None:
    """Ends the hold of a point. It goes with the next rollup, if nothing else keeps it."""
    session = session_of(ctx)

    def tell(found: KeptAnswer) -> None:
        then = found["goes"]["text"] if found["goes"] else found["kept_by"][0]["text"]
        session.output.say(f"{short(found['point'])} is not held any more. {then}")

    session.answer(lambda core: core.release(point), tell)


def nightly(ctx: typer.Context, detach: Detach = False) -> None:
    """Runs the nightly jobs now: those that the settings “nightly-jobs” and “nightly-checks” name."""
    session = session_of(ctx)
    session.job(
        lambda core: core.run_nightly(),
        lambda result: session.output.say(
            f"{amount(result['points_removed'], 'recovery point')} rolled up, "
            f"{format_size(max(0, result['bytes_freed']))} given back"
            + (
                f", {amount(result['points_checked'], 'point')} checked, {result['points_bad']} bad"
                * bool(result["points_checked"])
            )
            + "."
        ),
        detach=detach,
    )


def _show_plan(session: Session, found: RollupAnswer) -> None:
    rows = [(short(point["id"]), when(point["time"]), point["text"]) for point in found["points"]]
    session.output.table(("Id", "Time", "Why it would go"), rows, "Nothing would go.")
    session.output.note(f"{found['points_removed']} would go, {found['points_kept']} stay.")


def _show_simulation(session: Session, found: SimulationAnswer) -> None:
    names = [course["place"] or "here" for course in found["courses"]]
    days = found["courses"][0]["days"]
    step = max(1, -(-len(days) // SHOWN))
    chosen = sorted({*range(0, len(days), step), len(days) - 1})
    columns = ["Day", *(text for name in names for text in (f">Points {name}", ">Size"))]
    rows = [
        [
            days[at]["date"],
            *(
                text
                for course in found["courses"]
                for text in (course["days"][at]["points"], format_size(course["days"][at]["bytes"]))
            ),
        ]
        for at in chosen
    ]
    session.output.table(columns, rows, "Nothing to play.")
    for course in found["courses"]:
        if not course["known"]:
            session.output.note(f"How long “{course['place']}” keeps points is not known; as here is assumed.")
