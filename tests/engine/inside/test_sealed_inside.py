"""Sealed points are looked into with their key, and only with it; checked they are without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.errors import Failed
from console.domain.keys import KeyType
from console.domain.point_checks import PointCheck, Verdict
from console.domain.progress import Silent
from console.engine.core import Core
from console.vault import MemoryVault
from tests.repository.builders import flip, packs
from tests.support.clock import FixedClock

PASSPHRASE = "seven brave otters swim at dawn"


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    vault = MemoryVault()
    core = Core(tmp_path / "data", clock=FixedClock(), name="A", vault=lambda: vault)
    yield core
    core.stop()


@pytest.fixture
def point(core: Core, tmp_path: Path) -> str:
    """A sealed point with one file."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "file").write_bytes(b"secret" * 50_000)
    core.keys.create("office", PASSPHRASE)
    core.keys.set_type("office", KeyType.REPLICATION, None)
    machine = core.protect.add("web", [("tree", str(tree))], interval_s=0, key="office")
    made: str = core.protect.backup(machine, base=False, reporter=Silent())["point"]
    return made


def checksum(core: Core, point: str) -> tuple[str, str]:
    result = core.check_points.run([core.catalog.points.get(point)], [PointCheck.CHECKSUM], Silent())
    return result["points"][0]["results"][0]["verdict"], result["points"][0]["results"][0]["message"]


def test_a_locked_key_closes_what_was_open(core: Core, point: str) -> None:
    assert core.browse.read(point, "tree", b"file", 0, 6) == b"secret"
    core.keys.lock("office")
    for ask in (
        lambda: core.browse.read(point, "tree", b"file", 0, 6),
        lambda: core.browse.folder(point, "tree", b"", 0, 10),
        lambda: core.points.files(point),
    ):
        with pytest.raises(Failed) as caught:
            ask()
        assert caught.value.failure.code == "key-locked"
    core.keys.unlock("office", PASSPHRASE)
    assert core.browse.read(point, "tree", b"file", 0, 6) == b"secret"


def test_without_the_key_what_is_stored_is_verified(core: Core, point: str) -> None:
    assert checksum(core, point)[0] == Verdict.GOOD
    core.keys.lock("office")
    verdict, message = checksum(core, point)
    assert (verdict, "locked" in message) == ("good", True)
    place = Path(core.catalog.repositories.list()[0].path)
    for pack in packs(place):
        flip(pack, 75)
    assert checksum(core, point)[0] == Verdict.BAD
