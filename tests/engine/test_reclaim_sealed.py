"""A Core without the key reclaims beside sealed points, and takes nothing of them."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.domain.errors import Failed
from console.domain.objects import Kind
from console.domain.progress import Silent
from console.domain.trees import Entry, FileType, VolumeRoot
from console.engine.needed import mark_all
from console.repository import Repository, TreeReader, TreeWriter
from tests.support.sealing import sealing_key


def plant(repository: Repository, seed: int) -> bytes:
    """A sealed tree of some folders; its root."""
    rng = random.Random(seed)
    with repository.session(seal=sealing_key()) as session:
        writer = TreeWriter(session)
        folders = []
        for folder in range(3):
            files = []
            for number in range(4):
                refs = [(session.put(Kind.CHUNK, rng.randbytes(3000)).id, 3000) for _ in range(2)]
                content, depth = writer.content(refs)
                files.append(Entry(b"%d" % number, FileType.FILE, size=6000, content=content, depth=depth))
            content, depth = writer.directory(files)
            folders.append(Entry(b"%d" % folder, FileType.DIRECTORY, content=content, depth=depth))
        content, depth = writer.directory(folders)
        top = Entry(b"", FileType.DIRECTORY, mode=0o755, content=content, depth=depth)
        root = writer.root(VolumeRoot("tree", top, 0, 0, 0, 0))
        session.flush()
    return root


def test_sealed_trees_are_marked_without_their_key(tmp_path: Path) -> None:
    created = datetime(2026, 5, 4, tzinfo=UTC)
    with Repository.create(tmp_path / "repository", id="x", created=created) as repository:
        kept, dropped = plant(repository, 1), plant(repository, 2)
        before = repository.usage().objects
        with pytest.raises(Failed, match="lock"):
            repository.read(kept)
        with repository.reclaim() as work:
            mark_all(repository, kept.hex(), work.marks)
            swept = work.run(work.plan(), Silent())
        assert swept.objects_removed == before / 2
        assert list(TreeReader(repository).absent(kept, repository.missing)) == []
        assert not repository.has(dropped)
        report = repository.check(read_data=True, reporter=Silent())
        assert (report.damaged, report.notes) == ((), ())
