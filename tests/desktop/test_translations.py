"""Texts can be collected, and a translation is spoken."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import PySide6
import pytest
from PySide6.QtCore import QCoreApplication, QTranslator
from PySide6.QtWidgets import QApplication

from console.desktop import languages
from console.flows.wording import count, say, speak

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("translations", ROOT / "packaging" / "translations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def _english() -> Iterator[None]:
    yield
    app = QCoreApplication.instance()
    assert app is not None
    for translator in app.findChildren(QTranslator):
        app.removeTranslator(translator)
        translator.deleteLater()
    speak(None)


def test_every_text_of_the_program_can_be_collected(tool: ModuleType) -> None:
    found = set(tool.texts())
    assert ("&Try again", False) in found
    assert ("{n} alerts want a person", True) in found
    assert len(found) > 300


def test_a_text_that_is_put_together_is_refused(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "console" / "flows").mkdir(parents=True)
    (tmp_path / "console" / "flows" / "bad.py").write_text('say("A " + name)\n', encoding="utf-8")
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    with pytest.raises(ValueError, match=r"bad\.py:1: say wants its text here"):
        list(tool.texts())


@pytest.mark.usefixtures("_english")
def test_a_translation_is_spoken(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qapp: QApplication
) -> None:
    place = tmp_path / "translations"
    monkeypatch.setattr(tool, "PLACE", place)
    tool.collect(["de"])
    assert not tool.missing()
    file = place / "replicore_de.ts"
    told = file.read_text(encoding="utf-8")
    for source, target in (("No alerts", "Keine Warnungen"), ("Jobs", "Aufgaben")):
        told = told.replace(
            f'<source>{source}</source>\n        <translation type="unfinished"></translation>',
            f"<source>{source}</source>\n        <translation>{target}</translation>",
        )
    told = _counted(told, "{n} alerts want a person", "{n} Warnung", "{n} Warnungen")
    file.write_text(told, encoding="utf-8")
    subprocess.run([Path(PySide6.__file__).parent / "lrelease", "-silent", file], check=True)
    monkeypatch.setattr(
        languages, "translation", lambda language: file.with_suffix(".qm") if language == "de" else None
    )

    assert languages.put_on("de_AT") == "de"
    assert say("No alerts") == "Keine Warnungen"
    assert count("{n} alert wants a person", "{n} alerts want a person", 1) == "1 Warnung"
    assert count("{n} alert wants a person", "{n} alerts want a person", 3) == "3 Warnungen"
    assert say("What nobody has translated stays as it is") == "What nobody has translated stays as it is"


def test_without_a_translation_it_is_english(qapp: QApplication) -> None:
    assert languages.put_on("tlh") == "en"
    assert say("No alerts") == "No alerts"
    assert count("{n} row", "{n} rows", 1) == "1 row"
    assert count("{n} row", "{n} rows", 0) == "0 rows"


def _counted(told: str, source: str, one: str, many: str) -> str:
    place = told.index(f"<source>{source}</source>")
    start = told.index("<translation", place)
    end = told.index("</translation>", start)
    forms = f"<translation><numerusform>{one}</numerusform><numerusform>{many}</numerusform>"
    return told[:start] + forms + told[end:]
