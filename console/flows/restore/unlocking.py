"""The step that unlocks what a recovery point is sealed with, where that is locked; otherwise it is left out."""

from __future__ import annotations

from collections.abc import Sequence

from console.flows.fields import Answer, Field
from console.flows.flow import Step
from console.flows.keys import HOUR_S
from console.flows.restore.answers import Restoring
from console.flows.unlocking import Unlocking
from console.flows.wording import say


class UnlockStep(Step[Restoring]):
    """What is typed is kept by this step alone, and forgotten once the Core has taken it."""

    key = "unlock"

    def __init__(self, flow: Restoring) -> None:
        super().__init__(flow)
        self._unlocking = Unlocking(8 * HOUR_S)

    @property
    def title(self) -> str:
        return say("Unlock")

    @property
    def text(self) -> str:
        return say("The recovery point is sealed. The key is unlocked when you go on; nothing is restored yet.")

    async def enter(self) -> None:
        point = await self.flow.client.point(self.flow.answers.point)
        await self._unlocking.look(self.flow.client, point.get("keys", ()))

    async def check(self) -> None:
        """Unlocks. Raises Failed `wrong-passphrase`; keys that were right stay unlocked."""
        await self._unlocking.unlock(self.flow.client)

    def fields(self) -> Sequence[Field]:
        return self._unlocking.fields()

    def answer(self, key: str, value: Answer) -> None:
        self._unlocking.answer(key, value)

    def problems(self) -> dict[str, str]:
        return self._unlocking.problems()
