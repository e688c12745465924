"""The figures on top of the home page."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from console.desktop.theme.tokens import GAP, Tone
from console.desktop.widgets import states
from console.desktop.widgets.parts import line
from console.desktop.widgets.tile import Share, Tile
from console.domain.overview_answers import Home, RepositoryUse, Topology
from console.domain.safety import Verdict
from console.domain.sizes import format_duration, format_size
from console.flows.amounts import NOTHING
from console.flows.wording import count, say

VERDICTS = tuple(verdict.value for verdict in Verdict)
"""The worst first."""
FULL_SOON_D, FULL_WARN_D, FULL_LATER_D = 7, 30, 365
"""A repository that is full later than in a year is not worth a word."""
LATE_S = 86_400


class HomeTiles(QWidget):
    """`tiles` by name: `machines`, `lag`, `repositories`, `seeds`, `jobs`, `alerts`; the page connects them."""

    def __init__(self) -> None:
        super().__init__()
        self.tiles = {
            "machines": Tile(say("Machines"), "machine"),
            "lag": Tile(say("Replication"), "pairing"),
            "repositories": Tile(say("Repositories"), "repository"),
            "seeds": Tile(say("Seed drives"), "seed"),
            "jobs": Tile(say("Jobs, last 24 h"), "job"),
            "alerts": Tile(say("Alerts"), "alert"),
        }
        line(*self.tiles.values(), gap=GAP, into=self)

    def show_home(self, home: Home, topology: Topology) -> None:
        self._show_machines(home)
        self._show_lag(home, topology)
        self._show_repositories(home["repositories"])
        seeds = {state: number for state, number in home["seeds"].items() if number}
        under_way = sum(number for state, number in seeds.items() if state not in ("consumed", "abandoned"))
        failed = seeds.get("failed", 0)
        self.tiles["seeds"].tell(
            f"{under_way:,}",
            [
                say("{state}: {number}", state=states.seed(state).text, number=number)
                for state, number in seeds.items()
                if state != "abandoned"
            ]
            or [say("None under way")],
            Tone.BAD if failed else Tone.WAIT if under_way else Tone.OFF,
        )
        jobs = home["jobs"]
        ended = jobs["succeeded"] + jobs["failed"]
        succeeded = count("{n} succeeded", "{n} succeeded", jobs["succeeded"])
        self.tiles["jobs"].tell(
            count("{n} failed", "{n} failed", jobs["failed"]) if jobs["failed"] else f"{ended:,}",
            [succeeded if ended else say("None ended"), count("{n} running now", "{n} running now", jobs["running"])],
            Tone.BAD if jobs["failed"] else Tone.GOOD if ended else Tone.OFF,
            [Share(Tone.GOOD, jobs["succeeded"]), Share(Tone.BAD, jobs["failed"])],
        )
        newest = [event["message"] for event in home["newest_alerts"]]
        worst = any(event["severity"] == "error" for event in home["newest_alerts"])
        self.tiles["alerts"].tell(
            f"{home['alerts']:,}",
            newest or [say("Nothing wants you")],
            (Tone.BAD if worst else Tone.WARN) if home["alerts"] else Tone.GOOD,
        )

    def _show_machines(self, home: Home) -> None:
        numbers = [(state, home["verdicts"].get(state, 0)) for state in VERDICTS]
        shown = [(states.verdict(state), number) for state, number in numbers if number]
        texts = [say("{state}: {number}", state=one.text, number=number) for one, number in shown]
        tones = {one.tone for one, _ in shown}
        worst = next((tone for tone in (Tone.BAD, Tone.WARN, Tone.WAIT, Tone.GOOD) if tone in tones), Tone.OFF)
        self.tiles["machines"].tell(
            say("{safe} of {all} safe", safe=home["verdicts"].get("safe", 0), all=home["machines"]),
            [", ".join(texts[:2]), ", ".join(texts[2:])],
            worst,
            [Share(one.tone, number) for one, number in reversed(shown)],
        )

    def _show_lag(self, home: Home, topology: Topology) -> None:
        tile = self.tiles["lag"]
        me = {node["id"] for node in topology["cores"] if node["self"]}
        sources = sum(arrow["target"] in me for arrow in topology["arrows"])
        if not any(arrow["source"] in me for arrow in topology["arrows"]):
            orphans = _orphans(home)
            figure = count("{n} source", "{n} sources", sources) if sources else NOTHING
            tile.tell(figure, orphans or [say("No target of its own")], Tone.WAIT if orphans else Tone.OFF)
        elif not home["lag_points"]:
            tile.tell(say("Up to date"), [say("Nothing is missing"), *_orphans(home)], Tone.GOOD)
        else:
            lag = home["lag_s"]
            behind = say(
                "{points}, {size} behind",
                points=count("{n} point", "{n} points", home["lag_points"]),
                size=format_size(home["lag_bytes"]),
            )
            late = lag is not None and lag > LATE_S
            figure = format_duration(lag) if lag else behind
            tile.tell(figure, [behind, *_orphans(home)], Tone.WARN if late else Tone.INFO)

    def _show_repositories(self, repositories: Sequence[RepositoryUse]) -> None:
        tile = self.tiles["repositories"]
        if not repositories:
            tile.tell(NOTHING, [say("No repository yet")], Tone.OFF)
            return
        stored = sum(one["stored_bytes"] for one in repositories)
        first = min(repositories, key=lambda one: (one["days_to_full"] is None, one["days_to_full"] or 0.0))
        damaged = sum(one["damaged"] for one in repositories)
        days = first["days_to_full"]
        if days is not None and days > FULL_LATER_D:
            days = None
        free = say("{name}: {size} free", name=first["name"], size=format_size(first["free_bytes"]))
        lines = [count("{n} damaged object", "{n} damaged objects", damaged)] if damaged else []
        lines += [free] if days is None else [count("Full in {n} day", "Full in {n} days", int(days)), free]
        soon = Tone.GOOD if days is None or days > FULL_WARN_D else Tone.WARN if days > FULL_SOON_D else Tone.BAD
        tile.tell(
            format_size(stored),
            lines,
            Tone.BAD if damaged else soon,
            [Share(Tone.INFO, first["stored_bytes"]), Share(Tone.OFF, first["free_bytes"])],
        )


def _orphans(home: Home) -> list[str]:
    orphaned = home["orphaned_points"]
    return [count("{n} orphaned point here", "{n} orphaned points here", orphaned)] if orphaned else []
