"""`replicore mount`: recovery points as folders."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import subprocess
import threading
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, TypedDict

import typer

from console.cli.arguments import example
from console.cli.session import Session, session_of
from console.client.client import Client
from console.domain.errors import Failed, failed, usage

app = typer.Typer()


LOOK_S = 0.05


class Done(TypedDict):
    """`mounted`: the directory where it was."""

    mounted: str


@app.command(
    epilog=example("mount 4f0c9a /mnt/point", "mount --all /mnt/points", "mount --all /mnt/points --allow-other"),
)
def mount(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="[ID] DIR", help="A point, and an empty directory.")],
    all_points: Annotated[bool, typer.Option("--all", help="All points of all machines; then only DIR.")] = False,
    allow_other: Annotated[
        bool, typer.Option("--allow-other", help="Other users of this machine see it too (as FUSE allows).")
    ] = False,
) -> None:
    """Shows recovery points as a read-only file system, until it is unmounted or Ctrl-C is pressed.

    Of one point its volumes; with --all folders for machines and, below them, points by their times. A disk image shows
    its raw bytes as LABEL.img, and beside it what its file systems hold. Every byte is verified when it is read; what
    is damaged, or not on the Core, is an input/output error and a line on standard error. What is sealed needs its
    key unlocked.
    """
    session = session_of(ctx)
    if len(words) != (1 if all_points else 2):
        raise usage("usage", "A point and a directory are needed; with --all a directory.", "replicore mount --help")
    place = Path(words[-1]).absolute()
    fuse = _fuse()
    if not place.is_dir():
        raise usage("mount-point-missing", f"{place} is no directory.", "Make an empty directory for it.")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    watched = logging.getLogger("console.cli.mounting")
    watched.addHandler(handler)

    async def work(core: Client) -> Done:
        return await _mounted(session, core, None if all_points else words[0], place, fuse, allow_other=allow_other)

    try:
        session.answer(work, lambda done: session.output.say(f"{done['mounted']} is unmounted."))
    finally:
        watched.removeHandler(handler)


async def _mounted(
    session: Session, core: Client, point: str | None, place: Path, fuse: Any, *, allow_other: bool
) -> Done:
    from console.cli.interrupts import Interrupts
    from console.cli.mounting.operations import Mounted
    from console.cli.mounting.source import CoreSource

    loop = asyncio.get_running_loop()
    source = CoreSource(core, loop)
    operations = await asyncio.to_thread(Mounted, source, point)
    ended: asyncio.Future[None] = loop.create_future()
    options = {"allow_other": True} if allow_other else {}

    def serve() -> None:
        problem: BaseException | None = None
        try:
            fuse.FUSE(
                operations,
                str(place),
                foreground=True,
                ro=True,
                fsname="replicore",
                subtype="replicore",
                use_ino=True,
                attr_timeout=30,
                entry_timeout=30,
                **options,
            )
        except BaseException as error:
            problem = error
        loop.call_soon_threadsafe(_end, ended, problem)

    thread = threading.Thread(target=serve, name="fuse", daemon=True)
    session.output.note(f"Mounting at {place}; Ctrl-C unmounts it.")
    with Interrupts(lambda: _unmount(place)):
        thread.start()
        try:
            await _stands(place, ended)
            if not ended.done():
                session.output.event({"mounted": str(place)})
            await ended
        except RuntimeError as error:
            raise failed(
                "mount-failed",
                f"{place} could not be mounted (FUSE ended with {error}).",
                "Is /dev/fuse there, and may you use it? The lines above may say more.",
            ) from error
    await asyncio.to_thread(thread.join)
    return Done(mounted=str(place))


async def _stands(place: Path, ended: asyncio.Future[None]) -> None:
    """Waits until the system shows the mount. Asked in a thread: to look at it is a question to ourselves."""
    while not ended.done() and not await asyncio.to_thread(os.path.ismount, place):
        await asyncio.wait([ended], timeout=LOOK_S)


def _end(ended: asyncio.Future[None], problem: BaseException | None) -> None:
    if ended.done():
        return
    if problem is None:
        ended.set_result(None)
    else:
        ended.set_exception(problem)


def _unmount(place: Path) -> None:
    """Asks the system to unmount, without waiting: whoever still reads there reads to the end."""
    program = shutil.which("fusermount3") or shutil.which("fusermount")
    words = [program, "-u", "-z", str(place)] if program else ["umount", "-l", str(place)]
    subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _fuse() -> Any:
    """The library that speaks to the kernel. Raises Failed `mount-not-available`."""
    try:
        fuse = import_module("mfusepy")
    except (ImportError, OSError) as error:
        raise _not_available(str(error)) from error
    if not os.path.exists("/dev/fuse"):
        raise _not_available("there is no /dev/fuse")
    return fuse


def _not_available(why: str) -> Failed:
    return failed(
        "mount-not-available",
        f"Mounting is not possible on this machine: {why}.",
        "Install it with: pip install 'replicore[mount]', and the system's package fuse3.",
    )
