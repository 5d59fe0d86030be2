"""The slide of the tornado: which input moves the result, and what would turn the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from costmodel.pipeline.report import Report
from costmodel.present.charts.axes import Axis, rounded
from costmodel.present.charts.theme import ACCENTS, mixed
from costmodel.present.deck.charts import Bars, bars_about
from costmodel.present.deck.master import Box
from costmodel.present.deck.sheet import Look, Sheet
from costmodel.present.deck.text import SMALLEST
from costmodel.present.words.input_names import input_name, value_text
from costmodel.present.words.risk import (
    decided_option,
    goal_words,
    probability_words,
    stated_saving,
    widest_first,
)
from costmodel.studies.risk.record import Risk, Swing

MOST_BARS = 9
LOW_COLOUR, HIGH_COLOUR = mixed(ACCENTS["managed"][0], 0.6), ACCENTS["own"][0]
"""Of the input's low and high end: light and dark, for a grey print."""


def draw_sensitivity(sheet: Sheet, report: Report, risk: Risk) -> None:
    """The tornado, with the ends of each input in figures, and what it takes to turn."""
    rows = widest_first(risk)[:MOST_BARS]
    words = [*probability_words(risk)[:3], *goal_words(risk)[:3]]
    tall = min(sheet.body.height - (96 if words else 0), 64 + 40 * len(rows))
    box, under = sheet.body.split(tall, 8)
    names = box.width * 0.36
    plot = Box(box.left + names, box.top + 22, box.width - names - 12, box.height - 22 - 26)
    saving = stated_saving(risk)
    x = _axis(rows, saving)
    bars = [
        Bars("At the low end", [row.low_usd for row in rows], LOW_COLOUR),
        Bars("At the high end", [row.high_usd for row in rows], HIGH_COLOUR),
    ]
    chart = Box(plot.left - 30, box.top, box.right - plot.left + 30, box.height)
    bars_about(
        sheet, chart, plot, [input_name(row.path) for row in rows], bars, x, saving,
        "What the result is most sensitive to",
    )  # fmt: skip
    _names(sheet, box, plot, rows)
    _key(sheet, plot, box.top)
    unit = Box(box.left, box.top, plot.left - box.left - 10, 16)
    sheet.text(unit, "US dollars saved a month", Look((SMALLEST,), muted=True))
    if words:
        sheet.bullets(under, words, Look((14.0, 13.0, 12.0)))
    sheet.notes += _derivation(report, risk)


def _axis(rows: Sequence[Swing], saving: float) -> Axis:
    """An axis that holds every end, and the saving with every input as stated."""
    ends = [saving, *(end for row in rows for end in (row.low_usd, row.high_usd))]
    air = 0.04 * (max(ends) - min(ends))
    return rounded(min(ends) - air, max(ends) + air)


def _names(sheet: Sheet, box: Box, plot: Box, rows: Sequence[Swing]) -> None:
    """The inputs with the values of both ends, beside their bars."""
    height = plot.height / len(rows)
    for i, row in enumerate(rows):
        place = Box(box.left, plot.top + i * height, plot.left - box.left - 10, height)
        low, high = (value_text(row.path, each) for each in (row.low, row.high))
        words = f"{input_name(row.path)}, {low} to {high}"
        sheet.text(place, words, Look((14.0, 13.0, 12.0), align="right", anchor="middle"))


def _key(sheet: Sheet, plot: Box, top: float) -> None:
    left = plot.left
    for words, colour in (("Input at its low end", LOW_COLOUR), ("at its high end", HIGH_COLOUR)):
        width = sheet.stage.ruler.width(words, SMALLEST) + 12
        sheet.area(Box(left, top + 4, 10, 10), colour)
        sheet.text(Box(left + 16, top + 1, width, 16), words, Look((SMALLEST,)))
        left += width + 28


def _derivation(report: Report, risk: Risk) -> Iterator[str]:
    yield (
        f"{risk.samples:,} draws with seed {risk.seed}. Each bar moves one input to its 10th "
        "and 90th percentile and leaves the others as stated; amounts are US dollars that "
        f"{decided_option(risk)} saves a month against the cheapest eligible API."
    )
    for row in widest_first(risk):
        yield (
            f"{row.path}: {row.low:,.6g} gives {row.low_usd:,.2f}; {row.high:,.6g} "
            f"gives {row.high_usd:,.2f}"
        )
    yield from probability_words(risk)
    yield from goal_words(risk)
