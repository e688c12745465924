"""The Core's machine: what is mounted, what lies in a directory, where a seed drive could be written or read."""

from __future__ import annotations

from pydantic import BaseModel

from console.domain.plan_answers import HostDevices, HostFolder, HostVolumes, Media
from console.service.access import Restorer, Seeder
from console.service.routing import noun

router = noun("host")


class NewFolder(BaseModel):
    """`path`: of the Core's machine, in the text form of paths."""

    path: str


@router.get("/host/volumes")
def volumes(by: Seeder) -> HostVolumes:
    """Mounted file systems that hold files."""
    return by.core.foresee.host.volumes()


@router.get("/host/devices")
def devices(by: Restorer) -> HostDevices:
    """Disks and partitions, with who uses each."""
    return by.core.foresee.host.devices()


@router.get("/host/folder")
def folder(by: Seeder, path: str = "", files: bool = False) -> HostFolder:
    """One directory; the home of the Core's owner when none is named. Refused: `folder-unreadable`, …"""
    return by.core.foresee.host.folder(path, files=files)


@router.post("/host/folder")
def make_folder(body: NewFolder, by: Seeder) -> HostFolder:
    """One directory below one that is there. Refused: `folder-exists`, `folder-in-repository`, `folder-not-made`."""
    return by.core.foresee.host.make_folder(body.path)


@router.get("/media")
def media(by: Seeder) -> Media:
    """Places for seed drives, removable ones first, and the seed drives on them, as their manifests say."""
    return by.core.foresee.media.list()
