"""Looking at the Core's machine over its API, for people who choose a directory there from elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from console.client.client import Client
from console.client.inside import InsideTransport
from console.domain import paths, plan_answers
from console.domain.errors import Failed
from console.engine.core import Core
from console.engine.foresee import host as host_module
from console.host.disks import Mount
from tests.service.test_nouns import same_keys


@pytest.fixture
def somewhere(tmp_path: Path) -> Path:
    place = tmp_path / "somewhere"
    for name in ("b", "A", "c"):
        (place / name).mkdir(parents=True)
    (place / "a file").write_bytes(b"123")
    (place / "link").symlink_to("b")
    (place / "gone").symlink_to("nowhere")
    os.mkdir(os.fsencode(place) + b"/\xff")
    return place


async def code_of(awaitable: object) -> str:
    with pytest.raises(Failed) as caught:
        await awaitable  # type: ignore[misc]
    return caught.value.failure.code


async def test_file_systems_that_hold_files_are_shown(core: Core, client: Client, tmp_path: Path) -> None:
    (tmp_path / "usb").mkdir()
    fixed = frozenset(["rw"])
    core.foresee.host.mounts = lambda: [
        Mount(Path("/"), "/dev/one", "ext4", fixed),
        Mount(Path("/proc"), "proc", "proc", fixed),
        Mount(Path("/dev/shm"), "tmpfs", "tmpfs", fixed),
        Mount(tmp_path / "no-such", "/dev/away", "ext4", fixed),
        Mount(tmp_path / "usb", "/dev/loop3", "squashfs", fixed),
        Mount(tmp_path / "usb", "//server/share", "cifs", frozenset(["ro"])),
        Mount(core.data, "/dev/two", "xfs", fixed),
    ]
    answer = await client.host_volumes()
    same_keys(answer, plan_answers.HostVolumes)
    shown = {volume["path"]: volume for volume in answer["volumes"]}
    assert set(shown) == {"/", str(tmp_path / "usb"), str(core.data)}
    for volume in shown.values():
        same_keys(volume, plan_answers.HostVolume)
        assert volume["size"] >= volume["used"] > 0
    share = shown[str(tmp_path / "usb")]
    assert (share["file_system"], share["read_only"], share["protectable"], share["why_not"]) == (
        "cifs",
        True,
        True,
        "",
    )
    ours = shown[str(core.data)]
    assert not ours["protectable"]
    assert "data directory" in ours["why_not"]


async def test_this_machine_has_a_file_system(client: Client) -> None:
    assert "/" in [volume["path"] for volume in (await client.host_volumes())["volumes"]]


async def test_a_folder_shows_its_directories_in_order(client: Client, somewhere: Path) -> None:
    found = await client.host_folder(str(somewhere))
    same_keys(found, plan_answers.HostFolder)
    assert [entry["name"] for entry in found["entries"]] == ["\\xff", "A", "b", "c", "link"]
    assert (found["path"], found["parent"]) == (str(somewhere), str(somewhere.parent))
    assert (found["writable"], found["truncated"]) == (True, False)
    assert found["free"]
    odd = found["entries"][0]
    same_keys(odd, plan_answers.HostEntry)
    assert paths.from_text(odd["path"]) == os.fsencode(somewhere) + b"/\xff"
    assert (await client.host_folder(odd["path"]))["entries"] == []
    with_files = await client.host_folder(str(somewhere), files=True)
    assert [entry["name"] for entry in with_files["entries"][-2:]] == ["a file", "gone"]
    assert (with_files["entries"][-2]["size"], with_files["entries"][-1]["readable"]) == (3, False)
    assert (await client.host_folder("/"))["parent"] is None
    assert (await client.host_folder())["path"] == str(Path.home())


async def test_only_the_first_names_of_a_large_folder_are_shown(
    client: Client, somewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_module, "MOST_ENTRIES", 2)
    found = await client.host_folder(str(somewhere), files=True)
    assert ([entry["name"] for entry in found["entries"]], found["truncated"]) == (["\\xff", "A"], True)


async def test_what_cannot_be_looked_into_is_said(
    client: Client, somewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await code_of(client.host_folder("relative")) == "path-not-absolute"
    assert await code_of(client.host_folder(str(somewhere / "none"))) == "no-such-folder"
    assert await code_of(client.host_folder(str(somewhere / "a file"))) == "not-a-folder"

    def forbidden(path: bytes) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(host_module.os, "scandir", forbidden)
    assert await code_of(client.host_folder(str(somewhere))) == "folder-unreadable"


async def test_a_folder_is_made_where_it_may_be(core: Core, client: Client, somewhere: Path) -> None:
    made = await client.make_folder(str(somewhere / "new"))
    assert (made["path"], made["entries"], made["writable"]) == (str(somewhere / "new"), [], True)
    assert (somewhere / "new").is_dir()
    assert await code_of(client.make_folder(str(somewhere / "new"))) == "folder-exists"
    assert await code_of(client.make_folder(str(somewhere / "none" / "new"))) == "no-such-folder"
    assert await code_of(client.make_folder(str(somewhere / "a file" / "new"))) == "not-a-folder"
    assert await code_of(client.make_folder(str(core.data / "new"))) == "folder-in-repository"
    assert await code_of(client.make_folder(str(somewhere / ("n" * 300)))) == "folder-not-made"
    assert not (core.data / "new").exists()


async def test_helpdesk_may_not_look_at_the_machine(client: Client, transport: InsideTransport) -> None:
    await client.add_user("ann", "helpdesk", "a long password")
    person = Client(transport)
    await person.sign_in("ann", "a long password")
    assert await code_of(person.host_volumes()) == "role-forbids"
    assert await code_of(person.host_folder("/")) == "role-forbids"


async def test_media_are_offered_by_the_api(core: Core, client: Client, tmp_path: Path) -> None:
    usb = tmp_path / "usb"
    usb.mkdir()
    (usb / "holiday.txt").touch()
    core.foresee.host.mounts = lambda: [Mount(usb, "/dev/two", "vfat", frozenset(["rw"]))]
    answer = await client.media()
    same_keys(answer, plan_answers.Media)
    [medium] = answer["media"]
    same_keys(medium, plan_answers.MediumAnswer)
    assert (medium["path"], medium["seeds"], medium["other_entries"]) == (str(usb), [], 1)
