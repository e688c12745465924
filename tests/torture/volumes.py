"""What the tortured machines are made of: a tree alone, or a tree, a disk and a stream, sealed with a key.

Such a machine's directory has `tree`, `disk/disk.img` and `db/db`, as its points have it that are restored as files.
"""

from __future__ import annotations

import os
import random
from collections.abc import Collection
from pathlib import Path

from console.domain.keys import KeyState, KeyType
from console.engine.core import Core
from console.repository.sealing import tag_of
from tests.support.images import BLOCK, sparse

KEY = "office"
PASSPHRASE = "seven brave otters swim at dawn"
LATER = "seven brave otters swim at dusk"
"""What a passphrase is changed to."""
BLOCKS = 24


def plant(top: Path, rng: random.Random, *, sealed: bool = False) -> None:
    """A few files of each kind; `sealed`: in a tree beside a disk, most of it holes, and a dump."""
    if not sealed:
        _plant_tree(top, rng)
        return
    _plant_tree(top / "tree", rng)
    for name in ("disk", "db"):
        (top / name).mkdir()
    sparse(
        top / "disk" / "disk.img",
        BLOCKS * BLOCK + 512,
        {BLOCK + 5: rng.randbytes(BLOCK), 9 * BLOCK: b"data base\n" * 9_000, BLOCKS * BLOCK: rng.randbytes(512)},
    )
    (top / "db" / "db").write_bytes(b"INSERT INTO visits VALUES (1, 'today');\n" * 500 + rng.randbytes(20_000))


def change(top: Path, rng: random.Random) -> None:
    """Some edits, an addition, a file less; of a sealed machine in all its volumes."""
    if not is_sealed(top):
        _change_tree(top, rng)
        return
    _change_tree(top / "tree", rng)
    with open(top / "disk" / "disk.img", "r+b") as disk:
        disk.seek(rng.randrange(BLOCKS) * BLOCK + rng.randrange(9_000))
        disk.write(rng.randbytes(3_000))
    with open(top / "db" / "db", "ab") as dump:
        dump.write(rng.randbytes(9_000))


def is_sealed(top: Path) -> bool:
    return (top / "disk").is_dir()


def protect(core: Core, top: Path) -> str:
    """Protects a machine, named as its directory, with the key where it is a sealed one; its id."""
    if not is_sealed(top):
        return core.protect.add(top.name, [("tree", str(top))], interval_s=0).id
    if not core.keys.list():
        core.keys.create(KEY, PASSPHRASE)
    volumes = [("tree", str(top / "tree")), ("disk", str(top / "disk" / "disk.img")), ("db", f"cmd:cat {top}/db/db")]
    return core.protect.add(top.name, volumes, interval_s=0, key=KEY).id


def wrong_keys(core: Core, promised: Collection[str] = ()) -> list[str]:
    """Keys (ids) that were promised and are gone or locked, and those that say they are unlocked and are not."""
    known = {key.id: key for key in core.keys.list()}
    wrong = [f"{core.name} has lost the key {id}" for id in set(promised) - known.keys()]
    for key in known.values():
        says = key.state(core.clock.now()) is not KeyState.LOCKED
        if says is not (core.keys.ring.find(tag_of(key.id)) is not None):
            wrong.append(f"{core.name}: the key {key.name} says that it is {'un' * says}locked, and is not")
        if not says and (key.id in promised or key.type is KeyType.UNIVERSAL):
            wrong.append(f"{core.name}: the key {key.name} is locked")
    return wrong


def open_up(core: Core) -> None:
    """Unlocks every key, whichever of the two passphrases it has."""
    for key in core.keys.list():
        if key.state(core.clock.now()) is KeyState.LOCKED:
            proven = core.keys.test(key.name, LATER)["passed"]
            core.keys.unlock(key.name, LATER if proven else PASSPHRASE)


def _plant_tree(top: Path, rng: random.Random) -> None:
    (top / "sub" / "deeper").mkdir(parents=True)
    for number in range(6):
        (top / "sub" / f"text {number}").write_text(f"{top.name} {number}\n" * rng.randrange(1, 400))
        (top / "sub" / "deeper" / f"bytes {number}").write_bytes(rng.randbytes(rng.randrange(200, 30_000)))
    (top / "large").write_bytes(rng.randbytes(300_000))
    (top / "link").symlink_to("large")
    os.link(top / "large", top / "sub" / "twin")


def _change_tree(top: Path, rng: random.Random) -> None:
    with open(top / "large", "r+b") as file:
        file.seek(rng.randrange(250_000))
        file.write(rng.randbytes(20_000))
    (top / "sub" / f"new {rng.randrange(1 << 30)}").write_bytes(rng.randbytes(40_000))
    texts = sorted((top / "sub").glob("text *"))
    if texts:
        texts[0].unlink()
