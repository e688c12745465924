"""Starts commands of this program from a process that has imported everything already.

A command spends most of its life on imports: a third of a second of them, a Core that starts a whole one. Here each is
a process of its own nevertheless, forked from one that has the modules and nothing else: no thread, no file, no Core.
What a start as such is like is proved with processes that start from nothing (`tests/cli`, `tests/client`).
"""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
STATUS = struct.Struct("i")
IMPORTED = (
    "aiohttp",
    "anyio._backends._asyncio",
    "console.assemble",
    "console.cli.main",
    "console.client.embedded",
    "console.client.inside",
    "console.engine.core",
    "console.host.paths",
    "console.service.app",
    "console.service.serving",
    "console.wire.server",
    "encodings.idna",
    "pydantic.v1",
    "rich.console",
    "rich.table",
    "sqlalchemy.dialects.sqlite",
    "typer._adapters",
    "uvicorn",
    "uvicorn.lifespan.on",
    "uvloop",
)
"""What commands and Cores import sooner or later. One that is not there any more is passed over."""


# --- in the process of the test


class Spawned:
    """A running command; the part of `subprocess.Popen` that tests need, without pipes."""

    def __init__(self, args: Sequence[str], pid: int, status: int) -> None:
        self.args = list(args)
        self.pid = pid
        self.returncode: int | None = None
        self._status = status
        try:
            self._handle = os.pidfd_open(pid)  # a number may be given again, this is always the process
        except ProcessLookupError:
            self._handle = -1

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """How it ended, as `subprocess` says it. Raises TimeoutExpired."""
        if self.returncode is None:
            ready = select.poll()
            ready.register(self._status, select.POLLIN)
            if not ready.poll(None if timeout is None else timeout * 1000):
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            said = os.read(self._status, STATUS.size)
            assert said, "the process that starts commands has ended"
            (self.returncode,) = STATUS.unpack(said)
            for handle in (self._status, self._handle):
                if handle >= 0:
                    os.close(handle)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None and self._handle >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def spawn(
    words: Sequence[str], *, stdin: int, stdout: int, stderr: int, env: Mapping[str, str] | None = None
) -> Spawned:
    """`python -m console WORDS…`. The files may be closed as soon as this returns. `env`: beside that of the test."""
    return _server().spawn(words, [stdin, stdout, stderr], {**os.environ, **(env or {})})


class _Server:
    def __init__(self) -> None:
        self._line, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._one = threading.Lock()
        with far:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(far.fileno())],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[far.fileno()],
            )

    def spawn(self, words: Sequence[str], files: list[int], env: dict[str, str]) -> Spawned:
        status, told = os.pipe()
        try:
            asked = json.dumps({"words": list(words), "env": env, "cwd": os.getcwd()}).encode()
            with self._one:
                socket.send_fds(self._line, [asked], [*files, told])
                pid = int(self._line.recv(100))
        finally:
            os.close(told)
        return Spawned(words, pid, status)


_made: list[_Server] = []
_making = threading.Lock()


def _server() -> _Server:
    with _making:
        if not _made:
            _made.append(_Server())
        return _made[0]


# --- in the process that forks


def _serve(line: socket.socket) -> list[str]:
    """Until the test process ends. Returns in each forked process, with the words of its command."""
    children: dict[int, tuple[int, int]] = {}  # by the handle of the process: its number, where its end is told
    ready = select.poll()
    ready.register(line, select.POLLIN)
    while True:
        for handle, _ in ready.poll():
            if handle in children:
                ready.unregister(handle)
                os.close(handle)
                pid, status = children.pop(handle)
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                with suppress(BrokenPipeError):
                    os.write(status, STATUS.pack(code))
                os.close(status)
                continue
            asked, files, _, _ = socket.recv_fds(line, 1 << 20, 4)
            if not asked:
                for child in children:  # whoever started them is gone
                    signal.pidfd_send_signal(child, signal.SIGKILL)
                os._exit(0)
            pid = os.fork()
            if pid == 0:
                for used in (line.detach(), files[3], *children, *(told for _, told in children.values())):
                    os.close(used)
                return _become(json.loads(asked), files[:3])
            child = os.pidfd_open(pid)
            children[child] = pid, files[3]
            ready.register(child, select.POLLIN)
            for used in files[:3]:
                os.close(used)
            line.send(str(pid).encode())


def _become(asked: dict[str, object], files: Sequence[int]) -> list[str]:
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(asked["env"])  # type: ignore[call-overload]
    time.tzset()
    os.chdir(str(asked["cwd"]))
    return list(asked["words"])  # type: ignore[call-overload]


def _main() -> None:
    from console.cli import nouns
    from tests.support.easy import make_easy

    gc.disable()
    for name in IMPORTED:
        with suppress(ImportError):
            import_module(name)
    make_easy()
    for part in pkgutil.iter_modules(nouns.__path__, f"{nouns.__name__}."):
        import_module(part.name)
    gc.collect()
    gc.freeze()
    words = _serve(socket.socket(fileno=int(sys.argv[1])))
    gc.enable()
    sys.argv = [str(ROOT / "console" / "__main__.py"), *words]
    runpy.run_module("console", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
