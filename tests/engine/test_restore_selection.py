"""Paths as people write them, and which names they mean."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from console.domain.errors import Failed
from console.domain.machines import Volume
from console.domain.recovery_points import ImageKind, RecoveryPoint, VolumeImage
from console.engine.restore.selection import Wish, select

VOLUMES = (Volume("v1", "data", "/srv/data"), Volume("v2", "root", "/"))
POINT = RecoveryPoint(
    "p",
    "m",
    datetime(2026, 5, 4, tzinfo=UTC),
    "core",
    tuple(
        VolumeImage(f"i{n}", "p", volume.id, volume.label, ImageKind.BASE, None, None, "00")
        for n, volume in enumerate(VOLUMES, 1)
    ),
)


def _meant(*texts: str) -> dict[str, list[bytes]]:
    return {chosen.image.id: [inner for _, inner in chosen.asked] for chosen in select(POINT, VOLUMES, texts)}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("data:a/b", {"i1": [b"a/b"]}),
        ("data:/a//b/", {"i1": [b"a/b"]}),
        ("data:", {"i1": [b""]}),
        ("a/b", {"i1": [b"a/b"], "i2": [b"a/b"]}),
        ("./a/./b", {"i1": [b"a/b"], "i2": [b"a/b"]}),
        ("/srv/data/a", {"i1": [b"a"], "i2": [b"srv/data/a"]}),
        ("/srv/data", {"i1": [b""], "i2": [b"srv/data"]}),
        ("/srv/database", {"i2": [b"srv/database"]}),
        ("other:a", {"i1": [b"other:a"], "i2": [b"other:a"]}),
        ("caf\\xe9", {"i1": [b"caf\xe9"], "i2": [b"caf\xe9"]}),
    ],
)
def test_a_text_means_a_path_below_some_volumes(text: str, meant: dict[str, list[bytes]]) -> None:
    assert _meant(text) == meant


def test_no_text_means_everything() -> None:
    assert [chosen.wish.everything for chosen in select(POINT, VOLUMES, [])] == [True, True]


def test_a_path_in_no_volume_is_refused() -> None:
    only_data = RecoveryPoint("p", "m", POINT.time, "core", POINT.images[:1])
    with pytest.raises(Failed, match="no-such-file"):
        select(only_data, VOLUMES, ["/etc/passwd"])


def test_a_wish_knows_what_is_wanted_below() -> None:
    wish = Wish()
    for path in (b"a/b", b"a/c/d", b"a/c", b"x"):
        wish.add(path)
    wish.add(b"x/y")
    a = wish.below(b"a")
    assert a is not None
    assert not a.everything
    c = a.below(b"c")
    assert c is not None
    assert c.everything
    assert c.below(b"anything") is c
    assert a.below(b"z") is None
    assert wish.below(b"b") is None
    x = wish.below(b"x")
    assert x is not None
    assert x.everything
    wish.add(b"")
    assert wish.everything
