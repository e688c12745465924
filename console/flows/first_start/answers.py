"""What a person answers when a Core is new."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field, replace

from console.client.client import Client
from console.domain.answers import Certificate, CoreStatus, UserAnswer
from console.flows.protect.answers import ProtectAnswers, Protecting

PROTECTS, RECEIVES, BOTH = "protects", "receives", "both"


@dataclass(frozen=True, slots=True)
class FirstStartAnswers:
    """`role`: what this Core is for. `machine_now`: a machine is protected now. `user`: a new administrator for those
    who replicate here, empty for none. `listen`: this Core is to be reached from elsewhere."""

    role: str = PROTECTS
    protection: ProtectAnswers = field(default_factory=ProtectAnswers)
    machine_now: bool = True
    user: str = ""
    password: str = field(default="", repr=False)
    again: str = field(default="", repr=False)
    listen: bool = True

    @property
    def protects(self) -> bool:
        return self.role != RECEIVES

    @property
    def receives(self) -> bool:
        return self.role != PROTECTS

    @property
    def first_machine(self) -> bool:
        return self.protects and self.machine_now


class Starting(Protecting):
    """What the steps know of their flow. `status`, `certificate`, `users`: as last loaded. `added`: the user this
    wizard added."""

    status: CoreStatus
    certificate: Certificate

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.answers = FirstStartAnswers()
        self.users: tuple[UserAnswer, ...] = ()
        self.added = ""

    @property
    def protection(self) -> ProtectAnswers:
        return self.answers.protection

    def keep_protection(self, protection: ProtectAnswers) -> None:
        self.answers = replace(self.answers, protection=protection)

    async def load(self) -> None:
        """Raises Failed."""
        self.status = await self.client.status()
        self.certificate = await self.client.certificate()
        found: list[UserAnswer] = []
        after: str | None = None
        while True:
            page = await self.client.users(limit=1000, after=after)
            found += page["users"]
            after = page["next"]
            if after is None:
                break
        self.users = tuple(found)

    @property
    def administrators(self) -> tuple[str, ...]:
        return tuple(user["name"] for user in self.users if user["role"] == "administrator")

    @property
    def hidden(self) -> bool:
        """Whether this Core can be reached from its own machine only."""
        host = self.status["address"].rpartition(":")[0].strip("[]")
        if host == "localhost" or not self.status["address"]:
            return True
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    @property
    def opens(self) -> bool:
        """Whether this Core is to be reached from elsewhere and is not now."""
        return self.answers.receives and self.answers.listen and self.hidden
