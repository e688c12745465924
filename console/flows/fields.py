"""What a step of a wizard asks and shows, as values. The wizard window knows how to draw each of them.

Every field has a `key`, unique in its step, and a `label`; `explain` is a sentence beside it. A field that asks carries
the answer as it is now in `value`; `Flow.answer(key, value)` takes one of the same type back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    key: str
    label: str
    explain: str = ""


# --- what asks


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Field):
    """One line, or with `long` several. A `secret` is not shown, and appears in no command and no summary."""

    value: str = ""
    placeholder: str = ""
    secret: bool = False
    long: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Field):
    """A whole number; `unit` stands behind it (“minutes”)."""

    value: int
    minimum: int = 0
    maximum: int = 2**31 - 1
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size(Field):
    """Bytes, written as people write them (“25 GB”); None: no limit, said as `none_text`."""

    value: int | None = None
    none_text: str = ""
    suggestions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Toggle(Field):
    value: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of several. `why_not`: it cannot be chosen, and this is why."""

    value: str
    label: str
    explain: str = ""
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Field):
    """Exactly one option: radio buttons, or with `compact` a drop-down list. `value` empty: none yet."""

    value: str
    options: tuple[Option, ...]
    compact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line that can be picked. `why_not`: it cannot be, and this is why."""

    value: str
    cells: tuple[str, ...]
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick(Field):
    """Lines of a table, of which `several` or exactly one are picked (`value`: their values).

    With `beside` each picked line has a choice of its own (“Repository”): `beside_options`, and `beside_value` as
    line value → option value, answered under the key `KEY.beside` as such a mapping. `empty`: said without lines.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    value: tuple[str, ...] = ()
    several: bool = True
    empty: str = ""
    beside: str = ""
    beside_options: tuple[Option, ...] = ()
    beside_value: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders(Field):
    """Directories of the Core's machine, as text (`domain.paths`), browsed through `Client.host_folder`.

    `several`: more than one. `make`: new ones can be made (the place is written to).
    """

    value: tuple[str, ...] = ()
    several: bool = False
    make: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PointPick(Field):
    """One recovery point of a machine (id), by chain map, calendar or list. `value`: its id, or empty."""

    machine: str
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePick(Field):
    """Files and directories of a recovery point (id), by tree and by search. `value`: paths as restore takes them
    (`sub/dir`, or `label:sub/dir` where the point has several volumes); empty: everything."""

    point: str
    value: tuple[str, ...] = ()


# --- what only shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts(Field):
    """Names and values, one below the other."""

    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Field):
    """A sentence that stands out; `label` is the sentence, `explain` what to do about it."""

    level: Literal["info", "warning", "danger", "good"] = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint(Field):
    """Who answered, to compare by phone: `fingerprint` in hex, `words` that say the same. `value`: a person said that
    they are equal."""

    name: str
    fingerprint: str
    words: tuple[str, ...]
    value: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentences(Field):
    """What will happen, line by line."""

    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Field):
    """The command line that does the same; can be copied."""

    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines(Field):
    """A table that is only looked at. `numeric`: columns that are aligned to the right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    empty: str = ""


Answer = str | int | bool | None | tuple[str, ...] | Mapping[str, str]
