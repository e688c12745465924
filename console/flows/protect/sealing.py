"""The step that says what a machine's images are sealed with: nothing, a key that is there, or a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar, cast

from console.domain.answers import PointKeyAnswer
from console.domain.errors import refused
from console.domain.key_answers import KeyAnswer
from console.domain.machines import name_problem
from console.flows.fields import Answer, Choice, Field, Note, Option, Text
from console.flows.flow import Step
from console.flows.keys import is_locked, names_text, state_text, type_text
from console.flows.listing import all_keys
from console.flows.passphrases import strength, twice_problem
from console.flows.protect.answers import NEW, Protecting
from console.flows.unlocking import Unlocking
from console.flows.wording import say

P = TypeVar("P", bound=Protecting)

NONE = "-"
"""No key, as a choice; no id is like it."""


class EncryptionStep(Step[P]):
    """Answers `key`, `key_name`, `key_passphrase`, `key_again`. A key that is locked is unlocked when one goes on."""

    key = "encryption"
    keys: tuple[KeyAnswer, ...] = ()

    def __init__(self, flow: P) -> None:
        super().__init__(flow)
        # For good: the backups that follow need it, whoever is there then.
        self._unlocking = Unlocking(None)

    @property
    def title(self) -> str:
        return say("Encryption")

    @property
    def text(self) -> str:
        return say(
            "Sealed images can be opened only with the key: here, at every target, and on a seed drive that is lost in "
            "the post."
        )

    async def enter(self) -> None:
        self.keys = await all_keys(self.flow.client)
        said = self.flow.protection
        if said.key not in ("", NEW, *(one["id"] for one in self.keys)):
            self.flow.keep_protection(replace(said, key=""))
        await self._unlocking.look(self.flow.client, self._wanted())

    async def check(self) -> None:
        """Unlocks the key that was chosen. Raises Failed `name-taken`, `wrong-passphrase`."""
        said = self.flow.protection
        await self._unlocking.unlock(self.flow.client)
        if said.key == NEW and not self.flow.is_key_made(said.key_name):
            self.keys = await all_keys(self.flow.client)
            if self._is_taken():
                raise refused("name-taken", self._name_taken(), say("Choose another name."))

    def fields(self) -> Sequence[Field]:
        said = self.flow.protection
        options = (
            Option(
                value=NONE,
                label=say("Not sealed"),
                explain=say("Whoever gets at the repository or a seed drive can read the files."),
            ),
            *map(_option, self.keys),
            Option(value=NEW, label=say("A new key"), explain=say("Kept by this Core, and protected by a passphrase.")),
        )
        shown: list[Field] = [
            Choice(key="key", label=say("Seal the images with"), value=said.key or NONE, options=options)
        ]
        if said.key == NEW:
            shown += self._new_key()
        elif self._wanted():
            shown += self._unlocking.fields()
        return shown

    def _wanted(self) -> list[PointKeyAnswer]:
        """The key that was chosen, where it was locked when this step was entered."""
        chosen = self.flow.protection.key
        return [
            PointKeyAnswer(id=one["id"], name=one["name"], locked=True)
            for one in self.keys
            if one["id"] == chosen and is_locked(one)
        ]

    def _new_key(self) -> list[Field]:
        said = self.flow.protection
        name = Text(key="key_name", label=say("Name of the key"), value=said.key_name, placeholder=say("office"))
        if self.flow.is_key_made(said.key_name):
            return [name, Note(key="made", label=say("The key is made."), level="good")]
        found = strength(said.key_passphrase, said.key_name)
        return [
            name,
            Text(
                key="key_passphrase",
                label=say("Passphrase"),
                explain=found.text or say("A sentence of several words that nobody would guess is good."),
                value=said.key_passphrase,
                secret=True,
            ),
            Text(key="key_again", label=say("Passphrase, once more"), value=said.key_again, secret=True),
            Note(
                key="lost",
                label=say("Without the passphrase nobody can open these backups, and nobody can bring it back."),
                explain=say("Write it down now, and keep it where no backup is."),
                level="warning",
            ),
        ]

    def answer(self, key: str, value: Answer) -> None:
        said = self.flow.protection
        if key == "key":
            # A passphrase that is not wanted any more is not kept either.
            said = replace(said, key="" if value == NONE else cast(str, value), key_passphrase="", key_again="")
        elif key == "key_name":
            said = replace(said, key_name=cast(str, value))
        elif key == "key_passphrase":
            said = replace(said, key_passphrase=cast(str, value))
        elif key == "key_again":
            said = replace(said, key_again=cast(str, value))
        else:
            self._unlocking.answer(key, value)
        self.flow.keep_protection(said)
        if key == "key":
            self._unlocking.want(self._wanted())

    def problems(self) -> dict[str, str]:
        said, found = self.flow.protection, dict[str, str]()
        if said.key != NEW:
            return self._unlocking.problems()
        if self.flow.is_key_made(said.key_name):
            return {}
        problem = name_problem(said.key_name)
        if problem is not None:
            found["key_name"] = f"{problem.message} {problem.hint}"
        elif self._is_taken():
            found["key_name"] = self._name_taken()
        wrong = twice_problem(said.key_passphrase, said.key_again, said.key_name)
        if wrong:
            enough = strength(said.key_passphrase, said.key_name).enough
            found["key_again" if enough else "key_passphrase"] = wrong
        return found

    def _is_taken(self) -> bool:
        name = self.flow.protection.key_name.casefold()
        return any(one["name"].casefold() == name for one in self.keys)

    def _name_taken(self) -> str:
        return say("There is a key “{name}” already.", name=self.flow.protection.key_name)


def _option(key: KeyAnswer) -> Option:
    used = say("seals {machines}", machines=names_text(key["machines"])) if key["machines"] else say("seals no machine")
    about = f"{type_text(key['type'])}, {state_text(key).lower()}; {used}."
    return Option(value=key["id"], label=key["name"], explain=about)
