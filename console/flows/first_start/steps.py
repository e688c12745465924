"""Steps of a first start. Each of them can be left as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from console.domain.errors import refused
from console.domain.machines import name_problem
from console.flows.fields import Answer, Choice, Facts, Field, Note, Option, Text, Toggle
from console.flows.first_start.answers import BOTH, PROTECTS, RECEIVES, Starting
from console.flows.flow import Step
from console.flows.protect.choosing import MachineStep
from console.flows.protect.keeping import RepositoryStep
from console.flows.wording import say

PASSWORD_LEAST = 8
NOW, LATER = "now", "later"


class WelcomeStep(Step[Starting]):
    """Answers `role`."""

    key = "welcome"

    @property
    def title(self) -> str:
        return say("Welcome")

    @property
    def text(self) -> str:
        return say("A few questions, each of which can be left as it is; all of it can be done later as well.")

    def fields(self) -> Sequence[Field]:
        options = (
            Option(
                value=PROTECTS,
                label=say("It protects this machine"),
                explain=say("Files are backed up here, and replicated from here if you like."),
            ),
            Option(
                value=RECEIVES,
                label=say("It receives from other Cores"),
                explain=say("Cores elsewhere replicate to it, over the wire or by seed drive."),
            ),
            Option(value=BOTH, label=say("Both")),
        )
        label = say("What is this Core for?")
        return (Choice(key="role", label=label, value=self.flow.answers.role, options=options),)

    def answer(self, key: str, value: Answer) -> None:
        if key != "role":
            raise KeyError(key)
        self.flow.answers = replace(self.flow.answers, role=cast(str, value))


class PlaceStep(RepositoryStep[Starting]):
    """The repository: the one that a new Core has, or another that becomes the default."""

    offers_replication = False

    @property
    def text(self) -> str:
        if self.repositories:
            return say("There is a repository already. Make another if its disk is too small, or holds the files too.")
        return say("Where recovery points are kept. This Core has no repository yet.")


class FirstMachineStep(MachineStep[Starting]):
    """As when any machine is protected, but it may wait."""

    def fields(self) -> Sequence[Field]:
        options = (
            Option(value=NOW, label=say("Protect this machine now")),
            Option(value=LATER, label=say("Later")),
        )
        value = NOW if self.flow.answers.machine_now else LATER
        ask = Choice(key="when", label=say("The first machine"), value=value, options=options)
        return (ask, *super().fields()) if self.flow.answers.machine_now else (ask,)

    def answer(self, key: str, value: Answer) -> None:
        if key == "when":
            self.flow.answers = replace(self.flow.answers, machine_now=value == NOW)
        else:
            super().answer(key, value)

    def problems(self) -> dict[str, str]:
        return super().problems() if self.flow.answers.machine_now else {}

    async def check(self) -> None:
        if self.flow.answers.machine_now:
            await super().check()


class OthersStep(Step[Starting]):
    """Answers `user`, `password`, `listen`: how other Cores come to replicate here."""

    key = "others"

    @property
    def title(self) -> str:
        return say("Other Cores")

    @property
    def text(self) -> str:
        return say(
            "Whoever replicates here pairs with this Core once: with its address, the name and password of an "
            "administrator, and these words, compared by phone."
        )

    async def enter(self) -> None:
        await self.flow.load()

    async def check(self) -> None:
        """Raises Failed `name-taken`."""
        await self.flow.load()
        if self._is_taken():
            raise refused("name-taken", self._name_taken(), say("Choose another name."))

    def fields(self) -> Sequence[Field]:
        flow, said = self.flow, self.flow.answers
        shown: list[Field] = [
            Facts(key="reach", label=say("How this Core is known"), facts=reach(flow)),
        ]
        if flow.hidden:
            shown.append(
                Toggle(
                    key="listen",
                    label=say("Let other machines reach this Core, from its next start on"),
                    explain=say("Now it listens on its own machine only."),
                    value=said.listen,
                )
            )
        if not flow.administrators:
            shown.append(
                Note(
                    key="nobody",
                    label=say("No administrator can sign in from elsewhere yet."),
                    explain=say("Without one no other Core can be paired. Add one here, or later under Users."),
                    level="warning",
                )
            )
        shown += [
            Text(
                key="user",
                label=say("New administrator"),
                explain=say("Leave it empty to add nobody."),
                value=said.user,
                placeholder="admin",
            ),
        ]
        if said.user:
            shown += [
                Text(key="password", label=say("Password"), value=said.password, secret=True),
                Text(key="again", label=say("The same again"), value=said.again, secret=True),
            ]
        return shown

    def answer(self, key: str, value: Answer) -> None:
        said = self.flow.answers
        if key == "listen":
            said = replace(said, listen=bool(value))
        elif key == "user":
            said = replace(said, user=cast(str, value).strip())
        elif key == "password":
            said = replace(said, password=cast(str, value))
        elif key == "again":
            said = replace(said, again=cast(str, value))
        else:
            raise KeyError(key)
        self.flow.answers = said

    def problems(self) -> dict[str, str]:
        said, found = self.flow.answers, dict[str, str]()
        if not said.user or said.user == self.flow.added:
            return found
        problem = name_problem(said.user)
        if problem is not None:
            found["user"] = f"{problem.message} {problem.hint}"
        elif self._is_taken():
            found["user"] = self._name_taken()
        if len(said.password) < PASSWORD_LEAST:
            found["password"] = say("A password has at least {n} characters.", n=PASSWORD_LEAST)
        elif said.again != said.password:
            found["again"] = say("The two passwords are not the same.")
        return found

    def _is_taken(self) -> bool:
        name = self.flow.answers.user
        if not name or name == self.flow.added:
            return False
        return any(user["name"].casefold() == name.casefold() for user in self.flow.users)

    def _name_taken(self) -> str:
        return say("There is a user “{name}” already.", name=self.flow.answers.user)


def reach(flow: Starting) -> tuple[tuple[str, str], ...]:
    """What people elsewhere need in order to pair with this Core."""
    people = ", ".join(flow.administrators) or say("nobody yet")
    return (
        (say("Name"), flow.certificate["name"]),
        (say("Address"), flow.status["address"] or say("none: it does not listen")),
        (say("Words"), " ".join(flow.certificate["words"])),
        (say("Fingerprint"), flow.certificate["fingerprint"]),
        (say("Administrators"), people),
    )
