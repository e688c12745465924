"""Disk images made with the system's own tools, and points that hold them; no mounts, no loop devices."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from console.catalog import Catalog
from console.domain.machines import Machine, Volume, VolumeSource
from console.domain.objects import ZERO_ID, Kind
from console.domain.recovery_points import BaseReason, ImageKind, RecoveryPoint, VolumeImage
from console.domain.trees import DiskLayout, Entry, FileType, Partition, VolumeRoot
from console.repository import Repository, TreeReader, TreeWriter
from console.repository.records import encode_record
from tests.support.clock import FixedClock

BLOCK = 256 << 10
MIB = 1 << 20


def need(*programs: str) -> None:
    """Skips the test where one of the system's programs is missing."""
    for program in programs:
        if shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is None:
            pytest.skip(f"{program} is not installed")


def tool(*words: str | Path, stdin: str = "") -> str:
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    env = {**os.environ, "PATH": path, "MTOOLS_SKIP_CHECK": "1", "LC_ALL": "C.UTF-8"}
    done = subprocess.run([*map(str, words)], input=stdin, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, f"{words}: {done.stdout} {done.stderr}"
    return done.stdout


def sized(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
    return path


def ext4(path: Path, tree: Path, *, size: int = 32 * MIB) -> Path:
    need("mkfs.ext4")
    tool("mkfs.ext4", "-q", "-F", "-b", "4096", "-d", tree, sized(path, size))
    return path


def ntfs(
    path: Path, files: Mapping[str, bytes], *, size: int = 16 * MIB, streams: Mapping[str, str] | None = None
) -> Path:
    """`streams`: of a file the name of an alternate stream it gets too. Only the top folder."""
    need("mkfs.ntfs", "ntfscp")
    tool("mkfs.ntfs", "-q", "-F", "-p", "0", "-s", "512", "-H", "0", "-S", "0", sized(path, size))
    for name, content in files.items():
        source = path.with_suffix(".part")
        source.write_bytes(content)
        tool("ntfscp", "-q", path, source, name)
        if streams and name in streams:
            tool("ntfscp", "-q", "-N", streams[name], path, source, name)
        source.unlink()
    return path


def fat(path: Path, tree: Path, *, size: int = 16 * MIB) -> Path:
    need("mkfs.vfat", "mcopy")
    tool("mkfs.vfat", sized(path, size))
    for found in sorted(tree.iterdir()):
        tool("mcopy", "-s", "-m", "-i", path, found, "::/")
    return path


def partitioned(path: Path, parts: list[Path], *, label: str = "gpt") -> DiskLayout:
    """A disk that holds these images in partitions of a table; how it is divided."""
    need("sfdisk")
    starts, at = [], MIB
    for part in parts:
        starts.append(at)
        at += -(-part.stat().st_size // MIB) * MIB
    sized(path, at + MIB)
    lines = [f"start={s // 512}, size={p.stat().st_size // 512}" for s, p in zip(starts, parts, strict=True)]
    tool("sfdisk", "-q", path, stdin="\n".join([f"label: {label}", *lines]) + "\n")
    with path.open("r+b") as disk:
        for start, part in zip(starts, parts, strict=True):
            disk.seek(start)
            disk.write(part.read_bytes())
    found = [Partition(n, s, p.stat().st_size) for n, (s, p) in enumerate(zip(starts, parts, strict=True), 1)]
    return DiskLayout(512, BLOCK, {"gpt": "gpt", "dos": "mbr"}[label], tuple(found))


def stored(repository: Repository, disk: Path, layout: DiskLayout | None = None) -> tuple[bytes, Entry]:
    """The root of an image volume, written as a backup writes it; and the disk's entry."""
    with repository.session() as session, disk.open("rb") as file:
        writer = TreeWriter(session)
        refs: list[tuple[bytes, int]] = []
        while block := file.read(BLOCK):
            if block.count(0) == len(block):
                if refs and refs[-1][0] == ZERO_ID:
                    refs[-1] = (ZERO_ID, refs[-1][1] + len(block))
                else:
                    refs.append((ZERO_ID, len(block)))
            else:
                refs.append((session.put(Kind.CHUNK, block).id, len(block)))
        content, depth = writer.content(refs)
        entry = Entry(b"", FileType.FILE, mode=0o600, size=disk.stat().st_size, content=content, depth=depth)
        root = VolumeRoot("image", entry, 1, 0, 0, entry.size, disk=layout or DiskLayout(512, BLOCK))
        oid = writer.root(root)
        session.flush()
    return oid, entry


def volume_block(repository: Repository, root: bytes, number: int) -> bytes:
    """Id of the chunk that holds one block of the disk."""
    reader = TreeReader(repository)
    at = 0
    for oid, length in reader.extents(reader.root(root).entry):
        if at <= number * BLOCK < at + length:
            return oid
        at += length
    raise AssertionError(number)


class Shelf(Protocol):
    """Where a point is made: a `Source`, or what is like it."""

    repository: Repository
    catalog: Catalog
    clock: FixedClock
    machine: Machine


def disk_point(source: Shelf, disk: Path, layout: DiskLayout | None = None, *, label: str = "disk") -> RecoveryPoint:
    """A point whose one image is a disk; its machine has that volume from now on."""
    source.clock.forward(3600)
    root, entry = stored(source.repository, disk, layout)
    volume = Volume(uuid.uuid4().hex, label, str(disk), VolumeSource.IMAGE)
    source.machine = replace(source.machine, volumes=(volume,))
    source.catalog.machines.update(source.machine)
    point_id, image_id = uuid.uuid4().hex, uuid.uuid4().hex
    image = VolumeImage(
        image_id,
        point_id,
        volume.id,
        label,
        ImageKind.BASE,
        BaseReason.FIRST,
        None,
        root.hex(),
        size=entry.size,
        bytes_stored=entry.size,
        files=1,
    )
    point = RecoveryPoint(point_id, source.machine.id, source.clock.now(), "core-a", (image,))
    with source.repository.session() as session:
        record = session.put(Kind.RECORD, encode_record("core-a", "A", source.machine, point)).id
        session.flush()
    point = replace(point, record=record.hex())
    source.catalog.points.add(point, source.repository.id, here={image.id}, names={image.id})
    return point
