"""The target's side: answers paired sources. Implements `wire.listener.Listener`."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import Failed, FailureKind, failed, refused
from console.domain.events import Severity
from console.domain.pairing import CoreIdentity, Departure, Direction, Member, Pairing, PairingState, RepositoryOffer
from console.domain.replication import Accepted, Holding, ImageOffer
from console.domain.ways import way_of
from console.engine.ends import LocalTarget
from console.engine.journal import Journal
from console.engine.keys.travel import Arrivals
from console.engine.points import Points
from console.engine.replicate import departing
from console.engine.replicate.adopting import Adopting
from console.engine.replicate.announced import announced, arrived, progressed, rhythms
from console.engine.replicate.asking import wanted_of
from console.engine.replicate.ending import chosen_of
from console.engine.replicate.giving import objects_of
from console.engine.replicate.held import holdings_of
from console.engine.replicate.inventory import inventory_page
from console.engine.replicate.names import free_name
from console.engine.replicate.received import Received
from console.engine.repositories import Repositories
from console.engine.retain import Retain
from console.engine.users import Users
from console.wire.conversation import MINIMUM, SPEAKS, check_source, judge_pairing
from console.wire.identity import Identity, fingerprint_of
from console.wire.messages import (
    AddMachines,
    Commit,
    Hello,
    Inventory,
    InventoryRequest,
    LookAnswer,
    MachinePolicy,
    PairAnswer,
    PairRequest,
    RemoveMachines,
    StatusAnswer,
    StatusRequest,
)

log = logging.getLogger(__name__)


class Receive:
    """What a target does for its sources. A source reaches its own machines only."""

    def __init__(
        self,
        catalog: Catalog,
        repositories: Repositories,
        points: Points,
        journal: Journal,
        clock: Clock,
        me: CoreIdentity,
        identity: Identity,
        users: Users,
        retain: Retain,
    ) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._points = points
        self._journal = journal
        self._clock = clock
        self._me = me
        self._identity = identity
        self._users = users
        self._retain = retain
        self._adopting = Adopting(catalog, retain, journal, me)
        self._arrivals = Arrivals(catalog, journal)
        self.received = Received(catalog, clock)
        self._lock = threading.Lock()
        self._targets: dict[tuple[str, str], LocalTarget] = {}
        """By pairing and machine: what a session relies on is let go of when its machine's next image is committed."""
        self.trust: Callable[[str], None] = _nobody_serves
        """Set by whoever serves: makes the running TLS server take a newly paired certificate (PEM)."""
        self.arrived: Callable[[str], None] = _nobody_follows
        """Set by the Core: told the machine (id) of a point of which every image is here now."""
        self.kept_by: Callable[[str], str] | None = None
        """Set by the Core: the retention policy that a machine (id) is kept by here, as text."""

    def hello(self) -> Hello:
        return Hello(self._me, MINIMUM, self._clock.now(), list(SPEAKS))

    def look(self, request: PairRequest) -> LookAnswer:
        """Raises Failed as `pair`; nothing is remembered of it."""
        user = self._users.verify(request.user, request.password)
        fingerprint = fingerprint_of(request.certificate)
        judge_pairing(self._me, request, fingerprint, user.role, self._catalog.pairings.list())
        return LookAnswer(self._me, self._offers())

    def pair(self, request: PairRequest, address: str) -> PairAnswer:
        """Raises Failed as PROTOCOL.md says. A source that pairs again with the same certificate gets its pairing."""
        user = self._users.verify(request.user, request.password)
        fingerprint = fingerprint_of(request.certificate)
        known = judge_pairing(self._me, request, fingerprint, user.role, self._catalog.pairings.list())
        if known is None:
            known = self._new_pairing(request, fingerprint)
            self._journal.note(
                Severity.INFO, "paired", f"“{known.name}” ({address}) replicates to this Core from now on.", known.id
            )
        elif known.state is PairingState.REMOVED:
            known = self._catalog.pairings.change(known.id, state=PairingState.ACTIVE)
        self.trust(known.certificate)
        return PairAnswer(known.id, self._me, self._identity.certificate, self._offers(), list(SPEAKS))

    def pairing_of(self, certificate_der: bytes) -> Pairing:
        """The pairing whose source shows this certificate. Raises Failed `not-paired`."""
        fingerprint = fingerprint_of(certificate_der)
        pairing = self._catalog.pairings.by_fingerprint(fingerprint, Direction.INCOMING)
        if pairing is None:
            raise failed(
                "not-paired",
                f"“{self._me.name}” does not know this Core any more.",
                "Pair again with an administrator of the target.",
                FailureKind.FORBIDDEN,
            )
        return pairing

    def status(self, pairing: Pairing, request: StatusRequest) -> StatusAnswer:
        """Takes note of how the source is, says how we are."""
        check_source(self._me, request.core)
        removed = pairing.state is PairingState.REMOVED
        if not removed:
            self._catalog.pairings.change(
                pairing.id,
                peer=replace(request.core, fingerprint=pairing.peer.fingerprint),
                paused_there=request.paused,
                last_contact=self._clock.now(),
                speaks=tuple(request.speaks),
            )
            announced(self._catalog, pairing, request)
            rhythms(self._catalog, pairing, request)
            for said in request.machines:
                self._adopting.heard(pairing, request.core, said)
        answer = StatusAnswer(
            self._me,
            self._clock.now(),
            pairing.paused_here,
            self._offers(),
            arrived(self._catalog, pairing, request),
            removed,
            [] if removed else wanted_of(self._catalog, pairing),
            [] if removed else self._policies(pairing),
            [member.machine for member in self._catalog.members.list(pairing.id) if member.paused],
            list(SPEAKS),
            [] if removed else departing.to_tell(self._catalog, pairing, request),
        )
        return answer

    def _policies(self, pairing: Pairing) -> list[MachinePolicy]:
        known = {machine.id for machine in self._catalog.machines.list()}
        members = self._catalog.members.list(pairing.id) if self.kept_by is not None else []
        return [
            MachinePolicy(m.machine, self.kept_by(m.machine)) for m in members if self.kept_by and m.machine in known
        ]

    def add_machines(self, pairing: Pairing, request: AddMachines) -> None:
        """Raises Failed `machine-elsewhere`, `no-repository`, `no-such-repository`; then none is added."""
        self._active(pairing)
        if not self._catalog.repositories.list():
            raise refused("no-repository", "This Core has no repository.", "Make one on the target first.")
        placed = [(p.machine, self._catalog.repositories.get(p.repository)) for p in request.machines]
        sender = pairing.peer
        ways = {p.machine.id: way_of(p.via, sender.id, sender.name) for p in request.machines}
        for machine, _ in placed:
            self._adopting.mine_or_new(pairing, machine, ways[machine.id])
        with self._catalog.transaction():
            for machine, repository in placed:
                self._adopting.adopt(pairing, machine, repository.id)
                self._catalog.departures.remove(pairing.id, machine.id)
                self._catalog.machines.came_by(machine.id, ways[machine.id])
                self._catalog.members.put(Member(pairing.id, machine.id, repository.id, repository.name))
        names = ", ".join(machine.name for machine, _ in placed)
        self._journal.note(Severity.INFO, "replication-added", f"“{pairing.name}” replicates {names} here.", pairing.id)

    def remove_machines(self, pairing: Pairing, request: RemoveMachines) -> int:
        """Machines leave the pairing; they stay as recovery-points-only machines, or go with their points."""
        self._active(pairing)
        return sum(
            self._adopting.release(pairing, machine, delete=request.delete_points) for machine in request.machines
        )

    def let_go(self, pairing: Pairing, machines: Sequence[str], *, delete_points: bool, user: str = "") -> int:
        """Somebody here takes some machines (names or ids) of a source no longer; it learns of it when it calls next.
        Returns how many points were deleted. Raises Failed `point-held`, `no-such-member`; then none has left."""
        chosen = chosen_of(self._catalog, pairing, machines)
        for machine in chosen if delete_points else ():
            self._retain.refuse_held(machine.id)
        deleted = 0
        for machine in chosen:
            deleted += self._adopting.release(pairing, machine.id, delete=delete_points)
            gone = Departure(pairing.id, machine.id, self._clock.now(), Direction.INCOMING, delete_points, user=user)
            self._catalog.departures.put(gone)
        names = ", ".join(machine.name for machine in chosen)
        text = f"{names} from “{pairing.name}” {'is' if len(chosen) == 1 else 'are'} not taken any more."
        self._journal.note(Severity.INFO, "replication-ended", text, pairing.id)
        return deleted

    def unpair(self, pairing: Pairing) -> None:
        """The source has ended the pairing, or has heard that we have. Points stay."""
        if pairing.state is PairingState.REMOVED:
            self._catalog.pairings.remove(pairing.id)
        else:
            self.end(pairing, delete_points=False, forget=True)

    def end(self, pairing: Pairing, *, delete_points: bool, forget: bool) -> int:
        """Ends an incoming pairing. Without `forget` it stays as *removed*, so that the source can be told."""
        deleted = sum(
            self._adopting.release(pairing, member.machine, delete=delete_points)
            for member in self._catalog.members.list(pairing.id)
        )
        for gone in self._catalog.departures.list(pairing.id):
            self._catalog.departures.remove(gone.pairing, gone.machine)
        if forget:
            self._catalog.pairings.remove(pairing.id)
        else:
            self._catalog.pairings.change(pairing.id, state=PairingState.REMOVED)
        self._journal.note(
            Severity.WARNING, "pairing-ended", f"“{pairing.name}” does not replicate to this Core any more.", pairing.id
        )
        return deleted

    def holdings(self, pairing: Pairing, machine: str, forgotten: Sequence[str] = ()) -> list[Holding]:
        """What is here of one machine of this pairing. What the source has `forgotten` it will not send again."""
        self._member(pairing, machine)
        if forgotten:
            self._catalog.retention.forget_removed(
                set(forgotten).intersection(self._catalog.retention.removed(machine))
            )
        return holdings_of(self._catalog, self._points, machine)

    def missing(self, pairing: Pairing, machine: str, ids: Sequence[bytes], *, sealed: bool = False) -> list[bytes]:
        with self._target(self._member(pairing, machine)) as target:
            return target.missing(ids, sealed=sealed)

    def store(self, pairing: Pairing, machine: str, pieces: Iterable[bytes]) -> Accepted:
        """Keeps every whole frame that arrives, also when the connection is cut; then it is synced at once."""
        with self._target(self._member(pairing, machine)) as target:
            accepted = target.store(pieces)
        self.received.note(accepted.bytes)
        return accepted

    def commit(self, pairing: Pairing, request: Commit) -> None:
        """Records one image after everything it needs is durable. Raises Failed `objects-missing`, …"""
        member = self._member(pairing, request.machine.id)
        image = next((i for i in request.point.images if i.id == request.image), None)
        if image is None or request.point.machine != request.machine.id:
            raise refused("bad-commit", "The point, its image and its machine do not belong together.")
        skew = (request.point.time - self._clock.now()).total_seconds()
        if skew > 300:
            text = f"A recovery point of “{request.machine.name}” is {skew:.0f} s ahead of this Core's clock."
            self._journal.note(Severity.WARNING, "clock-skew", text, pairing.id, alert=True)
        sealing = {of.key for of in request.point.images}
        self._arrivals.take([key for key in request.keys if key.id in sealing], pairing.peer.id)
        known = self._catalog.points.find_image(image.id)
        with self._target(member) as target:
            target.commit(ImageOffer(request.machine, request.point, image, request.names))
        if known is not None and known.damaged:
            text = f"“{pairing.name}” has sent a damaged image of “{request.machine.name}” again; it is whole now."
            self._journal.note(Severity.INFO, "damage-repaired", text, pairing.id)
            if not self._catalog.damage.list(member.repository):
                self._journal.settle("damage-found", member.repository)
        self._arrivals.take_from_record(self._repositories.open(member.repository), request.point, pairing.peer.id)
        if request.again:
            self._catalog.retention.forget_removed({image.id})
        self._adopting.adopt(pairing, request.machine, member.repository)
        if progressed(self._catalog, member.pairing, request.point, self._clock.now()):
            self.arrived(request.machine.id)

    def give(self, pairing: Pairing, machine: str, image: str, ids: Sequence[bytes]) -> bytes:
        """What the source has lost of an image of its own, and this Core still has."""
        self._member(pairing, machine)
        return objects_of(self._catalog, self._repositories, machine, image, ids)

    def inventory(self, pairing: Pairing, request: InventoryRequest) -> Inventory:
        """Looking changes nothing: a pause does not stop it."""
        self._active(pairing)
        member = self._replicated(pairing, request.machine)
        images, more = inventory_page(self._catalog, self._points, member.machine, request.after)
        return Inventory(images, more, self.kept_by(member.machine) if self.kept_by is not None else "")

    def close(self) -> None:
        """Keeps what has arrived."""
        self.received.save()
        with self._lock:
            targets, self._targets = list(self._targets.values()), {}
        for target in targets:
            target.close()

    @contextmanager
    def _target(self, member: Member) -> Iterator[LocalTarget]:
        """The end that takes what comes for a machine; after a failure the next call gets a fresh one."""
        with self._lock:
            target = self._targets.get((member.pairing, member.machine))
            if target is None:
                target = LocalTarget(self._catalog, self._repositories.open(member.repository))
                self._targets[member.pairing, member.machine] = target
        try:
            yield target
        except Failed:
            self._drop(member, target)
            raise

    def _drop(self, member: Member, target: LocalTarget) -> None:
        """After a failure: what is whole is synced, and the next call begins with a fresh session.

        The old one is left to other calls that are still in it.
        """
        with self._lock:
            if self._targets.get((member.pairing, member.machine)) is target:
                del self._targets[member.pairing, member.machine]
        try:
            target.flush()
        except Failed as known:
            log.info("what arrived could not be kept: %s", known.failure.message)

    def _active(self, pairing: Pairing) -> None:
        if pairing.state is PairingState.REMOVED:
            raise refused(
                "pairing-removed", f"“{self._me.name}” has ended this pairing.", "Pair again with its administrator."
            )

    def _member(self, pairing: Pairing, machine: str) -> Member:
        self._active(pairing)
        current = self._catalog.pairings.get(pairing.id)
        if current.paused_here:
            raise refused(
                "paused-by-target", f"“{self._me.name}” has paused this replication.", "Ask its administrator."
            )
        member = self._replicated(pairing, machine)
        if member.paused:
            raise refused(
                "paused-by-target",
                f"“{self._me.name}” has paused the replication of this machine.",
                "Ask its administrator.",
            )
        return member

    def _replicated(self, pairing: Pairing, machine: str) -> Member:
        member = self._catalog.members.find(pairing.id, machine)
        if member is None:
            raise refused(
                "machine-elsewhere", "This machine is not replicated to this Core by you.", "Add it to the pairing."
            )
        return member

    def _new_pairing(self, request: PairRequest, fingerprint: str) -> Pairing:
        name = request.name or request.source.name
        name = free_name(name, name, lambda one: self._catalog.pairings.find(one) is None)
        source = replace(request.source, fingerprint=fingerprint)
        pairing = Pairing(
            uuid.uuid4().hex,
            Direction.INCOMING,
            name,
            source,
            request.certificate,
            self._clock.now(),
            last_contact=self._clock.now(),
        )
        self._catalog.pairings.add(pairing)
        return pairing

    def _offers(self) -> list[RepositoryOffer]:
        return [
            RepositoryOffer(info.id, info.name, info.default, self._repositories.free(info))
            for info in self._repositories.list()
        ]


def _nobody_serves(certificate: str) -> None:
    """Before a server is there, there is no TLS context to tell; it reads the pairings when it starts."""


def _nobody_follows(machine: str) -> None:
    """Nothing is sent on."""
