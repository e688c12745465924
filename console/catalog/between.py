"""Parts of the catalog that few commands ask for: what Cores arrange with each other. Their modules are imported when
they are asked for the first time."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from console.catalog.database import Database

if TYPE_CHECKING:
    from console.catalog.certificates import Certificates, Departures
    from console.catalog.groups import Groups, Operations
    from console.catalog.letting_go import Approvals, Bin
    from console.catalog.providers import Invitations, Requests, Tenants
    from console.catalog.replicas import BaseHolds
    from console.catalog.traffic import Traffic
    from console.domain.lifecycle import Cluster, LifecyclePolicy


class Between:
    """None of them keeps anything: two threads that ask for the same one first may get one each."""

    _database: Database

    @cached_property
    def certificates(self) -> Certificates:
        """Certificates that peers show."""
        from console.catalog.certificates import Certificates

        return Certificates(self._database)

    @cached_property
    def departures(self) -> Departures:
        """Machines and pairings that have ended, until the peer knows."""
        from console.catalog.certificates import Departures

        return Departures(self._database)

    @cached_property
    def base_holds(self) -> BaseHolds:
        """Base images that are held back."""
        from console.catalog.replicas import BaseHolds

        return BaseHolds(self._database)

    @cached_property
    def traffic(self) -> Traffic:
        """What went by wire, and how fast."""
        from console.catalog.traffic import Traffic

        return Traffic(self._database)

    @cached_property
    def clusters(self) -> Groups[Cluster]:
        """Machines that are selected together."""
        from console.catalog.groups import clusters

        return clusters(self._database)

    @cached_property
    def policies(self) -> Groups[LifecyclePolicy]:
        """What becomes of points."""
        from console.catalog.groups import policies

        return policies(self._database)

    @cached_property
    def operations(self) -> Operations:
        """What policies have done with points."""
        from console.catalog.groups import Operations

        return Operations(self._database)

    @cached_property
    def requests(self) -> Requests:
        """Sources that ask to be taken."""
        from console.catalog.providers import Requests

        return Requests(self._database)

    @cached_property
    def invitations(self) -> Invitations:
        """For sources that may ask."""
        from console.catalog.providers import Invitations

        return Invitations(self._database)

    @cached_property
    def tenants(self) -> Tenants:
        """Customers, and what they use."""
        from console.catalog.providers import Tenants

        return Tenants(self._database)

    @cached_property
    def bin(self) -> Bin:
        """Deleted points that can be had back."""
        from console.catalog.letting_go import Bin

        return Bin(self._database)

    @cached_property
    def approvals(self) -> Approvals:
        """Deletions that want a second person."""
        from console.catalog.letting_go import Approvals

        return Approvals(self._database)
