"""`replicore job …`: what runs, what ran, how it ended."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli.arguments import example
from console.cli.output import short, when
from console.cli.progress import figures
from console.cli.session import Session, session_of
from console.client.client import Client
from console.domain.answers import JobAnswer, JobLog, JobPage
from console.domain.errors import Failed, Failure
from console.domain.jobs import JobState

app = typer.Typer(help="Jobs: what runs, what ran, how it ended.", epilog=example("job list --state running"))

Id = Annotated[str, typer.Argument(metavar="ID", help="Id of the job, or its first letters.")]


@app.command("list", epilog=example("job list", "job list --state failed"))
def list_jobs(
    ctx: typer.Context,
    state: Annotated[JobState | None, typer.Option(metavar="S", help="Only in this state.")] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="At most so many.")] = 100,
    after: Annotated[str | None, typer.Option(metavar="CURSOR", help="Goes on where a list ended.")] = None,
) -> None:
    """Jobs, newest first."""
    session = session_of(ctx)
    wanted = state.value if state else None

    def show(found: JobPage) -> None:
        rows = [
            (short(j["id"]), j["kind"], j["subject_name"], j["state"], when(j["created"]), figures(j["progress"]))
            for j in found["jobs"]
        ]
        session.output.table(("Id", "Kind", "Of", "State", "Created", "Progress"), rows, "No job.")
        if found["next"]:
            session.output.note(f"There are more: --after {found['next']}")

    session.answer(lambda core: core.jobs(state=wanted, limit=limit, after=after), show)


@app.command(epilog=example("job show 1b7d3c"))
def show(ctx: typer.Context, job: Id) -> None:
    """One job: where it stands, or how it ended."""
    session = session_of(ctx)
    session.answer(lambda core: core.job(job), lambda found: _show(session, found))


@app.command(epilog=example("job cancel 1b7d3c"))
def cancel(ctx: typer.Context, job: Id) -> None:
    """Asks a job to end. What it has stored so far is kept and not done again."""
    session = session_of(ctx)
    session.answer(
        lambda core: core.cancel_job(job),
        lambda found: session.output.say(f"Job {short(found['id'])} is {found['state']}."),
    )


@app.command(epilog=example("job wait 1b7d3c"))
def wait(ctx: typer.Context, job: Id) -> None:
    """Waits for a job and ends as the command would have that started it."""
    session = session_of(ctx)

    async def work(core: Client) -> JobAnswer:
        ended = await session.watch((await core.job(job))["id"])
        if ended["failure"] is not None:
            session.fail_late(Failed(Failure.from_dict(dict(ended["failure"]))))
        return ended

    session.answer(work, lambda found: _show(session, found))


@app.command(epilog=example("job log 1b7d3c"))
def log(ctx: typer.Context, job: Id) -> None:
    """What a job has written down."""
    session = session_of(ctx)

    def tell(found: JobLog) -> None:
        for line in found["lines"]:
            print(f"{when(line['time'])}  {line['text']}")

    session.answer(lambda core: core.job_log(job), tell)


def _show(session: Session, job: JobAnswer) -> None:
    failure = job["failure"]
    why = f": {job['reason']}" if job["reason"] else ""
    session.output.facts(
        [
            ("Job", job["id"]),
            ("Kind", job["kind"]),
            ("Of", job["subject_name"]),
            ("State", job["state"]),
            ("Started by", f"{job['user'] or job['trigger']}{why}"),
            ("Created", when(job["created"])),
            ("Started", when(job["started"])),
            ("Ended", when(job["ended"])),
            ("Phase", job["progress"]["phase"]),
            ("Progress", figures(job["progress"])),
            ("Warnings", job["warning_count"]),
            *([("Failure", failure["message"]), ("", failure["hint"])] if failure else []),
        ]
    )
    for warning in job["warnings"]:
        print(f"Warning: {warning['message']}")
