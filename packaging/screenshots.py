"""Pictures of all pages and wizard steps on sample worlds; see screenshots.sh."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qasync
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QWidget

from console.client.cores import Cores
from console.desktop.cores import CoreList
from console.desktop.desk import Place
from console.desktop.main_window import MainWindow
from console.desktop.pages.registry import PAGES
from console.desktop.tasks import Tasks
from console.desktop.theme.theme import Theme
from console.desktop.wizards.catalogue import WIZARDS, begin
from console.desktop.wizards.window import WizardWindow
from console.domain.errors import Failed
from console.flows import fields
from console.flows.add_core import AddCoreFlow
from console.flows.flow import Flow
from console.host.clock import SystemClock
from console.worlds import PASSWORDS, World, build
from console.worlds.sealed import PASSPHRASE

WORLDS = ("empty", "many-machines", "sealed")
SIZES = ("1280x800", "2560x1440")
LOOKS = ("light", "dark")
WIZARD_SIZES = {"2560x1440": (1280, 900)}
MOST_STEPS = 12
SETTLED_S = 0.4
WAIT_S = 20.0
TABS = {"machine": ("points", "replication", "events", "settings")}


class Gallery:
    """Takes the pictures of one world in one size and look."""

    def __init__(self, out: Path, world: World, window: MainWindow, size: str, look: str, only: str) -> None:
        self.out, self.world, self.window = out, world, window
        self.size, self.look, self.only = size, look, only
        self.taken = 0
        self.missed: list[str] = []

    def _name(self, what: str) -> str:
        return f"{self.world.name}-{what}-{self.size}-{self.look}"

    def take(self, widget: QWidget, what: str) -> None:
        if self.only in self._name(what):
            widget.grab().save(str(self.out / f"{self._name(what)}.png"))
            self.taken += 1

    async def pages(self) -> None:
        for page in PAGES:
            for place in await self._places(page.name):
                what = "-".join(part for part in (page.name, place.tab, place.filter) if part)
                try:
                    self.window.seat.go(place)
                    await self._settled()
                    self.take(self.window, what)
                except Exception:
                    self.missed.append(what)
                    traceback.print_exc()

    async def _places(self, name: Any) -> list[Place]:
        core = self.window.seat.desk.client
        if name == "machine":
            machines = (await core.machines(limit=1))["machines"]
            found = [Place(name, machines[0]["id"], tab) for tab in ("", *TABS[name])] if machines else []
            locked = await self._locked_points()
            return [*found, *(Place(name, point["machine_id"], "settings", "locked") for point in locked)]
        if name == "points":
            orphans = (await core.points(state="orphaned", limit=1))["points"]
            found = [Place(name), *(Place(name, point["id"], filter="orphaned") for point in orphans)]
            return [*found, *(Place(name, point["id"], tab="locked") for point in await self._locked_points())]
        if name == "replication":
            return [Place(name), Place(name, tab="compare")]
        return [Place(name)]

    async def _locked_points(self) -> list[Any]:
        """A point whose key is locked, if there is one."""
        points = (await self.window.seat.desk.client.points(limit=100))["points"]
        return [point for point in points if any(key["locked"] for key in point.get("keys", ()))][:1]

    async def wizards(self) -> None:
        desk = self.window.seat.desk
        for point in await self._locked_points():
            await self._wizard("restore-locked", lambda point=point["id"]: begin(desk, "restore", {"point": point}))
        for wizard in WIZARDS:
            await self._wizard(wizard.name, lambda name=wizard.name: begin(desk, name, {}))
        await self._wizard("add-core", lambda: AddCoreFlow(desk.client, _forgets))

    async def _wizard(self, name: str, make: Callable[[], Flow]) -> None:
        try:
            flow = make()
            window = WizardWindow(self.window.seat.desk, flow)
            if self.size in WIZARD_SIZES:
                window.resize(*WIZARD_SIZES[self.size])
            window.show()
            await asyncio.sleep(SETTLED_S * 2)
            for _ in range(MOST_STEPS):
                await self._until(lambda: not window.busy)
                for key, answer in await self._plausible_answers(flow):
                    window.form.answered.emit(key, answer)
                await asyncio.sleep(SETTLED_S)
                self.take(window, f"wizard-{name}-{flow.step.key}")
                if flow.last or flow.problems():
                    break
                before = flow.number
                window.next.click()
                await self._until(lambda: not window.busy)
                if flow.number == before:
                    self.take(window, f"wizard-{name}-{flow.step.key}-refused")
                    break
            window.close()
        except Exception:
            self.missed.append(f"wizard-{name}")
            traceback.print_exc()

    async def _plausible_answers(self, flow: Flow) -> list[tuple[str, fields.Answer]]:
        """The first plausible answer to whatever the step still wants."""
        found = [(field.key, await self._plausible(flow, field)) for field in flow.step.fields()]
        return [(key, answer) for key, answer in found if answer is not None]

    async def _plausible(self, flow: Flow, field: fields.Field) -> fields.Answer:
        other = next((core for core in self.world.cores if not core.primary), None)
        texts = {
            "host": "127.0.0.1",
            "user": "admin",
            "password": PASSWORDS["admin"],
            "address": f"127.0.0.1:{other.port if other else 8006}",
            "comment": "Blue 2",
        }
        match field:
            case fields.Text(key=key, value=""):
                return PASSPHRASE if key.startswith("passphrase:") else texts.get(key)
            case fields.Number(key="port"):
                return other.port if other else 8006
            case fields.Choice(value="", options=options):
                return next((option.value for option in options if not option.why_not), None)
            case fields.Pick(value=(), rows=rows, several=several):
                free = tuple(row.value for row in rows if not row.why_not)
                return free[:3] if several else free[:1]
            case fields.Folders(value=()):
                return (str(self.world.media[0]) if self.world.media else "/usr/share/doc",)
            case fields.Fingerprint(value=False):
                return True
            case fields.PointPick(value="", machine=machine) if machine:
                points = (await flow.client.points(machine=machine, limit=1))["points"]
                return points[0]["id"] if points else None
        return None

    async def _settled(self) -> None:
        await self._until(lambda: (page := self.window.seat.page) is not None and not page.pane.busy)
        await asyncio.sleep(SETTLED_S)

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            await asyncio.sleep(0.05)
            while not condition():  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.05)


async def _forgets(core: object, password: str) -> None:
    """A gallery remembers nothing."""


async def _world(app: QApplication, out: Path, name: str, sizes: list[str], looks: list[str], only: str) -> list[str]:
    missed = []
    with tempfile.TemporaryDirectory(prefix="replicore-gallery-", ignore_cleanup_errors=True) as place:
        directory = Path(place)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(directory / "settings"))
        world = await asyncio.to_thread(build, name, directory / "world")
        clock = SystemClock()
        theme = Theme(app, "light")
        cores = CoreList(Cores(directory / "console"), clock, (sys.executable, "-m", "console"))
        for core in sorted(world.cores, key=lambda core: not core.primary):
            cores.add_local(core.data, core.name).open()
        window = MainWindow(cores, clock, theme, Tasks())
        window.show_core(cores.links[0].key)
        window.show()
        try:
            async with asyncio.timeout(60):
                while not all(link.connected for link in cores.links):  # noqa: ASYNC110 - as a person would
                    await asyncio.sleep(0.1)
            for size in sizes:
                wide, high = map(int, size.split("x"))
                window.resize(wide, high)
                for look in looks:
                    theme.choose(look)
                    gallery = Gallery(out, world, window, size, look, only)
                    await gallery.pages()
                    await gallery.wizards()
                    missed += gallery.missed
                    print(f"{name} {size} {look}: {gallery.taken} pictures", flush=True)
        except Failed as known:
            print(f"{name}: {known.failure.message} {known.failure.hint}", file=sys.stderr)
            missed.append(name)
        finally:
            window.quit()
            await cores.close()
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", nargs="?", default="screenshots", type=Path)
    parser.add_argument("--world", action="append")
    parser.add_argument("--size", action="append")
    parser.add_argument("--look", action="append")
    parser.add_argument("--only", default="")
    wanted = parser.parse_args()
    wanted.directory.mkdir(parents=True, exist_ok=True)
    app = QApplication(["replicore"])
    app.setOrganizationName("replicore")
    app.setApplicationName("replicore-gallery")
    app.setQuitOnLastWindowClosed(False)
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)
    missed: list[str] = []
    with loop:
        for world in wanted.world or WORLDS:
            missed += loop.run_until_complete(
                _world(
                    app, wanted.directory, world, wanted.size or list(SIZES), wanted.look or list(LOOKS), wanted.only
                )
            )
    if missed:
        print(f"No picture of: {', '.join(sorted(set(missed)))}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
