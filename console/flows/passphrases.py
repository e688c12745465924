"""How good a passphrase is, told while it is typed. Pure; nothing here keeps one."""

from __future__ import annotations

import math
from dataclasses import dataclass

from console.domain.errors import Failed
from console.domain.keys import check_passphrase
from console.flows.wording import say

WORD_BITS = 11
"""A word that somebody thinks of: one of about two thousand."""
OTHER_BITS = 3
"""A letter, digit or sign beside words."""
FAIR_BITS, GOOD_BITS = 50, 70
MOST = 4
"""The highest level."""


@dataclass(frozen=True, slots=True)
class Strength:
    """`level`: 0 nothing typed, 1 refused, 2 weak, 3 fair, `MOST` good. `text`: why, as a sentence."""

    level: int
    text: str

    @property
    def enough(self) -> bool:
        """Whether a Core takes it."""
        return self.level > 1


def strength(passphrase: str, name: str = "") -> Strength:
    """Of a passphrase for a key of that name, by the Core's own rule and a rough count of guesses."""
    if not passphrase:
        return Strength(0, "")
    try:
        check_passphrase(passphrase, name)
    except Failed as refused:
        return Strength(1, refused.failure.message)
    bits = _guesses_bits(passphrase)
    if bits < FAIR_BITS:
        return Strength(2, say("Weak: whoever finds a drive can try for years. More words make it stronger."))
    if bits < GOOD_BITS:
        return Strength(3, say("Fair: another word or two would make it good."))
    return Strength(MOST, say("Good. Write it down where the backups are not."))


def twice_problem(passphrase: str, again: str, name: str = "") -> str:
    """What is wrong with a new passphrase that is typed twice; empty: nothing."""
    found = strength(passphrase, name)
    if not found.enough:
        return found.text or say("The key needs a passphrase.")
    if passphrase != again:
        return say("The two passphrases differ.") if again else say("Type the passphrase once more.")
    return ""


def _guesses_bits(passphrase: str) -> float:
    """How many guesses it takes, as a power of two: the lower of what letters and what words say."""
    counting = [ch for before, ch in zip(" " + passphrase, passphrase, strict=False) if not _follows(before, ch)]
    pool = 0
    for has, size in (
        (any(ch.islower() for ch in counting), 26),
        (any(ch.isupper() for ch in counting), 26),
        (any(ch.isdigit() for ch in counting), 10),
        (any(not ch.isalnum() for ch in counting), 20),
    ):
        pool += size if has else 0
    letters = len(counting) * math.log2(max(pool, 2))
    words = [word for word in "".join(ch if ch.isalpha() else " " for ch in passphrase).split() if len(word) > 2]
    if 2 * sum(map(len, words)) < len(passphrase):
        return letters
    others = len(passphrase) - sum(map(len, words)) - passphrase.count(" ")
    return min(letters, len({word.casefold() for word in words}) * WORD_BITS + others * OTHER_BITS)


def _follows(before: str, ch: str) -> bool:
    """The same again, or the next in a row, is guessed at once."""
    return before.isalnum() and ord(ch) - ord(before) in (-1, 0, 1)
