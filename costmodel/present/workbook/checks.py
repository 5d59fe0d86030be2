"""Checks: where a formula of the workbook and the tool's own answer stand side by side.

`ok` while they agree. A difference is `inputs changed` once an input was edited, and `disagrees`,
in red, while none was.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from costmodel.pipeline.report import OptionResult
from costmodel.present.workbook.formula import Formula, added, call, either, largest
from costmodel.present.workbook.sheets import Book, Sheet

OK, CHANGED, DISAGREES, TOO_SHORT = "ok", "inputs changed", "disagrees", "table too short"


@dataclass
class Checks:
    """All checks written so far; the sheet Summary counts them."""

    book: Book
    tolerance: Formula
    cells: list[Formula] = field(default_factory=list)

    @property
    def changed(self) -> Formula:
        """How many inputs were edited; a name that is defined at the end."""
        return Formula("inputs_changed", 0.0)

    def bill(self, sheet: Sheet, row: int, total: Formula, option: OptionResult) -> None:
        """A line that compares a bill's total with the tool's."""
        sheet.text(row, 0, "the tool, when exported", "fact")
        told = sheet.value(row, 1, option.monthly_usd, "USD/month")
        self.equal(sheet, row, 2, total, told)

    def equal(self, sheet: Sheet, row: int, column: int, live: Formula, told: Formula) -> Formula:
        """A cell that says whether two numbers agree."""
        gap = call("ABS", abs(live.value - told.value), live - told)
        size = call("ABS", abs(told.value), told)
        agree = gap <= self.tolerance * largest(1, size)
        return self.verdict(sheet, row, column, agree)

    def verdict(self, sheet: Sheet, row: int, column: int, agree: Formula) -> Formula:
        """A cell that says ok, inputs changed or disagrees."""
        worse = either(self.changed > 0, CHANGED, DISAGREES)
        return self.put(sheet, row, column, either(agree, OK, worse))

    def put(self, sheet: Sheet, row: int, column: int, formula: Formula) -> Formula:
        """A check of any kind: green for ok, amber for changed inputs, red for the rest."""
        cell = sheet.put(row, column, formula, look="check")
        for text, style in (
            (DISAGREES, self.book.styles.wrong),
            (TOO_SHORT, self.book.styles.wrong),
            (CHANGED, self.book.styles.stale),
        ):
            sheet.worksheet.conditional_format(
                row, column, row, column,
                {"type": "cell", "criteria": "==", "value": f'"{text}"', "format": style},
            )  # fmt: skip
        self.cells.append(cell)
        return cell

    def failing(self) -> Formula:
        """How many checks are red."""
        ranges = sorted({_column_of(cell) for cell in self.cells})
        return added(
            call("COUNTIF", 0.0, Formula(each, np.zeros(1)), word)
            for each in ranges
            for word in (DISAGREES, TOO_SHORT)
        )


def _column_of(cell: Formula) -> str:
    """The whole column that a cell is in."""
    sheet, address = cell.text.split("!")
    letter = address.split("$")[1]
    return f"{sheet}!${letter}:${letter}"
