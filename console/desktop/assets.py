"""Files that travel with the program: help pages and translations."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import console


@cache
def resources() -> Path:
    """The directory of resources: beside the package in a checkout, inside it in an installed program."""
    package = Path(console.__file__).parent
    inside = package / "resources"
    return inside if inside.is_dir() else package.parent / "resources"


def help_page(topic: str) -> Path | None:
    """The help page of a topic; None while nobody has written it."""
    page = resources() / "help" / f"{topic}.md"
    return page if page.is_file() else None


def translation(language: str) -> Path | None:
    """The compiled translation into a language (`de`, `pt_BR`); None where there is none."""
    file = resources() / "translations" / f"replicore_{language}.qm"
    return file if file.is_file() else None
