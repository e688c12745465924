"""One command at work: the way to its Core, waiting for its job, showing its result, its exit code."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from console.cli import progress
from console.cli.output import Output, amount
from console.cli.parts import Parts, Reached
from console.domain.answers import JobAnswer
from console.domain.errors import EXIT_CODES, EXIT_WARNINGS, Failed, Failure, FailureKind, refused

if TYPE_CHECKING:
    from console.client.client import Client

T = TypeVar("T", bound=Mapping[str, Any])

SHOWN_WARNINGS = 20
LINGER_S = 0.5
TRIES = 3
DAMAGE = EXIT_CODES[FailureKind.DAMAGE]
_SERIOUSNESS = (0, EXIT_WARNINGS, DAMAGE)


class Session:
    """What the options before the noun say, and what the verb makes of it. `code`: the exit code so far.

    `mend`: the verb is there for a Core whose catalog is damaged; `set_aside`: files that were moved for it.
    """

    def __init__(self, parts: Parts, output: Output, data: Path | None = None, core: str | None = None) -> None:
        self.parts = parts
        self.output = output
        self.data = data or parts.default_data()
        self.core = core
        self.code = 0
        self.mend = False
        self.set_aside: tuple[str, ...] = ()
        self._late: Failed | None = None
        self._stack = AsyncExitStack()
        self._reached: Reached | None = None

    # --- for verbs

    def answer(self, work: Callable[[Client], Coroutine[Any, Any, T]], show: Callable[[T], None]) -> None:
        """Asks the Core and shows what it says: as a document with `--json`, else with `show`. Ends the verb."""
        asyncio.run(self._answer(work, show))
        if self._late is not None:
            raise self._late
        if self.code:
            raise typer.Exit(self.code)

    def job(
        self,
        start: Callable[[Client], Awaitable[JobAnswer]],
        show: Callable[[dict[str, Any]], None],
        *,
        detach: bool = False,
    ) -> None:
        """Starts a job, waits for it and shows its result; with `detach` only says which job it is."""

        async def work(core: Client) -> dict[str, Any]:
            self.check_detach(detach)
            job = await start(core)
            return {"job": job["id"]} if detach else (await self.follow(job))["result"] or {}

        self.answer(work, self.show_detached if detach else show)

    def show_detached(self, started: Mapping[str, Any]) -> None:
        self.output.say(f"Job {started['job']} was started. Wait for it: replicore job wait {started['job'][:12]}")

    def check_detach(self, detach: bool) -> None:
        """Raises Failed where nobody would go on with the job when the command ends."""
        if detach and self._now.guest is not None:
            raise refused(
                "no-core-running",
                "No Core runs on this data directory, so a job would end with this command.",
                "Start one (replicore core run), or leave --detach out.",
            )

    async def follow(self, job: JobAnswer) -> JobAnswer:
        """Waits for a job and shows its progress. Raises Failed when the job failed; its warnings go into `code`."""
        ended = await self.watch(job["id"])
        if ended["failure"] is not None:
            raise Failed(Failure.from_dict(dict(ended["failure"])))
        return ended

    async def watch(self, job: str) -> JobAnswer:
        """The job when it has ended, however it did."""
        from console.cli.interrupts import Interrupts

        loop = asyncio.get_running_loop()
        shown = progress.shown(self.output)
        asked: list[asyncio.Task[None]] = []

        def cancel() -> None:
            self.output.note("Cancelling … (Ctrl-C again leaves at once)")
            asked.append(loop.create_task(self._cancel(job)))

        try:
            with Interrupts(cancel):
                ended = await self._watched(job, shown)
        finally:
            shown.close()
            await asyncio.gather(*asked, return_exceptions=True)
        self._tell_warnings(ended)
        self.raise_code(code_of(ended))
        return ended

    def raise_code(self, code: int) -> None:
        """The exit code becomes this one if it is the more serious."""
        self.code = max(self.code, code, key=_SERIOUSNESS.index)

    def fail_late(self, failure: Failed) -> None:
        """The command has a result to show, and ends with this failure all the same."""
        self._late = self._late or failure

    # --- the way to the Core

    @property
    def _now(self) -> Reached:
        assert self._reached is not None
        return self._reached

    async def _answer(self, work: Callable[[Client], Coroutine[Any, Any, T]], show: Callable[[T], None]) -> None:
        async with self._stack:
            self._reached = await self._reach()
            self.set_aside = self._reached.set_aside
            result = await work(self._reached.client)
            if self.output.json:
                self.output.document(result)
            else:
                show(result)
            await self._linger()

    async def _reach(self) -> Reached:
        if self.core is None:
            return await self._stack.enter_async_context(self.parts.reach(self.data, mend=self.mend))
        from console.cli import asking
        from console.client import connect, passwords
        from console.client.cores import Cores

        known = Cores().get(self.core)
        password = passwords.recall(known.name) or asking.password(f"{known.user} on {known.name}", from_stdin=False)
        client = await connect.remembered(known, password)
        self._stack.push_async_callback(client.close)
        return Reached(client)

    async def _watched(self, job: str, shown: progress.Shown) -> JobAnswer:
        tries = 0
        while True:
            try:
                async for state in self._now.client.watch(job):
                    shown.update(state)
                    tries = 0
                return state
            except Failed as known:
                # The Core of this directory may have lived in another command that has ended: the next one to hold
                # the directory knows how the job ended.
                again = known.failure.code == "core-unreachable" and self.core is None and self._now.guest is None
                if not again or tries >= TRIES:
                    raise
                tries += 1
                self._reached = await self._reach()

    async def _cancel(self, job: str) -> None:
        await self._now.client.cancel_job(job)

    async def _linger(self) -> None:
        """A Core that lives in this command ends with it, so what its jobs have started is waited for."""
        guest = self._now.guest
        if guest is None or not guest.busy():
            return
        from console.cli.interrupts import Interrupts

        count = guest.busy()
        self.output.note(f"Waiting for {amount(count, 'job')} that followed (Ctrl-C cancels).")
        self.output.event({"waiting_for_jobs": count})
        left = asyncio.Event()
        with Interrupts(left.set):
            while not left.is_set() and not await guest.drained(LINGER_S):
                pass
        if left.is_set():
            self.code = EXIT_CODES[FailureKind.CANCELLED]

    def _tell_warnings(self, job: JobAnswer) -> None:
        for warning in job["warnings"][:SHOWN_WARNINGS]:
            self.output.note(f"Warning: {warning['message']}")
        if job["warning_count"] > SHOWN_WARNINGS:
            more = job["warning_count"] - SHOWN_WARNINGS
            self.output.note(f"… and {amount(more, 'warning')} more: replicore job show {job['id'][:12]}")


def session_of(ctx: typer.Context) -> Session:
    """The session of the command that runs."""
    session = ctx.find_object(Session)
    assert session is not None
    return session


def code_of(job: JobAnswer) -> int:
    """The exit code of a job that ended without failing: damage found, warnings, or nothing to say."""
    result = job["result"] or {}
    if result.get("damaged") or result.get("left_count"):
        return DAMAGE
    if job["warning_count"] or result.get("skipped") or result.get("segments_missing"):
        return EXIT_WARNINGS
    return 0
