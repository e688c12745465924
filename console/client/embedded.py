"""A Core of the user's own as a child process: started, waited for, noticed when it dies, stopped politely."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from console.client import connect
from console.client.child import Child
from console.client.client import Client
from console.client.local import read_core, read_token
from console.domain.errors import Failed, FailureKind, failed

READY_S = 60.0
"""A Core that does not answer for so long after its start will not. Opening a damaged repository takes time."""
STOP_S = 30.0
"""A Core that was asked to stop ends its jobs first; after so long it is killed, which is safe."""
LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Start:
    """What the Console is started with.

    `data`: the data directory of the Core to begin with. `world`: the name of a sample world; then `cores` are the data
    directories of all its Cores, the primary one first. `command`: the words that start this program, to which the
    options and verbs of the command line are added.
    """

    data: Path
    command: tuple[str, ...]
    world: str | None = None
    cores: tuple[Path, ...] = ()


class EmbeddedCore:
    """The Core of a data directory. One that runs there already is joined: it is neither started nor stopped."""

    def __init__(self, data: Path, command: Sequence[str]) -> None:
        """`command`: the words that start this program (see `Start`)."""
        self.data = data
        self._command = tuple(command)
        self._client: Client | None = None
        self._child: Child | None = None
        self._begun = False
        self._stopping = False

    @property
    def client(self) -> Client:
        """As the owner of the data directory; closed by `stop` and by the next `start`."""
        assert self._client is not None, "not started"
        return self._client

    @property
    def joined(self) -> bool:
        """Whether the Core that answers was there before."""
        return self._client is not None and self._child is None

    @property
    def pid(self) -> int | None:
        """Of the child process, while it runs."""
        return self._child.process.pid if self._child is not None and not self._child.ended.is_set() else None

    def begin(self) -> None:
        """Starts the child process, if nobody seems to run there, and does not wait: `start` does. For a program that
        has other things to do until then, and no event loop yet. Whoever does not come to `start` calls `abandon`."""
        if self._child is None and read_core(self.data) is None:
            with suppress(OSError):  # `start` meets it again, and tells it
                self._child = self._spawned()
                self._begun = True

    def abandon(self) -> None:
        """Asks the child process to end, if there is one, and does not wait."""
        self._stopping = True
        if self._child is not None and not self._child.ended.is_set():
            self._child.process.terminate()

    async def start(self) -> Client:
        """Starts the Core, or joins the one that runs, and returns when it answers. May be called again after it died.

        Raises Failed with what the Core said when it could not start, or `core-died`.
        """
        await self._let_go()
        self._stopping = False
        known = await _answering(self.data, lodgers=False)
        if known is None:
            known = await self._started()
        elif self._child is not None and not self._is_ours(self._child):
            # Somebody else was quicker: ours would wait for the directory, and then give up.
            child, self._child = self._child, None
            await child.end(STOP_S)
        self._begun = False
        self._client = known
        return known

    async def died(self) -> Failed:
        """Waits until the child process has ended without being asked to, and says what is known of it (`core-died`).

        Waits for ever for a Core that was joined, or after `stop`.
        """
        child = self._child
        if child is not None:
            await child.gone()
        if child is None or self._stopping:
            await asyncio.Event().wait()
        assert child is not None
        return self._core_died(child)

    async def stop(self, timeout: float = STOP_S) -> None:
        """Asks the child process to end and waits; after `timeout` seconds it is killed. A joined Core is only left."""
        self._stopping = True
        child = self._child
        try:
            await self._let_go()
        finally:
            if child is not None:
                await child.end(timeout)
                self._child = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _let_go(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _spawned(self) -> Child:
        return Child([*self._command, "--data", str(self.data), "--json", "core", "run", "--embedded"])

    def _is_ours(self, child: Child) -> bool:
        """Whether the Core that says where it listens is the child process."""
        known = read_core(self.data)
        return known is not None and known.pid == child.process.pid

    async def _started(self) -> Client:
        begun, self._begun = self._begun, False
        child = self._child
        if child is None or not begun:
            if child is not None:
                await child.end(STOP_S)
            try:
                self._child = child = self._spawned()
            except OSError as error:
                raise failed(
                    "core-not-started",
                    f"A Core could not be started: {error.strerror or error}.",
                    f"The command was: {' '.join(self._command)}",
                ) from error
        try:
            async with asyncio.timeout(READY_S):
                while not child.ended.is_set():
                    client = await _answering(self.data, lodgers=False)
                    if client is not None:
                        return client
                    await asyncio.sleep(LOOK_S)
        except BaseException as error:
            await child.end(0.0)
            self._child = None
            if isinstance(error, TimeoutError):
                raise self._core_died(child) from error
            raise
        self._child = None
        await child.gone()
        said = child.failure()
        if said is not None and said.code == "data-directory-in-use":
            other = await _answering(self.data, lodgers=True)
            if other is not None:
                return other
        raise Failed(said) if said is not None else self._core_died(child)

    def _core_died(self, child: Child) -> Failed:
        said = " Its last words:\n" + "\n".join(child.lines) if child.lines else ""
        return failed(
            "core-died",
            f"The Core in {self.data} has ended unexpectedly ({child.how()}).{said}",
            f"Start it again: what it had confirmed is safe. Its log: {self.data / 'core.log'}",
            FailureKind.UNREACHABLE,
        )


async def _answering(data: Path, *, lodgers: bool) -> Client | None:
    """A client of the Core that runs on a data directory; None while none answers. `lodgers`: also one that lives in a
    command, and ends with it."""
    known = read_core(data)
    if known is None:
        return None
    client = connect.local(known, read_token(data))
    try:
        status = await client.status()
        if lodgers or status["mode"] == "service":
            return client
    except Failed as error:
        # Another certificate: the file is that of a Core that is gone, and its port has gone to somebody else.
        if error.failure.kind is not FailureKind.UNREACHABLE and error.failure.code != "wrong-fingerprint":
            await client.close()
            raise
    except BaseException:
        await client.close()
        raise
    await client.close()
    return None
