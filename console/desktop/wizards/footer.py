"""The buttons below a wizard: back and forward, and after the end where it goes on."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QAbstractButton, QFrame

from console.desktop.desk import Desk
from console.desktop.theme.tokens import GAP
from console.desktop.widgets.parts import button, line
from console.desktop.wizards.catalogue import title_of, why_not
from console.desktop.wizards.fields.mnemonics import bare, letter_of, with_letters
from console.flows.flow import Flow
from console.flows.plan import Finished
from console.flows.wording import say


class Footer(QFrame):
    """`leave` closes the window, and is called before anything else comes to the front."""

    def __init__(
        self,
        desk: Desk,
        *,
        stop: Callable[[], object],
        back: Callable[[], object],
        forward: Callable[[], object],
        leave: Callable[[], object],
    ) -> None:
        super().__init__()
        self.setProperty("role", "status")
        self._desk = desk
        self._leave = leave
        self._finished: Finished | None = None
        self.stop = button(say("S&top"), stop, icon_name="cancel", tip=say("Does not wait for the answer"))
        self.back = button(say("&Back"), back, icon_name="back")
        self.next = button(say("&Next"), forward)
        self.next.setDefault(True)
        self.cancel = button(say("Cancel"), leave)
        self.then = button("", self._go_then)
        self.go = button("", self._go_page)
        for hidden in (self.stop, self.then, self.go):
            hidden.hide()
        parts = (self.stop, 1, self.then, self.go, self.back, self.next, self.cancel)
        line(*parts, gap=GAP, margin=GAP + GAP // 2, into=self)

    @property
    def letters(self) -> list[str]:
        """Mnemonics that are taken, whether their buttons are shown now or not."""
        return [letter_of(one.text()) for one in (self.stop, self.back, self.next, self.cancel)]

    def show_step(self, flow: Flow) -> None:
        self.back.setVisible(flow.number > 0)
        self._say(self.next, flow.finish_text if flow.last else say("&Next"), self.back, self.stop, self.cancel)

    def show_end(self, finished: Finished) -> None:
        """Offers what follows instead of steps."""
        self._finished = finished
        for part in (self.stop, self.back, self.cancel):
            part.hide()
        self._say(self.next, say("&Close"))
        pages = _page_texts()
        if finished.page in pages:
            self._say(self.go, pages[finished.page], self.next)
            self.go.show()
        if finished.then:
            self._say(self.then, say("Go on: {wizard}", wizard=title_of(finished.then)), self.next, self.go)
            refused = why_not(self._desk, finished.then)
            self.then.setEnabled(not refused)
            self.then.setToolTip(refused)
            self.then.show()

    def _say(self, shown: QAbstractButton, text: str, *others: QAbstractButton) -> None:
        shown.setText(with_letters([text], [letter_of(other.text()) for other in others])[0])
        shown.setAccessibleName(bare(text))

    def _go_page(self) -> None:
        finished = self._finished
        self._leave()
        if finished is not None and finished.page:
            self._desk.go(finished.page, finished.id)

    def _go_then(self) -> None:
        finished = self._finished
        self._leave()
        if finished is not None and finished.then:
            self._desk.open_wizard(finished.then)  # type: ignore[arg-type]


def _page_texts() -> dict[str, str]:
    return {
        "home": say("Show the overview"),
        "machine": say("Show the machine"),
        "points": say("Show the recovery point"),
        "replication": say("Show replication"),
        "seeds": say("Show the seed drive"),
        "jobs": say("Show the jobs"),
        "repositories": say("Show the repository"),
    }
