"""The sheet Sources: every number the tool used, how it is known, what the file is made with."""

from __future__ import annotations

from costmodel.pipeline.report import Report
from costmodel.present.words.provenance import footer, scenario_hash
from costmodel.present.workbook.sheets import Book

COLUMNS = ("Path", "Value", "Unit", "Kind", "Source", "As of", "Low", "High")
KINDS = (
    ("measured", "a benchmark, a log or an eval of exactly this"),
    ("anchored", "a measurement, carried to this shape by the model of the hardware"),
    ("estimated", "the model of the hardware, or derived from published figures"),
    ("listed", "a published price or fact"),
    ("assumed", "a planning figure: replace it with your own"),
)
HEADER = 3


def write_sources(book: Book, report: Report) -> None:
    """The table of assumptions, the kinds, and how to make the file again."""
    sheet = book.sheets["Sources"]
    sheet.text(0, 0, "Sources", "title")
    words = "Every number behind the tool's result, with its source and date."
    sheet.text(1, 0, words, "subtitle")
    for column, words in enumerate(COLUMNS):
        sheet.text(HEADER, column, words, "column_right" if column in {1, 6, 7} else "column")
    sheet.widths(58, 18, 14, 11, 70, 11, 14, 14)
    sheet.worksheet.freeze_panes(HEADER + 1, 1)
    sheet.worksheet.repeat_rows(HEADER)
    row = HEADER
    for row, known in enumerate(report.assumption_rows, start=HEADER + 1):
        sheet.text(row, 0, known.path, "top")
        sheet.value(row, 1, known.value, known.unit)
        sheet.text(row, 2, known.unit, "fact")
        sheet.text(row, 3, known.kind, "fact")
        sheet.text(row, 4, known.source, "wrapped")
        sheet.value(row, 5, known.as_of, "")
        sheet.value(row, 6, known.low, known.unit)
        sheet.value(row, 7, known.high, known.unit)
    row += 2
    sheet.heading(row, "How a number is known", len(COLUMNS) - 1)
    for kind, words in KINDS:
        row += 1
        sheet.texts(row, (kind, words))
    row += 2
    sheet.heading(row, "What this file was made with", len(COLUMNS) - 1)
    made = ("scenario", scenario_hash(report)), ("in one line", footer(report))
    for name, words in (*report.book.items(), *made):
        row += 1
        sheet.texts(row, (name, words))
    row += 1
    sheet.text(row, 0, "to keep the same numbers", "text")
    words = "costmodel export SCENARIO.yaml -o frozen.yaml writes every one of them into a file"
    sheet.text(row, 1, words)
    sheet.worksheet.print_area(0, 0, row, len(COLUMNS) - 1)
