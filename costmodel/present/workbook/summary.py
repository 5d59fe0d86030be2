"""The sheet Summary: the verdict, the bills side by side, the checks, and how to read the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from costmodel.pipeline.report import CHEAPEST, OptionResult, Report
from costmodel.present.charts.theme import MUTED, colours
from costmodel.present.words.ask import ask_headline
from costmodel.present.workbook.charts import bars_chart
from costmodel.present.workbook.checks import Checks
from costmodel.present.workbook.formula import Formula, call, either
from costmodel.present.workbook.inputs import LIVE, RERUN
from costmodel.present.workbook.parts import BillFormula
from costmodel.present.workbook.sheets import Book, Sheet
from costmodel.quantity.words import shortened
from costmodel.studies.cashflow.record import CashFlow

COLUMNS = ("Option", "Kind", "USD a month", "USD per Mtok", "Stands", "Wins first at tokens a day",
           "Wins always from", "Evidence", "How", "Excluded by")  # fmt: skip
LAST = len(COLUMNS) - 1
FIRST_OPTION = 16

Crossings = Mapping[tuple[str, str], tuple[Formula, Formula, Formula]]


def write_summary(
    book: Book,
    report: Report,
    checks: Checks,
    parts: Mapping[str, BillFormula],
    crossings: Crossings,
    omitted: Sequence[str],
    cashflow: CashFlow | None = None,
) -> None:
    """Everything a reader needs before going further."""
    sheet = book.sheets["Summary"]
    sheet.widths(34, 10, 15, 13, 9, 18, 18, 11, 17, 44)
    sheet.text(0, 0, shortened(report.scenario, 90), "title")
    sheet.worksheet.set_row(0, 28)
    words = f"Own GPUs or an API: monthly bills with live formulas. Prices as of {report.as_of}."
    sheet.text(1, 0, words, "subtitle")
    said = ask_headline(report, cashflow)
    sheet.paragraph(3, f"{said.facts} {said.advice}", LAST, 34, "lead")
    sheet.paragraph(4, f"{said.reason} (The tool's verdict when exported.)", LAST, 32, "wrapped")
    end = _options(sheet, report, parts, crossings)
    _now(sheet, report, checks)
    names = [option.name for option in report.options]
    accents = colours(report)
    chart = bars_chart(
        book, "Summary", (FIRST_OPTION, end - 1), 0, 2, [accents.get(n, MUTED) for n in names]
    )
    chart.set_x_axis({"visible": False, "min": 0, "major_gridlines": {"visible": False}})
    chart.set_y_axis({"reverse": True, "num_font": {"name": "Arial", "size": 10}})
    height = 110 + 34 * len(names)
    sheet.chart(end + 1, 0, chart, 1020, height)
    row = end + 3 + height // 20
    row = _reading(sheet, row, omitted)
    row = _warnings(sheet, report, row)
    sheet.worksheet.print_area(0, 0, row, LAST)
    sheet.worksheet.activate()


def _now(sheet: Sheet, report: Report, checks: Checks) -> None:
    """What stands with the inputs as they are, and whether the workbook agrees with the tool."""
    standing = [option.stands for option in report.options]
    bills = [option.monthly_usd or 0.0 for option in report.options]
    sheet.heading(6, "With the inputs as they are", LAST)
    names = sheet.column(FIRST_OPTION, 0, np.array([o.name for o in report.options]))
    shown = sheet.column(FIRST_OPTION, LAST + 1, np.array(
        [usd if ok else "" for usd, ok in zip(bills, standing, strict=True)], dtype=object
    ))  # fmt: skip
    sheet.text(7, 0, "tokens a day")
    sheet.put(7, 2, Formula("tokens_per_day", report.tokens_per_day), "tokens/day", "big")
    sheet.text(8, 0, "cheapest option that stands")
    sheet.text(9, 0, "its bill, USD a month")
    if any(standing):
        least = min(usd for usd, ok in zip(bills, standing, strict=True) if ok)
        lowest = sheet.put(9, 2, call("MIN", least, shown), "USD/month", "big")
        place = call("MATCH", float(1 + shown.value.tolist().index(least)), lowest, shown, 0)
        name = call("INDEX", str(names.value[int(place.value) - 1]), names, place)
        sheet.put(8, 2, name, "", "big")
    else:
        sheet.text(8, 2, "none stands", "fact")
    for row in (7, 8, 9):
        sheet.worksheet.set_row(row, 19)
    sheet.text(10, 0, "inputs changed since the export")
    changed = sheet.put(10, 2, checks.changed, "units")
    sheet.text(11, 0, "checks that fail")
    failing = sheet.put(11, 2, checks.failing(), "units", "formula")
    sheet.text(12, 0, "checks")
    words = f"{RERUN}: grey values are as of the export"
    status = either(
        failing > 0,
        "a check fails: see Bill and Break-even",
        either(changed > 0, words, "the workbook agrees with the tool"),
    )
    sheet.put(12, 2, status)
    for row, column in ((10, 2), (11, 2)):
        style = sheet.book.styles.stale if row == 10 else sheet.book.styles.wrong
        sheet.worksheet.conditional_format(
            row, column, row, column, {"type": "cell", "criteria": ">", "value": 0, "format": style}
        )


def _options(
    sheet: Sheet, report: Report, parts: Mapping[str, BillFormula], crossings: Crossings
) -> int:
    """A row per option; the row after the last."""
    for column, words in enumerate(COLUMNS):
        right = column in {2, 3, 5, 6}
        sheet.text(FIRST_OPTION - 1, column, words, "column_right" if right else "column")
    sheet.worksheet.set_row(FIRST_OPTION - 1, 30)
    days = Formula("calendar_days_per_month", report.inputs.calendar.days_per_month.value)
    volume = Formula("tokens_per_day", report.tokens_per_day)
    mtok = volume * days / Formula("tokens_per_mtok", 1e6)
    row = FIRST_OPTION
    for option in report.options:
        _option(sheet, row, option, parts.get(option.name), mtok, crossings)
        row += 1
    sheet.worksheet.set_column(LAST + 1, LAST + 1, None, None, {"hidden": True})
    return row


def _option(
    sheet: Sheet,
    row: int,
    option: OptionResult,
    part: BillFormula | None,
    mtok: Formula,
    crossings: Crossings,
) -> None:
    sheet.text(row, 0, option.name)
    sheet.text(row, 1, option.kind, "fact")
    if part is not None:
        usd = sheet.put(row, 2, part.total, "USD/month")
    else:
        usd = sheet.value(row, 2, option.monthly_usd, "USD/month")
    if option.monthly_usd is not None:
        sheet.put(row, 3, usd / mtok, "USD/Mtok")
    stands = option.stands
    sheet.text(row, 4, "yes" if stands else "no", "fact")
    crossing = crossings.get((option.name, CHEAPEST))
    if crossing is not None:
        for column, cell in ((5, crossing[1]), (6, crossing[2])):
            sheet.put(row, column, cell, "tokens/day")
    sheet.text(row, 7, option.evidence if option.monthly_usd is not None else "", "fact")
    sheet.text(row, 8, LIVE if part is not None else RERUN, "note")
    sheet.text(row, 9, "; ".join(option.excluded_by), "fact")
    standing = Formula(f'{sheet.cell(row, 4, "").text}="yes"', stands, 0)
    sheet.put(row, LAST + 1, either(standing, usd, ""), "USD/month")


GUIDE = (
    ("Inputs", "every number, with unit, range, source and date; blue ones may be changed"),
    ("Curves", "every bill from 0 to three times the volume, with a chart"),
    ("Steps", "always-on fleets unit by unit, against prices that rise with volume"),
    ("Bill", "how each bill comes about, and the tool's total beside it"),
    ("Break-even", "where each own or hybrid option is cheaper"),
    ("Risk", "probabilities, ranges and what to argue about"),
    ("Cash flow", "months, net present value, payback"),
    ("Hours", "the week behind every fleet"),
    ("Sources", "where every number comes from, and what it was made with"),
)


def _reading(sheet: Sheet, row: int, omitted: Sequence[str]) -> int:
    sheet.heading(row, "How to read it", LAST)
    row += 1
    sheet.text(row, 0, "blue", "input_word")
    sheet.text(row, 1, "an input: change it and every formula follows")
    sheet.text(row + 1, 0, "black", "formula")
    sheet.text(row + 1, 1, "a formula on its own sheet")
    sheet.text(row + 2, 0, "green", "link")
    sheet.text(row + 2, 1, "a link to another sheet")
    sheet.text(row + 3, 0, "grey", "fact")
    sheet.text(row + 3, 1, f"a value of the tool, locked: to change it, {RERUN}")
    row += 5
    for name, words in GUIDE:
        if name in sheet.book.sheets:
            sheet.text(row, 0, name)
            sheet.text(row, 1, words, "fact")
            row += 1
    for words in omitted:
        sheet.text(row, 0, "left out")
        sheet.text(row, 1, words, "fact")
        row += 1
    return row + 1


def _warnings(sheet: Sheet, report: Report, row: int) -> int:
    if not report.warnings:
        return row
    sheet.heading(row, "Before relying on it", LAST)
    for caution in report.warnings:
        row += 1
        sheet.text(row, 0, caution.code.replace("_", " "), "top")
        lines = 1 + len(caution.message) // 150
        sheet.paragraph(row, caution.message, LAST, 14 * lines + 4, "wrapped", first=1)
    return row + 1
