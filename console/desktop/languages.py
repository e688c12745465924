"""Puts the language of the system, or a chosen one, on the program; see `flows.wording`."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from console.desktop.assets import translation
from console.flows.wording import speak

CONTEXT = "replicore"
"""All texts of Replicore stand in one context: a sentence means the same wherever it is said."""


def put_on(language: str = "") -> str:
    """The language that is spoken from now on: the chosen one, else the system's, else English (`en`)."""
    app = QCoreApplication.instance()
    assert app is not None
    locale = QLocale(language) if language else QLocale.system()
    for name in (locale.name(), locale.name().partition("_")[0]):
        file = translation(name)
        ours = QTranslator(app)
        if file is not None and ours.load(str(file)):
            app.installTranslator(ours)
            qt = QTranslator(app)
            if qt.load(locale, "qtbase", "_", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
                app.installTranslator(qt)
            speak(_translated)
            return name
    speak(None)
    return "en"


def _translated(text: str, number: int) -> str:
    return QCoreApplication.translate(CONTEXT, text, None, number)
