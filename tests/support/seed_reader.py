"""A second reader of seed drives, written from seeding/FORMAT.md and repository/FORMAT.md alone.

It shares no code with the product: what it can read, anybody can read who has the two papers. Lists a drive and
extracts its files: `python -m tests.support.seed_reader DIR [IMAGE TO]`.
"""

from __future__ import annotations

import re
import struct
import sys
from pathlib import Path
from typing import Any

import msgspec
import zstandard
from blake3 import blake3

FRAME = struct.Struct("<IIBBBB32s16s")
ENTRY = struct.Struct("<32sQIIBBBB")
FOOTER = struct.Struct("<QI32s8s")
REF = struct.Struct("<32sQ")
HOLE = bytes(32)


class Drive:
    """One seed on one or several directories; every digest there is gets checked when it is opened."""

    def __init__(self, *directories: Path) -> None:
        self.directories = directories
        raw = next((d / "manifest.rpm").read_bytes() for d in directories if (d / "manifest.rpm").exists())
        assert raw[:8] == b"RPLMANI1"
        (length,) = struct.unpack_from("<I", raw, 8)
        self.manifest: dict[str, Any] = msgspec.msgpack.decode(raw[12 : 12 + length])
        (signature,) = struct.unpack_from("<I", raw, 12 + length)
        assert len(raw) == 16 + length + signature
        self.message, self.signature = raw[: 12 + length], raw[16 + length :]
        self.frames: dict[bytes, tuple[Path, int]] = {}
        previous = HOLE
        for segment in self.manifest["segments"]:
            previous = self._segment(segment, previous)
        assert len(self.frames) == self.manifest["objects"], "an object stands on a seed once"

    def _segment(self, segment: dict[str, Any], previous: bytes) -> bytes:
        assert re.fullmatch(r"segment-\d{5}\.rps", segment["file"])
        path = next(d / segment["file"] for d in self.directories if (d / segment["file"]).exists())
        raw = path.read_bytes()
        digest = blake3(raw)
        assert digest.hexdigest() == segment["digest"]
        assert len(raw) == segment["bytes"] < 4 << 30
        magic, seed, number, zero, before = struct.unpack_from("<8s16sII32s", raw)
        assert (magic, seed.hex(), number, zero) == (b"RPLSEED1", self.manifest["seed"], segment["number"], 0)
        assert before == previous
        offset, count, index_digest, end = FOOTER.unpack(raw[-52:])
        index = raw[offset:-52]
        assert end == b"RPLSEND1"
        assert blake3(index).digest() == index_digest
        assert len(index) == count * 52
        at = 64
        for oid, begin, stored, plain, kind, codec, seal, zero in ENTRY.iter_unpack(index):
            assert (begin, zero) == (at, 0)
            header = FRAME.unpack_from(raw, at)
            assert header[:7] == (stored, plain, kind, codec, seal, 0, oid)
            guarded = blake3(raw[at : at + 44] + raw[at + 60 : at + 60 + stored])
            assert guarded.digest()[:16] == header[7]
            self.frames[oid] = (path, at)
            at += 60 + stored
        assert at == offset
        return digest.digest()

    def read(self, oid: bytes) -> bytes:
        path, at = self.frames[oid]
        with path.open("rb") as file:
            file.seek(at)
            stored, plain, _, codec, seal, _, _, _ = FRAME.unpack(file.read(60))
            content = file.read(stored)
        assert seal == 0
        if codec == 1:
            content = zstandard.ZstdDecompressor().decompress(content, max_output_size=plain)
        assert len(content) == plain
        assert blake3(content).digest() == oid
        return content

    def images(self) -> dict[str, str]:
        """Image id → id of its root object, of all images on the drive, parents first."""
        return {
            image["id"]: image["root"]
            for entry in self.manifest["points"]
            for name in entry["images"]
            for image in entry["point"]["images"]
            if image["id"] == name
        }

    def files(self, root: str) -> dict[bytes, bytes]:
        """Path → content, of every regular file of an image."""
        plain = self.read(bytes.fromhex(root))
        assert plain[0] == 1
        found: dict[bytes, bytes] = {}
        stack = [(b"", msgspec.msgpack.decode(plain[1:])[1])]
        while stack:
            prefix, directory = stack.pop()
            for node in self._leaves(directory[11], directory[10]):
                raw = self.read(node)
                assert raw[0] == 1
                for entry in msgspec.msgpack.decode(raw[1:]):
                    name, kind = entry[0], entry[1]
                    assert name not in (b"", b".", b"..")
                    assert b"/" not in name
                    if kind == 1:
                        stack.append((prefix + name + b"/", entry))
                    elif kind == 2:
                        found[prefix + name] = entry[12] or self._content(entry)
        return found

    def _content(self, entry: list[Any]) -> bytes:
        size, depth, content = entry[9], entry[10], entry[11]
        pieces = [bytes(length) if oid == HOLE else self.read(oid) for oid, length in self._refs(content, depth)]
        joined = b"".join(pieces)
        assert len(joined) == size
        return joined

    def _leaves(self, content: bytes, depth: int) -> list[bytes]:
        return [oid for oid, _ in self._refs(content, depth)]

    def _refs(self, content: bytes, depth: int) -> list[tuple[bytes, int]]:
        refs = list(REF.iter_unpack(content))
        while depth:
            lists = [self.read(oid) for oid, _ in refs]
            depth -= 1
            assert all(raw[:2] == bytes([1, depth]) for raw in lists)
            refs = [ref for raw in lists for ref in REF.iter_unpack(raw[2:])]
        return refs


def main(directory: str, image: str = "", to: str = "") -> None:
    drive = Drive(Path(directory))
    print(f"seed {drive.manifest['seed']} of {drive.manifest['source']['name']}: {drive.manifest['comment']}")
    for found, root in drive.images().items():
        files = drive.files(root)
        print(f"image {found}: {len(files)} files, {sum(map(len, files.values()))} bytes")
        for path, content in files.items() if found.startswith(image) and to else ():
            target = Path(to) / path.decode(errors="surrogateescape")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


if __name__ == "__main__":
    main(*sys.argv[1:])
