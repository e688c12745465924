"""Disks: image files and block devices of this host, read block by block, and what they say they are divided into."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import stat
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from console.domain.trees import DiskLayout, Entry, Partition
from console.sources.reading import may_be_sparse

BLOCK = 256 << 10
"""Bytes of one block of an image (FORMAT.md, "Disk images and streams")."""
SECTOR = 512
ASK_S = 20.0
"""A tool that looks at a disk is given so many seconds: one that hangs on a bad disk must not hang the backup."""

_BLKSSZGET = 0x1268
_SCHEMES = {"gpt": "gpt", "dos": "mbr"}
_TOOLS = {**os.environ, "LC_ALL": "C", "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}

Stretch = tuple[int, int]
"""Where it begins and where it ends, in bytes."""


@dataclass(frozen=True, slots=True)
class Disk:
    """An open disk. `path` is where it really is; sizes in bytes. Reading may be done from many threads."""

    path: bytes
    file: int
    status: os.stat_result
    size: int
    sector: int

    @property
    def is_device(self) -> bool:
        return stat.S_ISBLK(self.status.st_mode)

    def close(self) -> None:
        os.close(self.file)

    def stretches(self) -> Iterator[Stretch]:
        """The stretches that may hold data, in order; what lies between and after them is zeros. Raises OSError."""
        if self.is_device or not may_be_sparse(self.status):
            if self.size:
                yield 0, self.size
            return
        at = 0
        while at < self.size:
            try:
                begin = os.lseek(self.file, at, os.SEEK_DATA)
                end = os.lseek(self.file, begin, os.SEEK_HOLE)
            except OSError as problem:
                if problem.errno == errno.ENXIO:  # no data from here to the end
                    return
                if problem.errno not in (errno.EINVAL, errno.ENOTSUP):
                    raise
                begin, end = at, self.size  # this file system does not know its holes
            if begin >= self.size or end <= begin:
                return
            yield begin, min(end, self.size)
            at = end

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """As many bytes as `buffer` has room for; fewer only at the end of the disk. Raises OSError."""
        done = 0
        while done < len(buffer):
            size = os.preadv(self.file, [buffer[done:]], offset + done)
            if not size:
                break
            done += size
        return done


class Disks:
    """Opens disks: one class between engine and system, so that a test can stand between them too."""

    def open(self, path: bytes) -> Disk:
        """For reading; links are followed, as devices are named by links. Raises OSError, also for what is no disk
        (EINVAL)."""
        real = os.path.realpath(path)
        file = os.open(real, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            status = os.fstat(file)
            if not is_disk(status):
                raise OSError(errno.EINVAL, "it is no disk image and no block device")
            device = stat.S_ISBLK(status.st_mode)
            size = os.lseek(file, 0, os.SEEK_END) if device else status.st_size
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_SEQUENTIAL)
            return Disk(real, file, status, size, _sector(file) if device else SECTOR)
        except BaseException:
            os.close(file)
            raise

    def layout(self, disk: Disk) -> DiskLayout:
        """What a disk is divided into. What cannot be read, or is not known to the system's tools, is left empty."""
        return layout(disk)


class ChangedBlocks(Protocol):
    """A source that knows what of a disk changed: a door for hypervisors, qcow2 bitmaps and snapshots."""

    def since(self, disk: Disk, before: Entry) -> Iterator[Stretch] | None:
        """The stretches that may have changed since the image with this entry was made, in order; all others are as
        they were. None: nobody knows, and the disk is read."""


class NothingKnown:
    """The hint of a source that has none."""

    def since(self, disk: Disk, before: Entry) -> Iterator[Stretch] | None:
        del disk, before
        return None


def is_disk(status: os.stat_result) -> bool:
    """Whether something can be imaged as a disk: a regular file or a block device."""
    return stat.S_ISREG(status.st_mode) or stat.S_ISBLK(status.st_mode)


def layout(disk: Disk) -> DiskLayout:
    """See `Disks.layout`."""
    said = _probe(disk.path)
    scheme = _SCHEMES.get(said.get("PTTYPE", ""), "")
    if not scheme:
        return DiskLayout(disk.sector, BLOCK, filesystem=said.get("TYPE", ""))
    try:
        table = json.loads(_ask(["sfdisk", "--json", disk.path]))["partitiontable"]
        sector = int(table.get("sectorsize", disk.sector))
        partitions = [_partition(disk, raw, n, sector) for n, raw in enumerate(table.get("partitions", ()), 1)]
    except (ValueError, KeyError, TypeError, AttributeError):
        return DiskLayout(disk.sector, BLOCK)
    if not partitions and said.get("TYPE"):  # the boot sector of exFAT passes for an empty table
        return DiskLayout(disk.sector, BLOCK, filesystem=said["TYPE"])
    return DiskLayout(sector, BLOCK, scheme, tuple(partitions))


def _partition(disk: Disk, raw: dict[str, Any], place: int, sector: int) -> Partition:
    """One partition as `sfdisk` tells it; `place` in its list, for one whose node has no number."""
    start, length = int(raw["start"]) * sector, int(raw["size"]) * sector
    kind = _probe(disk.path, start, length).get("TYPE", "") if length else ""
    found = re.search(rb"(\d+)$", os.fsencode(raw.get("node", "")).removeprefix(disk.path))
    number = int(found[1]) if found else place
    return Partition(number, start, length, str(raw.get("type", "")), str(raw.get("name", "")), kind)


def _sector(file: int) -> int:
    try:
        return int(struct.unpack("i", fcntl.ioctl(file, _BLKSSZGET, bytes(4)))[0]) or SECTOR
    except OSError:
        return SECTOR


def _probe(path: bytes, start: int = 0, length: int = 0) -> dict[str, str]:
    """What lies in a stretch of a disk, by its signatures; the whole disk where no length is given."""
    where = ["-O", str(start), "-S", str(length)] if length else []
    lines = _ask(["blkid", "-p", "-o", "export", *where, path]).decode("utf-8", "replace").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _ask(command: list[str | bytes]) -> bytes:
    """What a tool says; nothing where it is not there, fails, or takes too long."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=ASK_S, env=_TOOLS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return b""
    return done.stdout if done.returncode == 0 else b""
