"""Which letter leads to which field. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_LETTER = re.compile(r"(?<![^\s(])&(?=\w)")
"""What is meant as a mnemonic: “&Name”, “Save &as”; not “R&D”, not “Red & warm”."""


def letter_of(text: str) -> str:
    """The mnemonic of a text as Qt writes it (`&Next`, `Na&me`), in lower case; empty: it has none."""
    at = 0
    while (at := text.find("&", at)) != -1:
        follows = text[at + 1 : at + 2]
        if follows.isalnum():
            return follows.casefold()
        at += 2
    return ""


def bare(label: str) -> str:
    """A label as it is read aloud."""
    return _LETTER.sub("", label)


def plain(text: str) -> str:
    """A text without mnemonic as Qt shows it unchanged."""
    return text.replace("&", "&&")


def with_letters(labels: Sequence[str], taken: Iterable[str]) -> list[str]:
    """Labels as Qt writes them, each with a letter that no other one and nothing in `taken` has, where one is left.

    The letter that a label has already is preferred, then first letters of words, because they are seen first.
    """
    used = {letter.casefold() for letter in taken if letter}
    made = []
    for label in labels:
        wanted = _LETTER.search(label)
        text = bare(label)
        at = wanted.start() if wanted is not None and text[wanted.start()].casefold() not in used else None
        if at is None:
            at = _place(text, used)
        if at is None:
            made.append(plain(text))
        else:
            used.add(text[at].casefold())
            made.append(f"{plain(text[:at])}&{plain(text[at:])}")
    return made


def _place(label: str, used: set[str]) -> int | None:
    starts = [at for at, _ in enumerate(label) if at == 0 or not label[at - 1].isalnum()]
    rest = [at for at, _ in enumerate(label) if at not in starts]
    for at in (*starts, *rest):
        if label[at].isascii() and label[at].isalnum() and label[at].casefold() not in used:
            return at
    return None
