"""Unlocking keys on the way, in any step of any wizard: its fields, what is typed, and the call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from console.client.client import Client
from console.domain.answers import PointKeyAnswer
from console.domain.roles import Right, Role, may
from console.flows.fields import Answer, Choice, Field, Note, Option, Text
from console.flows.keys import DAY_S, HOUR_S, is_known, locked_text, short, unlock_hint
from console.flows.wording import count, say

PASSPHRASE = "passphrase:"
"""Before the id of a key, in the keys of fields."""
SPAN = "for"
SPANS = (HOUR_S, 8 * HOUR_S, DAY_S, 7 * DAY_S)


class Unlocking:
    """What is typed is kept here alone, and forgotten once the Core has taken it."""

    def __init__(self, for_s: int | None) -> None:
        """`for_s`: seconds that are offered first; None: until somebody locks it."""
        self._keys: tuple[PointKeyAnswer, ...] = ()
        self._typed: dict[str, str] = {}
        self._for_s = for_s
        self._may = False

    async def look(self, client: Client, keys: Sequence[PointKeyAnswer]) -> None:
        """These are wanted. What was typed for them stays. Raises Failed."""
        self._may = may(Role((await client.status())["role"]), Right.ADMINISTER)
        self.want(keys)

    def want(self, keys: Sequence[PointKeyAnswer]) -> None:
        """These instead, for the same person."""
        self._keys = tuple(keys)
        self._typed = {key["id"]: self._typed.get(key["id"], "") for key in self._locked}

    @property
    def _locked(self) -> list[PointKeyAnswer]:
        return [key for key in self._keys if key["locked"]]

    async def unlock(self, client: Client) -> None:
        """Raises Failed `wrong-passphrase`; keys that were right stay unlocked."""
        for key in self._locked:
            await client.unlock_key(key["id"], self._typed[key["id"]], for_s=self._for_s)
            self._typed[key["id"]] = ""
            self._keys = tuple({**one, "locked": False} if one["id"] == key["id"] else one for one in self._keys)

    def fields(self) -> Sequence[Field]:
        shown = [self._field(key) for key in self._keys]
        if self._may and any(is_known(key) for key in self._locked):
            shown.append(
                Choice(
                    key=SPAN,
                    label=say("Unlocked for"),
                    value=str(self._for_s or ""),
                    options=(*map(_span, SPANS), Option(value="", label=say("Until somebody locks it"))),
                    compact=True,
                )
            )
        return shown

    def _field(self, key: PointKeyAnswer) -> Field:
        name, id = short(key), key["id"]
        if not key["locked"]:
            return Note(key=id, label=say("“{key}” is unlocked.", key=name), level="good")
        if not is_known(key):
            text = say("It is sealed with a key that this Core does not know ({id}…).", id=id[:8])
            return Note(key=id, label=text, explain=unlock_hint(known=False, may=self._may), level="danger")
        if not self._may:
            return Note(key=id, label=locked_text(name), explain=unlock_hint(known=True, may=False), level="danger")
        label, typed = say("Passphrase of “{key}”", key=name), self._typed.get(id, "")
        return Text(key=PASSPHRASE + id, label=label, value=typed, secret=True)

    def answer(self, key: str, value: Answer) -> None:
        """Raises KeyError for a field that is none of these."""
        if key == SPAN:
            self._for_s = int(cast(str, value)) if value else None
        elif key.startswith(PASSPHRASE):
            self._typed[key.removeprefix(PASSPHRASE)] = cast(str, value)
        else:
            raise KeyError(key)

    def problems(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for key in self._locked:
            if not is_known(key) or not self._may:
                found[key["id"]] = say("What is sealed with “{key}” cannot be opened here now.", key=short(key))
            elif not self._typed.get(key["id"]):
                found[PASSPHRASE + key["id"]] = say("Type the passphrase.")
        return found


def _span(seconds: int) -> Option:
    hours = seconds // HOUR_S
    text = count("{n} hour", "{n} hours", hours) if seconds < DAY_S else count("{n} day", "{n} days", seconds // DAY_S)
    return Option(value=str(seconds), label=text)
