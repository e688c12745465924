"""Pairing from the source's side: look at the target, compare its fingerprint, sign in, remember it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import Failed, refused, usage
from console.domain.events import Severity
from console.domain.machines import name_problem
from console.domain.pairing import CoreIdentity, Direction, Link, Pairing, PairingState, RepositoryOffer
from console.domain.words import words
from console.engine.journal import Journal
from console.engine.replicate.names import free_name
from console.engine.replicate.peers import Peers
from console.wire.conversation import check_target
from console.wire.dialer import Dialers
from console.wire.identity import Identity
from console.wire.messages import Hello, PairRequest

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Probe:
    """What a target says of itself before anybody signs in. `words`: the fingerprint, to be read over the phone."""

    identity: CoreIdentity
    certificate: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """What pairing would find. `repositories`: those of the target."""

    found: Probe
    repositories: tuple[RepositoryOffer, ...]
    warnings: tuple[str, ...]


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
        peers: Callable[[], Peers],
    ) -> None:
        """`peers`: is asked for when a target has not heard of the end of a pairing."""
        self._catalog = catalog
        self._journal = journal
        self._clock = clock
        self._me = me
        self._identity = identity
        self._dialers = dialers
        self._peers = peers

    def probe(self, host: str, port: int) -> Probe:
        """Asks a target who it is, without credentials. Raises Failed `target-unreachable`."""
        hello, certificate = self._dialers.probe(host, port)
        return Probe(hello.core, certificate, words(hello.core.fingerprint))

    def look(self, host: str, port: int, user: str, password: str, fingerprint: str) -> Looked:
        """Signs in at the target only to see what it offers. Neither side remembers anything of it.

        Raises Failed as `pair`, but for what is wrong with a name.
        """
        hello, certificate = self._confirmed(host, port, fingerprint)
        answer = self._sign_in(
            user, password, lambda request: self._dialers.look(host, port, hello.core.fingerprint, request)
        )
        found = Probe(answer.target, certificate, words(hello.core.fingerprint))
        return Looked(found, tuple(answer.repositories), _warnings(answer.repositories))

    def pair(self, host: str, port: int, user: str, password: str, fingerprint: str, name: str | None = None) -> Paired:
        """Signs in at the target as one of its administrators and remembers it.

        `fingerprint` is what the person confirmed; `name` what the pairing is called on both sides. Raises Failed:
        `target-unreachable`, `wrong-fingerprint`, `wrong-credentials`, `not-administrator`, `target-is-this-core`,
        `target-older`, `incompatible`, `already-paired`, `name-taken`, `name-forbidden`.
        """
        hello, certificate = self._confirmed(host, port, fingerprint)
        name = name or free_name(hello.core.name, f"{hello.core.name} as target", self._is_free)
        problem = name_problem(name)
        if problem is not None:
            raise usage("name-forbidden", problem.message, problem.hint)
        if self._catalog.pairings.find(name) is not None:
            raise refused("name-taken", f"There is a pairing “{name}” already.", "Choose another with --name.")
        for ended in self._catalog.pairings.list(Direction.OUTGOING):
            if ended.peer.id == hello.core.id and ended.state is PairingState.REMOVED:
                self._peers().farewell(self._catalog.pairings.change(ended.id, host=host, port=port))
        answer = self._sign_in(
            user, password, lambda request: self._dialers.pair(host, port, hello.core.fingerprint, request)
        )
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
            speaks=tuple(answer.speaks),
        )
        self._catalog.pairings.add(pairing)
        self._journal.note(Severity.INFO, "paired", f"Paired with “{name}” at {host}:{port}.", pairing.id)
        return Paired(pairing, tuple(answer.repositories), _warnings(answer.repositories))

    def _confirmed(self, host: str, port: int, fingerprint: str) -> tuple[Hello, str]:
        """Who listens there and the certificate, when it is whom a person confirmed, and one we can pair with."""
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
        return hello, certificate

    def _sign_in(self, user: str, password: str, ask: Callable[[PairRequest], T]) -> T:
        """The target calls us by our name, or, where another source has it, by our name and the start of our id."""
        names = (self._me.name, f"{self._me.name} {self._me.id[:6]}")
        for name in names[:-1]:
            try:
                return ask(PairRequest(user, password, self._me, self._identity.certificate, name))
            except Failed as known:
                if known.failure.code != "name-taken":
                    raise
        return ask(PairRequest(user, password, self._me, self._identity.certificate, names[-1]))

    def edit(
        self, pairing: str, *, name: str | None = None, host: str | None = None, port: int | None = None
    ) -> Pairing:
        """Changes what is given: what a pairing is called here, and where the target is reached from now on. Nothing is
        asked of the target: whether it is there, and the same one, shows at the next contact.

        Raises Failed: `no-such-pairing`, `pairing-removed`, `pairing-is-incoming` for an address, `bad-address`,
        `name-taken`, `name-forbidden`.
        """
        before = self._catalog.pairings.get(pairing)
        if before.state is PairingState.REMOVED:
            raise refused("pairing-removed", f"The pairing with “{before.name}” has ended.", "Pair again.")
        changes: dict[str, Any] = {}
        if name is not None and name != before.name:
            problem = name_problem(name)
            if problem is not None:
                raise usage("name-forbidden", problem.message, problem.hint)
            changes["name"] = name
        if host is not None or port is not None:
            changes["host"] = before.host if host is None else host
            changes["port"] = before.port if port is None else port
            self._check_address(replace(before, **changes))
        after = self._catalog.pairings.change(before.id, **changes)
        if (after.host, after.port) != (before.host, before.port):
            text = f"“{after.name}” is reached at {after.host}:{after.port} from now on."
            self._journal.note(Severity.INFO, "pairing-moved", text, after.id)
        return after

    def _check_address(self, pairing: Pairing) -> None:
        if pairing.direction is Direction.INCOMING:
            raise refused(
                "pairing-is-incoming",
                f"“{pairing.name}” replicates to this Core; it is the source that calls.",
                "Change the address of this Core on the source Core.",
            )
        bad = not pairing.host or any(ch.isspace() or ch in "/@" for ch in pairing.host)
        if bad or not 0 < pairing.port < 65536:
            raise usage(
                "bad-address",
                f"“{pairing.host}” with port {pairing.port} is not the address of a Core.",
                "A host is a name or an address; a port is a number from 1 to 65535.",
            )

    def list(self, direction: Direction | None = None) -> list[Pairing]:
        return self._catalog.pairings.list(direction)

    def get(self, pairing: str) -> Pairing:
        return self._catalog.pairings.get(pairing)

    def _is_free(self, name: str) -> bool:
        return self._catalog.pairings.find(name) is None

    def _known(self, core: str) -> Pairing | None:
        for pairing in self._catalog.pairings.list(Direction.OUTGOING):
            if pairing.peer.id == core and pairing.state is PairingState.ACTIVE:
                return pairing
        return None


def normal(fingerprint: str) -> str:
    """Fingerprints are compared without colons, blanks and case."""
    return "".join(ch for ch in fingerprint if ch not in ": \t").lower()


def _warnings(offers: Sequence[RepositoryOffer]) -> tuple[str, ...]:
    if offers:
        return ()
    return ("The target has no repository yet: machines can be added only when it has one.",)
