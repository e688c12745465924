"""Two Cores side by side: each machine in one line, the points that differ below, and one button that mends."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from console.desktop.desk import Desk
from console.desktop.tables.columns import Cell, Column, Row, size_column, text_column, time_column
from console.desktop.tables.model import ListModel
from console.desktop.tables.view import Table
from console.desktop.theme.tokens import GAP, Tone
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import allow, button, label, line, rows
from console.domain.compare_answers import Comparison, Fixing
from console.domain.roles import Right
from console.flows import comparing
from console.flows.wording import count, say


class CompareView(QWidget):
    """Reads only when it is asked to: the target has to answer."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._pairing = ""
        self.sentence = label("", "title")
        self.lines = label("", "muted", wrap=True, selectable=True)
        self.again = button(say("Compare a&gain"), self._load, icon_name="recycle")
        self.mend = button(say("Make ali&ke"), self._mend, icon_name="run", role="primary")
        self.model = ListModel(_columns(), desk.clock)
        self.table = Table("compared-points", say("Recovery points that differ"), self.model)
        self.table.opened.connect(self._open)
        content = rows(line(self.sentence, 1, self.again, self.mend), self.lines, self.table, gap=GAP, margin=GAP)
        self.pane = Pane(content, desk)
        rows(self.pane, into=self)
        self.clear()

    def clear(self) -> None:
        self.sentence.setText("")
        self.lines.setText("")
        self.model.put([])
        self.table.hide()
        self.mend.hide()

    def compare(self, pairing: str) -> None:
        """Asks the target of an outgoing pairing (id) now."""
        if pairing != self._pairing:
            self.clear()
        self._pairing = pairing
        self._load()

    def show_comparison(self, found: Comparison) -> None:
        there = found["there"]
        differing = sum(len(machine["points"]) + machine["left_out"] for machine in found["machines"])
        if not found["machines"]:
            text = say("No machine is replicated to “{core}”.", core=there)
        elif not differing:
            text = say("Here and at “{core}” it is the same.", core=there)
        elif found["alike"]:
            text = say("Only what one side has rolled up or deleted differs.")
        else:
            text = count(
                "{n} recovery point differs between here and “{core}”",
                "{n} recovery points differ between here and “{core}”",
                differing,
                core=there,
            )
        self.sentence.setText(text)
        self.sentence.setAccessibleName(text)
        self._tell_lines(found)
        told: list[Row] = [
            {
                **point,
                "id": f"{machine['machine_id']} {point['point']}",
                "machine": machine["machine"],
                "where": comparing.difference(point, there),
                "because": comparing.why(point, there),
                "helps": comparing.help_for(point),
            }
            for machine in found["machines"]
            for point in machine["points"]
        ]
        self.model.put(told)
        self.table.setVisible(bool(told))
        self.mend.setVisible(comparing.mendable(found))
        allow(self.mend, self._desk.may(Right.ADMINISTER), say("Only an administrator may do this."))

    def _tell_lines(self, found: Comparison) -> None:
        there, lines = found["there"], []
        for machine in found["machines"]:
            lines.append(f"{machine['machine']}: {comparing.summed(machine, there)}")
            kept = comparing.retention(machine, there)
            lines += [f"    {kept}"] if kept else []
            if machine["left_out"]:
                lines.append(say("    {n} older ones that differ are not listed.", n=machine["left_out"]))
        if not all(machine["exact"] for machine in found["machines"]):
            lines.append(say("The release of “{core}” cannot say what is damaged there or only there.", core=there))
        self.lines.setText("\n".join(lines))
        self.lines.setAccessibleName(self.lines.text())

    def _load(self) -> None:
        pairing = self._pairing
        self.pane.load(lambda: self._desk.client.compare(pairing), self.show_comparison)

    def _mend(self) -> None:
        pairing = self._pairing
        self.pane.act(lambda: self._desk.client.fix_differences(pairing), self._begun)

    def _begun(self, begun: Fixing) -> None:
        jobs = len(begun["jobs"])
        self._desk.notice(
            count("{n} job was started that makes both alike.", "{n} jobs were started that make both alike.", jobs)
            if jobs
            else say("There is nothing left to be mended from here.")
        )
        self.mend.hide()

    def _open(self, row: Row) -> None:
        if row["difference"] != "only-there":
            self._desk.go("points", row["point"])


def _columns() -> tuple[Column, ...]:
    return (
        Column("where", say("Where"), _where, order=lambda row: row["difference"], width=21),
        text_column("machine", say("Machine"), width=12),
        time_column("time", say("Recovery point of"), exact=True),
        size_column("bytes", say("Size")),
        text_column("because", say("Why"), width=28),
        text_column("helps", say("What helps"), width=25),
    )


def _where(row: Row, _: object) -> Cell:
    difference: str = row["difference"]
    if difference.startswith("damaged"):
        return Cell(row["where"], Tone.BAD, "bad")
    if difference.startswith("incomplete"):
        return Cell(row["where"], Tone.WARN, "warn")
    if row["why"] in ("gone-here", "gone-there", "unknown-here"):
        return Cell(row["where"], Tone.OFF, "info")
    return Cell(row["where"], Tone.WAIT, "wait")
