"""Pairing from the source's side: look at the target, compare its fingerprint, sign in, remember it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import Failed, refused, usage
from console.domain.events import Severity
from console.domain.machines import name_problem
from console.domain.pairing import CoreIdentity, Direction, Link, Pairing, PairingState, RepositoryOffer
from console.engine.journal import Journal
from console.wire.conversation import check_target
from console.wire.dialer import Dialers
from console.wire.identity import Identity
from console.wire.messages import PairAnswer, PairRequest
from console.wire.words import words


@dataclass(frozen=True, slots=True)
class Probe:
    """What a target says of itself before anybody signs in. `words`: the fingerprint, to be read over the phone."""

    identity: CoreIdentity
    certificate: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paired:
    pairing: Pairing
    repositories: tuple[RepositoryOffer, ...]
    warnings: tuple[str, ...]


class Pair:
    """Makes outgoing pairings."""

    def __init__(
        self,
        catalog: Catalog,
        journal: Journal,
        clock: Clock,
        me: CoreIdentity,
        identity: Identity,
        dialers: Dialers,
    ) -> None:
        self._catalog = catalog
        self._journal = journal
        self._clock = clock
        self._me = me
        self._identity = identity
        self._dialers = dialers

    def probe(self, host: str, port: int) -> Probe:
        """Asks a target who it is, without credentials. Raises Failed `target-unreachable`."""
        hello, certificate = self._dialers.probe(host, port)
        return Probe(hello.core, certificate, words(hello.core.fingerprint))

    def pair(self, host: str, port: int, user: str, password: str, fingerprint: str, name: str | None = None) -> Paired:
        """Signs in at the target as one of its administrators and remembers it.

        `fingerprint` is what the person confirmed; `name` what the pairing is called on both sides. Raises Failed:
        `target-unreachable`, `wrong-fingerprint`, `wrong-credentials`, `not-administrator`, `target-is-this-core`,
        `target-older`, `incompatible`, `already-paired`, `name-taken`, `name-forbidden`.
        """
        hello, certificate = self._dialers.probe(host, port)
        if normal(fingerprint) != normal(hello.core.fingerprint):
            raise refused(
                "wrong-fingerprint",
                f"{host}:{port} shows the fingerprint {hello.core.fingerprint}, not {fingerprint}.",
                "Compare with “replicore core certificate” on the target. Do not go on if they differ.",
            )
        check_target(self._me, hello)
        known = self._known(hello.core.id)
        if known is not None:
            raise refused(
                "already-paired",
                f"This Core is already paired with “{known.name}” ({known.peer.name}).",
                f"Add machines to it: replicore replication add {known.name} MACHINE",
            )
        name = name or hello.core.name
        problem = name_problem(name)
        if problem is not None:
            raise usage("name-forbidden", problem.message, problem.hint)
        if self._catalog.pairings.find(name) is not None:
            raise refused("name-taken", f"There is a pairing “{name}” already.", "Choose another with --name.")
        answer = self._sign_in(host, port, hello.core.fingerprint, user, password)
        pairing = Pairing(
            answer.pairing,
            Direction.OUTGOING,
            name,
            answer.target,
            certificate,
            self._clock.now(),
            host,
            port,
            PairingState.ACTIVE,
            link=Link.ONLINE,
            last_contact=self._clock.now(),
        )
        self._catalog.pairings.add(pairing)
        self._journal.note(Severity.INFO, "paired", f"Paired with “{name}” at {host}:{port}.", pairing.id)
        return Paired(pairing, tuple(answer.repositories), _warnings(answer.repositories))

    def _sign_in(self, host: str, port: int, fingerprint: str, user: str, password: str) -> PairAnswer:
        """The target calls us by our name, or, where another source has it, by our name and the start of our id."""
        names = (self._me.name, f"{self._me.name} {self._me.id[:6]}")
        for name in names[:-1]:
            try:
                request = PairRequest(user, password, self._me, self._identity.certificate, name)
                return self._dialers.pair(host, port, fingerprint, request)
            except Failed as known:
                if known.failure.code != "name-taken":
                    raise
        request = PairRequest(user, password, self._me, self._identity.certificate, names[-1])
        return self._dialers.pair(host, port, fingerprint, request)

    def list(self, direction: Direction | None = None) -> list[Pairing]:
        return self._catalog.pairings.list(direction)

    def get(self, pairing: str) -> Pairing:
        return self._catalog.pairings.get(pairing)

    def _known(self, core: str) -> Pairing | None:
        for pairing in self._catalog.pairings.list(Direction.OUTGOING):
            if pairing.peer.id == core:
                return pairing
        return None


def normal(fingerprint: str) -> str:
    """Fingerprints are compared without colons, blanks and case."""
    return "".join(ch for ch in fingerprint if ch not in ": \t").lower()


def _warnings(offers: Sequence[RepositoryOffer]) -> tuple[str, ...]:
    if offers:
        return ()
    return ("The target has no repository yet: machines can be added only when it has one.",)
