"""The sheet Bill while it is written: what every block needs at hand, and lines blocks share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from costmodel.pipeline.report import Report
from costmodel.present.workbook.checks import Checks
from costmodel.present.workbook.formula import Formula, added
from costmodel.present.workbook.hours import Demand, Hours
from costmodel.present.workbook.inputs import Inputs
from costmodel.present.workbook.parts import BillFormula
from costmodel.present.workbook.sheets import Sheet

WIDTH = 15
"""Columns of a block."""


@dataclass
class BillSheet:
    """What every block needs at hand, and the row the next one starts at."""

    report: Report
    inputs: Inputs
    hours: Hours
    checks: Checks
    sheet: Sheet
    volume: Formula
    requests: dict[str, Formula]
    """Requests a day by workload."""
    demands: dict[str, Demand]
    row: int = 3
    written: dict[tuple[str, frozenset[str]], BillFormula] = field(default_factory=dict)
    """Parts by the option whose terms they have, and the workloads they serve."""

    def heading(self, words: str, note: str = "") -> None:
        """A line above a block."""
        self.sheet.heading(self.row, words, WIDTH - 1)
        self.row += 1
        if note:
            self.sheet.text(self.row, 0, note, "note")
            self.row += 1

    def line(
        self, words: str, formula: Formula, unit: str, comment: str = "", *, sums: bool = False
    ) -> Formula:
        """A labelled formula in the second column."""
        self.sheet.text(self.row, 0, words)
        cell = self.sheet.put(self.row, 1, formula, unit, "sum" if sums else "formula")
        self.sheet.text(self.row, 2, comment, "note")
        self.row += 1
        return cell


def shapes_of(inputs: Inputs, workload: str, count: int) -> list[tuple[str, Formula]]:
    """The suffix of each shape's inputs, and its share of the requests."""
    if (workload, "input_tokens") in inputs:
        return [("", Formula("1", 1.0))]
    return [(f" [{i + 1}]", inputs[workload, f"share [{i + 1}]"]) for i in range(count)]


def sizes_of(
    desk: BillSheet, capacity: Mapping[str, Formula], words: str
) -> tuple[list[Formula], Formula]:
    """Replicas that each workload keeps busy on average, and their sum.

    ``capacity``: requests a second that one replica serves of each workload.
    """
    seconds = desk.inputs[("seconds_per_day",)]
    sizes = [
        desk.line(f"{words}: {name}", desk.requests[name] / seconds / each, "replicas")
        for name, each in capacity.items()
    ]
    return sizes, desk.line(f"{words}, together", added(sizes), "replicas")
