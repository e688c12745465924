"""The arithmetic of the chain map, on values."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from console.desktop.widgets import chain_layout as lay
from tests.desktop.points_client import chain_map, link

HOUR = 3600.0


def one_lane(number: int = 10) -> lay.Lane:
    return lay.lanes(chain_map(number))[0]  # type: ignore[arg-type]


def test_all_images_fit_the_width_they_are_given() -> None:
    lane = one_lane(200)
    scale = lay.fitted([lane], 800)
    drawn = lay.marks(lane, scale)
    assert drawn[0].x >= lay.MARGIN
    assert drawn[-1].x <= 800 - lay.MARGIN
    assert scale.width <= 801


def test_every_image_is_in_exactly_one_mark_and_marks_do_not_touch() -> None:
    lane = one_lane(500)
    drawn = lay.marks(lane, lay.fitted([lane], 700))
    assert [n for mark in drawn for n in range(mark.first, mark.last + 1)] == list(range(500))
    assert all(after.x - before.x >= lay.MARK / 2 for before, after in pairwise(drawn))
    assert len(drawn) < 700 / lay.MARK + 1


def test_a_mark_of_several_tells_the_worst_of_them() -> None:
    answer = chain_map(3)
    answer["volumes"][0]["images"][1]["chain"] = "awaiting-seed"
    answer["volumes"][0]["images"][2]["chain"] = "broken"
    lane = lay.lanes(answer)[0]  # type: ignore[arg-type]
    (mark,) = lay.marks(lane, lay.Scale(lane.nodes[0].at, lane.nodes[-1].at, 10 * HOUR))
    assert (mark.many, mark.chain, mark.base) == (3, "broken", True)


@pytest.mark.parametrize(
    ("states", "worst"),
    [
        ([], "whole"),
        (["whole", "awaiting-seed"], "awaiting-seed"),
        (["awaiting-seed", "awaiting-transfer"], "awaiting-transfer"),
        (["broken", "awaiting-transfer"], "broken"),
        (["whole", "of-a-newer-core"], "of-a-newer-core"),
    ],
)
def test_broken_is_worse_than_waiting_is_worse_than_whole(states: list[str], worst: str) -> None:
    assert lay.worst(states) == worst


def test_an_incremental_is_tied_to_its_parent_and_a_base_to_nothing() -> None:
    lane = one_lane(3)
    drawn = lay.marks(lane, lay.Scale(lane.nodes[0].at, lane.nodes[-1].at, HOUR / 100))
    first, second = lay.ties(lane, drawn)
    assert (first.start, first.end, first.whole) == (drawn[0].x, drawn[1].x, True)
    assert (second.start, second.end) == (drawn[1].x, drawn[2].x)


def test_a_parent_that_is_not_known_here_leaves_the_tie_without_a_beginning() -> None:
    answer = chain_map(2)
    del answer["volumes"][0]["images"][0]
    lane = lay.lanes(answer)[0]  # type: ignore[arg-type]
    (tie,) = lay.ties(lane, lay.marks(lane, lay.fitted([lane], 500)))
    assert (tie.start, tie.whole) == (None, False)


def test_time_without_images_stays_empty() -> None:
    answer = chain_map(20)
    del answer["volumes"][0]["images"][5:15]
    lane = lay.lanes(answer)[0]  # type: ignore[arg-type]
    scale = lay.fitted([lane], 1000)
    drawn = lay.marks(lane, scale)
    widest = max(after.x - before.x for before, after in pairwise(drawn))
    assert widest == pytest.approx(11 * HOUR / scale.s_per_px, rel=0.01)


def test_zooming_stops_at_both_ends() -> None:
    lane = one_lane(10)
    wide = lay.fitted([lane], 500)
    assert lay.zoomed(wide, 0.1, wide) == wide
    close = wide
    for _ in range(200):
        close = lay.zoomed(close, 2.0, wide)
    assert close.s_per_px == lay.CLOSEST_S


def test_a_place_and_its_moment_are_each_other() -> None:
    scale = lay.Scale(1000.0, 9000.0, 7.0)
    assert scale.at(scale.x(4321.0)) == pytest.approx(4321.0)


def test_apart_gives_an_image_a_mark_of_its_own() -> None:
    lane = one_lane(500)
    scale = lay.apart(lane, lay.fitted([lane], 500), 250)
    mark = lay.mark_of(lay.marks(lane, scale), 250)
    assert mark is not None
    assert mark.many == 1


def test_a_click_finds_the_nearest_mark_or_none() -> None:
    lane = one_lane(3)
    drawn = lay.marks(lane, lay.Scale(lane.nodes[0].at, lane.nodes[-1].at, HOUR / 100))
    assert lay.hit(drawn, drawn[1].x + 5) == drawn[1]
    assert lay.hit(drawn, drawn[1].x + 50) is None
    assert lay.hit([], 5) is None


def test_only_marks_near_what_is_seen_are_drawn() -> None:
    lane = one_lane(100)
    drawn = lay.marks(lane, lay.Scale(lane.nodes[0].at, lane.nodes[-1].at, HOUR / 100))
    part = lay.seen(drawn, drawn[40].x, drawn[45].x)
    assert [mark.first for mark in part] == list(range(40, 46))


def test_nothing_at_all_has_a_scale_and_no_marks() -> None:
    lane = lay.lanes(chain_map(0))[0]  # type: ignore[arg-type]
    assert lay.marks(lane, lay.fitted([lane], 500)) == []
    assert lane.nearest(5.0) is None


def test_images_of_one_moment_share_a_mark_however_close_one_looks() -> None:
    answer = chain_map(2)
    answer["volumes"][0]["images"][1]["time"] = answer["volumes"][0]["images"][0]["time"]
    lane = lay.lanes(answer)[0]  # type: ignore[arg-type]
    (mark,) = lay.marks(lane, lay.fitted([lane], 500))
    assert mark.many == 2


@pytest.mark.parametrize("hours", [0.05, 1, 8, 48, 24 * 10, 24 * 90, 24 * 800, 24 * 9000])
def test_lines_in_time_are_round_and_apart(hours: float) -> None:
    start = datetime(2026, 3, 28, 11, 17, tzinfo=UTC).timestamp()
    scale = lay.Scale(start, start + hours * HOUR, hours * HOUR / 800)
    lines = lay.ticks(scale, 0, 880, 80)
    assert 1 <= len(lines) <= 12
    assert all(after.x - before.x >= 60 for before, after in pairwise(lines))
    assert all(line.moment.second == 0 for line in lines)
    if hours >= 24 * 10:
        assert all(line.day for line in lines)


def test_a_point_is_found_in_its_lane() -> None:
    lane = one_lane(5)
    assert lane.number_of(link(3, "srv")["point"]) == 3
    assert lane.number_of("other") is None
    assert lane.nearest(lane.nodes[2].at + 5) == 2
