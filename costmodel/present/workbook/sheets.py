"""A workbook being written: sheets that take text, numbers and formulas, and names for cells.

Text is always written as text, whatever it looks like. What is put into a cell comes back as a
reference to it, so that later formulas build on earlier cells.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.present.workbook.formula import Formula
from costmodel.present.workbook.styles import Look, Styles

if TYPE_CHECKING:
    from xlsxwriter.chart import Chart
    from xlsxwriter.worksheet import Worksheet

LONGEST_TEXT = 32_767
"""Characters that a cell can hold."""

LONGEST_FOOTER = 110
"""Characters of a footer, so that with every `&` doubled it stays below Excel's 255."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_ALONE = re.compile(r"('[^']+'|[A-Za-z]+)!\$[A-Z]+\$\d+")


class Sheet:
    """One sheet. Rows and columns count from 0."""

    def __init__(self, book: Book, worksheet: Worksheet, name: str) -> None:
        self.book, self.worksheet, self.name = book, worksheet, name
        plain = self.name.isidentifier()
        self._prefix = f"{self.name}!" if plain else f"'{self.name}'!"

    def text(self, row: int, column: int, words: str, look: Look = "text") -> None:
        """Words, never a formula or a link."""
        inert = _CONTROL.sub(" ", words)[:LONGEST_TEXT]
        look = "aside" if look == "fact" else look
        self.worksheet.write_string(row, column, inert, self.book.styles(look))

    def texts(self, row: int, words: Sequence[str], look: Look = "text", column: int = 0) -> None:
        """Words side by side."""
        for offset, each in enumerate(words):
            self.text(row, column + offset, each, look)

    def paragraph(
        self, row: int, words: str, last: int, height: float, look: Look, first: int = 0
    ) -> None:
        """Words over several columns of one row, wrapped; its height in points."""
        style = self.book.styles(look)
        self.worksheet.merge_range(row, first, row, last, "", style)
        self.text(row, first, words, look)
        self.worksheet.set_row(row, height)

    def heading(self, row: int, words: str, last: int) -> None:
        """A shaded line from the first column to the last."""
        for column in range(last + 1):
            self.text(row, column, words if column == 0 else "", "heading")

    def value(self, row: int, column: int, value: Any, unit: str, look: Look = "fact") -> Formula:
        """A number that no formula stands behind, or text or a date where it is one."""
        if isinstance(value, str):
            self.text(row, column, value, look)
        elif isinstance(value, date):
            self.text(row, column, value.isoformat(), look)
        elif value is None or not np.isfinite(value):
            self.worksheet.write_blank(row, column, None, self.book.styles(look))
        else:
            style = self.book.styles(look, unit or "plain")
            self.worksheet.write_number(row, column, float(value), style)
        return self.cell(row, column, value)

    def put(
        self, row: int, column: int, formula: Formula, unit: str = "", look: Look = "formula"
    ) -> Formula:
        """A formula with the value it has; a mere reference elsewhere is green."""
        if look == "formula" and self._is_link(formula):
            look = "link"
        text, style = formula.text.replace(self._prefix, ""), self.book.styles(look, unit)
        if formula.spread:
            self.worksheet.write_array_formula(
                row, column, row, column, f"{{={text}}}", style, formula.value
            )
        else:
            self.worksheet.write_formula(row, column, f"={text}", style, formula.value)
        return self.cell(row, column, formula.value)

    def _is_link(self, formula: Formula) -> bool:
        if formula.text in self.book.names:
            return self.book.names[formula.text] != self.name
        alone = _ALONE.fullmatch(formula.text)
        return alone is not None and not formula.text.startswith(self._prefix)

    def cell(self, row: int, column: int, value: Any) -> Formula:
        """A reference to one cell."""
        return Formula(f"{self._prefix}${letters(column)}${row + 1}", value)

    def column(self, first: int, column: int, values: Any) -> Formula:
        """A reference to the cells of a column from a row down, one for each value."""
        values = np.asarray(values)
        last, letter = first + len(values), letters(column)
        return Formula(f"{self._prefix}${letter}${first + 1}:${letter}${last}", values)

    def widths(self, *widths: float) -> None:
        """Widths of the columns from the left, in characters."""
        for column, width in enumerate(widths):
            self.worksheet.set_column(column, column, width)

    def chart(self, row: int, column: int, chart: Chart, width: int, height: int) -> None:
        """A chart with its corner at a cell; size in pixels."""
        chart.set_size({"width": width, "height": height})
        self.worksheet.insert_chart(row, column, chart, {"object_position": 2})


def letters(column: int) -> str:
    """The letters of a column counted from 0.

    >>> letters(0), letters(27)
    ('A', 'AB')
    """
    from xlsxwriter.utility import xl_col_to_name

    return xl_col_to_name(column)


class Book:
    """The workbook: its sheets in order, its styles and its names."""

    def __init__(self, title: str, sheets: Sequence[str], footer: str) -> None:
        from xlsxwriter import Workbook

        self._file = io.BytesIO()
        self.workbook = Workbook(
            self._file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        self.workbook.set_properties({"title": title[:255], "comments": footer[:255]})
        self.workbook.set_calc_mode("auto")
        self.styles = Styles(self.workbook)
        self.names: dict[str, str] = {}
        """Defined names and the sheets their cells are on."""
        self.sheets = {name: self._sheet(name, footer) for name in sheets}

    def _sheet(self, name: str, footer: str) -> Sheet:
        worksheet = self.workbook.add_worksheet(name, _worksheet_class())
        worksheet.hide_gridlines(2)
        worksheet.set_landscape()
        worksheet.set_paper(9)
        worksheet.fit_to_pages(1, 0)
        worksheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.7)
        worksheet.set_footer(f"&L&8 {_footer_text(footer)}&R&8 &A · page &P of &N")
        worksheet.protect("", {"format_columns": True, "format_rows": True})
        return Sheet(self, worksheet, name)

    def named(self, name: str, cell: Formula) -> Formula:
        """A name for a cell; formulas use it in place of the address."""
        self.workbook.define_name(name, f"={cell.text}")
        self.names[name] = cell.text.split("!")[0].strip("'")
        return Formula(name, cell.value)

    def content(self) -> bytes:
        """The file."""
        self.workbook.close()
        return self._file.getvalue()


@cache
def _worksheet_class() -> type[Worksheet]:
    """Worksheets that take formulas as they are.

    The library looks through every formula for some forty functions of newer versions of Excel,
    which takes half the time of an export; none of them occurs here.
    """
    from xlsxwriter.worksheet import Worksheet

    class PlainWorksheet(Worksheet):
        def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
            return formula.strip("{}").removeprefix("=")

    return PlainWorksheet


def _footer_text(footer: str) -> str:
    """Text for a page footer, which reads `&` as a command and ends at 255 characters."""
    return footer[:LONGEST_FOOTER].replace("&", "&&")
