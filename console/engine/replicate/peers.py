"""The paired target Cores, seen from here: what they are told at every contact, and what is learned of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import Failed, FailureKind, refused
from console.domain.events import Severity
from console.domain.machines import Machine
from console.domain.pairing import CoreIdentity, Direction, Link, Member, Pairing, PairingState
from console.domain.replication import Holding
from console.domain.ways import Way
from console.engine.journal import Journal
from console.engine.replicate import departing
from console.engine.replicate.lag import MemberView, view
from console.engine.replicate.progress import Progress
from console.engine.seed.choice import with_chains
from console.engine.seed.drives import SeedDrives
from console.wire.conversation import SPEAKS
from console.wire.dialer import Dialer, Dialers
from console.wire.messages import MachineBacklog, SeedAnnouncement, StatusAnswer, StatusRequest

_FORGOTTEN = 10_000
"""Images that are told of at once: a message has its limit, and there is a next time."""


class Peers:
    """Contact with targets. Whatever a call shows of the link is written down."""

    def __init__(
        self,
        catalog: Catalog,
        journal: Journal,
        clock: Clock,
        me: CoreIdentity,
        dialers: Dialers,
        seeds: SeedDrives,
    ) -> None:
        self._catalog = catalog
        self._journal = journal
        self._clock = clock
        self._me = me
        self._dialers = dialers
        self._seeds = seeds
        self.progress = Progress(catalog, clock)

    def dialer(self, pairing: Pairing) -> Dialer:
        return self._dialers.to(pairing)

    def outgoing(self, pairing: str, *, removed: bool = False) -> Pairing:
        """An outgoing pairing by id or name. Raises Failed `pairing-is-incoming`, `pairing-removed`."""
        found = self._catalog.pairings.get(pairing)
        if found.direction is not Direction.OUTGOING:
            raise refused(
                "pairing-is-incoming",
                f"“{found.name}” replicates to this Core; only the source can do that.",
                "Run the command on the source Core.",
            )
        if found.state is PairingState.REMOVED and not removed:
            raise refused("pairing-removed", f"The pairing with “{found.name}” has ended.", "Pair again.")
        return found

    def holdings(self, pairing: Pairing, machine: str) -> Mapping[str, Holding]:
        """What the target has of a machine, by image id; it is written down. Raises Failed when it cannot be asked."""
        held = {holding.image: holding for holding in self.dialer(pairing).holdings(machine)}
        self.progress.learned(pairing.id, machine, held)
        gone = [image for image, holding in held.items() if holding.gone]
        forgotten = set(gone) - self._catalog.points.find_images(gone).keys()
        if forgotten:
            self.dialer(pairing).holdings(machine, sorted(forgotten)[:_FORGOTTEN])
        return held

    def exchange(self, pairing: Pairing) -> StatusAnswer:
        """Tells the target how we are and learns how it is: seeds consumed there, its pause, its end of the pairing.

        Raises Failed when the target cannot be reached or has ended the pairing (`pairing-removed`).
        """
        try:
            departing.tell(self._catalog, self._journal, pairing, self.dialer(pairing))
            answer = self.dialer(pairing).status(self._status(pairing))
        except Failed as known:
            self._saw(pairing, _link_of(known), known.failure.message)
            raise
        if answer.removed:
            self.dialer(pairing).unpair()  # so that the target need not remember it any longer
            members = self._catalog.members.list(pairing.id)
            self.forget(pairing, told=True)
            text = f"“{pairing.name}” has ended the pairing with this Core{self._left(members)}."
            self._journal.note(Severity.WARNING, "pairing-removed", text, pairing.id, alert=True)
            raise refused(
                "pairing-removed", text, "Its points stay as its administrator decided. Pair again if needed."
            )
        departing.heard(self._catalog, self._journal, pairing, answer.departures)
        for consumed in answer.consumed:
            self._seeds.acknowledge(consumed.seed, consumed.images)
        for said in answer.policies:
            self._catalog.members.change(pairing.id, said.machine, retention=said.policy)
        for member in self._catalog.members.list(pairing.id):
            paused = member.machine in answer.paused_machines
            self._catalog.members.change(pairing.id, member.machine, there_paused=paused)
        if answer.wanted:
            self._grant(pairing, answer.wanted)
        # Read and written as one: somebody may pause it at this moment.
        with self._catalog.transaction():
            current = self._catalog.pairings.get(pairing.id)
            self._catalog.pairings.change(
                pairing.id,
                peer=answer.core,
                paused_there=answer.paused,
                link=Link.PAUSED if current.paused_here or answer.paused else Link.ONLINE,
                link_text="",
                last_contact=self._clock.now(),
                speaks=tuple(answer.speaks),
            )
        return answer

    def forget(self, pairing: Pairing, *, told: bool) -> None:
        """Ends a pairing here. While the target is not `told` it is kept as removed, to tell it at next contact."""
        with self._catalog.transaction():
            for member in self._catalog.members.list(pairing.id):
                self._catalog.members.remove(pairing.id, member.machine)
            if told:
                for gone in self._catalog.departures.list(pairing.id):
                    self._catalog.departures.remove(gone.pairing, gone.machine)
                self._catalog.pairings.remove(pairing.id)
            else:
                self._catalog.pairings.change(pairing.id, state=PairingState.REMOVED)
        if told:
            self._dialers.drop(pairing)

    def farewell(self, pairing: Pairing) -> None:
        """Tells a target of the end of a pairing that it has not heard of, and of what was to become of its points.
        Raises Failed when it cannot be told now."""
        dialer = self.dialer(pairing)
        departing.tell(self._catalog, self._journal, pairing, dialer)
        dialer.unpair()
        self.forget(pairing, told=True)

    def announcements(self, pairing: Pairing) -> list[SeedAnnouncement]:
        """What a target is told of the seed drives made for it."""
        return [
            SeedAnnouncement(s.id, s.state, s.comment, s.created, list(s.images), s.written)
            for s in self._catalog.seeds.list(pairing=pairing.id, direction=Direction.OUTGOING)
        ]

    def _left(self, members: Sequence[Member]) -> str:
        """Which machines have no copy there any more that follows."""
        names = [machine.name for m in members if (machine := self._catalog.machines.find(m.machine)) is not None]
        verb = "is" if len(names) == 1 else "are"
        return f"; {', '.join(names)} {verb} not replicated there any more" if names else ""

    def _grant(self, pairing: Pairing, wanted: Sequence[str]) -> None:
        """What the target asks for by wire, with all it builds on, waits for no seed drive any longer."""
        machines = {member.machine for member in self._catalog.members.list(pairing.id)}
        known = {stored.machine for stored in self._catalog.points.find_images(wanted).values()}
        for machine in known & machines:
            images = self._catalog.points.source_images(machine)
            mine = {image.image for image in images}.intersection(wanted)
            self._seeds.release(pairing, with_chains(images, mine))

    def _status(self, pairing: Pairing) -> StatusRequest:
        shown = view(self._catalog, pairing, self._clock.now(), None).machines
        ways = self._catalog.machines.ways([member.machine.id for member in shown])
        backlog = [_backlog(member, ways.get(member.machine.id, ())) for member in shown]
        paused = self._catalog.pairings.get(pairing.id).paused_here
        return StatusRequest(self._me, self._clock.now(), paused, backlog, self.announcements(pairing), list(SPEAKS))

    def _saw(self, pairing: Pairing, link: Link | None, text: str) -> None:
        with self._catalog.transaction():
            if link is not None and self._catalog.pairings.find(pairing.id) is not None:
                self._catalog.pairings.change(pairing.id, link=link, link_text=text)


def _backlog(member: MemberView, way: Way) -> MachineBacklog:
    machine, via = member.machine, [list(core) for core in way]
    return MachineBacklog(machine.id, member.lag_points, member.lag_bytes, _rhythm(machine), machine.name, via)


def _rhythm(machine: Machine) -> int:
    """Seconds between scheduled backups; 0 while there are none."""
    return 0 if machine.paused else machine.interval_s


def _link_of(known: Failed) -> Link | None:
    """What a failed call shows of the link; None when it shows nothing of it."""
    if known.failure.code in ("incompatible", "target-older"):
        return Link.INCOMPATIBLE
    if known.failure.kind is FailureKind.UNREACHABLE:
        return Link.UNREACHABLE
    if known.failure.code in ("authentication-failed", "not-paired", "wrong-fingerprint"):
        return Link.AUTHENTICATION_ERROR
    return None
