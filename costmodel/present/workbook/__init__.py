"""A report as a workbook with live formulas, for those who audit and keep it.

`workbook_bytes` writes the sheets from the inputs down to the summary; every formula carries the
number Python worked out, and checks compare the two.
"""

from __future__ import annotations

from costmodel.pipeline.report import Report
from costmodel.present.words.provenance import footer
from costmodel.present.workbook.bill import write_bills
from costmodel.present.workbook.break_even import write_break_even
from costmodel.present.workbook.checks import Checks
from costmodel.present.workbook.curves import write_curves
from costmodel.present.workbook.formula import Formula
from costmodel.present.workbook.hours import Hours
from costmodel.present.workbook.inputs import Inputs
from costmodel.present.workbook.money import write_cash_flow
from costmodel.present.workbook.risk import write_risk
from costmodel.present.workbook.sheets import Book
from costmodel.present.workbook.sources import write_sources
from costmodel.present.workbook.stated import write_inputs
from costmodel.present.workbook.steps import write_steps
from costmodel.present.workbook.summary import write_summary
from costmodel.studies.cashflow.record import CashFlow
from costmodel.studies.risk.record import Risk

SHEETS = ("Summary", "Inputs", "Curves", "Steps", "Bill", "Break-even", "Risk", "Cash flow",
          "Hours", "Sources")  # fmt: skip


def workbook_bytes(
    report: Report, *, risk: Risk | None = None, cashflow: CashFlow | None = None
) -> tuple[bytes, tuple[str, ...]]:
    """The workbook as a file, and the sheets that were left out for want of data."""
    missing = {name: words for name, words, known in (
        ("Risk", "sheet Risk: no simulation was given", risk),
        ("Cash flow", "sheet Cash flow: no cash flow was given", cashflow),
    ) if known is None}  # fmt: skip
    omitted = tuple(missing.values())
    names = [name for name in SHEETS if name not in missing]
    book = Book(report.scenario, names, footer(report))
    inputs = Inputs.on(book)
    write_inputs(inputs, report)
    hours = Hours.on(book, inputs)
    checks = Checks(book, inputs[("check_tolerance",)])
    parts = write_bills(book, report, inputs, hours, checks)
    volume = Formula("tokens_per_day", report.tokens_per_day)
    write_curves(book, report, volume, parts)
    found = write_break_even(book, report, checks, write_steps(book, report, parts))
    if risk is not None:
        write_risk(book, risk)
    if cashflow is not None:
        write_cash_flow(book, cashflow, checks)
    write_sources(book, report)
    inputs.changed(hours.exported)
    write_summary(book, report, checks, parts, found, omitted, cashflow)
    return book.content(), omitted
