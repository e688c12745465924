"""Adding a Core elsewhere: where it is, whether it is the right one, who signs in; then it is remembered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from console.client import connect
from console.client.client import Client
from console.client.cores import RememberedCore, parse_address
from console.domain.errors import Failed
from console.domain.machines import name_problem
from console.domain.words import words
from console.flows.fields import Answer, Field, Fingerprint, Text
from console.flows.flow import Flow, Step, Summary
from console.flows.plan import Finished, Plan, command
from console.flows.wording import say

Remember = Callable[[RememberedCore, str], Awaitable[None]]
"""Keeps a Core and its password. Raises Failed."""


@dataclass(frozen=True, slots=True)
class AddCoreAnswers:
    address: str = ""
    name: str = ""
    fingerprint: str = ""
    same: bool = False
    user: str = ""
    password: str = ""


class AddCoreFlow(Flow):
    """`client`: of any Core, not asked for anything. `remember` is called at the end."""

    name = "add-core"

    def __init__(self, client: Client, remember: Remember) -> None:
        super().__init__(client)
        self.answers = AddCoreAnswers()
        self.remember = remember
        self._steps = (_Address(self), _Compare(self), _SignIn(self), _Done(self))

    @property
    def title(self) -> str:
        return say("Add a Core")

    @property
    def finish_text(self) -> str:
        return say("&Add")

    def path(self) -> Sequence[Step]:  # type: ignore[type-arg]
        return self._steps

    @property
    def core(self) -> RememberedCore:
        """What is remembered. Raises Failed `bad-address`."""
        host, port = parse_address(self.answers.address)
        shown = f"[{host}]" if ":" in host else host
        return RememberedCore(
            self.answers.name.strip() or host, f"https://{shown}:{port}", self.answers.fingerprint, self.answers.user
        )

    async def finish(self) -> Finished:
        await self.remember(self.core, self.answers.password)
        return Finished(text=say("“{core}” is remembered and connected.", core=self.core.name))


class _Address(Step[AddCoreFlow]):
    key = "address"

    @property
    def title(self) -> str:
        return say("Where it is")

    @property
    def text(self) -> str:
        return say("The address under which the Core can be reached from this computer.")

    def fields(self) -> Sequence[Field]:
        answers = self.flow.answers
        return (
            Text(key="address", label=say("&Address"), value=answers.address, placeholder="backup.example.net:8006"),
            Text(key="name", label=say("&Name here"), value=answers.name, explain=say("Empty: its host name.")),
        )

    def answer(self, key: str, value: Answer) -> None:
        if key == "address":
            self.flow.answers = replace(self.flow.answers, address=str(value), fingerprint="", same=False)
        else:
            self.flow.answers = replace(self.flow.answers, name=str(value))

    def problems(self) -> dict[str, str]:
        found = {}
        try:
            parse_address(self.flow.answers.address.strip())
        except Failed as known:
            found["address"] = known.failure.message
        name = self.flow.answers.name.strip()
        wrong = name_problem(name) if name else None
        if wrong is not None:
            found["name"] = wrong.message
        return found

    async def check(self) -> None:
        from console.client.https import shown_fingerprint

        host, port = parse_address(self.flow.answers.address.strip())
        shown = await shown_fingerprint(host, port)
        if shown != self.flow.answers.fingerprint:
            self.flow.answers = replace(self.flow.answers, fingerprint=shown, same=False)


class _Compare(Step[AddCoreFlow]):
    key = "compare"

    @property
    def title(self) -> str:
        return say("Is it the right one?")

    @property
    def text(self) -> str:
        return say("Ask whoever runs that Core to read its words (`replicore core certificate`), and compare.")

    def fields(self) -> Sequence[Field]:
        answers = self.flow.answers
        return (
            Fingerprint(
                key="same",
                label=say("The words are the &same"),
                name=answers.address,
                fingerprint=answers.fingerprint,
                words=words(answers.fingerprint) if answers.fingerprint else (),
                value=answers.same,
            ),
        )

    def answer(self, key: str, value: Answer) -> None:
        self.flow.answers = replace(self.flow.answers, same=bool(value))

    def problems(self) -> dict[str, str]:
        return (
            {} if self.flow.answers.same else {"same": say("Compare the words first, then say that they are the same.")}
        )


class _SignIn(Step[AddCoreFlow]):
    key = "sign-in"

    @property
    def title(self) -> str:
        return say("Sign in")

    @property
    def text(self) -> str:
        return say("A user of that Core. The password is kept in this computer's keyring, where there is one.")

    def fields(self) -> Sequence[Field]:
        answers = self.flow.answers
        return (
            Text(key="user", label=say("&User"), value=answers.user),
            Text(key="password", label=say("&Password"), value=answers.password, secret=True),
        )

    def answer(self, key: str, value: Answer) -> None:
        if key == "user":
            self.flow.answers = replace(self.flow.answers, user=str(value))
        else:
            self.flow.answers = replace(self.flow.answers, password=str(value))

    def problems(self) -> dict[str, str]:
        answers = self.flow.answers
        found = {}
        if not answers.user.strip():
            found["user"] = say("Say who signs in.")
        if not answers.password:
            found["password"] = say("The password is missing.")
        return found

    async def check(self) -> None:
        client = await connect.remembered(self.flow.core, self.flow.answers.password)
        await client.close()


class _Done(Summary[AddCoreFlow]):
    async def make(self) -> Plan:
        core = self.flow.core
        return Plan(
            sentences=(
                say("“{core}” at {url} is added to this window.", core=core.name, url=core.url),
                say("It is accepted only with this certificate, from now on."),
            ),
            facts=((say("Signed in as"), core.user), (say("Fingerprint"), core.fingerprint)),
            command=command("core", "add", core.name, core.url, options=(("--user", core.user),)),
        )
