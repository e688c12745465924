"""`replicore backup MACHINE …`: one recovery point now."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from console.cli.arguments import example
from console.cli.feeding import check_standard_input, standard_input
from console.cli.output import amount
from console.cli.session import Session, session_of
from console.client.client import Client
from console.domain.answers import FailureAnswer, JobAnswer
from console.domain.errors import EXIT_CODES, Failed, Failure, refused, usage
from console.domain.sizes import format_duration, format_rate, format_size

app = typer.Typer()


@app.command(
    epilog=example(
        "backup laptop", "backup laptop web --replicate", "backup laptop --base", "backup web --stdin db < dump.sql"
    )
)
def backup(
    ctx: typer.Context,
    machines: Annotated[list[str], typer.Argument(metavar="MACHINE …", help="Names or ids of machines.")],
    base: Annotated[bool, typer.Option("--base", help="A base image, whatever there is already.")] = False,
    replicate: Annotated[bool, typer.Option("--replicate", help="Done when the targets have it too.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Does not wait for the jobs.")] = False,
    stdin: Annotated[
        str | None, typer.Option(metavar="LABEL", help="Standard input is what this volume (--volume LABEL=-) is.")
    ] = None,
) -> None:
    """Makes one recovery point of each machine now. Ends with 3 when a file could not be read."""
    session = session_of(ctx)
    if stdin is not None:
        _feed(session, machines, stdin, base=base, replicate=replicate, detach=detach)
        return

    async def work(core: Client) -> dict[str, Any]:
        session.check_detach(detach)
        if replicate:
            await _check_replicated(core, machines)
        jobs = [await core.back_up(machine, base=base) for machine in machines]
        if detach:
            return {"job": jobs[0]["id"]} if len(jobs) == 1 else {"jobs": [job["id"] for job in jobs]}
        alone = len(jobs) == 1
        results = [await _finish(session, core, job, replicate=replicate, alone=alone) for job in jobs]
        return results[0] if len(results) == 1 else {"backups": results}

    def show(result: dict[str, Any]) -> None:
        if detach:
            for job in result.get("jobs") or [result["job"]]:
                session.show_detached({"job": job})
            return
        for one in result.get("backups") or [result]:
            _show(session, one)

    session.answer(work, show)


def _feed(session: Session, machines: list[str], volume: str, *, base: bool, replicate: bool, detach: bool) -> None:
    """One backup of one machine, fed from standard input while it runs."""
    if len(machines) > 1:
        raise usage("stdin-of-one", "There is one standard input only.", "Name one machine with --stdin.")
    if detach:
        raise usage("stdin-detached", "A backup that is fed by this command ends with it.", "Leave --detach out.")
    check_standard_input()

    async def work(core: Client) -> dict[str, Any]:
        if replicate:
            await _check_replicated(core, machines)
        job = await core.back_up_fed(machines[0], volume, base=base)
        feeding = asyncio.get_running_loop().create_task(_give(session, core, job["id"]))
        try:
            return await _finish(session, core, job, replicate=replicate, alone=True)
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)

    session.answer(work, lambda result: _show(session, result))


async def _give(session: Session, core: Client, job: str) -> None:
    """Gives all of standard input; a job that cannot have all of it is cancelled."""
    try:
        await core.feed(job, standard_input())
    except Failed as known:
        if known.failure.code != "stream-not-wanted":  # the job has ended, and says why
            session.fail_late(known)
            await core.cancel_job(job)


async def _check_replicated(core: Client, machines: list[str]) -> None:
    for name in machines:
        machine = await core.machine(name)
        if not machine["pairings"]:
            raise refused(
                "not-replicated",
                f"“{machine['name']}” is not replicated to any Core.",
                "Set that up first: replicore replication add PAIRING MACHINE",
            )


async def _finish(session: Session, core: Client, job: JobAnswer, *, replicate: bool, alone: bool) -> dict[str, Any]:
    """The result of one backup. Where there are others to tell of, or a point was made, a failure stands in it."""
    result: dict[str, Any] = {}
    try:
        result = dict((await session.follow(job))["result"] or {})
        if result.get("point") and (copies := await _copied(session, core, result["point"], every=replicate)):
            result["replicated"] = copies
            lacking = [one for one in copies if one["failure"] is not None]
            for one in lacking:
                session.fail_late(Failed(Failure.from_dict(dict(one["failure"]))))
            if lacking:
                result["error"] = lacking[0]["failure"]
    except Failed as known:
        if alone and not result:
            raise
        session.fail_late(known)
        return {"machine": job["subject_name"], "point": None, **result, "error": known.failure.to_dict()}
    return result


async def _copied(session: Session, core: Client, point: str, *, every: bool) -> list[dict[str, Any]]:
    """The point at each target that it is waited for, after the runs that were to bring it: what that run has sent, and
    why it is not there. Not `every` target: those without which the backup of this machine does not succeed."""
    wanted = (await core.bring_copies(point, only_required=not every))["copies"]
    ended = {copy["job"]: await session.watch(copy["job"]) for copy in wanted if copy["job"] is not None}
    now = {copy["pairing"]: copy for copy in (await core.copies(point, list(ended)))["copies"]} if wanted else {}
    return [
        {
            "points_sent": 0,
            "bytes_sent": 0,
            "duration_s": 0.0,
            **((ended[copy["job"]]["result"] or {}) if copy["job"] is not None else {}),
            **now[copy["pairing"]],
            "exit": exit_code(now[copy["pairing"]]["failure"]),
        }
        for copy in wanted
        if copy["pairing"] in now
    ]


def exit_code(failure: FailureAnswer | None) -> int:
    """What the command would end with if this were all that went wrong."""
    return 0 if failure is None else EXIT_CODES[Failure.from_dict(dict(failure)).kind]


def _show(session: Session, result: dict[str, Any]) -> None:
    if result.get("point") is None:
        return
    for image in result["images"]:
        reason = f" ({image['base_reason']})" if image["base_reason"] else ""
        session.output.say(
            f"{image['volume']}: {image['kind']}{reason}, {amount(image['files'], 'file')}, "
            f"{format_size(image['bytes_read'])} read, {format_size(image['bytes_new'])} new, "
            f"{format_size(image['bytes_stored'])} stored"
            + (f", {image['files_unreadable']} unreadable" if image["files_unreadable"] else "")
            + (f", {amount(left, 'directory')} left out" if (left := image["left_out"]["count"]) else "")
        )
    session.output.say(f"Recovery point {result['point']} in {format_duration(result['duration_s'])}.")
    for run in result.get("replicated", []):
        if run["failure"] is not None:
            why = f"{run['failure']['message']} {run['failure']['hint']}".rstrip()
            session.output.note(f"Not on “{run['name']}”: {why}")
            continue
        rate = (
            f", {format_rate(run['bytes_sent'] / run['duration_s'])}" if run["bytes_sent"] and run["duration_s"] else ""
        )
        sent = f"{run['points_sent']} sent, {format_size(run['bytes_sent'])}{rate}"
        session.output.say(f"Replicated to “{run['name']}”: {sent}.")
