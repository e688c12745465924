"""What stands in directory nodes, for a walk that compares thousands of them with a disk."""

from __future__ import annotations

import zstandard

from console.domain.objects import Codec, Kind, Seal
from console.domain.trees import Entry
from console.repository.codec import FrameError, Header, decode
from console.repository.nodes import NodeError, decode_tree
from console.repository.sealing import TAG_SIZE, Keys, SealError

_TREE = int(Kind.TREE)


class Lister:
    """Opens directory nodes. For one thread."""

    def __init__(self) -> None:
        self._decompress = zstandard.ZstdDecompressor().decompress

    def entries(self, header: Header, stored: memoryview, keys: Keys) -> list[Entry] | None:
        """The entries of a directory node, proven by its id; None for what is none. What a sealed node says in clear is
        not held against what it names: that takes as long as all the rest, and whoever opens one node does it.

        Raises Failed `key-locked`.
        """
        try:
            return decode_tree(self._plain(header, stored, keys)) if header[2] == _TREE else None
        except (FrameError, SealError, NodeError, zstandard.ZstdError):
            return None

    def _plain(self, header: Header, stored: memoryview, keys: Keys) -> bytes:
        _, size, kind, codec, seal, _, oid, _ = header
        if seal == Seal.NONE:
            return decode(header, stored, keys)
        tag = bytes(stored[:TAG_SIZE])
        key = keys.find(tag)
        if key is None:
            raise keys.refusal(tag)
        plain, _ = key.open(oid, kind, codec, size, stored)
        if codec == Codec.ZSTD:
            if zstandard.frame_content_size(plain) != size:
                raise FrameError("its plain length is not what its header says", oid)
            plain = self._decompress(plain, allow_extra_data=False)
        if len(plain) != size or key.object_id(kind, plain) != oid:
            raise FrameError("its plain bytes do not match its id", oid)
        return plain
