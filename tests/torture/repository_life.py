"""The life of one repository, for whoever records it: `python -m tests.torture.repository_life PLACE MARKS`.

Marks are lines of JSON: `stored` (ids, in hexadecimal, that are durable from now on), `needed` (all that a reclaim may
not take; what else was stored is not promised any longer from then on).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from console.domain.objects import Kind
from console.domain.progress import Silent
from console.repository import Repository
from tests.repository.builders import content, store
from tests.repository.conftest import CREATED


def main() -> None:
    place, marks = Path(sys.argv[1]), os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND)

    def mark(what: str, ids: list[bytes]) -> None:
        os.write(marks, json.dumps({what: [oid.hex() for oid in ids]}).encode() + b"\n")

    repository = Repository.create(place, id="x", created=CREATED)
    live: list[bytes] = []

    def put(first: int, kind: Kind = Kind.CHUNK) -> list[bytes]:
        ids = store(repository, [content(first + k, 9_000) for k in range(6)], kind)
        mark("stored", ids)
        live.extend(ids)
        return ids

    for number in range(3):
        put(number * 10)
    put(100, Kind.TREE)
    # Of the first pack nothing is needed, of the second one a third.
    live = [*live[6:8], *live[12:]]
    mark("needed", live)
    with repository.reclaim() as work:
        work.marks.add(live)
        swept = work.run(work.plan(small=0), Silent())
    assert (swept.packs_deleted, swept.packs_rewritten) == (1, 1), swept
    put(200)
    repository.close()
    repository = Repository.open(place)
    put(300)
    # Small ones are brought together.
    mark("needed", live)
    with repository.reclaim() as work:
        work.marks.add(live)
        assert work.run(work.plan(small=1 << 20), Silent()).packs_written == 1
    repository.rebuild_index(Silent())
    put(400)
    repository.close()


if __name__ == "__main__":
    main()
