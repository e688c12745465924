"""The step that unlocks what a recovery point is sealed with, where that is locked; otherwise it is left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from console.domain.answers import PointKeyAnswer
from console.domain.roles import Right, Role, may
from console.flows.fields import Answer, Choice, Field, Note, Option, Text
from console.flows.flow import Step
from console.flows.keys import DAY_S, HOUR_S, is_known, short
from console.flows.restore.answers import Restoring
from console.flows.wording import count, say

PASSPHRASE = "passphrase:"
"""Before the id of a key, in the keys of fields."""
SPANS = (HOUR_S, 8 * HOUR_S, DAY_S, 7 * DAY_S)


class UnlockStep(Step[Restoring]):
    """What is typed is kept by this step alone, and forgotten once the Core has taken it."""

    key = "unlock"

    def __init__(self, flow: Restoring) -> None:
        super().__init__(flow)
        self._keys: tuple[PointKeyAnswer, ...] = ()
        self._typed: dict[str, str] = {}
        self._for_s: int | None = 8 * HOUR_S
        self._may = False

    @property
    def title(self) -> str:
        return say("Unlock")

    @property
    def text(self) -> str:
        return say("The recovery point is sealed. The key is unlocked when you go on; nothing is restored yet.")

    @property
    def _locked(self) -> list[PointKeyAnswer]:
        return [key for key in self._keys if key["locked"]]

    async def enter(self) -> None:
        point = await self.flow.client.point(self.flow.answers.point)
        self._keys = tuple(point.get("keys", ()))
        self._may = may(Role((await self.flow.client.status())["role"]), Right.ADMINISTER)
        self._typed = {key["id"]: self._typed.get(key["id"], "") for key in self._locked}

    async def check(self) -> None:
        """Unlocks. Raises Failed `wrong-passphrase`; keys that were right stay unlocked."""
        for key in self._locked:
            await self.flow.client.unlock_key(key["id"], self._typed[key["id"]], for_s=self._for_s)
            self._typed[key["id"]] = ""
            self._keys = tuple({**one, "locked": False} if one["id"] == key["id"] else one for one in self._keys)

    def fields(self) -> Sequence[Field]:
        shown: list[Field] = []
        for key in self._keys:
            name = short(key)
            if not key["locked"]:
                shown.append(Note(key=key["id"], label=say("“{key}” is unlocked.", key=name), level="good"))
            elif not is_known(key):
                shown.append(
                    Note(
                        key=key["id"],
                        label=say("It is sealed with a key that this Core does not know ({id}…).", id=key["id"][:8]),
                        explain=say("Import it on the page Encryption keys, or from the Core that has it."),
                        level="danger",
                    )
                )
            elif not self._may:
                shown.append(
                    Note(
                        key=key["id"],
                        label=say("It is sealed with “{key}”, which is locked.", key=name),
                        explain=say("An administrator unlocks it, on the page Encryption keys; then look again (F5)."),
                        level="danger",
                    )
                )
            else:
                shown.append(
                    Text(
                        key=PASSPHRASE + key["id"],
                        label=say("Passphrase of “{key}”", key=name),
                        value=self._typed.get(key["id"], ""),
                        secret=True,
                    )
                )
        if self._may and any(is_known(key) for key in self._locked):
            shown.append(
                Choice(
                    key="for",
                    label=say("Unlocked for"),
                    value=str(self._for_s or ""),
                    options=(*map(_span, SPANS), Option(value="", label=say("Until somebody locks it"))),
                    compact=True,
                )
            )
        return shown

    def answer(self, key: str, value: Answer) -> None:
        if key == "for":
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
