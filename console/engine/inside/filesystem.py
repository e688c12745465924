"""One file system of a disk image: its folders and files, as entries like those of directory trees."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from console.domain import paths
from console.domain.errors import Failed, damage, refused
from console.domain.trees import Entry, FileType, check_name
from console.engine.inside.disk import Disk, toolkit

LISTED_MAX = 300_000
"""So many names of folders that were listed lately are kept."""
_LINK_MAX = 4096
_NONRES, _ENCRYPTED = 0x02, 0x10
_RUN_HOLES = 0x01 | 0x02
_NTFS_RESERVED = 24
_HFS_RESERVED = 16


@dataclass(frozen=True, slots=True)
class Node:
    """A name inside a disk image. `entry` has no content; `address` is its number in its file system, number `place`.

    `why`: a clause that says why it cannot be restored as it is; empty for what can.
    """

    entry: Entry
    place: int = -1
    address: int = 0
    why: str = ""


class FileSystem:
    """Thread-safe. Every method raises Failed as `Disk.asking` does."""

    def __init__(self, disk: Disk, start: int, place: int, name: str) -> None:
        """Opens what begins at `start` (bytes). `name`: as people call it. Raises Failed `file-system-unknown`."""
        self._tsk = toolkit()
        self._disk = disk
        self._start = start
        self._place = place
        self._name = name
        self._listed: OrderedDict[int, list[Node]] = OrderedDict()
        self._names = 0
        self.kind = ""
        """`ext`, `ntfs`, `exfat`, `fat`, `iso9660`, `hfs` or `ufs`."""
        problem: Failed | None = None
        for kind, constant in _KINDS.items():
            try:
                with disk.asking(name):
                    self._fs: Any = self._tsk.FS_Info(disk.image, start, getattr(self._tsk, constant))
                    self.kind = kind
                return
            except Failed as known:
                if known.failure.code != "file-system-damaged":
                    problem = known
        raise problem or unknown(name)

    def top(self, name: bytes) -> Node:
        """Its root folder, under another name."""
        return Node(Entry(name, FileType.DIRECTORY, mode=0o755), self._place, int(self._fs.info.root_inum))

    def children(self, folder: Node, path: bytes) -> list[Node]:
        """What is in a folder, sorted by name; nothing that was deleted, nothing that is the file system's own."""
        known = self._listed.get(folder.address)
        if known is not None:
            return known
        found: dict[bytes, Node] = {}
        with self._disk.asking(f"The folder “{paths.to_text(path) or '/'}” of {self._name}"):
            for file in self._fs.open_dir(inode=folder.address):
                node = self._node(file, folder)
                if node is not None:
                    found.setdefault(node.entry.name, node)
        nodes = [found[name] for name in sorted(found)]
        self._keep(folder.address, nodes)
        return nodes

    def read(self, file: Node, offset: int, length: int) -> bytes:
        """At most `length` bytes of a file; fewer only at its end."""
        length = min(length, file.entry.size - offset)
        if length <= 0 or offset < 0:
            return b""
        what = f"“{paths.to_text(file.entry.name)}” in {self._name}"
        parts: list[bytes] = []
        with self._disk.asking(what):
            opened = self._fs.open_meta(inode=file.address)
            while length:
                part = bytes(opened.read_random(offset, min(length, 1 << 20)))
                if not part:
                    break
                parts.append(part)
                offset, length = offset + len(part), length - len(part)
        if length:
            raise damage("object-damaged", f"{what} ends before its end: its file system is damaged.")
        return b"".join(parts)

    def stretches(self, file: Node) -> Iterator[tuple[int, int]]:
        """Where on the disk the bytes of a file lie: (offset, length); nothing for what lies in its record."""
        block = int(self._fs.info.block_size)
        found: list[tuple[int, int]] = []
        with self._disk.asking(f"“{paths.to_text(file.entry.name)}” in {self._name}"):
            for attribute in self._fs.open_meta(inode=file.address):
                if _is_content(self._tsk, attribute) and int(attribute.info.flags) & _NONRES:
                    found += [
                        (self._start + int(run.addr) * block, int(run.len) * block)
                        for run in attribute
                        if not int(run.flags) & _RUN_HOLES
                    ]
        return iter(found)

    def streams(self, file: Node) -> list[str]:
        """Names of its alternate streams (NTFS), which are not looked into."""
        if self.kind != "ntfs":
            return []
        with self._disk.asking(f"“{paths.to_text(file.entry.name)}” in {self._name}"):
            return [
                paths.to_text(bytes(attribute.info.name))
                for attribute in self._fs.open_meta(inode=file.address)
                if attribute.info.type == self._tsk.TSK_FS_ATTR_TYPE_NTFS_DATA and attribute.info.name
            ]

    def _node(self, file: Any, folder: Node) -> Node | None:
        tsk, name, meta = self._tsk, file.info.name, file.info.meta
        raw = bytes(name.name)
        if raw in (b".", b"..") or not int(name.flags) & tsk.TSK_FS_NAME_FLAG_ALLOC:
            return None
        address = int(name.meta_addr)
        if address == folder.address or self._is_own(raw, address, meta):
            return None
        try:
            check_name(raw)
        except ValueError:
            return None
        if meta is None:
            return Node(Entry(raw, FileType.FILE), self._place, address, "its record cannot be read")
        if not int(meta.flags) & tsk.TSK_FS_META_FLAG_ALLOC:
            return None
        kind = self._types().get(int(meta.type))
        if kind is None:
            return Node(Entry(raw, FileType.FILE), self._place, address, "it is of a kind that is not known here")
        target = self._target(file, meta) if kind is FileType.SYMLINK else b""
        return Node(self._entry(raw, kind, meta, target), self._place, address, self._why(file, kind, target))

    def _entry(self, name: bytes, kind: FileType, meta: Any, target: bytes) -> Entry:
        owned = self.kind in _OWNED
        mode = int(meta.mode) & 0o7777 if owned else 0o755 if kind is FileType.DIRECTORY else 0o644
        several = int(meta.nlink) > 1 and kind is not FileType.DIRECTORY and owned
        return Entry(
            name,
            kind,
            mode=mode,
            uid=int(meta.uid) if owned else os.geteuid(),
            gid=int(meta.gid) if owned else os.getegid(),
            mtime_ns=int(meta.mtime) * 1_000_000_000 + int(meta.mtime_nano) % 1_000_000_000,
            inode=int(meta.addr),
            size=max(int(meta.size), 0) if kind is FileType.FILE else 0,
            target=target,
            links=int(meta.addr) if several else 0,
        )

    def _target(self, file: Any, meta: Any) -> bytes:
        if meta.link:
            link = meta.link
            return link if isinstance(link, bytes) else str(link).encode()
        size = int(meta.size)
        return bytes(file.read_random(0, size)) if 0 < size <= _LINK_MAX else b""

    def _why(self, file: Any, kind: FileType, target: bytes) -> str:
        if kind in (FileType.CHARACTER_DEVICE, FileType.BLOCK_DEVICE):
            return "which device it stands for cannot be read from a disk image"
        if kind is FileType.SYMLINK:
            return "" if target and b"\0" not in target else "where it points to cannot be read"
        if self.kind == "ntfs":
            for attribute in file:
                if attribute.info.type == self._tsk.TSK_FS_ATTR_TYPE_NTFS_REPARSE:
                    return "it is a link or mount point of Windows (a reparse point)"
                if _is_content(self._tsk, attribute) and int(attribute.info.flags) & _ENCRYPTED:
                    return "Windows has encrypted it"
        return ""

    def _is_own(self, name: bytes, address: int, meta: Any) -> bool:
        """Whether a name is one of the file system itself, and not of whoever uses it."""
        tsk = self._tsk
        if meta is not None and int(meta.type) in (tsk.TSK_FS_META_TYPE_VIRT, tsk.TSK_FS_META_TYPE_VIRT_DIR):
            return True
        if self.kind == "ntfs":
            return address < _NTFS_RESERVED and name.startswith(b"$")
        if self.kind == "hfs":
            return address < _HFS_RESERVED or name.startswith((b"\0\0\0\0HFS+", b"^^^^HFS+", b".HFS+ Private"))
        return self.kind == "exfat" and name in (b"$ALLOC_BITMAP", b"$UPCASE_TABLE", b"$VOLUME_GUID")

    def _types(self) -> dict[int, FileType]:
        tsk = self._tsk
        return {
            int(tsk.TSK_FS_META_TYPE_REG): FileType.FILE,
            int(tsk.TSK_FS_META_TYPE_DIR): FileType.DIRECTORY,
            int(tsk.TSK_FS_META_TYPE_LNK): FileType.SYMLINK,
            int(tsk.TSK_FS_META_TYPE_CHR): FileType.CHARACTER_DEVICE,
            int(tsk.TSK_FS_META_TYPE_BLK): FileType.BLOCK_DEVICE,
            int(tsk.TSK_FS_META_TYPE_FIFO): FileType.FIFO,
            int(tsk.TSK_FS_META_TYPE_SOCK): FileType.SOCKET,
        }

    def _keep(self, address: int, nodes: list[Node]) -> None:
        with self._disk.asking(self._name):
            self._listed[address] = nodes
            self._names += len(nodes)
            while self._names > LISTED_MAX and len(self._listed) > 1:
                self._names -= len(self._listed.popitem(last=False)[1])


_KINDS = {
    "ntfs": "TSK_FS_TYPE_NTFS_DETECT",
    "exfat": "TSK_FS_TYPE_EXFAT",
    "fat": "TSK_FS_TYPE_FAT_DETECT",
    "ext": "TSK_FS_TYPE_EXT_DETECT",
    "iso9660": "TSK_FS_TYPE_ISO9660_DETECT",
    "hfs": "TSK_FS_TYPE_HFS_DETECT",
    "ufs": "TSK_FS_TYPE_FFS_DETECT",
}
_OWNED = frozenset({"ext", "hfs", "ufs"})
"""Kinds whose files have owners and modes of their own."""


def _is_content(tsk: Any, attribute: Any) -> bool:
    """Whether an attribute is what a file is read for: its own data, under no name."""
    kinds = (
        tsk.TSK_FS_ATTR_TYPE_DEFAULT,
        tsk.TSK_FS_ATTR_TYPE_NTFS_DATA,
        tsk.TSK_FS_ATTR_TYPE_HFS_DATA,
        tsk.TSK_FS_ATTR_TYPE_APFS_DATA,
    )
    return attribute.info.type in kinds and not attribute.info.name


def unknown(name: str, what: str = "") -> Failed:
    """Refuses to look into something; `what`: what it holds, where that is known."""
    held = f" ({what})" if what else ""
    return refused(
        "file-system-unknown",
        f"{name} has no file system that can be looked into here{held}.",
        "Restore the image and attach it to a system that knows it: replicore restore files ID LABEL.img --to DIR",
    )
