"""Looking into points through the API, and the file system that a mount is made of, without FUSE."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import stat
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from console.cli.mounting.blocks import BLOCK, HELD, Blocks, OpenFile
from console.cli.mounting.operations import Mounted
from console.cli.mounting.source import Attributes, CoreSource, Point
from console.client.client import Client
from console.domain.errors import Failed
from console.engine.core import Core
from tests.repository.builders import flip, packs
from tests.service.conftest import backed_up, ended

BIG = random.Random(7).randbytes(5_000_000)
SINCE = 1_577_934_245


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    top = tmp_path / "tree"
    (top / "folder").mkdir(parents=True)
    (top / "folder" / "text").write_text("a line\n" * 1000)
    (top / "folder" / "big.bin").write_bytes(BIG)
    with (top / "sparse").open("wb") as file:
        file.truncate(3_000_000)
        file.seek(2_000_000)
        file.write(b"middle")
    (top / os.fsdecode(b"n\xff")).write_bytes(b"odd")
    (top / "link").symlink_to("folder/text")
    os.link(top / "folder" / "text", top / "same")
    (top / "folder" / "text").chmod(0o640)
    os.utime(top / "folder" / "text", (SINCE, SINCE))
    return top


@pytest.fixture
async def mounted(client: Client, tree: Path) -> Callable[..., Any]:
    """Asks the file system in another thread, as FUSE would: (question, arguments) → answer."""
    point = await backed_up(client, tree)
    loop = asyncio.get_running_loop()
    made = await asyncio.to_thread(Mounted, CoreSource(client, loop), point)

    def ask(question: str, *arguments: Any) -> Any:
        answer = getattr(made, question)(*arguments)
        return list(answer) if question == "readdir" else answer

    async def later(question: str, *arguments: Any) -> Any:
        return await asyncio.to_thread(ask, question, *arguments)

    return later


async def whole(mounted: Callable[..., Any], path: str, piece: int = 131_072) -> bytes:
    number = await mounted("open", path, os.O_RDONLY)
    found = bytearray()
    while part := await mounted("read", path, piece, len(found), number):
        found += part
    await mounted("release", path, number)
    return bytes(found)


async def refused(mounted: Callable[..., Any], *asked: Any) -> int | None:
    with pytest.raises(OSError) as caught:  # noqa: PT011  the number is what counts
        await mounted(*asked)
    return caught.value.errno


async def test_folders_files_and_attributes(mounted: Callable[..., Any], tree: Path) -> None:
    assert [name for name, _, _ in await mounted("readdir", "/", 0)] == [".", "..", "tree"]
    names = [name for name, _, _ in await mounted("readdir", "/tree", 0)]
    assert names == [".", "..", "folder", "link", os.fsdecode(b"n\xff"), "same", "sparse"]
    text = await mounted("getattr", "/tree/folder/text")
    real = (tree / "folder" / "text").stat()
    assert stat.S_ISREG(text["st_mode"])
    assert stat.S_IMODE(text["st_mode"]) == 0o640
    assert (text["st_size"], text["st_mtime"], text["st_uid"]) == (real.st_size, real.st_mtime_ns, real.st_uid)
    same = await mounted("getattr", "/tree/same")
    assert (same["st_ino"], same["st_nlink"]) == (text["st_ino"], 2)
    assert await mounted("readlink", "/tree/link") == "folder/text"
    assert stat.S_ISLNK((await mounted("getattr", "/tree/link"))["st_mode"])


async def test_every_byte_comes_back(mounted: Callable[..., Any], tree: Path) -> None:
    assert await whole(mounted, "/tree/folder/big.bin") == BIG
    assert await whole(mounted, "/tree/sparse", 1 << 20) == (tree / "sparse").read_bytes()
    assert await whole(mounted, "/tree/" + os.fsdecode(b"n\xff")) == b"odd"
    number = await mounted("open", "/tree/folder/big.bin", os.O_RDONLY)
    for at in (4_999_990, 0, 2_097_150, 3):
        assert await mounted("read", "", 100, at, number) == BIG[at : at + 100]
    assert await mounted("read", "", 100, 5_000_000, number) == b""


async def test_what_cannot_be_is_refused(mounted: Callable[..., Any]) -> None:
    assert await refused(mounted, "getattr", "/tree/none") == errno.ENOENT
    assert await refused(mounted, "getattr", "/other") == errno.ENOENT
    assert await refused(mounted, "getattr", "/tree/same/x") == errno.ENOTDIR
    assert await refused(mounted, "open", "/tree/same", os.O_RDWR) == errno.EROFS
    assert await refused(mounted, "open", "/tree/folder", os.O_RDONLY) == errno.EISDIR
    assert await refused(mounted, "readlink", "/tree/same") == errno.EINVAL
    assert await refused(mounted, "getxattr", "/tree/same", "user.none") == errno.ENODATA


async def test_damage_is_an_input_output_error_and_a_line_in_the_log(
    client: Client, core: Core, mounted: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    place = Path(core.catalog.repositories.list()[0].path)
    pack = next(path for path in packs(place) if BIG[:64] in path.read_bytes())
    flip(pack, pack.read_bytes().index(BIG[:64]) + 7)
    number = await mounted("open", "/tree/folder/big.bin", os.O_RDONLY)
    assert await refused(mounted, "read", "/tree/folder/big.bin", 100, 0, number) == errno.EIO
    assert "big.bin" in caplog.text
    assert "object-damaged" in caplog.text
    assert await mounted("read", "/tree/folder/big.bin", 9, 4_500_000, number) == BIG[4_500_000:4_500_009]
    caplog.clear()


async def test_all_points_of_all_machines(client: Client, tree: Path) -> None:
    await backed_up(client, tree)
    await ended(client, await client.back_up("web"))
    made = Mounted(CoreSource(client, asyncio.get_running_loop()))
    machines = await asyncio.to_thread(lambda: [name for name, _, _ in made.readdir("/", 0)])
    assert machines == [".", "..", "web"]
    times = await asyncio.to_thread(lambda: [name for name, _, _ in made.readdir("/web", 0)][2:])
    assert len(times) == 2
    assert all(time.startswith("20") and time[10] == "T" for time in times)
    text = await asyncio.to_thread(made.getattr, f"/web/{times[0]}/tree/folder/text")
    assert text["st_size"] == 7000
    with pytest.raises(OSError, match="none"):
        await asyncio.to_thread(made.getattr, "/none")


async def test_windows_of_a_folder_through_the_api(client: Client, tree: Path) -> None:
    for number in range(1200):
        (tree / "folder" / f"{number:05}").touch()
    point = await backed_up(client, tree)
    page = await client.folder(point, "tree", "folder", offset=400, limit=3)
    assert [entry["name"] for entry in page["entries"]] == ["00400", "00401", "00402"]
    assert page["total"] == 1202
    listed = await client.files(point, "folder", offset=1199, limit=2)
    assert [file["path"] for file in listed["files"]] == ["folder/01199", "folder/big.bin"]
    assert listed["total"] == 1202


async def test_contents_through_the_api(client: Client, tree: Path) -> None:
    point = await backed_up(client, tree)
    assert await client.content(point, "tree", "folder/big.bin", 1_000_000, 10) == BIG[1_000_000:1_000_010]
    for path, code in (("folder", "not-a-file"), ("none", "no-such-file")):
        with pytest.raises(Failed) as caught:
            await client.content(point, "tree", path, 0, 10)
        assert caught.value.failure.code == code
    with pytest.raises(Failed) as caught:
        await client.folder(point, "other", "")
    assert caught.value.failure.code == "no-such-volume"


class Wide:
    """A source with one folder of very many names, and a file of any length."""

    def __init__(self, names: int) -> None:
        self.names = names
        self.asked = 0
        self.lock = threading.Lock()

    def machines(self) -> list[str]:
        return []

    def points(self, machine: str) -> list[Point]:
        return []

    def point(self, id: str) -> Point:
        from datetime import UTC, datetime

        return Point(id, "web", datetime(2026, 1, 1, tzinfo=UTC), ("tree",))

    def folder(self, point: str, volume: str, path: bytes) -> list[Attributes]:
        self.asked += 1
        return [Attributes(b"%08d" % number, "file") for number in range(self.names)]

    def content(self, point: str, volume: str, path: bytes, offset: int, length: int) -> Future[bytes]:
        with self.lock:
            self.asked += 1
        future: Future[bytes] = Future()
        future.set_result(bytes([offset // BLOCK % 251]) * length)
        return future


def test_a_folder_with_very_many_names_is_asked_for_once() -> None:
    source = Wide(200_000)
    made = Mounted(source, "p")
    assert sum(1 for _ in made.readdir("/tree", 0)) == 200_002
    for number in (0, 1, 99_999, 199_999):
        assert stat.S_ISREG(made.getattr(f"/tree/{number:08}")["st_mode"])
    assert source.asked == 1


def test_blocks_are_bounded_and_read_ahead() -> None:
    source = Wide(0)
    blocks = Blocks(source)
    file = OpenFile("p", "v", b"f", 200 * BLOCK + 5)
    for at in range(0, file.size, BLOCK // 2):
        assert blocks.read(file, at, 10)[0] == at // BLOCK % 251
    assert source.asked == 201
    assert len(blocks._held) == HELD
    other = OpenFile("p", "v", b"g", 200 * BLOCK)
    source.asked = 0
    blocks.read(other, 50 * BLOCK, 10)
    assert source.asked == 1  # who jumps is not read ahead
