"""An orphan in words: told as the Core tells it, repaired with one click each."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QLabel, QPushButton

from console.desktop.desk import Place
from console.desktop.widgets.orphan_view import OrphanView, missing_text
from console.domain.errors import refused
from tests.desktop.points_client import PointsClient, file
from tests.support.bench import Bench

POINT = "point-00010"


def repair(kind: str, **other: Any) -> dict[str, Any]:
    made = {
        "kind": kind,
        "text": f"Repair it by {kind}.",
        "seed": None,
        "pairing": None,
        "repository": None,
        "possible": True,
        "why_not": "",
    }
    return made | other


def missing(**other: Any) -> dict[str, Any]:
    made = {
        "image": "abcdef0123456789",
        "point": "point-00001",
        "volume": "srv",
        "time": "2026-05-01T10:00:00.000000Z",
        "kind": "base",
        "bytes_stored": 4_000_000,
    }
    return made | other


def torn(**other: Any) -> dict[str, Any]:
    made = {
        "image": "image-1",
        "volume": "srv",
        "chain": "awaiting-seed",
        "cause": "seed",
        "why": "It builds on an image on seed drive “Blue 1”.",
        "wait_text": "Written 4 May, not yet consumed.",
        "missing": [missing()],
        "missing_objects": 7,
        "missing_bytes": 2_600_000,
        "files_restorable": 6,
        "files_total": 52,
        "locked": False,
        "repairs": [
            repair("consume", seed="seed-1"),
            repair("transfer", pairing="p1"),
            repair("check", repository="default", possible=False, why_not="Nothing of it is damaged."),
        ],
    }
    return made | other


def orphan(*images: dict[str, Any], **other: Any) -> dict[str, Any]:
    made = {
        "point": POINT,
        "machine": "fileserver",
        "machine_id": "machine-1",
        "time": "2026-05-05T10:00:00.000000Z",
        "chain": "awaiting-seed",
        "restorability": "some-files",
        "summary": "6 of 52 files can be restored now.",
        "images": list(images),
    }
    return made | other


def put(bench: Bench, client: PointsClient) -> OrphanView:
    client.tree = {"": [file("etc/hostname"), file("iso", here=False)]}
    shown = OrphanView(bench.desk_on(client.connect))
    bench.put(shown, (600, 700))
    shown.show_point(POINT)
    return shown


def words(shown: OrphanView) -> str:
    return "\n".join(one.text() for one in shown.findChildren(QLabel) if one.isVisibleTo(shown))


def button_of(shown: OrphanView, kind: str) -> QPushButton:
    (found,) = [one for one in shown.findChildren(QPushButton) if one.property("kind") == kind]
    return found


def test_what_why_where_and_how_much_are_told(bench: Bench) -> None:
    client = PointsClient()
    client.orphans[POINT] = orphan(torn())
    shown = put(bench, client)
    bench.wait(lambda: "6 of 52" in words(shown), "the summary is shown")
    said = words(shown)
    assert "2.6 MB missing" in said
    assert "Written 4 May, not yet consumed." in said
    assert "• Base of 2026-05-01" in said
    assert "4.0 MB" in said
    bench.wait(lambda: shown.files.rowCount() == 1, "what can be restored now is listed")
    assert shown.files.file(0)["path"] == "etc/hostname"
    assert client.calls[-1][2]["here"] is True


def test_each_repair_is_one_click(bench: Bench) -> None:
    client = PointsClient()
    client.orphans[POINT] = orphan(torn(repairs=[repair("consume", seed="seed-1"), repair("transfer")]))
    shown = put(bench, client)
    bench.wait(lambda: len(shown.repairs) == 2, "the repairs are offered")
    bench.qtbot.mouseClick(button_of(shown, "consume"), Qt.MouseButton.LeftButton)
    assert bench.opened == [("consume", {"seed": "seed-1"})]
    bench.qtbot.mouseClick(button_of(shown, "transfer"), Qt.MouseButton.LeftButton)
    bench.wait(lambda: bench.notices == ["Office will send it at its next contact."], "the wish is left")
    assert ("ask_source", POINT) in client.calls


def test_damage_is_checked_with_every_byte_and_leads_to_the_job(bench: Bench) -> None:
    client = PointsClient()
    client.orphans[POINT] = orphan(torn(chain="broken", repairs=[repair("check", repository="vault-a")]))
    shown = put(bench, client)
    bench.wait(lambda: len(shown.repairs) == 1)
    bench.qtbot.mouseClick(button_of(shown, "check"), Qt.MouseButton.LeftButton)
    bench.wait(lambda: bench.gone == [Place("jobs", "job-1")], "it leads to the job")
    assert ("check_repository", "vault-a", True) in client.calls


def test_damage_leads_to_the_repair_of_its_repository(bench: Bench) -> None:
    client = PointsClient()
    client.orphans[POINT] = orphan(torn(chain="broken", repairs=[repair("check", repository="vault-a")]))
    shown = put(bench, client)
    bench.wait(lambda: len(shown.repairs) == 1)
    bench.qtbot.mouseClick(button_of(shown, "mend"), Qt.MouseButton.LeftButton)
    assert bench.opened == [("repository-repair", {"repository": "vault-a"})]


def test_what_is_not_possible_is_greyed_and_says_why(bench: Bench) -> None:
    client = PointsClient()
    client.orphans[POINT] = orphan(torn())
    shown = put(bench, client)
    bench.wait(lambda: len(shown.repairs) == 3)
    assert not button_of(shown, "check").isEnabled()
    assert button_of(shown, "check").toolTip() == "Nothing of it is damaged."
    assert "Nothing of it is damaged." in words(shown)
    assert button_of(shown, "consume").isEnabled()


def test_help_desk_sees_why_and_may_not_repair(bench: Bench) -> None:
    client = PointsClient()
    client.role = "helpdesk"
    client.orphans[POINT] = orphan(torn())
    shown = put(bench, client)
    bench.wait(lambda: len(shown.repairs) == 3)
    assert not any(one.isEnabled() for one in shown.repairs)
    assert not shown.restore.isEnabled()
    assert "Help desk" in button_of(shown, "consume").toolTip()


def test_several_volumes_are_told_one_by_one(bench: Bench) -> None:
    client = PointsClient()
    other = torn(volume="home", why="Its bytes are damaged.", repairs=[], missing=[missing()] * 8)
    client.orphans[POINT] = orphan(torn(), other)
    shown = put(bench, client)
    bench.wait(lambda: "Volume “home”" in words(shown), "both volumes are told")
    said = words(shown)
    assert "Its bytes are damaged." in said
    assert "Nothing that this Core knows of." in said
    assert "… and 3 more images." in said


def test_a_point_that_became_whole_is_told(bench: Bench) -> None:
    client = PointsClient()
    client.orphans[POINT] = orphan()
    shown = OrphanView(bench.desk_on(client.connect))
    whole = QSignalSpy(shown.whole)
    bench.put(shown)
    shown.show_point(POINT)
    bench.wait(lambda: whole.count() == 1, "it is told that it is whole")


def test_a_failure_of_a_repair_is_told_in_place(bench: Bench) -> None:
    client = PointsClient()
    client.orphans[POINT] = orphan(torn(repairs=[repair("transfer")]))
    client.fails["ask_source"] = refused("no-source", "There is no source Core to ask.")
    shown = put(bench, client)
    bench.wait(lambda: len(shown.repairs) == 1)
    bench.qtbot.mouseClick(button_of(shown, "transfer"), Qt.MouseButton.LeftButton)
    bench.wait(lambda: shown.pane.problem.isVisible(), "the failure is shown")
    assert "There is no source Core to ask." in words(shown)


def test_restoring_what_is_here_opens_the_wizard(bench: Bench) -> None:
    client = PointsClient()
    client.orphans[POINT] = orphan(torn())
    shown = put(bench, client)
    bench.wait(lambda: shown.files.rowCount() == 1)
    bench.qtbot.mouseClick(shown.restore, Qt.MouseButton.LeftButton)
    assert bench.opened == [("restore", {"point": POINT, "partial": True})]


def test_an_image_never_seen_is_named_by_its_id() -> None:
    never = missing(time=None, kind=None, point=None, bytes_stored=None)
    assert missing_text(never) == "An image that has not been here yet (abcdef012345)."  # type: ignore[arg-type]
