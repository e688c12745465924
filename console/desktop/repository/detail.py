"""One repository in detail: what it takes, how it grew, what is damaged, and the job that works on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QFrame, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from console.desktop.desk import Desk
from console.desktop.repository.damage import DamagePanel
from console.desktop.repository.growth import GrowthPicture
from console.desktop.theme.tokens import GAP, GAP_L
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import FactsView, button, label, line, panel, rows
from console.desktop.wizards.outcome import JobView
from console.domain.answers import JobAnswer
from console.domain.repair_answers import RepositoryGrowth
from console.domain.repository_answers import RepositoryDetail
from console.domain.sizes import format_duration, format_size
from console.flows.amounts import ago
from console.flows.outcomes import told
from console.flows.wording import count, say

SHOWN_NAMES = 8
FORETOLD_DAYS = 3650
"""Further than that nobody wants to look."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is read of one repository. `check`: the last check that ended; `going`: a job that works on it now."""

    repository: RepositoryDetail
    check: JobAnswer | None
    going: JobAnswer | None


async def read(desk: Desk, id: str) -> Seen:
    """Raises Failed."""
    client = desk.client
    repository, checks, going = await asyncio.gather(
        client.repository(id),
        client.jobs(kind="repository-check", state="ended", subject=id, offset=0, limit=1),
        client.jobs(state="active", subject=id, offset=0, limit=1),
    )
    return Seen(repository, next(iter(checks["jobs"]), None), next(iter(going["jobs"]), None))


class RepositoryView(QScrollArea):
    """`tools`: what can be done with it, in one line. `changed` is called when a job on it has ended."""

    def __init__(self, desk: Desk, tools: QWidget, changed: Callable[[], object]) -> None:
        super().__init__()
        self._desk = desk
        self._changed = changed
        self.job: JobView | None = None
        self.seen: Seen | None = None
        self._growth: tuple[str, RepositoryGrowth] | None = None
        self.name = label("", "title")
        self.use = QProgressBar()
        self.use.setAccessibleName(say("Use of the place it lies on"))
        self.use.setRange(0, 1000)
        self.use.setFixedHeight(16)
        self.damage = DamagePanel(desk)
        self.facts = FactsView()
        self.growth = GrowthPicture()
        self.foretold = label("", "muted", wrap=True)
        self.dismiss = button(say("Hide the job"), self.hide_job, role="link")
        self._job_place = rows(line(1, self.dismiss))
        self._job_place.hide()
        beside = rows(label(say("Growth"), "title"), self.growth, self.foretold, 1, gap=GAP)
        self.growing = Pane(beside, desk)
        both = line(self.facts, self.growing, gap=GAP_L)
        both.layout().setStretch(0, 3)  # type: ignore[union-attr]
        both.layout().setStretch(1, 2)  # type: ignore[union-attr]
        inner = panel()
        rows(
            line(self.name, 1, tools),
            self.use,
            self._job_place,
            self.damage,
            both,
            1,
            gap=GAP,
            margin=GAP_L,
            into=inner,
        )
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setAccessibleName(say("About the repository"))
        self.setFrameShape(QFrame.Shape.NoFrame)

    def show_seen(self, seen: Seen) -> None:
        self.seen = seen
        found, usage = seen.repository, seen.repository["usage"]
        self.name.setText(found["name"])
        room = usage["stored_bytes"] + usage["free_bytes"]
        self.use.setValue(round(1000 * usage["stored_bytes"] / room) if room else 0)
        self.use.setFormat(say("{used} of {room}", used=format_size(usage["stored_bytes"]), room=format_size(room)))
        self.facts.show_facts(self._facts(seen))
        id = found["id"]
        self.growing.load(lambda: self._desk.client.repository_growth(id), lambda growth: self._grew(id, growth))
        self.damage.show_repository(found)
        if seen.going is not None and (self.job is None or self.job.ended):
            self.show_job(seen.going["id"])

    def _grew(self, id: str, growth: RepositoryGrowth) -> None:
        """Read on its own: of a large repository it takes a moment."""
        self._growth = (id, growth)
        self.growth.show_growth(growth, self._desk.clock.now().date())
        self.foretold.setText(_foretold(growth))
        if self.seen is not None and self.seen.repository["id"] == id:
            self.facts.show_facts(self._facts(self.seen))

    # --- the job that works on it

    def show_job(self, job: str) -> None:
        """In place, as it goes on."""
        if self.job is not None and self.job.id == job:
            return
        self.hide_job()
        self.job = JobView(self._desk, job)
        column = self._job_place.layout()
        assert isinstance(column, QVBoxLayout)
        column.insertWidget(0, self.job)
        self.dismiss.hide()
        self._job_place.show()
        self.job.moved.connect(self._job_moved)
        self.verticalScrollBar().setValue(0)

    def hide_job(self) -> None:
        if self.job is not None:
            self.job.hide()
            self.job.deleteLater()
            self.job = None
        self._job_place.hide()

    def _job_moved(self) -> None:
        if self.job is not None and self.job.ended:
            self.dismiss.show()
            self._changed()

    # --- in words

    def _facts(self, seen: Seen) -> list[tuple[str, str]]:
        found, usage, parity = seen.repository, seen.repository["usage"], seen.repository["parity"]
        facts = [
            (say("Place"), found["path"]),
            (say("Takes"), format_size(usage["stored_bytes"])),
            (say("Limit"), say("none") if found["limit"] is None else format_size(found["limit"])),
            (say("Free"), format_size(usage["free_bytes"])),
            (say("Not needed any more"), _not_needed(found)),
            (say("Holds"), count("{n} object", "{n} objects", usage["objects"])),
            (say("Protects"), _saved(found, self._protected(found["id"]))),
            (say("Parity"), _parity(found)),
            (say("Packs"), f"{usage['packs']:,}"),
            (say("Machines"), _names(found["machines"])),
            (say("Last check"), self._checked(seen.check)),
        ]
        if found["missing_packs"]:
            facts.append((say("Packs that are gone"), ", ".join(found["missing_packs"][:5])))
        if parity["percent"] and parity["packs"] < usage["packs"]:
            lacking = usage["packs"] - parity["packs"]
            facts.append((say("Without parity"), count("{n} pack", "{n} packs", lacking)))
        return facts

    def _protected(self, id: str) -> int | None:
        return self._growth[1]["protected"] if self._growth is not None and self._growth[0] == id else None

    def _checked(self, check: JobAnswer | None) -> str:
        if check is None:
            return say("never")
        when = ago(check["ended"], self._desk.clock.now())
        said = " ".join(told(check)) or say("It did not come to its end.")
        return say("{when}: {what}", when=when, what=said)


def _saved(found: RepositoryDetail, protected: int | None) -> str:
    """“2.1 TB of points: dedupe 5.20 : 1, compression 1.35 : 1”."""
    usage = found["usage"]
    if protected is None:
        return "…"
    if not usage["stored_bytes"] or not usage["plain_bytes"] or not protected:
        return say("nothing yet")
    return say(
        "{size} of points: dedupe {dedupe} : 1, compression {compression} : 1",
        size=format_size(protected),
        dedupe=f"{protected / usage['plain_bytes']:.2f}",
        compression=f"{usage['plain_bytes'] / usage['stored_bytes']:.2f}",
    )


def _parity(found: RepositoryDetail) -> str:
    parity = found["parity"]
    if not parity["percent"] and not parity["packs"]:
        return say("none")
    there = count("{n} pack has it", "{n} packs have it", parity["packs"])
    size = format_size(parity["bytes"])
    return say("{percent} % of each pack; {there} ({size})", percent=parity["percent"], there=there, size=size)


def _foretold(growth: RepositoryGrowth) -> str:
    days = growth["days_to_full"]
    if days is None:
        return say("It did not grow lately.")
    if days > FORETOLD_DAYS:
        return say("At this pace it is not full for years.")
    return say("At this pace it is full in {time}.", time=format_duration(days * 86400))


def _not_needed(found: RepositoryDetail) -> str:
    if found["unreferenced_bytes"] is None or found["looked"] is None:
        return say("not known yet")
    size = format_size(found["unreferenced_bytes"])
    return say("{size}, when it was looked at last", size=size)


def _names(machines: list[str]) -> str:
    if len(machines) <= SHOWN_NAMES:
        return ", ".join(machines) or say("none")
    shown = ", ".join(machines[:SHOWN_NAMES])
    return count("{names} and {n} more", "{names} and {n} more", len(machines) - SHOWN_NAMES, names=shown)
