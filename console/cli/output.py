"""What a command shows: one JSON document, or tables and sentences for people."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from console.cli import grid
from console.domain.clock import from_iso
from console.domain.errors import Failure
from console.domain.sizes import format_size

NO_TERMINAL_WIDTH = 1000
"""Columns when nobody looks: what a script reads must not be folded."""


class Output:
    """`json`: one document on standard output and nothing else there. `quiet`: no sentences, no progress."""

    def __init__(self, *, json: bool = False, quiet: bool = False) -> None:
        self.json = json
        self.quiet = quiet

    def document(self, document: Mapping[str, Any], *, indent: int | None = 2) -> None:
        """The one JSON document of this command."""
        print(_json(document, sys.stdout, indent), flush=True)

    def say(self, sentence: str) -> None:
        """A sentence for people."""
        if not self.json and not self.quiet:
            print(sentence, flush=True)

    def note(self, sentence: str) -> None:
        """A sentence beside the result: warnings, what is waited for."""
        if not self.json and not self.quiet:
            print(sentence, file=sys.stderr, flush=True)

    def event(self, line: Mapping[str, Any]) -> None:
        """With `--json`: one line beside the result."""
        if self.json and not self.quiet:
            print(_json(line, sys.stderr, None), file=sys.stderr, flush=True)

    def error(self, failure: Failure) -> None:
        """Why the command failed; said in every mode."""
        if self.json:
            print(_json({"error": failure.to_dict()}, sys.stderr, None), file=sys.stderr, flush=True)
            return
        print(f"Error: {failure.message} [{failure.code}]", file=sys.stderr)
        if failure.hint:
            print(f"       {failure.hint}", file=sys.stderr)
        sys.stderr.flush()

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
        """Columns whose name begins with `>` are aligned to the right. `empty`: said when there are no rows."""
        if not rows:
            self.say(empty)
            return
        cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
        terminal = sys.stdout.isatty()
        if _speaks_utf8(sys.stdout) and (not terminal or _speaks_ansi()):
            width = shutil.get_terminal_size().columns if terminal else NO_TERMINAL_WIDTH
            drawn = grid.lines(columns, cells, width)
            if drawn is not None:
                heading, *rest = drawn
                print(f"\033[1m{heading}\033[0m" if terminal else heading, *rest, sep="\n", flush=True)
                return
        self._rich_table(columns, cells)

    def facts(self, facts: Sequence[tuple[str, object]]) -> None:
        """Names and values, one below the other."""
        width = max((len(name) for name, _ in facts), default=0)
        for name, value in facts:
            print(f"{name:<{width}}  {'' if value is None else value}".rstrip())
        sys.stdout.flush()

    def _rich_table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for column in columns:
            right = column.startswith(">")
            table.add_column(column.removeprefix(">"), justify="right" if right else "left", overflow="fold")
        for row in rows:
            table.add_row(*map(Text, row))
        width = None if sys.stdout.isatty() else NO_TERMINAL_WIDTH
        Console(file=sys.stdout, width=width, highlight=False, emoji=False, markup=False).print(table)


def when(moment: str | None) -> str:
    """A moment in the time of this machine, to the second; a dash for none."""
    return from_iso(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S") if moment else "–"


def short(identity: str) -> str:
    """As much of an id as tells it apart; commands take it as well as the whole."""
    return identity[:12]


def amount(count: int, noun: str) -> str:
    """`1 point`, `3 points`, `2 repositories`."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("ory") else f"{count} {noun}s"


def loss_text(machines: Sequence[str], points: int, size: int) -> str:
    """What would be lost, in words."""
    names = ", ".join(f"“{name}”" for name in machines)
    return f"{amount(points, 'recovery point')} of {names} with {format_size(size)} of files"


def _json(document: Mapping[str, Any], stream: TextIO, indent: int | None) -> str:
    utf8 = _speaks_utf8(stream)
    text = json.dumps(document, ensure_ascii=not utf8, indent=indent)
    # A lone surrogate has no UTF-8 form; JSON has one for it.
    return text if not utf8 or text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def _speaks_utf8(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "") == "utf8"


def _speaks_ansi() -> bool:
    """Whether the terminal can show something bold."""
    return os.name == "posix" and os.environ.get("TERM", "dumb").lower() not in ("", "dumb", "unknown")
