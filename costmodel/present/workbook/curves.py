"""The sheet Curves: every bill from 0 to three times the volume, and a chart of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from costmodel.pipeline.report import Report
from costmodel.present.workbook.charts import axis, lines_chart, looks_of
from costmodel.present.workbook.formula import Formula
from costmodel.present.workbook.inputs import RERUN
from costmodel.present.workbook.parts import BillFormula
from costmodel.present.workbook.sheets import Book

POINTS, REACH = 133, 3.0
"""Points beside 0, the last at so many times the volume: every third of the tool's own."""

HEADER, FIRST = 30, 31
"""Rows: the chart stands above them."""


def write_curves(
    book: Book, report: Report, volume: Formula, parts: Mapping[str, BillFormula]
) -> None:
    """Formulas for the bills that are formulas, values for the others."""
    sheet = book.sheets["Curves"]
    sheet.text(0, 0, "Curves", "title")
    sheet.text(1, 0, "USD a month over tokens a day.", "subtitle")
    sheet.texts(HEADER, ("times the volume", "tokens a day"), "column_right")
    sheet.widths(11, 18)
    shares = np.linspace(0.0, REACH, POINTS + 1)
    names = [o.name for o in report.options if o.name in report.bills]
    sheet.worksheet.set_column(2, max(2, 1 + len(names)), 16)
    for i, share in enumerate(shares):
        factor = sheet.value(FIRST + i, 0, share, "ratio")
        sheet.put(FIRST + i, 1, volume * factor, "tokens/day")
    at = sheet.column(FIRST, 1, shares * volume.value)
    series = []
    for column, name in enumerate(names, start=2):
        sheet.text(HEADER, column, name, "column_right")
        live = parts.get(name)
        usd = report.bills[name].at(at.value)
        if live is None:
            sheet.text(HEADER - 1, column, RERUN, "note")
        for i, value in enumerate(usd):
            if live is None:
                sheet.value(FIRST + i, column, float(value), "USD/month")
            else:
                here = sheet.cell(FIRST + i, 1, at.value[i])
                sheet.put(FIRST + i, column, live.at(here), "USD/month")
        series.append((name, column))
    last = FIRST + POINTS
    chart = lines_chart(book, "Curves", (HEADER, FIRST, last), 1, series, looks_of(report))
    chart.set_x_axis(axis("tokens a day", '#,##0,,"M"') | {"max": float(at.value[-1]), "min": 0})
    chart.set_y_axis(axis("USD a month", "$#,##0") | {"max": _top(report, at.value), "min": 0})
    sheet.chart(2, 0, chart, 1180, 530)
    sheet.worksheet.freeze_panes(FIRST, 2)
    sheet.worksheet.repeat_rows(HEADER)
    sheet.worksheet.print_area(0, 0, last, max(8, 1 + len(names)))


def _top(report: Report, volumes: np.ndarray) -> float:
    """The interesting range: dear APIs may leave it."""
    tops = sorted(float(bill.at(volumes)[-1]) for bill in report.bills.values())
    cheap = [top for top in tops if top <= MOST_ABOVE * tops[0]] or tops
    return float(f"{max(cheap) * 1.1:.1e}")


MOST_ABOVE = 4.0
"""A bill this many times the lowest leaves the chart at the top."""
