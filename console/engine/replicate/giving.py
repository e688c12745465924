"""The target gives objects back that its source has lost (PROTOCOL.md, Repair)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.catalog import Catalog, StoredImage
from console.domain.errors import OBJECT_DAMAGE, Failed, not_found
from console.domain.objects import id_of_hex
from console.engine.repositories import Repositories
from console.repository import Repository, TreeReader
from console.wire.conversation import OBJECTS_BYTES


def objects_of(catalog: Catalog, repositories: Repositories, machine: str, image: str, ids: Sequence[bytes]) -> bytes:
    """Frames of those of `ids` that are of this image of this machine and true here; see `wire.listener.Listener`.

    Raises Failed `no-such-volume-image`.
    """
    stored = catalog.points.find_image(image)
    if stored is None or stored.machine != machine:
        raise not_found("volume image", image[:12])
    repository = repositories.open(stored.repository)
    found = bytearray()
    for oid in _own(catalog, repository, stored, set(ids)):
        try:
            found += b"".join(repository.frames([oid]))
        except Failed as known:
            if known.failure.code not in OBJECT_DAMAGE:
                raise
        if len(found) >= OBJECTS_BYTES:
            break
    return bytes(found)


def _own(catalog: Catalog, repository: Repository, stored: StoredImage, wanted: set[bytes]) -> Iterator[bytes]:
    """Those of `wanted` that belong to the image, each once; walks no further than it has to."""
    image = stored.image
    record = id_of_hex(catalog.points.get(image.point).record)
    if record in wanted:
        wanted.discard(record)
        yield record
    root = id_of_hex(image.root)
    # What the image adds to its parent first, which is cheap; a parent may be another one at the source by now.
    for parent in dict.fromkeys((id_of_hex(image.parent_root) if image.parent_root else None, None)):
        try:
            for batch in TreeReader(repository).increment(root, parent, names=False):
                for ref in batch:
                    if ref.id in wanted:
                        wanted.discard(ref.id)
                        yield ref.id
                if not wanted:
                    return
        except Failed as known:
            if known.failure.code not in OBJECT_DAMAGE:
                raise
