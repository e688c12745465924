"""What may be changed about a machine: judged while it is typed, and only what differs goes to the Core."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from console.domain.answers import MachineAnswer
from console.flows.machine_settings import MachineDraft, VolumeDraft, source_text

MACHINE = cast(
    MachineAnswer,
    {
        "name": "web",
        "interval_s": 3600,
        "volumes": [
            {"id": "1", "label": "srv", "path": "/srv", "source": "tree"},
            {"id": "2", "label": "db", "path": "pg_dumpall", "source": "stream"},
        ],
        "excludes": ["*.tmp"],
        "options": {
            "one_file_system": True,
            "caches": False,
            "markers": [".nobackup"],
            "before": "",
            "after": "",
            "command_timeout_s": 300,
            "snapshot": True,
            "compression": 1,
        },
    },
)
DRAFT = MachineDraft.of(MACHINE)


def test_nothing_typed_changes_nothing() -> None:
    assert DRAFT.changes(MACHINE) == {}
    assert DRAFT.meaning(MACHINE) == []
    assert DRAFT.problem == ""


def test_only_what_differs_is_sent() -> None:
    changed = replace(DRAFT, every="4h", markers=(), before="sh /srv/freeze", one_file_system=False)
    assert changed.changes(MACHINE) == {
        "interval_s": 4 * 3600,
        "options": {"markers": [], "before": "sh /srv/freeze", "one_file_system": False},
    }
    assert replace(DRAFT, every="60m", excludes=()).changes(MACHINE) == {"excludes": ()}
    assert replace(DRAFT, compression=9).changes(MACHINE) == {"options": {"compression": 9}}
    disk = VolumeDraft("", "image", "/dev/sdb")
    assert replace(DRAFT, volumes=(*DRAFT.volumes, disk)).changes(MACHINE) == {
        "volumes": [("srv", "/srv"), ("db", "cmd:pg_dumpall"), (None, "/dev/sdb")]
    }


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": ""}, "needs a name"),
        ({"every": "often"}, "is no interval"),
        ({"volumes": ()}, "at least one volume"),
        ({"volumes": (VolumeDraft("in", "stream", ""),)}, "“off”"),
        ({"volumes": (VolumeDraft("a", "tree", "/a"), VolumeDraft("A", "tree", "/b"))}, "same name"),
        ({"volumes": (VolumeDraft("a", "tree", "/a"), VolumeDraft("b", "tree", "/a"))}, "named twice"),
        ({"markers": ("a/b",)}, "no name of a file"),
        ({"command_timeout_s": 0}, "between 1 second and a day"),
    ],
)
def test_what_cannot_be_is_said(changed: dict[str, Any], said: str) -> None:
    assert said in replace(DRAFT, **changed).problem


def test_what_is_fed_has_no_schedule() -> None:
    fed = replace(DRAFT, volumes=(VolumeDraft("in", "stream", ""),), every="off")
    assert fed.problem == ""
    assert fed.changes(MACHINE)["volumes"] == [("in", "-")]


@pytest.mark.parametrize(
    ("volume", "good"),
    [
        (VolumeDraft("", "tree", "/srv"), True),
        (VolumeDraft("", "tree", "srv"), False),
        (VolumeDraft("", "image", ""), False),
        (VolumeDraft("con", "tree", "/srv"), False),
        (VolumeDraft("", "stream", "pg_dumpall"), True),
        (VolumeDraft("", "stream", ""), False),
        (VolumeDraft("in", "stream", ""), True),
    ],
)
def test_a_volume_is_judged(volume: VolumeDraft, good: bool) -> None:
    assert (volume.problem == "") is good


def test_what_it_means_for_volumes_is_said() -> None:
    srv, db = DRAFT.volumes
    moved = replace(srv, path="/data")
    told = replace(DRAFT, volumes=(moved, VolumeDraft("", "image", "/dev/sdb"))).meaning(MACHINE)
    assert told == [
        "“/dev/sdb” is new: its next image is a base image.",
        "“srv” lies elsewhere: its next image is a base image.",
        "“db” is not backed up any more; its images stay.",
    ]
    renamed = replace(db, label="dump")
    assert replace(DRAFT, volumes=(srv, renamed)).meaning(MACHINE) == [], "the same bytes by another name"


def test_kinds_have_words() -> None:
    words = [source_text(*one) for one in (("tree", "/a"), ("image", "/a"), ("stream", "ls"), ("stream", ""))]
    assert words == ["Directory", "Disk", "Output of a command", "Standard input"]
