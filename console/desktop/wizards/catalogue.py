"""The wizards there are: what they are called, what a role must be allowed, and how each begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from console.client.client import Client
from console.desktop.desk import Desk, WizardName
from console.domain.clock import Clock
from console.domain.roles import Right, Role, who_may
from console.flows.flow import Flow
from console.flows.wording import say


@dataclass(frozen=True, slots=True)
class Wizard:
    """`module` and `flow` are loaded when it is opened first; `title` says what it is called in the language in
    front. `clocked`: it tells how long ago something was."""

    name: WizardName
    title: Callable[[], str]
    right: Right
    module: str
    flow: str
    clocked: bool = False

    def begin(self, client: Client, clock: Clock, presets: Mapping[str, Any]) -> Flow:
        """A flow of its own, with answers that are known already. Raises TypeError for presets it does not know."""
        made = getattr(import_module(self.module), self.flow)
        given = {**presets, "clock": clock} if self.clocked else presets
        return cast(Flow, made(client, **given))


WIZARDS: tuple[Wizard, ...] = (
    Wizard("first-start", lambda: say("First start"), Right.ADMINISTER, "console.flows.first_start", "FirstStartFlow"),
    Wizard("protect", lambda: say("Protect a machine"), Right.ADMINISTER, "console.flows.protect", "ProtectFlow"),
    Wizard(
        "replication",
        lambda: say("Replicate to another Core"),
        Right.ADMINISTER,
        "console.flows.replication",
        "ReplicationFlow",
    ),
    Wizard("seed-drive", lambda: say("Write a seed drive"), Right.SEED, "console.flows.seed_drive", "SeedDriveFlow"),
    Wizard(
        "consume", lambda: say("Consume a seed drive"), Right.SEED, "console.flows.consume", "ConsumeFlow", clocked=True
    ),
    Wizard("restore", lambda: say("Restore"), Right.RESTORE, "console.flows.restore", "RestoreFlow"),
    Wizard("repository", lambda: say("New repository"), Right.ADMINISTER, "console.flows.repository", "CreateFlow"),
    Wizard(
        "repository-edit", lambda: say("Change a repository"), Right.ADMINISTER, "console.flows.repository", "EditFlow"
    ),
    Wizard(
        "repository-move", lambda: say("Move a repository"), Right.ADMINISTER, "console.flows.repository", "MoveFlow"
    ),
    Wizard(
        "repository-adopt", lambda: say("Adopt a repository"), Right.ADMINISTER, "console.flows.repository", "AdoptFlow"
    ),
    Wizard(
        "repository-repair",
        lambda: say("Repair a repository"),
        Right.ADMINISTER,
        "console.flows.repository",
        "RepairFlow",
    ),
)


def wizard(name: str) -> Wizard:
    """Raises KeyError."""
    return {one.name: one for one in WIZARDS}[cast(WizardName, name)]


def title_of(name: str) -> str:
    """Raises KeyError."""
    return wizard(name).title()


def why_not(desk: Desk, name: str) -> str:
    """Why who is signed in may not open it, as a sentence that says who may; empty: they may. Raises KeyError."""
    right = wizard(name).right
    if desk.may(right):
        return ""
    if Role.TECHNICIAN in who_may(right):
        return say("Only administrators and technicians may do this.")
    return say("Only an administrator may do this.")


def begin(desk: Desk, name: str, presets: Mapping[str, Any]) -> Flow:
    """The flow of a wizard for the Core in front. Raises Failed `core-unreachable`, and KeyError."""
    return wizard(name).begin(desk.client, desk.clock, presets)
