"""The sheet Risk: what the simulation found, as values: probabilities, ranges, the tornado."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.present.workbook.charts import axis, plain
from costmodel.present.workbook.inputs import RERUN
from costmodel.present.workbook.sheets import Book, Sheet
from costmodel.studies.risk.record import Risk, Swing

TABLES = (
    ("tornado", "What to argue about: the saving a month at the low and the high of each input",
     ("path", "low_usd", "high_usd", "low", "high")),
    ("probability", "How likely each option is to cost less",
     ("option", "against", "tokens_per_day", "probability")),
    ("break_even", "Where it first costs less, over the draws",
     ("option", "against", "first_p10", "first_p50", "first_p90", "never_share")),
    ("goal_seek", "What would have to change for the verdict to flip",
     ("path", "current", "value")),
    ("bands", "Bills over the draws, USD a month",
     ("option", "tokens_per_day", "p10", "p50", "p90")),
)  # fmt: skip

UNITS = {
    "low_usd": "USD/month",
    "high_usd": "USD/month",
    "p10": "USD/month",
    "p50": "USD/month",
    "p90": "USD/month",
    "probability": "percent",
    "never_share": "percent",
    "tokens_per_day": "tokens/day",
    "first_p10": "tokens/day",
    "first_p50": "tokens/day",
    "first_p90": "tokens/day",
}
WORDS = ("path", "option", "against")
BARS = 12
"""Inputs in the chart: the widest ones."""


def write_risk(book: Book, risk: Risk) -> None:
    """One table after another, and the tornado drawn."""
    sheet = book.sheets["Risk"]
    sheet.text(0, 0, "Risk", "title")
    notes = " ".join(risk.notes)
    words = f"{risk.samples:,} draws, seed {risk.seed}. {notes} Values: to change them, {RERUN}."
    sheet.text(1, 0, words, "subtitle")
    sheet.widths(56, 30, 18, 16, 16, 14)
    row = 3
    for name, title, columns in TABLES:
        rows: Sequence[object] = getattr(risk, name)
        if not rows:
            continue
        if name == "tornado":
            rows = sorted(risk.tornado, key=_reach, reverse=True)
            row = _tornado_chart(book, sheet, row, len(rows))
        row = _table(sheet, row, title, columns, rows)
    sheet.worksheet.print_area(0, 0, row, 5)


def _table(
    sheet: Sheet, row: int, title: str, columns: Sequence[str], rows: Sequence[object]
) -> int:
    sheet.heading(row, title, 5)
    for column, name in enumerate(columns):
        look = "column" if name in WORDS else "column_right"
        sheet.text(row + 1, column, name.replace("_", " "), look)
    for i, values in enumerate(rows, start=row + 2):
        for column, name in enumerate(columns):
            sheet.value(i, column, getattr(values, name), UNITS.get(name, "plain"))
    return row + 3 + len(rows)


def _reach(swing: Swing) -> float:
    return abs(swing.high_usd - swing.low_usd)


def _tornado_chart(book: Book, sheet: Sheet, row: int, inputs: int) -> int:
    """Bars from the low to the high of each input; the table stands below the chart."""
    shown = min(BARS, inputs)
    height = 90 + 30 * shown
    below = row + 2 + height // 20
    chart = book.workbook.add_chart({"type": "bar", "subtype": "clustered"})
    assert chart is not None
    for column, colour, name in ((1, "#1d6ae5", "at its low"), (2, "#c98500", "at its high")):
        chart.add_series(
            {
                "name": name,
                "categories": ["Risk", below + 2, 0, below + 1 + shown, 0],
                "values": ["Risk", below + 2, column, below + 1 + shown, column],
                "fill": {"color": colour},
                "gap": 40,
                "overlap": 100,
            }
        )
    plain(chart)
    chart.set_x_axis(axis("USD saved a month", "$#,##0"))
    chart.set_y_axis({"reverse": True, "label_position": "low", "num_font": {"name": "Arial"}})
    sheet.chart(row, 0, chart, 1080, height)
    return below
