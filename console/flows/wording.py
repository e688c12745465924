"""Every text people read passes through here, so that it can be another language's.

`say` and `count` take literals as their first arguments: `packaging/translations.sh` collects them from the source.
"""

from __future__ import annotations

from collections.abc import Callable

Translate = Callable[[str, int], str]
"""(source text, number or -1) → text in the language in front."""


def _as_written(text: str, _: int) -> str:
    return text


_translate: Translate = _as_written


def speak(translate: Translate | None) -> None:
    """From now on texts go through `translate`; None: as they are written. Called once, by whoever opens the window."""
    global _translate
    _translate = translate or _as_written


def say(text: str, /, **values: object) -> str:
    """The text in the language in front, with `{name}` filled in."""
    spoken = _translate(text, -1)
    return spoken.format(**values) if values else spoken


def count(one: str, many: str, number: int, /, **values: object) -> str:
    """`one` or `many`, as the language counts; `{n}` is the number. `many` is what translators see."""
    spoken = _translate(many, number)
    if spoken == many and number == 1:
        spoken = one
    return spoken.format(n=number, **values)
