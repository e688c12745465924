"""Arranging replication: which machines go to which target, paused or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import not_found, refused, usage
from console.domain.events import Severity
from console.domain.jobs import Trigger
from console.domain.machines import Machine
from console.domain.pairing import Direction, Link, Member, Pairing, RepositoryOffer
from console.engine.journal import Journal
from console.engine.replicate.ending import Ending
from console.engine.replicate.peers import Peers
from console.engine.replicate.runs import Replicate
from console.engine.seed.drives import SeedDrives
from console.wire.dialer import Dialer


class Arrange:
    """Changes what is replicated. Runs are `Replicate`'s."""

    def __init__(
        self,
        catalog: Catalog,
        journal: Journal,
        clock: Clock,
        peers: Peers,
        replicate: Replicate,
        seeds: SeedDrives,
    ) -> None:
        self.ending = Ending(catalog, journal, clock, peers)
        self._catalog = catalog
        self._journal = journal
        self._peers = peers
        self._replicate = replicate
        self._seeds = seeds

    def add(
        self,
        pairing: str,
        machines: Sequence[str],
        repositories: Mapping[str, str] | None = None,
        *,
        paused: bool = False,
        seed_drive: bool = False,
        user: str = "",
    ) -> list[Member]:
        """Machines (ids or names) join a pairing; `repositories` maps a machine as it was named to one of the target's.

        With `seed_drive` the images there are now are set aside for a seed; otherwise all points go by wire, at once
        unless `paused`. Raises Failed: `no-repository`,
        `no-such-repository`, `already-replicated`, `machine-elsewhere`.
        """
        found = self._peers.outgoing(pairing)
        if not machines:
            raise usage("no-machines", "No machine was named.", "Name at least one machine to replicate.")
        chosen = [self._catalog.machines.get(machine) for machine in machines]
        for machine in chosen:
            if self._catalog.members.find(found.id, machine.id) is not None:
                raise refused(
                    "already-replicated",
                    f"“{machine.name}” is already replicated to “{found.name}”.",
                    "Nothing is to be done; see replication show.",
                )
        answer = self._peers.exchange(found)
        places = {
            machine.id: self._place(answer.repositories, (repositories or {}).get(named))
            for named, machine in zip(machines, chosen, strict=True)
        }
        dialer = self._peers.dialer(found)
        ways = self._catalog.machines.ways([machine.id for machine in chosen])
        dialer.add_machines([(machine, places[machine.id].id) for machine in chosen], ways)
        members = [
            Member(found.id, machine.id, places[machine.id].id, places[machine.id].name, paused=paused)
            for machine in chosen
        ]
        with self._catalog.transaction():
            for member in members:
                self._catalog.departures.remove(found.id, member.machine)
                self._catalog.members.put(member)
            if seed_drive:
                self._seeds.reserve(found, [i for m in chosen for i in self._lacking(dialer, m)])
        names = ", ".join(machine.name for machine in chosen)
        self._journal.note(
            Severity.INFO, "replication-added", f"{names}: replication to “{found.name}” was set up.", found.id
        )
        if not paused:
            self._replicate.start(found.id, trigger=Trigger.FOLLOWS_SETUP, user=user, reason="replication was set up")
        return members

    def offers(self, pairing: str) -> list[RepositoryOffer]:
        """The repositories of a target, as it says now. Raises Failed when it cannot be asked, `pairing-is-incoming`,
        `pairing-removed`."""
        return list(self._peers.exchange(self._peers.outgoing(pairing)).repositories)

    def pause(self, pairing: str, machine: str | None = None) -> Pairing:
        """Nothing is sent any more (of one machine, or at all) until `resume`. Works on incoming pairings too."""
        return self._set_paused(pairing, machine, paused=True)

    def resume(self, pairing: str, machine: str | None = None) -> Pairing:
        """Undoes our own pause (of one machine, or of the pairing and all its machines); what waited is sent.

        A pause of the other side stays.
        """
        found = self._set_paused(pairing, machine, paused=False)
        if machine is None:
            for member in self._catalog.members.list(found.id):
                self._catalog.members.change(found.id, member.machine, paused=False)
        if found.direction is Direction.OUTGOING:
            self._replicate.start(found.id, trigger=Trigger.FOLLOWS_SETUP, reason="replication was resumed")
        return found

    def _lacking(self, dialer: Dialer, machine: Machine) -> list[str]:
        there = {holding.image for holding in dialer.holdings(machine.id) if holding.here}
        return [i.image for i in self._catalog.points.source_images(machine.id) if i.image not in there]

    def _set_paused(self, pairing: str, machine: str | None, *, paused: bool) -> Pairing:
        found = self._catalog.pairings.get(pairing)
        if machine is not None:
            member = self._catalog.members.get(found.id, self._catalog.machines.get(machine).id)
            self._catalog.members.change(found.id, member.machine, paused=paused)
            return found
        with self._catalog.transaction():
            link = self._catalog.pairings.get(found.id).link
            if link in (Link.ONLINE, Link.PAUSED):
                link = Link.PAUSED if paused or found.paused_there else Link.ONLINE
            found = self._catalog.pairings.change(found.id, paused_here=paused, link=link)
        word = "paused" if paused else "resumed"
        self._journal.note(Severity.INFO, f"replication-{word}", f"“{found.name}” was {word} here.", found.id)
        return found

    def _place(self, offers: Sequence[RepositoryOffer], name: str | None) -> RepositoryOffer:
        if not offers:
            raise refused(
                "no-repository",
                "The target Core has no repository, so it cannot take machines yet.",
                "Make one there: replicore repository create NAME --path DIR",
            )
        if name is None:
            return next((offer for offer in offers if offer.default), offers[0])
        for offer in offers:
            if name in (offer.id, offer.name):
                return offer
        raise not_found("repository", name, f"The target has: {', '.join(offer.name for offer in offers)}.")
