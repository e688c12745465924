"""Tables look the same whoever draws them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.cli import grid
from console.cli.output import NO_TERMINAL_WIDTH, Output

TEXTS = st.text(st.sampled_from("ab é–…“ß[]日\u0301🙂 \t"), max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=4))
def test_plain_lines_are_those_of_rich(rows: list[tuple[str, str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    columns = ("Id", ">Size", "")
    drawn = grid.lines(columns, rows, NO_TERMINAL_WIDTH)
    Output()._rich_table(columns, rows)
    rich = capsys.readouterr().out
    assert drawn is None or "\n".join(drawn) + "\n" == rich


@pytest.mark.parametrize("cell", ["日本", "e\u0301", "🙂", "two\nlines", "\x1b[31m", "x" * 100])
def test_what_is_not_plain_is_left_to_rich(cell: str) -> None:
    assert grid.lines(("Name",), [[cell]], 80) is None


def test_a_list_is_drawn_without_rich(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Output, "_rich_table", None)
    Output().table(("Name", ">Size"), [("web", 5), ("büro", None)], "none")
    assert capsys.readouterr().out == "Name   Size\n───────────\nweb       5\nbüro       \n"
