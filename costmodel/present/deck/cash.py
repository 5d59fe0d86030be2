"""The slide of the cash flow: what an option saves against an API over the horizon."""

from __future__ import annotations

from collections.abc import Iterator

from costmodel.pipeline.report import Report
from costmodel.present.charts.axes import Axis, rounded
from costmodel.present.charts.layout import spaced
from costmodel.present.charts.theme import MUTED, colours
from costmodel.present.deck.charts import Line, xy_chart
from costmodel.present.deck.master import Box
from costmodel.present.deck.sheet import Look, Sheet
from costmodel.present.deck.text import SMALLEST
from costmodel.present.words.cash import cards
from costmodel.studies.cashflow.record import CashFlow

NAMES = ("Running sum", "Discounted")


def draw_cash(sheet: Sheet, report: Report, cashflow: CashFlow) -> None:
    """The running sum, nominal and discounted, with its figures beside it."""
    left, right = sheet.body.columns(7, 3, gap=24)
    rows = cashflow.rows
    months = [row["month"] for row in rows]
    nominal = [row["cumulative_usd"] for row in rows]
    worth = [row["discounted_cumulative_usd"] for row in rows]
    colour = colours(report).get(cashflow.option, MUTED)
    x, y = Axis(0.0, float(max(months))), _room(nominal + worth)
    ruler = sheet.stage.ruler
    labels = 10 + max(ruler.width(name, SMALLEST, bold=True) for name in NAMES)
    plot = Box(left.left + 60, left.top + 24, left.width - 60 - labels, left.height - 24 - 42)
    lines = [
        Line(NAMES[0], months, nominal, colour, 3.0),
        Line(NAMES[1], months, worth, colour, 2.25, "dash"),
        Line("Zero", [x.low, x.high], [0.0, 0.0], MUTED, 1.0),
    ]
    chart = Box(left.left, left.top, left.width - labels, left.height - 16)
    xy_chart(sheet, chart, plot, lines, x, y, "Cash flow against the API")
    ends = [plot.bottom - y.at(each[-1]) * plot.height for each in (nominal, worth)]
    for name, place in zip(NAMES, spaced(ends, [18, 18], plot.top, plot.bottom), strict=True):
        box = Box(plot.right + 6, place - 9, labels - 6, 18)
        sheet.text(box, name, Look((SMALLEST,), bold=True, colour=colour, anchor="middle"))
    small = Look((SMALLEST,), muted=True)
    sheet.text(Box(left.left, left.top, 320, 16), "US dollars saved since the start", small)
    under = Box(plot.left, left.bottom - 16, plot.width, 16)
    sheet.text(under, "months from the start", Look((SMALLEST,), muted=True, align="center"))
    _figures(sheet, right, cashflow)
    sheet.notes += _derivation(cashflow)


def _room(values: list[float]) -> Axis:
    """An axis of round ticks with zero, every value and a little air."""
    low, high = min(*values, 0.0), max(*values, 0.0)
    air = 0.04 * (high - low)
    return rounded(low - air * (low < 0), high + air)


def _figures(sheet: Sheet, box: Box, cashflow: CashFlow) -> None:
    figures = cards(cashflow)
    height = box.height / len(figures)
    for i, (name, figure, meaning) in enumerate(figures):
        place = Box(box.left, box.top + i * height, box.width, height - 10)
        top, rest = place.split(16)
        middle, under = rest.split(26)
        sheet.text(top, name, Look((13.0, 12.0), muted=True))
        sheet.text(middle, figure, Look((20.0, 18.0, 16.0, 14.0, 12.0), bold=True, anchor="middle"))
        sheet.text(under, meaning, Look((13.0, 12.0), muted=True))


def _derivation(cashflow: CashFlow) -> Iterator[str]:
    yield (
        f"Each month's flow is the bill of {cashflow.against} less that of {cashflow.option}: "
        "positive favours the option. Flows are nominal and fall at the month's end, one-offs at "
        "the start; discounting is monthly, at (1 + rate a year)^(1/12) - 1."
    )
    for row in cashflow.rows:
        yield (
            f"Month {row['month']:.0f}: API {row['reference_usd']:,.0f}, option "
            f"{row['option_usd']:,.0f}, flow {row['flow_usd']:,.0f}, running sum "
            f"{row['cumulative_usd']:,.0f}, discounted {row['discounted_cumulative_usd']:,.0f}"
        )
