from __future__ import annotations

import os

from console.domain.objects import Kind
from console.repository import Repository
from tests.repository.builders import content, store


def test_what_is_not_marked_is_unreferenced(repository: Repository) -> None:
    ids = store(repository, (content(n, 100 + n) for n in range(500)))
    with repository.marks() as marks:
        assert marks.unreferenced_bytes() == repository.stored_size(ids)
        marks.add(ids[:200])
        marks.add(iter(ids[100:300]))
        marks.add([os.urandom(32) for _ in range(100)] + [bytes(32), b"\xff" * 32])
        assert marks.unreferenced_bytes() == repository.stored_size(ids[300:])
        marks.add(ids)
        assert marks.unreferenced_bytes() == 0


def test_an_empty_repository(repository: Repository) -> None:
    with repository.marks() as marks:
        marks.add([b"x" * 32])
        assert marks.unreferenced_bytes() == 0


def test_what_comes_later_is_not_asked_for(repository: Repository) -> None:
    [one] = store(repository, [content(1)])
    with repository.marks() as marks:
        store(repository, [content(2)], Kind.TREE)
        marks.add([one])
        assert marks.unreferenced_bytes() == 0
