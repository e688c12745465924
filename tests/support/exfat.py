"""Files in images of exFAT, written by hand: no tool does it without mounting, and not every kernel mounts it."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

from tests.support.disks import MIB, need, sized, tool

ENTRY = 32
_LABEL_AND_SUCH, _BITMAP = 0x80, 0x81
_ARCHIVE, _IN_ONE_PIECE = 0x20, 0x03
_MOMENT = (2026 - 1980) << 25 | 5 << 21 | 4 << 16 | 12 << 11
"""4 May 2026, noon."""


def make(image: Path, files: Mapping[str, bytes], *, size: int = 32 * MIB) -> Path:
    need("mkfs.exfat", "fsck.exfat")
    tool("mkfs.exfat", sized(image, size))
    for name, content in files.items():
        add(image, name, content)
    return image


def add(image: Path, name: str, content: bytes) -> None:
    """Puts one file into the top folder; its clusters are the first that are free in one piece."""
    with image.open("r+b") as disk:
        boot = disk.read(512)
        heap, count, root = struct.unpack_from("<III", boot, 88)
        sector, cluster = 1 << boot[108], 1 << boot[108] + boot[109]

        def place(number: int) -> int:
            return int(heap * sector + (number - 2) * cluster)

        disk.seek(place(root))
        folder = disk.read(cluster)
        kinds = list(folder[::ENTRY])
        bitmap_at, bitmap_bytes = struct.unpack_from("<IQ", folder, kinds.index(_BITMAP) * ENTRY + 20)
        disk.seek(place(bitmap_at))
        bitmap = bytearray(disk.read(bitmap_bytes))
        wanted = -(-len(content) // cluster)
        used = [bool(bitmap[bit >> 3] & 1 << (bit & 7)) for bit in range(count)]
        first = next(bit for bit in range(count - wanted) if not any(used[bit : bit + wanted]))
        for bit in range(first, first + wanted):
            bitmap[bit >> 3] |= 1 << (bit & 7)
        disk.seek(place(bitmap_at))
        disk.write(bitmap)
        disk.seek(place(first + 2))
        disk.write(content)
        free = next(number for number, kind in enumerate(kinds) if kind < _LABEL_AND_SUCH)
        disk.seek(place(root) + free * ENTRY)
        disk.write(_entries(name, first + 2, len(content)))


def _entries(name: str, cluster: int, size: int) -> bytes:
    spelled = name.encode("utf-16-le")
    names = [spelled[start : start + 30] for start in range(0, len(spelled), 30)]
    stream = struct.pack(
        "<BBxBHxxQxxxxIQ", 0xC0, _IN_ONE_PIECE, len(name), _sum(name.upper().encode("utf-16-le")), size, cluster, size
    )
    rest = stream + b"".join(b"\xc1\x00" + part.ljust(30, b"\0") for part in names)
    head = struct.pack("<BBHHxxIII", 0x85, 1 + len(names), 0, _ARCHIVE, _MOMENT, _MOMENT, _MOMENT).ljust(ENTRY, b"\0")
    checked = _sum(rest, _sum(head[4:], _sum(head[:2])))
    return head[:2] + struct.pack("<H", checked) + head[4:] + rest


def _sum(data: bytes, value: int = 0) -> int:
    for byte in data:
        value = ((value << 15 | value >> 1) + byte) & 0xFFFF
    return value
