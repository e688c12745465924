"""What has left a pairing while the other side was away: told and heard at the next contact, so that no ghost stays."""

from __future__ import annotations

from collections.abc import Sequence

from console.catalog import Catalog
from console.domain.errors import Failed, FailureKind
from console.domain.events import Severity
from console.domain.pairing import Departure, Direction, Pairing
from console.engine.journal import Journal
from console.wire.dialer import Dialer
from console.wire.messages import Departed, StatusRequest


def tell(catalog: Catalog, journal: Journal, pairing: Pairing, dialer: Dialer) -> None:
    """The source tells a target what it has not heard of. Raises Failed when it cannot be told now; what is told
    already is not told again."""
    for gone in catalog.departures.list(pairing.id):
        if gone.side is not Direction.OUTGOING:
            continue
        if catalog.members.find(pairing.id, gone.machine) is None:
            _tell(journal, pairing, gone, dialer)
        catalog.departures.remove(gone.pairing, gone.machine)


def _tell(journal: Journal, pairing: Pairing, gone: Departure, dialer: Dialer) -> None:
    try:
        dialer.remove_machines([gone.machine], delete_points=gone.delete_points)
    except Failed as known:
        if known.failure.code in ("not-paired", "pairing-removed"):
            return  # nothing of it is in a pairing with us there
        if known.failure.kind is FailureKind.UNREACHABLE or not gone.delete_points:
            raise
        # Its points are its own: what it refuses to delete stays, and whoever wanted it hears why.
        dialer.remove_machines([gone.machine])
        text = f"“{pairing.name}” keeps points that were to be deleted there: {known.failure.message}"
        journal.note(Severity.WARNING, "points-kept-there", text, pairing.id, alert=True)


def heard(catalog: Catalog, journal: Journal, pairing: Pairing, said: Sequence[Departed]) -> None:
    """The source learns what the target takes no longer."""
    for gone in said:
        member = catalog.members.find(pairing.id, gone.machine)
        if member is None or gone.machine != member.machine:
            continue
        machine = catalog.machines.find(gone.machine)
        catalog.members.remove(pairing.id, gone.machine)
        fate = "its points there were deleted" if gone.delete_points else "its points there stay"
        text = f"“{pairing.name}” does not take “{machine.name if machine else gone.machine}” any more; {fate}."
        journal.note(Severity.WARNING, "replication-ended-there", text, pairing.id, alert=True)


def to_tell(catalog: Catalog, pairing: Pairing, request: StatusRequest) -> list[Departed]:
    """At the target: machines that left here and that the source still names as its own. One that it names no more it
    has heard of."""
    named = {said.machine for said in request.machines}
    left = [gone for gone in catalog.departures.list(pairing.id) if gone.side is Direction.INCOMING]
    for gone in left:
        if gone.machine not in named:
            catalog.departures.remove(gone.pairing, gone.machine)
    return [Departed(gone.machine, gone.at, gone.delete_points) for gone in left if gone.machine in named]
