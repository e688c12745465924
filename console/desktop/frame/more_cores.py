"""Cores elsewhere: added, signed in to again, forgotten."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from console.client import passwords
from console.client.cores import RememberedCore
from console.desktop.cores import CoreList
from console.desktop.widgets.asking import ask, ask_text
from console.desktop.wizards.window import WizardWindow
from console.flows.add_core import AddCoreFlow
from console.flows.wording import say

if TYPE_CHECKING:
    from console.desktop.main_window import MainWindow


class MoreCores:
    """Answers what the switcher and the banner ask for."""

    def __init__(self, window: MainWindow, cores: CoreList) -> None:
        self._window, self._cores = window, cores
        window.switcher.adding.connect(self.add)
        window.switcher.forgetting.connect(self.forget)
        window.switcher.signing_in.connect(self.sign_in)
        window.banner.sign_in.connect(lambda: self.sign_in(window.seat.desk.link.key))

    def add(self) -> None:
        desk = self._window.seat.desk
        self._window.show_wizard(WizardWindow(desk, AddCoreFlow(desk.client, self._remember), self._window))

    def sign_in(self, key: str) -> None:
        core = self._cores.remembered_core(key)
        if core is None:
            return
        ask_text(
            self._window,
            say("Sign in at “{core}”", core=core.name),
            [(say("&Password of {user}", user=core.user), "", True)],
            say("&Sign in"),
            lambda typed: self._cores.sign_in(key, typed[0]),
        )

    def forget(self, key: str) -> None:
        core = self._cores.remembered_core(key)
        if core is None:
            return

        def do() -> None:
            self._window.drop_core(key)
            self._window.seat.desk.tasks.start(self._cores.forget(key))

        ask(
            self._window,
            say("Forget “{core}”", core=core.name),
            say("This Console forgets the Core “{core}” and its password.", core=core.name),
            [
                say("Nothing changes at that Core, and its recovery points stay."),
                say("Its address is {url}.", url=core.url),
            ],
            say("&Forget"),
            do,
        )

    async def _remember(self, core: RememberedCore, password: str) -> None:
        self._cores.remembered.add(core)
        await asyncio.to_thread(passwords.keep, core.name, password)
        link = self._cores.add_remembered(core, password)
        link.open()
        self._window.show_core(link.key)
