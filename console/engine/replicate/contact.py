"""Contact with targets by itself: each is told what changed here, and asked how it is once in a while."""

from __future__ import annotations

import logging
import threading

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import Failed
from console.domain.events import Changed
from console.domain.jobs import JobKind, Trigger
from console.domain.pairing import Direction, Pairing, PairingState
from console.engine.jobs import Jobs
from console.engine.replicate.peers import Peers
from console.engine.replicate.runs import Replicate
from console.wire.messages import SeedAnnouncement, StatusAnswer

log = logging.getLogger(__name__)

ASKED_S = 3600.0
"""A wish of a target that a run did not fulfil is tried again after so long."""
TOUCH_S = 60.0
"""A paired target is asked how it is at least this often while the Core runs."""


class Contact:
    """The source's side. Each target is touched in a thread of its own: one that hangs holds up no other."""

    def __init__(self, catalog: Catalog, jobs: Jobs, clock: Clock, peers: Peers, runs: Replicate) -> None:
        self._catalog = catalog
        self._jobs = jobs
        self._clock = clock
        self._peers = peers
        self._runs = runs
        self._touched: dict[str, float] = {}
        self._told: dict[str, list[SeedAnnouncement]] = {}
        self._asked: dict[str, tuple[frozenset[str], float]] = {}
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        self._seeds_changed = threading.Event()
        catalog.on_change(self._changed)

    def keep(self) -> list[threading.Thread]:
        """A duty of the calendar: touches the targets whose turn it is, and those that must hear of a seed drive.

        Returns the threads in which that happens, for who wants to wait for them.
        """
        now = self._clock.monotonic()
        news = self._seeds_changed.is_set()
        self._seeds_changed.clear()
        threads = []
        for pairing in self._catalog.pairings.list(Direction.OUTGOING):
            due = now - self._touched.get(pairing.id, -TOUCH_S) >= TOUCH_S
            if due or (news and self._told.get(pairing.id) != self._peers.announcements(pairing)):
                self._touched[pairing.id] = now
                name = f"touch {pairing.name}"
                threads.append(threading.Thread(target=self.touch, args=(pairing,), name=name, daemon=True))
        for thread in threads:
            thread.start()
        return threads

    def touch(self, pairing: Pairing) -> None:
        """One contact: what is to be told is told, and what waits is sent. Nothing while another one is under way."""
        with self._lock:
            if pairing.id in self._busy:
                self._seeds_changed.set()  # what the running contact may have missed is looked at again
                return
            self._busy.add(pairing.id)
        try:
            self._touch(pairing)
        except Failed as known:
            # `exchange` has written down how the link is; the next touch tries again.
            log.debug("no contact with “%s”: %s", pairing.name, known.failure.message)
        finally:
            with self._lock:
                self._busy.discard(pairing.id)

    def _touch(self, pairing: Pairing) -> None:
        if pairing.state is PairingState.REMOVED:
            self._peers.farewell(pairing)
            return
        telling = self._peers.announcements(pairing)
        answer = self._peers.exchange(pairing)
        self._told[pairing.id] = telling
        shown = self._runs.show(pairing.id)
        if self._jobs.running(JobKind.REPLICATE, pairing.id):
            return
        if self._is_asked(shown.pairing, answer):
            self._runs.start(pairing.id, trigger=Trigger.RETRY, reason="the target asks for what it lacks")
        elif shown.lag_points:
            self._runs.start(pairing.id, trigger=Trigger.RETRY, reason="points are waiting to be sent")

    def _is_asked(self, pairing: Pairing, answer: StatusAnswer) -> bool:
        """Whether the target wants images that are here, and that was not tried just now."""
        if answer.paused or pairing.paused_here:
            return False
        stored = self._catalog.points.find_images(answer.wanted)
        wanted = frozenset(id for id, image in stored.items() if image.here and not image.damaged)
        before, when = self._asked.get(pairing.id, (frozenset[str](), 0.0))
        now = self._clock.monotonic()
        if not wanted or (wanted <= before and now - when < ASKED_S):
            return False
        self._asked[pairing.id] = (wanted, now)
        return True

    def _changed(self, kinds: frozenset[Changed]) -> None:
        if Changed.SEEDS in kinds:
            self._seeds_changed.set()
