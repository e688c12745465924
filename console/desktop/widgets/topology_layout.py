"""Where Cores and the arrows between them lie on the map. Pure: values in, a grid out.

Sources stand left, what they send to stands right of them; Cores that have nothing to do with each other stand below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal

from console.domain.overview_answers import ArrowAnswer, NodeAnswer, Topology

Direction = Literal["left", "right", "up", "down"]
Spot = tuple[float, float]
"""(column, row) of a middle. Columns are whole numbers, rows may be halves."""
SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Route:
    """An arrow. `by`: spots between its ends, where it passes columns that other Cores stand in. `lane`: how far to the
    side it lies, in lanes, as seen in its own direction: arrows between the same two Cores do not cover each other."""

    pairing: str
    source: str
    target: str
    by: tuple[Spot, ...]
    lane: float


@dataclass(frozen=True, slots=True)
class MapLayout:
    columns: int
    rows: int
    spots: Mapping[str, Spot]
    routes: tuple[Route, ...]


def merge(answers: Sequence[Topology]) -> Topology:
    """What several Cores know, as one map. A Core speaks best for itself, and of a pairing its source knows more."""
    cores: dict[str, NodeAnswer] = {}
    arrows: dict[str, ArrowAnswer] = {}
    told_by_source: set[str] = set()
    for answer in answers:
        me = next((core["id"] for core in answer["cores"] if core["self"]), "")
        for core in answer["cores"]:
            if core["self"] or core["id"] not in cores:
                cores[core["id"]] = core
        for arrow in answer["arrows"]:
            if arrow["pairing"] not in arrows or (arrow["source"] == me and arrow["pairing"] not in told_by_source):
                arrows[arrow["pairing"]] = arrow
                if arrow["source"] == me:
                    told_by_source.add(arrow["pairing"])
    known = [arrow for arrow in arrows.values() if arrow["source"] in cores and arrow["target"] in cores]
    return {"cores": list(cores.values()), "arrows": known}


def lay_out(topology: Topology) -> MapLayout:
    """A grid with every Core in a cell of its own."""
    cores = {core["id"]: core for core in topology["cores"]}
    order = sorted(cores, key=lambda id: (not cores[id]["self"], cores[id]["name"].casefold(), id))
    links = sorted({(a["source"], a["target"]) for a in topology["arrows"] if a["source"] != a["target"]})
    levels = _levels(order, links)
    spots: dict[str, Spot] = {}
    bends: dict[tuple[str, str], tuple[Spot, ...]] = {}
    top = 0
    for island in _islands(order, links):
        inner = [link for link in links if link[0] in island]
        high, placed, passing = _place(island, inner, levels)
        spots |= {id: (column, row + top) for id, (column, row) in placed.items()}
        bends |= {link: tuple((column, row + top) for column, row in by) for link, by in passing.items()}
        top += high
    columns = 1 + max((int(column) for column, _ in spots.values()), default=-1)
    return MapLayout(columns, top, spots, tuple(_routes(topology["arrows"], bends)))


def neighbour(spots: Mapping[str, Spot], current: str, direction: Direction) -> str:
    """What lies next in a direction, as the arrow keys go; `current` where nothing does. Any unit of length."""
    x, y = spots[current]
    best, found = float("inf"), current
    for id, (there_x, there_y) in spots.items():
        ahead, aside = {
            "left": (x - there_x, abs(there_y - y)),
            "right": (there_x - x, abs(there_y - y)),
            "up": (y - there_y, abs(there_x - x)),
            "down": (there_y - y, abs(there_x - x)),
        }[direction]
        if id != current and ahead > 1e-6 and aside <= 2 * ahead:
            distance = ahead + 2 * aside
            if distance < best:
                best, found = distance, id
    return found


def _levels(order: Sequence[str], links: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Columns: one more than the furthest source. Of a ring of Cores the way back is left out."""
    targets: dict[str, list[str]] = {id: [] for id in order}
    received = set()
    for source, target in links:
        targets[source].append(target)
        received.add(target)
    done: list[str] = []
    seen: set[str] = set()
    open_now: set[str] = set()
    forward: list[tuple[str, str]] = []

    def visit(id: str) -> None:
        seen.add(id)
        open_now.add(id)
        for target in targets[id]:
            if target in open_now:
                continue
            forward.append((id, target))
            if target not in seen:
                visit(target)
        open_now.discard(id)
        done.append(id)

    for id in sorted(order, key=lambda id: id in received):
        if id not in seen:
            visit(id)
    levels = dict.fromkeys(order, 0)
    ahead: dict[str, list[str]] = {id: [] for id in order}
    for source, target in forward:
        ahead[source].append(target)
    for id in reversed(done):
        for target in ahead[id]:
            levels[target] = max(levels[target], levels[id] + 1)
    return levels


def _islands(order: Sequence[str], links: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Cores that are joined by arrows, in either direction; each as a list in the given order."""
    island = {id: id for id in order}

    def root(id: str) -> str:
        while island[id] != id:
            id = island[id]
        return id

    for source, target in links:
        island[root(target)] = root(source)
    groups: dict[str, list[str]] = {}
    for id in order:
        groups.setdefault(root(id), []).append(id)
    return sorted(groups.values(), key=lambda group: order.index(group[0]))


def _place(
    island: Sequence[str], links: Sequence[tuple[str, str]], levels: Mapping[str, int]
) -> tuple[int, dict[str, Spot], dict[tuple[str, str], tuple[Spot, ...]]]:
    """Height in rows, the spots, and by where long arrows go."""
    lowest = min(levels[id] for id in island)
    columns: list[list[str]] = [[] for _ in range(1 + max(levels[id] for id in island) - lowest)]
    for id in island:
        columns[levels[id] - lowest].append(id)
    steps: list[tuple[str, str]] = []
    stops: dict[tuple[str, str], list[str]] = {}
    for link in links:
        first, last = (levels[id] - lowest for id in link)
        way = 1 if last >= first else -1
        # A stop in every column between: an arrow that skips a column must not run through a Core there.
        between = [f"\0{link[0]}\0{link[1]}\0{column}" for column in range(first + way, last, way)]
        for stop, column in zip(between, range(first + way, last, way), strict=True):
            columns[column].append(stop)
        stops[link] = between
        chain = [link[0], *between, link[1]]
        steps += pairwise(chain)
    _untangle(columns, steps)
    high = max(len(column) for column in columns)
    spots = {
        id: (float(number), place + (high - len(column)) / 2)
        for number, column in enumerate(columns)
        for place, id in enumerate(column)
    }
    passing = {link: tuple(spots[stop] for stop in between) for link, between in stops.items()}
    return high, {id: spots[id] for id in island}, passing


def _untangle(columns: list[list[str]], steps: Sequence[tuple[str, str]]) -> None:
    """Orders each column by the middle of what its members are joined to, there and back a few times."""
    joined: dict[str, list[str]] = {}
    for one, other in steps:
        joined.setdefault(one, []).append(other)
        joined.setdefault(other, []).append(one)
    for sweep in range(SWEEPS):
        numbers = range(1, len(columns)) if sweep % 2 == 0 else range(len(columns) - 2, -1, -1)
        for number in numbers:
            beside = columns[number - 1 if sweep % 2 == 0 else number + 1]
            places = {id: place - len(beside) / 2 for place, id in enumerate(beside)}
            column = columns[number]
            own = {id: place - len(column) / 2 for place, id in enumerate(column)}

            def middle(id: str, places: dict[str, float] = places, own: dict[str, float] = own) -> float:
                near = [places[other] for other in joined.get(id, []) if other in places]
                return sum(near) / len(near) if near else own[id]

            column.sort(key=middle)


def _routes(arrows: Sequence[ArrowAnswer], bends: Mapping[tuple[str, str], tuple[Spot, ...]]) -> list[Route]:
    def ends(arrow: ArrowAnswer) -> tuple[str, str]:
        return min(arrow["source"], arrow["target"]), max(arrow["source"], arrow["target"])

    made = []
    ordered = sorted(
        (arrow for arrow in arrows if arrow["source"] != arrow["target"]),
        key=lambda arrow: (ends(arrow), arrow["source"], arrow["name"], arrow["pairing"]),
    )
    for (first, _), group in groupby(ordered, key=ends):
        beside = list(group)
        for place, arrow in enumerate(beside):
            lane = place - (len(beside) - 1) / 2
            by = bends.get((arrow["source"], arrow["target"]), ())
            # `lane` counts to the right of whoever goes from source to target: the way back sees it mirrored.
            side = lane if arrow["source"] == first else -lane
            made.append(Route(arrow["pairing"], arrow["source"], arrow["target"], by, side))
    return made
