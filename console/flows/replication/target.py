"""Steps that say where to: the target, whether it is the right one, who signs in there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from console.domain.errors import refused
from console.domain.machines import name_problem
from console.flows.fields import Answer, Choice, Field, Fingerprint, Number, Option, Text
from console.flows.flow import Step
from console.flows.replication.answers import OWN, Replicating
from console.flows.wording import say


class TargetStep(Step[Replicating]):
    key = "target"

    @property
    def title(self) -> str:
        return say("Target Core")

    @property
    def text(self) -> str:
        return say("The Core elsewhere that shall keep copies of recovery points.")

    async def enter(self) -> None:
        flow, said = self.flow, self.flow.answers
        await flow.load_pairings()
        preset = next((one for one in flow.pairings if said.target in (one["pairing"], one["name"])), None)
        if preset is not None:
            flow.answers = replace(said, target=preset["pairing"])
        elif said.target != OWN:
            first = flow.pairings[0]["pairing"] if flow.pairings else OWN
            flow.answers = replace(said, target=first)

    async def check(self) -> None:
        """Raises Failed: the target cannot be reached, is this Core, or is known already."""
        flow, said = self.flow, self.flow.answers
        if not flow.own:
            flow.offers, flow.warnings = tuple((await flow.client.offers(said.target))["repositories"]), ()
            return
        probed = await flow.client.probe(said.host, said.port)
        if probed["core"] == (await flow.client.status())["id"]:
            raise refused(
                "target-is-this-core",
                say("“{name}” at {address} is this Core itself.", name=probed["name"], address=said.address),
                say("Replicate to another Core; a copy beside the original is lost with it."),
            )
        await flow.load_pairings()
        known = next((one for one in flow.pairings if one["peer_id"] == probed["core"]), None)
        if known is not None and (flow.made is None or flow.made[1] != known["pairing"]):
            raise refused(
                "already-paired",
                say("This Core is already paired with “{name}” ({peer}).", name=known["name"], peer=known["peer"]),
                say("Choose “{name}” above; it needs no sign-in.", name=known["name"]),
            )
        before = said.probed
        same = before is not None and before["fingerprint"] == probed["fingerprint"]
        # A name that was only proposed goes with the Core that proposed it.
        proposed = before is not None and said.name == before["name"]
        name = probed["name"] if proposed or not said.name else said.name
        flow.answers = replace(said, probed=probed, confirmed=said.confirmed and same, name=name)

    def fields(self) -> Sequence[Field]:
        said = self.flow.answers
        options = [
            Option(
                value=one["pairing"],
                label=one["name"],
                explain=say("“{peer}” at {host}:{port}", peer=one["peer"], host=one["host"], port=one["port"]),
            )
            for one in self.flow.pairings
        ]
        explain = say("You know an administrator's name and password there.")
        options.append(Option(value=OWN, label=say("Another Core of ours"), explain=explain))
        shown: list[Field] = [
            Choice(key="target", label=say("Replicate to"), value=said.target, options=tuple(options))
        ]
        if self.flow.own:
            shown += [
                Text(
                    key="host",
                    label=say("Host"),
                    explain=say("Its name or address, as the machine of this Core reaches it."),
                    value=said.host,
                    placeholder="backup.example.org",
                ),
                Number(key="port", label=say("Port"), value=said.port, minimum=1, maximum=65535),
            ]
        return shown

    def answer(self, key: str, value: Answer) -> None:
        said = self.flow.answers
        if key == "target":
            if value != said.target:
                said = replace(said, target=cast(str, value), repositories={})
        elif key == "host":
            said = replace(said, host=cast(str, value).strip())
        elif key == "port":
            said = replace(said, port=cast(int, value))
        else:
            raise KeyError(key)
        self.flow.answers = said

    def problems(self) -> dict[str, str]:
        said, found = self.flow.answers, dict[str, str]()
        if not said.target:
            return {"target": say("Choose a Core.")}
        if not self.flow.own:
            return found
        if not said.host:
            found["host"] = say("Where is it? Write the name or the address of its machine.")
        elif any(ch.isspace() or ch in "/@[]" for ch in said.host):
            found["host"] = say("“{host}” is no name or address of a machine.", host=said.host)
        if not 0 < said.port < 65536:
            found["port"] = say("A port is a number from 1 to 65535.")
        return found


class CompareStep(Step[Replicating]):
    """Nobody gets past it before a person has said that the fingerprints are equal."""

    key = "compare"

    @property
    def title(self) -> str:
        return say("Is it the right one?")

    @property
    def text(self) -> str:
        return say(
            "This Core answered. Call somebody who sits at it and compare the words that “replicore core certificate” "
            "shows there. The password is sent only then."
        )

    def fields(self) -> Sequence[Field]:
        probed = self.flow.answers.probed
        if probed is None:
            return ()
        return (
            Fingerprint(
                key="fingerprint",
                label=say("{name}, version {version}", name=probed["name"], version=probed["version"]),
                name=probed["name"],
                fingerprint=probed["fingerprint"],
                words=tuple(probed["words"]),
                value=self.flow.answers.confirmed,
            ),
        )

    def answer(self, key: str, value: Answer) -> None:
        if key != "fingerprint":
            raise KeyError(key)
        self.flow.answers = replace(self.flow.answers, confirmed=bool(value))

    def problems(self) -> dict[str, str]:
        if self.flow.answers.confirmed:
            return {}
        return {"fingerprint": say("Compare the fingerprint first, and say that it is the same.")}


class SignInStep(Step[Replicating]):
    """Answers `user`, `password`, `name`, and finds out what the target offers."""

    key = "request"

    @property
    def title(self) -> str:
        return say("Sign-in")

    @property
    def text(self) -> str:
        return say("An administrator of the target. The password is used for pairing and kept nowhere.")

    async def check(self) -> None:
        """Raises Failed as the target refuses, and `name-taken`."""
        flow, said = self.flow, self.flow.answers
        if flow.pairing:
            flow.offers, flow.warnings = tuple((await flow.client.offers(flow.pairing))["repositories"]), ()
            return
        probed = said.probed
        assert probed is not None  # the step before does not let anybody go on without
        await flow.load_pairings()
        if self._is_taken():
            raise refused("name-taken", self._name_taken(), say("Choose another name."))
        found = await flow.client.look(said.host, said.port, said.user, said.password, probed["fingerprint"])
        flow.offers, flow.warnings = tuple(found["repositories"]), tuple(found["warnings"])

    def fields(self) -> Sequence[Field]:
        said = self.flow.answers
        return (
            Text(key="user", label=say("Administrator"), value=said.user, placeholder="admin"),
            Text(key="password", label=say("Password"), value=said.password, secret=True),
            Text(
                key="name",
                label=say("Name of the replication"),
                explain=say("What the target is called on this Core."),
                value=said.name,
            ),
        )

    def answer(self, key: str, value: Answer) -> None:
        if key not in ("user", "password", "name"):
            raise KeyError(key)
        text = cast(str, value)
        said = self.flow.answers
        if key == "user":
            said = replace(said, user=text)
        elif key == "password":
            said = replace(said, password=text)
        else:
            said = replace(said, name=text)
        self.flow.answers = said

    def problems(self) -> dict[str, str]:
        if self.flow.pairing:
            return {}
        said, found = self.flow.answers, dict[str, str]()
        if not said.user:
            found["user"] = say("Write the name of an administrator of the target.")
        if not said.password:
            found["password"] = say("Write the password.")
        problem = name_problem(said.name)
        if problem is not None:
            found["name"] = f"{problem.message} {problem.hint}"
        elif self._is_taken():
            found["name"] = self._name_taken()
        return found

    def _is_taken(self) -> bool:
        name = self.flow.answers.name.casefold()
        return any(one["name"].casefold() == name for one in self.flow.pairings)

    def _name_taken(self) -> str:
        return say("There is a replication “{name}” already.", name=self.flow.answers.name)
