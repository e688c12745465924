"""Writes `tests/golden/seed-v1/`: a tiny drive of today's format, the certificate it is signed for, and what is on it.

`python -m tests.seeding.keep_seed`: once for each new version of the format, never for a released one.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

from blake3 import blake3

from console.domain.progress import Silent
from console.engine.protect import Protect
from tests.support import seed_reader
from tests.support.seeds import make_pair
from tests.support.trees import Dir, File, Hard, Link, Meta, Sparse, plant

GOLDEN = Path(__file__).parents[1] / "golden" / "seed-v1"
TREE = Dir(
    {
        b"folder": Dir({b"letter": File(b"Dear reader, " * 300), b"again": Hard(b"folder/letter")}),
        b"inline": File(b"short", Meta(mode=0o640)),
        b"holes": Sparse(300_000, ((100_000, b"an island"),)),
        b"link": Link(b"folder/letter"),
        b"not text \xff": File(bytes(range(256)) * 8),
    }
)


def main() -> None:
    if GOLDEN.exists():
        raise SystemExit(f"{GOLDEN} is there: released bytes are never written again")
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        pair = make_pair(place)
        source = pair.source
        protect = Protect(
            source.catalog, source.repositories, source.jobs, source.journal, source.clock, source.me.id, "A"
        )
        tree = plant(place / "tree", TREE)
        machine = protect.add("golden", [("tree", os.fspath(tree))], interval_s=0)
        pair.add(machine)
        for _ in range(2):
            source.clock.forward(60)
            protect.backup(source.catalog.machines.get(machine.id), base=False, reporter=Silent())
            (tree / "folder" / "new").write_bytes(b"made later " * 100)
        pair.write(place / "usb", machines=["golden"], comment="Golden", customer_id="c-1")
        GOLDEN.mkdir()
        seed = next((place / "usb").iterdir())
        shutil.copytree(seed, GOLDEN / seed.name)
        (GOLDEN / "certificate.pem").write_text(source.identity.certificate)
        drive = seed_reader.Drive(seed)
        listed = {
            image: {os.fsdecode(name): blake3(content).hexdigest() for name, content in drive.files(root).items()}
            for image, root in drive.images().items()
        }
        (GOLDEN / "expected.json").write_text(json.dumps(listed, indent=1, sort_keys=True) + "\n")
        pair.close()


if __name__ == "__main__":
    main()
