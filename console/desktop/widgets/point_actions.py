"""What can be done with a recovery point from its row, on every page that lists points: check, replicate, hold,
delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtWidgets import QMenu, QWidget

from console.desktop.desk import Desk
from console.desktop.widgets.asking import ask_text
from console.desktop.widgets.check_dialog import CheckDialog
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import action
from console.desktop.widgets.point_deleting import ask_delete, losses
from console.desktop.widgets.replicate_dialog import ReplicateDialog
from console.domain.answers import JobAnswer, PointsDeleted
from console.domain.copy_answers import CopiesAnswer
from console.domain.errors import Failure, FailureKind
from console.domain.retention_answers import KeptAnswer
from console.domain.roles import Right
from console.flows.amounts import local
from console.flows.wording import count, say

Row = Mapping[str, Any]
"""A `PointAnswer`."""


class PointActions:
    """`changed`: a point (id) is another way now. `deleted`: points are gone. `checking`: a check of it was started;
    without one the job is opened."""

    def __init__(
        self,
        owner: QWidget,
        desk: Desk,
        pane: Callable[[], Pane],
        changed: Callable[[str], object],
        deleted: Callable[[], object],
        checking: Callable[[JobAnswer], object] | None = None,
    ) -> None:
        self._owner, self._desk, self._pane = owner, desk, pane
        self._changed, self._deleted, self._checking = changed, deleted, checking

    def fill(self, row: Row, menu: QMenu) -> None:
        """The lines of the menu of a point."""
        administrator, only = self._desk.may(Right.ADMINISTER), say("Only an administrator may do this.")
        for made in (
            action(
                say("Chec&k …"),
                lambda: self.ask_check(row),
                icon_name="check",
                enabled=self._desk.may(Right.CHECK),
                why_not=say("Help desk may look, not check."),
            ),
            action(
                say("Replicate &to …"),
                lambda: self.ask_replicate(row),
                icon_name="pairing",
                enabled=self._desk.may(Right.BACK_UP),
                why_not=say("Help desk may look, not replicate."),
            ),
            action(
                say("Release &hold") if row["held"] else say("&Hold …"),
                (lambda: self.release(row)) if row["held"] else (lambda: self.ask_hold(row)),
                icon_name="pause",
                enabled=administrator,
                why_not=only,
            ),
            action(
                say("&Delete …"),
                lambda: self.ask_delete(row, chain=False),
                icon_name="delete",
                enabled=administrator,
                why_not=only,
            ),
            action(
                say("Delete with what &builds on it …"),
                lambda: self.ask_delete(row, chain=True),
                icon_name="delete",
                enabled=administrator,
                why_not=only,
            ),
        ):
            made.setParent(menu)
            menu.addAction(made)

    # --- checks

    def ask_check(self, row: Row) -> CheckDialog:
        text = say("Check the point of “{machine}” of {time}", machine=row["machine"], time=local(row["time"]))
        dialog = CheckDialog(self._owner, self._desk, text, lambda only, _: self.check(row["id"], only))
        dialog.open()
        return dialog

    def check(self, point: str, only: Sequence[str]) -> None:
        self._pane().act(lambda: self._desk.client.check_points([point], only=only), self._started)

    def _started(self, job: JobAnswer) -> None:
        self._desk.notice(say("The check has started."))
        if self._checking is not None:
            self._checking(job)
        else:
            self._desk.go("jobs", job["id"])

    # --- copies

    def ask_replicate(self, row: Row) -> None:
        """Asks the Core first which targets there are, and how the point stands there."""
        self._pane().act(lambda: self._desk.client.copies(row["id"]), lambda found: self._ask_target(row, found))

    def _ask_target(self, row: Row, found: CopiesAnswer) -> None:
        if not found["copies"]:
            text = say("“{machine}” is not replicated to any Core.", machine=row["machine"])
            hint = say("Set that up first: Replication, Set up replication.")
            self._pane().tell(Failure("not-replicated", text, hint, FailureKind.REFUSED))
            return
        ReplicateDialog(self._owner, self._desk, row, found, lambda *said: self.replicate(row["id"], *said)).open()

    def replicate(self, point: str, to: str, name: str, description: str) -> None:
        self._pane().act(
            lambda: self._desk.client.replicate_backup(point, to, name=name, description=description), self._sending
        )

    def _sending(self, job: JobAnswer) -> None:
        self._desk.notice(say("The recovery point is on its way."))
        self._desk.go("jobs", job["id"])

    # --- holds

    def ask_hold(self, row: Row) -> None:
        ask_text(
            self._owner,
            say("Hold recovery point"),
            [(say("&Why (shown with the point)"), "", False)],
            say("&Hold"),
            lambda typed: self.hold(row["id"], typed[0].strip()),
            explain=say("No rollup and no deletion takes a held point until somebody releases it."),
        )

    def hold(self, point: str, reason: str) -> None:
        self._pane().act(lambda: self._desk.client.hold(point, reason), self._held)

    def release(self, row: Row) -> None:
        self._pane().act(lambda: self._desk.client.release(row["id"]), self._held)

    def _held(self, answer: KeptAnswer) -> None:
        if answer["held"]:
            self._desk.notice(say("It is held: no rollup and no deletion takes it until it is released."))
        elif answer["goes"] is not None:
            self._desk.notice(say("It is held no longer, and goes with the next rollup."))
        else:
            self._desk.notice(say("It is held no longer. {why}", why=answer["kept_by"][0]["text"]))
        self._changed(answer["point"])

    # --- deletion

    def ask_delete(self, row: Row, *, chain: bool) -> None:
        self._pane().act(
            lambda: losses(self._desk.client, row["id"]),
            lambda found: ask_delete(
                self._owner, row, found, chain=chain, on_yes=lambda: self.delete(row["id"], chain=chain)
            ),
        )

    def delete(self, point: str, *, chain: bool) -> None:
        self._pane().act(lambda: self._desk.client.delete_points([point], chain=chain), self._gone)

    def _gone(self, answer: PointsDeleted) -> None:
        self._desk.notice(
            count("{n} recovery point was deleted.", "{n} recovery points were deleted.", answer["points_deleted"])
        )
        self._deleted()
