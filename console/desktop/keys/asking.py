"""The dialogues that make, change, prove and carry keys: each asks one thing of the Core."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from console.client.client import Client
from console.desktop.desk import Desk
from console.desktop.keys.dialog import KeyDialog
from console.desktop.keys.passphrase import NewPassphrase, PassphraseEdit
from console.desktop.link import Link
from console.desktop.theme.tokens import Tone
from console.desktop.wizards.fields.telling import Soft
from console.domain.key_answers import KeyAnswer, KeyTested
from console.domain.keys import KeyType
from console.domain.machines import name_problem
from console.flows.key_files import read_key, write_key
from console.flows.keys import proof_text
from console.flows.wording import say

HERE = "here"


class NewKey(KeyDialog):
    """A universal key. `finished_with` brings it."""

    def __init__(self, parent: QWidget, desk: Desk) -> None:
        super().__init__(
            parent,
            desk,
            say("New key"),
            say(
                "Images of machines that have the key are sealed with it, on every Core and on seed drives. Without "
                "its passphrase nobody can open them, and nobody can bring it back."
            ),
            say("&Make the key"),
        )
        self.name = QLineEdit()
        self.passphrase = NewPassphrase()
        self.description = QLineEdit()
        self.field(say("&Name"), self.name)
        self.field(say("&Passphrase"), self.passphrase)
        self.field(say("C&omment"), self.description)
        self.name.textChanged.connect(lambda text: self.passphrase.set_name(text.strip()))
        self.start()

    def trouble(self) -> str:
        return _name_trouble(self.name)

    def ready(self) -> bool:
        return bool(self.name.text().strip()) and not self.trouble() and not self.passphrase.problem

    async def work(self, core: Client) -> KeyAnswer:
        return await core.create_key(self.name.text().strip(), self.passphrase.text, self.description.text().strip())


class ChangePassphrase(KeyDialog):
    def __init__(self, parent: QWidget, desk: Desk, key: KeyAnswer) -> None:
        super().__init__(
            parent,
            desk,
            say("Change the passphrase of “{key}”", key=key["name"]),
            say(
                "Recovery points, seed drives and exported files of before keep the old passphrase, and so do other "
                "Cores until points reach them: do not throw it away. Nothing is sealed anew."
            ),
            say("&Change it"),
        )
        self._key = key["id"]
        self.old = PassphraseEdit(say("Passphrase now"))
        self.new = NewPassphrase()
        self.new.set_name(key["name"])
        self.field(say("Passphrase n&ow"), self.old)
        self.field(say("&New passphrase"), self.new)
        self.start()

    def ready(self) -> bool:
        return bool(self.old.text) and not self.new.problem

    async def work(self, core: Client) -> KeyAnswer:
        return await core.change_passphrase(self._key, self.old.text, self.new.text)


class EditKey(KeyDialog):
    """Its name and the comment."""

    def __init__(self, parent: QWidget, desk: Desk, key: KeyAnswer) -> None:
        super().__init__(parent, desk, say("Rename “{key}”", key=key["name"]), "", say("&Save"))
        self._key = key["id"]
        self.name = QLineEdit(key["name"])
        self.description = QLineEdit(key["description"])
        self.field(say("&Name"), self.name)
        self.field(say("C&omment"), self.description)
        self.name.textChanged.connect(lambda *_: self.judge())
        self.name.selectAll()
        self.start()

    def trouble(self) -> str:
        return _name_trouble(self.name)

    def ready(self) -> bool:
        return bool(self.name.text().strip()) and not self.trouble()

    async def work(self, core: Client) -> KeyAnswer:
        name, description = self.name.text().strip(), self.description.text().strip()
        return await core.edit_key(self._key, name=name, description=description)


class MakeUniversal(KeyDialog):
    def __init__(self, parent: QWidget, desk: Desk, key: KeyAnswer) -> None:
        super().__init__(
            parent,
            desk,
            say("Make “{key}” universal", key=key["name"]),
            say(
                "A universal key is unlocked for good; machines of this Core can be sealed with it, and its name and "
                "passphrase can be changed here."
            ),
            say("&Make it universal"),
        )
        self._key = key["id"]
        self.passphrase = PassphraseEdit(say("Passphrase"))
        self.field(say("&Passphrase"), self.passphrase)
        self.start()

    def ready(self) -> bool:
        return bool(self.passphrase.text)

    async def work(self, core: Client) -> KeyAnswer:
        return await core.set_key_type(self._key, KeyType.UNIVERSAL.value, self.passphrase.text)


class ExportKey(KeyDialog):
    """Writes it to a file that was chosen already; `finished_with` brings the file."""

    def __init__(self, parent: QWidget, desk: Desk, key: KeyAnswer, to: Path) -> None:
        super().__init__(
            parent,
            desk,
            say("Export “{key}”", key=key["name"]),
            say("Whoever has the file and the passphrase can open all that is sealed with the key: keep them apart."),
            say("&Export"),
        )
        self._key, self._to = key["id"], to
        shown = QLineEdit(str(to))
        shown.setReadOnly(True)
        self.passphrase = PassphraseEdit(say("Passphrase"))
        self.field(say("&File"), shown)
        self.field(say("&Passphrase"), self.passphrase)
        self.passphrase.setFocus()
        self.start()

    def ready(self) -> bool:
        return bool(self.passphrase.text)

    async def work(self, core: Client) -> Path:
        file = await core.export_key(self._key, self.passphrase.text)
        # Whoever chose the file was asked whether it may be replaced.
        await asyncio.to_thread(write_key, self._to, file, replace=True)
        return self._to


class ImportKey(KeyDialog):
    """From a file that was chosen already. `finished_with` brings the key."""

    def __init__(self, parent: QWidget, desk: Desk, file: Path) -> None:
        super().__init__(
            parent,
            desk,
            say("Import a key"),
            say("It arrives locked, as a replication key. Its passphrase unlocks it."),
            say("&Import"),
        )
        self._file = file
        shown = QLineEdit(str(file))
        shown.setReadOnly(True)
        self.name = QLineEdit()
        self.name.setPlaceholderText(say("As in the file"))
        self.field(say("&File"), shown)
        self.field(say("&Name here"), self.name)
        self.name.textChanged.connect(lambda *_: self.judge())
        self.name.setFocus()
        self.start()

    def trouble(self) -> str:
        return _name_trouble(self.name)

    def ready(self) -> bool:
        return not self.trouble()

    async def work(self, core: Client) -> KeyAnswer:
        content = await asyncio.to_thread(read_key, self._file)
        return await core.import_key(content, name=self.name.text().strip() or None)


class TestKey(KeyDialog):
    """Proves a passphrase, here or at another Core of the window: what counts is whether it opens what lies there."""

    __test__ = False
    stays = True

    def __init__(self, parent: QWidget, desk: Desk, key: KeyAnswer) -> None:
        super().__init__(
            parent,
            desk,
            say("Test the passphrase of “{key}”", key=key["name"]),
            say(
                "Opens the newest images that are sealed with the key, and unlocks nothing. Try it at a target too: "
                "that is where it counts when this Core is lost. The date is kept."
            ),
            say("&Test"),
        )
        self._key = key["id"]
        self._links = {HERE: desk.link, **{link.key: link for link in desk.others()}}
        self.where = QComboBox()
        self.where.addItem(say("{core} (this Core)", core=desk.link.title), HERE)
        for link in desk.others():
            self.where.addItem(link.title, link.key)
        self.where.currentIndexChanged.connect(lambda *_: self._elsewhere())
        self.passphrase = PassphraseEdit(say("Passphrase"))
        self.field(
            say("&At the Core"),
            self.where,
            ""
            if desk.others()
            else say("Other Cores can be chosen here once this Console knows them: add one in the menu of Cores."),
        )
        self.field(say("&Passphrase"), self.passphrase)
        self.proof = Soft()
        self.proof.hide()
        self.column.insertWidget(self.column.count() - 3, self.proof)
        self.no.setText(say("&Close"))
        self.no.setAccessibleName(say("Close"))
        self.start()
        self.passphrase.setFocus()

    def link(self) -> Link:
        return self._links[self.where.currentData()]

    def ready(self) -> bool:
        return bool(self.passphrase.text)

    async def work(self, core: Client) -> KeyTested:
        return await core.test_key(self._key, self.passphrase.text)

    def begin(self) -> None:
        self.proof.hide()
        if not self.link().connected:
            self.link().open()  # a Core that nobody has looked at yet
            self.waits = True
        super().begin()

    def told(self, answer: Any) -> None:
        where = self.link().title
        if answer["passed"]:
            self.proof.say(Tone.GOOD, "good", say("Proven at “{core}”.", core=where), proof_text(answer))
        else:
            self.proof.say(Tone.BAD, "bad", say("Not proven at “{core}”.", core=where), proof_text(answer))
        self.proof.show()

    def _elsewhere(self) -> None:
        self.proof.hide()
        self.problem.clear()


def _name_trouble(edit: QLineEdit) -> str:
    """Why a name that is typed cannot be one; empty: it can, or none is typed yet."""
    name = edit.text().strip()
    problem = name_problem(name) if name else None
    return f"{problem.message} {problem.hint}" if problem is not None else ""
