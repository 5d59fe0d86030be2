"""The sheet Cash flow: months of an option against an API, and what they are worth together.

What is paid each month is the tool's; what is saved, summed and discounted is formulas, so that
the discount rate may be changed.
"""

from __future__ import annotations

from collections.abc import Mapping

from costmodel.present.charts.theme import INK, MUTED
from costmodel.present.workbook.charts import axis, lines_chart
from costmodel.present.workbook.checks import Checks
from costmodel.present.workbook.formula import Formula, of
from costmodel.present.workbook.inputs import RERUN
from costmodel.present.workbook.sheets import Book, Sheet
from costmodel.studies.cashflow.record import CashFlow

MONTHS_PER_YEAR = 12.0
PAID = ("tokens_per_day", "reference_usd", "option_usd", "capex_usd", "opex_usd")
HEADS = ("Month", "Tokens a day", "The API, USD", "The option, USD", "Of it capex", "Of it opex",
         "Saved", "Saved so far", "Discounted so far")  # fmt: skip
HEADER = 38


def write_cash_flow(book: Book, cashflow: CashFlow, checks: Checks) -> None:
    """The months, the chart of what is saved so far, and the figures of a board paper."""
    sheet, rows = book.sheets["Cash flow"], cashflow.rows
    sheet.text(0, 0, "Cash flow", "title")
    words = f"{cashflow.option} against {cashflow.against}. Positive: the option saves."
    sheet.text(1, 0, words, "subtitle")
    sheet.widths(30, 18, 16, 16, 14, 14, 16, 16, 18)
    rate, months = _rates(sheet, cashflow.discount_rate)
    monthly = sheet.put(5, 1, (of(1) + rate) ** (of(1) / months) - 1, "plain")
    sheet.text(5, 0, "a month")
    sheet.texts(HEADER, HEADS, "column_right")
    first = HEADER + 1
    for i, row in enumerate(rows):
        _month(sheet, first + i, row, monthly, is_first=i == 0)
    last = first + len(rows) - 1
    worth = float(rows[-1]["discounted_cumulative_usd"])
    npv = sheet.put(6, 1, sheet.cell(last, 8, worth), "USD/month")
    sheet.text(6, 0, "net present value")
    checks.equal(sheet, 6, 3, npv, sheet.value(6, 2, cashflow.npv_usd, "USD/month"))
    _figures(sheet, cashflow)
    series = [("so far", 7), ("discounted", 8)]
    looks = {"so far": (MUTED, "dash"), "discounted": (INK, "solid")}
    chart = lines_chart(book, "Cash flow", (HEADER, first, last), 0, series, looks)
    chart.set_x_axis(axis("month", "0") | {"min": 0, "max": len(rows) - 1, "label_position": "low"})
    chart.set_y_axis(axis("USD saved so far", "$#,##0"))
    sheet.chart(14, 0, chart, 1080, 460)
    sheet.worksheet.freeze_panes(3, 1)
    sheet.worksheet.print_area(0, 0, last, 8)


def _rates(sheet: Sheet, discount_rate: float) -> tuple[Formula, Formula]:
    sheet.text(3, 0, "discount rate a year")
    rate = sheet.value(3, 1, discount_rate, "share", "input")
    sheet.text(4, 0, "months a year")
    return rate, sheet.value(4, 1, MONTHS_PER_YEAR, "units")


def _month(
    sheet: Sheet, row: int, values: Mapping[str, float], rate: Formula, *, is_first: bool
) -> None:
    """What was paid, as values; what is saved, as formulas on the row above."""
    month = sheet.value(row, 0, values["month"], "units")
    for column, name in enumerate(PAID, start=1):
        sheet.value(row, column, values[name], "tokens/day" if column == 1 else "USD/month")
    paid = [sheet.cell(row, column, values[PAID[column - 1]]) for column in (2, 3)]
    flow = sheet.put(row, 6, paid[0] - paid[1], "USD/month")
    discounted = flow / (of(1) + rate) ** month
    if is_first:
        sheet.put(row, 7, flow, "USD/month")
        sheet.put(row, 8, discounted, "USD/month")
        return
    before = values["cumulative_usd"] - values["flow_usd"]
    sheet.put(row, 7, sheet.cell(row - 1, 7, before) + flow, "USD/month")
    earlier = values["discounted_cumulative_usd"] - discounted.value
    sheet.put(row, 8, sheet.cell(row - 1, 8, earlier) + discounted, "USD/month")


def _figures(sheet: Sheet, cashflow: CashFlow) -> None:
    """Figures of the tool that no formula here stands behind."""
    for i, (name, value, unit) in enumerate(
        (
            ("internal rate of return a year", cashflow.irr_per_year, "share"),
            ("discounted payback, months", cashflow.payback_months, "replicas"),
            ("paid if nothing changes", cashflow.do_nothing_usd, "USD/month"),
            ("stranded if the volume halves", cashflow.stranded_usd, "USD/month"),
        )
    ):
        sheet.text(7 + i, 0, name)
        sheet.value(7 + i, 1, "none" if value is None else value, unit)
        sheet.text(7 + i, 2, RERUN, "note")
