"""One walk over the images of a repository: which objects are needed, and whom damage hurts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from console.catalog import StoredImage
from console.domain.errors import OBJECT_DAMAGE, Failed
from console.domain.objects import id_of_hex
from console.domain.progress import Reporter
from console.domain.recovery_points import VolumeImage
from console.engine.ends import own_damage
from console.repository import Repository, TreeReader
from console.repository.reclaim import Marks


@dataclass(slots=True)
class Survey:
    """`hurt`: object (hex) → ids of the images whose own increment needs it, of damaged and of missing objects.
    `unreadable`: ids of images of which a node could not be read. `blind`: those of them that should be here as a
    whole: what they need is not known."""

    hurt: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    unreadable: set[str] = field(default_factory=set)
    blind: set[str] = field(default_factory=set)


def survey(
    repository: Repository,
    images: Iterable[StoredImage],
    marks: Marks,
    reporter: Reporter,
    *,
    bad: frozenset[bytes] = frozenset(),
    prove: bool = True,
) -> Survey:
    """Marks everything that `images` (parents before their children) need.

    What an image shares with its parent is marked by the parent, if that was walked before; else all that is here of
    both is marked. `bad`: damaged objects. Without `prove` nobody is asked whether what is marked is here, and `hurt`
    stays empty.
    """
    found = Survey()
    known: set[str] = set()
    walked: set[str] = set()
    for stored in images:
        reporter.check()
        image = stored.image
        known.add(image.id)
        # Its names are looked at as well where no parent of it is known.
        names = image.parent is not None and image.parent not in known
        alone = image.parent is not None and image.parent not in walked
        if prove:
            seen = marks.add if image.key or not marks.sealed else partial(_ask_all, marks)
            lost, readable = own_damage(repository, image, bad, names=names, seen=seen)
            if stored.here:  # of a point that is still on its way nothing is missing yet
                for oid in lost:
                    found.hurt[oid.hex()].add(image.id)
        else:
            readable = _mark_own(repository, image, names=names, seen=marks.add, check=reporter.check)
        if readable:
            walked.add(image.id)
        else:
            found.unreadable.add(image.id)
            if stored.here and (not alone or stored.names or stored.damaged):
                found.blind.add(image.id)
        if alone or not readable:
            mark_all(repository, image.root, marks)
            if image.parent_root:
                mark_all(repository, image.parent_root, marks)
        reporter.advance(items=1)
    return found


def _ask_all(marks: Marks, ids: list[bytes]) -> list[bytes]:
    marks.add(ids)
    return ids


def mark_all(repository: Repository, root: str, marks: Marks) -> None:
    """Marks all that is here of a tree. `root`: id in hex."""

    def ask(ids: Sequence[bytes]) -> list[bytes]:
        marks.add(ids)
        return repository.missing(ids)

    for _ in TreeReader(repository).absent(id_of_hex(root), ask):
        pass


def _mark_own(
    repository: Repository,
    image: VolumeImage,
    *,
    names: bool,
    seen: Callable[[list[bytes]], object],
    check: Callable[[], None],
) -> bool:
    """As `own_damage`, without asking what is here; whether all nodes could be read."""
    parent = id_of_hex(image.parent_root) if image.parent_root else None
    try:
        for batch in TreeReader(repository).increment(id_of_hex(image.root), parent, names=names):
            check()
            seen([ref.id for ref in batch])
    except Failed as known:
        if known.failure.code not in OBJECT_DAMAGE:
            raise
        return False
    return True
