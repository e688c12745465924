"""The map of Cores: every arrangement has a place for each Core and each arrow, and keys reach all of it."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from console.desktop.widgets.topology import TopologyMap
from console.desktop.widgets.topology_layout import lay_out, merge, neighbour
from console.desktop.widgets.topology_words import arrow_state, lag_text, seeds_text
from console.domain.overview_answers import ArrowAnswer, NodeAnswer, Topology
from tests.support.bench import Bench


def _node(id: str, *, me: bool = False, machines: int = 2) -> NodeAnswer:
    return {"id": id, "name": id.title(), "version": "0.3.0", "self": me, "machines": machines}


def _arrow(source: str, target: str, **changes: Any) -> ArrowAnswer:
    made: ArrowAnswer = {
        "pairing": f"{source}>{target}",
        "name": target,
        "source": source,
        "target": target,
        "link": "online",
        "link_text": "",
        "paused": False,
        "running": False,
        "machines": 2,
        "lag_s": None,
        "lag_points": 0,
        "lag_bytes": 0,
        "seeds": 0,
    }
    return made | changes  # type: ignore[return-value]


def _topology(links: str, me: str = "") -> Topology:
    """From “a>b b>c”; a word without an arrow is a Core alone."""
    pairs = [word.split(">") for word in links.split()]
    ids = list(dict.fromkeys(id for pair in pairs for id in pair))
    cores = [_node(id, me=id == (me or ids[0])) for id in ids]
    return {"cores": cores, "arrows": [_arrow(*pair) for pair in pairs if len(pair) == 2]}


ARRANGEMENTS = {
    "point to point": "a>b",
    "many to one": "a>hub b>hub c>hub d>hub",
    "one to many": "a>b a>c a>d",
    "hop by hop": "a>b b>c c>d",
    "mutual": "a>b b>a",
    "ring": "a>b b>c c>a",
    "past another": "a>b b>c a>c",
    "two islands": "a>b c>d",
    "alone": "a",
    "everybody with everybody": "a>b b>a a>c c>a b>c c>b",
}


@pytest.mark.parametrize("links", ARRANGEMENTS.values(), ids=ARRANGEMENTS.keys())
def test_every_core_has_a_cell_of_its_own_and_every_arrow_a_way(links: str) -> None:
    topology = _topology(links)
    grid = lay_out(topology)
    assert set(grid.spots) == {core["id"] for core in topology["cores"]}
    for (one, here), (other, there) in combinations(grid.spots.items(), 2):
        apart = here[0] != there[0] or abs(here[1] - there[1]) >= 1
        assert apart, f"{one} covers {other}"
    assert {route.pairing for route in grid.routes} == {arrow["pairing"] for arrow in topology["arrows"]}
    for route in grid.routes:
        for stop in route.by:
            blocked = [id for id, spot in grid.spots.items() if spot[0] == stop[0] and abs(spot[1] - stop[1]) < 1]
            assert not blocked, f"{route.pairing} runs through {blocked}"
    for column, row in grid.spots.values():
        assert 0 <= column < grid.columns
        assert 0 <= row < grid.rows


def test_sources_stand_left_of_their_targets() -> None:
    spots = lay_out(_topology("a>b b>c d>b")).spots
    assert spots["a"][0] == spots["d"][0] == 0
    assert spots["b"][0] == 1
    assert spots["c"][0] == 2


def test_many_sources_stand_around_the_height_of_their_target() -> None:
    spots = lay_out(_topology("a>hub b>hub c>hub")).spots
    assert sorted(spots[id][1] for id in "abc") == [0, 1, 2]
    assert spots["hub"] == (1, 1)


def test_mutual_arrows_lie_in_lanes_of_their_own() -> None:
    there, back = lay_out(_topology("a>b b>a")).routes
    # Each lies to the same side of whoever goes along it, so that they never cover each other.
    assert there.lane == back.lane != 0
    (single,) = lay_out(_topology("a>b")).routes
    assert single.lane == 0


def test_a_chain_is_untangled() -> None:
    spots = lay_out(_topology("a>x b>y a>p", me="b")).spots
    assert (spots["a"][1] < spots["b"][1]) == (spots["x"][1] < spots["y"][1])


def test_several_cores_know_more_than_one_and_each_speaks_for_itself() -> None:
    office: Topology = {
        "cores": [_node("office", me=True, machines=7), _node("vault", machines=0)],
        "arrows": [_arrow("office", "vault", lag_points=3)],
    }
    vault: Topology = {
        "cores": [_node("vault", me=True, machines=9), _node("office", machines=0), _node("far")],
        "arrows": [_arrow("office", "vault"), _arrow("vault", "far")],
    }
    for answers in ((office, vault), (vault, office)):
        merged = merge(answers)
        assert {core["id"]: core["machines"] for core in merged["cores"]} == {"office": 7, "vault": 9, "far": 2}
        lags = {arrow["pairing"]: arrow["lag_points"] for arrow in merged["arrows"]}
        assert lags == {"office>vault": 3, "vault>far": 0}


def test_an_arrow_to_a_core_nobody_described_is_left_out() -> None:
    assert merge([{"cores": [_node("a", me=True)], "arrows": [_arrow("a", "ghost")]}])["arrows"] == []


def test_arrow_keys_go_where_they_point() -> None:
    spots = {"left": (0.0, 0.0), "up": (100.0, -50.0), "down": (100.0, 60.0), "far": (300.0, 0.0)}
    assert neighbour(spots, "left", "right") in ("up", "down", "far")
    assert neighbour(spots, "up", "down") == "down"
    assert neighbour(spots, "far", "right") == "far"
    assert neighbour(spots, "down", "up") == "up"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"paused": True, "link": "unreachable"}, "Paused"),
        ({"link": "unreachable", "running": True}, "Unreachable"),
        ({"running": True, "lag_points": 2}, "Replicating"),
        ({"lag_points": 2}, "Behind"),
        ({"seeds": 1}, "Awaiting seed"),
        ({}, "Up to date"),
    ],
)
def test_an_arrow_has_one_word_and_it_is_what_hinders_it(changes: dict[str, Any], word: str) -> None:
    assert arrow_state(_arrow("a", "b", **changes)).text == word


def test_lag_and_seed_drives_are_told() -> None:
    assert lag_text(_arrow("a", "b", lag_points=1, lag_s=7200.0)) == "2 h, 1 point"
    assert lag_text(_arrow("a", "b", lag_points=3, lag_bytes=12_000_000)) == "3 points, 12 MB"
    assert lag_text(_arrow("a", "b")) == ""
    assert seeds_text(_arrow("a", "b", seeds=2)) == "2 seed drives"


@pytest.mark.parametrize("links", ARRANGEMENTS.values(), ids=ARRANGEMENTS.keys())
def test_no_words_cover_a_core_or_each_other(bench: Bench, links: str) -> None:
    view = TopologyMap()
    topology = _topology(links)
    topology["arrows"] = [arrow | {"lag_points": 3, "lag_s": 9000.0, "seeds": 1} for arrow in topology["arrows"]]  # type: ignore[typeddict-item]
    view.show_topology([topology])
    bench.put(view, (view.minimumSizeHint().width(), view.minimumSizeHint().height()))
    for one, other in combinations(view._drawn.values(), 2):
        assert not one.words.intersects(other.words), (one.arrow["pairing"], other.arrow["pairing"])
    for arrow in view._topology["arrows"]:
        words = view._drawn[arrow["pairing"]].words
        assert not [id for id, box in view._nodes.items() if box.intersects(words)], arrow["pairing"]
        assert view.rect().toRectF().contains(words), arrow["pairing"]


def test_keys_reach_cores_and_arrows_and_enter_opens_them(bench: Bench) -> None:
    view = TopologyMap()
    view.show_topology([_topology("a>b b>c")])
    bench.put(view, (900, 300))
    opened: list[tuple[str, str]] = []
    view.opened.connect(lambda kind, id: opened.append((kind, id)))
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert not opened, "nothing is selected yet"
    seen = []
    for _ in range(5):
        QTest.keyClick(view, Qt.Key.Key_Right)
        seen.append(view.selection)
    assert seen == [("core", "a"), ("pairing", "a>b"), ("core", "b"), ("pairing", "b>c"), ("core", "c")]
    QTest.keyClick(view, Qt.Key.Key_Return)
    QTest.keyClick(view, Qt.Key.Key_Left)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert opened == [("core", "c"), ("pairing", "b>c")]


def test_a_click_opens_a_core_and_an_arrow(bench: Bench) -> None:
    view = TopologyMap()
    view.show_topology([_topology("a>b")])
    bench.put(view, (700, 300))
    opened: list[tuple[str, str]] = []
    view.opened.connect(lambda kind, id: opened.append((kind, id)))
    for id in ("a", "a>b"):
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.place_of(id).toPoint())
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    assert opened == [("core", "a"), ("pairing", "a>b")]


def test_the_map_tells_screen_readers_all_of_it(bench: Bench) -> None:
    view = TopologyMap()
    topology = _topology("a>b")
    topology["arrows"][0] |= _arrow("a", "b", lag_points=3, lag_s=3600.0, seeds=1)
    view.show_topology([topology])
    text = view.accessibleDescription()
    assert "A: this Core · 2 machines" in text
    assert "A replicates 2 machines to B: Behind" in text
    assert "3 points" in text
    assert "1 seed drive" in text


def test_what_is_gone_is_not_selected_any_more(bench: Bench) -> None:
    view = TopologyMap()
    view.show_topology([_topology("a>b")])
    bench.put(view, (700, 300))
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.selection == ("pairing", "a>b")
    view.show_topology([_topology("a b")])
    assert view.selection == ("", "")


def test_of_a_core_that_told_nothing_no_number_is_made_up() -> None:
    view = TopologyMap()
    view.show_topology([{"cores": [_node("a", me=True, machines=0), _node("b", machines=0)], "arrows": []}])
    assert view.words_of("a") == "A: this Core · 0 machines"
    assert view.words_of("b") == "B: version 0.3.0"
