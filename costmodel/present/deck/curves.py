"""The slide of cost curves: every bill over volume, the staircase as a staircase.

The lines are a native chart; names stand beside their ends, and the windows in which the option
at hand beats the cheapest eligible API lie behind them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from costmodel.cost.curve import Floats
from costmodel.pipeline.report import CHEAPEST, Report
from costmodel.pipeline.verdict import describe
from costmodel.present.charts.axes import Axis, first_above
from costmodel.present.charts.curves import Curves, curves
from costmodel.present.charts.curves import Line as Drawn
from costmodel.present.charts.layout import spaced
from costmodel.present.charts.theme import MUTED, Family, families, mixed
from costmodel.present.deck.charts import Dash, Line, volume, xy_chart
from costmodel.present.deck.master import Box
from costmodel.present.deck.sheet import Look, Sheet
from costmodel.present.deck.text import LEADING, SMALLEST
from costmodel.present.words.focus import earliest_own_option, exclusion
from costmodel.quantity.words import short, shortened, usd

LABELS = 168.0
"""Points beside the plot for the names of lines."""

BAND = 42.0
"""Points over the plot, for what is marked in it."""

DASHES: dict[Family, Dash] = {
    "own": "solid", "hybrid": "longdash", "mix": "dashdot", "managed": "dash", "frontier": "dot",
}  # fmt: skip
"""What tells families apart without colour."""

MOST_SHADED = 24
"""Windows shaded one by one."""


@dataclass(frozen=True)
class _Plot:
    """The axes and where they stand on the slide."""

    box: Box
    x: Axis
    y: Axis

    def at(self, volume: float, amount: float) -> tuple[float, float]:
        """The place of a point, in points of the slide."""
        across = self.box.left + self.x.at(volume) * self.box.width
        return across, self.box.bottom - self.y.at(amount) * self.box.height


def curves_title(report: Report) -> str:
    """What the curves say, in a sentence."""
    option = earliest_own_option(report)
    row = report.against_cheapest(option.name) if option else None
    best = report.recommendation.option
    if row is not None and report.curve_points.cheapest_api_usd is not None:
        said = describe(replace(row, option=shortened(row.option, 60)))
        return f"{said.partition(';')[0].removesuffix('.')}."
    if best is None:
        return report.recommendation.reason
    bill = usd(report.option(best).monthly_usd or 0.0)
    if option is None:
        return f"{shortened(best, 60)} is the cheapest API here, at {bill} a month."
    return (
        f"No API by itself meets every condition; {shortened(best, 60)} is the cheapest way that "
        f"does, at {bill} a month."
    )


def draw_curves(sheet: Sheet, report: Report) -> None:
    """The chart with everything beside its lines."""
    shown = curves(report)
    chart_box = sheet.body
    plot_box = Box(
        chart_box.left + 52, chart_box.top + BAND,
        chart_box.width - 52 - LABELS - 8, chart_box.height - BAND - 44,
    )  # fmt: skip
    plot = _Plot(plot_box, shown.x, shown.y)
    _shade(sheet, shown, plot)
    drawn = [*_series(report, shown), _here(report, plot)]
    box = Box(chart_box.left, chart_box.top, chart_box.width - LABELS, chart_box.height - 18)
    xy_chart(sheet, box, plot_box, drawn, plot.x, plot.y, "Monthly bill over volume")
    _words(sheet, report, plot, [plot.at(at, 0.0)[0] for _, at, _ in shown.crossings()])
    _name_ends(sheet, shown.lines, plot)
    _name_leaving(sheet, shown.lines, plot)
    _name_crossings(sheet, shown, plot)
    sheet.notes += _derivation(report)


def _series(report: Report, shown: Curves) -> Iterator[Line]:
    """Every bill, and the range of the one that is spoken of."""
    kinds = families(report)
    for line in shown.lines:
        x, y = corners(line.x, line.y)
        width = 1.5 if line.excluded else 3.0 if line.option.kind != "api" else 2.25
        yield Line(line.option.name, x, y, line.accent, width, DASHES[kinds[line.option.name]])
    line = shown.line
    if line is not None and line.low is not None and line.high is not None:
        pale = mixed(line.colour, 0.55)
        for word, values in (("low", line.low), ("high", line.high)):
            x, y = corners(line.x, values)
            yield Line(f"{line.option.name} ({word})", x, y, pale, width=1.0)


def corners(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The points at which a line of straight pieces bends: the same line, fewer numbers.

    >>> x, y = corners(np.array([0., 1, 2, 3]), np.array([0., 1, 2, 5]))
    >>> x.tolist(), y.tolist()
    ([0.0, 2.0, 3.0], [0.0, 2.0, 5.0])
    """
    kept, anchor = [0], 0
    nearly = 1e-9 * max(float(np.abs(y).max()), 1.0)
    for i in range(1, len(x) - 1):
        slope = (y[i + 1] - y[anchor]) / (x[i + 1] - x[anchor])
        straight = y[anchor] + slope * (x[anchor + 1 : i + 1] - x[anchor])
        if np.abs(straight - y[anchor + 1 : i + 1]).max() > nearly:
            kept.append(i)
            anchor = i
    kept.append(len(x) - 1)
    return x[kept], y[kept]


def _here(report: Report, plot: _Plot) -> Line:
    """The evaluated volume."""
    at = report.tokens_per_day
    return Line("evaluated volume", [at, at], [0.0, plot.y.high], MUTED, 1.0, "dash")


# ---------------------------------------------------------------------------- beside the lines


def _shade(sheet: Sheet, shown: Curves, plot: _Plot) -> None:
    """Light columns where the option wins."""
    windows = shown.windows()
    if len(windows) > MOST_SHADED:
        windows = [(windows[0][0], windows[-1][1])]
    for low, high in windows:
        left, right = plot.at(low, 0.0)[0], plot.at(high, 0.0)[0]
        place = Box(left, plot.box.top, max(right - left, 0.75), plot.box.height)
        sheet.area(place, shown.colour, 0.09)


def _words(sheet: Sheet, report: Report, plot: _Plot, leaders: Sequence[float]) -> None:
    """Units of both axes, and where one stands, beside the lines down to the crossings."""
    small = Look((SMALLEST,), muted=True)
    row = plot.box.top - 18
    sheet.text(Box(sheet.body.left, row, 130, 16), "US dollars a month", small)
    under = Box(plot.box.left, sheet.body.bottom - 17, plot.box.width, 17)
    centred = Look((SMALLEST,), muted=True, align="center")
    sheet.text(under, "tokens a day (input + output)", centred)
    here = plot.at(report.tokens_per_day, 0.0)[0]
    words = f"You are here: {volume(report.tokens_per_day)}"
    width = sheet.stage.ruler.width(words, SMALLEST) + 12
    low, high = sheet.body.left + 134, sheet.body.right - width
    places = [min(max(at, low), high) for at in (here - width / 2, here - 4, here - width + 4)]
    crossed = [sum(at - 3 < x < at + width + 3 for x in leaders) for at in places]
    left = places[crossed.index(min(crossed))]
    sheet.text(Box(left, row, width, 16), words, Look((SMALLEST,), align="center"))


def _name_ends(sheet: Sheet, lines: Sequence[Drawn], plot: _Plot) -> None:
    """Names beside the lines that end in the frame, with the reason of those that are out."""
    ending = [line for line in lines if _leaves(line, plot) is None]
    width = LABELS - 16
    ruler = sheet.stage.ruler
    texts = [_end_text(line) for line in ending]
    tall = [
        min(2, len(ruler.lines(text, width, SMALLEST, bold=True))) * SMALLEST * LEADING + 3
        for text in texts
    ]
    wanted = [plot.at(0.0, line.end)[1] for line in ending]
    places = spaced(wanted, tall, sheet.body.top, sheet.body.bottom)
    for line, text, height, place in zip(ending, texts, tall, places, strict=True):
        left = plot.box.right + 16
        box = Box(left, place - height / 2, width, height)
        bold = not line.excluded
        sheet.text(box, text, Look((SMALLEST,), bold, line.ink, anchor="middle"))
        sheet.line(
            plot.box.right + 2, plot.at(0.0, line.end)[1], left - 3, place, mixed(line.colour, 0.5)
        )


def _end_text(line: Drawn) -> str:
    return f"{line.option.name} (not eligible)" if line.excluded else line.option.name


def _leaves(line: Drawn, plot: _Plot) -> float | None:
    return first_above(line.x, line.y, plot.y.high)


def _name_leaving(sheet: Sheet, lines: Sequence[Drawn], plot: _Plot) -> None:
    """Names of lines that leave through the top, at that place, one under the other."""
    leaving = [(at, line) for line in lines if (at := _leaves(line, plot)) is not None]
    height = 2 * SMALLEST * LEADING + 2
    for i, (at, line) in enumerate(sorted(leaving, key=lambda pair: pair[0])):
        text, width = _end_text(line), 190.0
        width = min(width, sheet.stage.ruler.width(text, SMALLEST, bold=True) + 12)
        top = plot.box.top + 4 + i * (height + 2)
        amount = plot.y.value(max(0.05, 1 - (top + height / 2 - plot.box.top) / plot.box.height))
        beside = plot.at(first_above(line.x, line.y, amount) or at, 0.0)[0]
        fits_left = beside - width - 8 > plot.box.left
        left = beside - width - 8 if fits_left else beside + 10
        look = Look((SMALLEST,), bold=True, colour=line.ink, align="right" if fits_left else "left")
        sheet.text(Box(left, top, width, height), text, look)


def _name_crossings(sheet: Sheet, shown: Curves, plot: _Plot) -> None:
    """Crossings by name over the plot, with a thin line down to each."""
    found = shown.crossings()
    texts = [f"{words} {volume(at)}" for words, at, _ in found]
    widths = [sheet.stage.ruler.width(text, SMALLEST, bold=True) + 12 for text in texts]
    wanted = [plot.at(at, 0.0)[0] for _, at, _ in found]
    centres = spaced(wanted, widths, plot.box.left - 30, plot.box.right + LABELS)
    top = sheet.body.top + 4
    for (_, at, amount), text, width, centre in zip(found, texts, widths, centres, strict=True):
        across, down = plot.at(at, amount)
        look = Look((SMALLEST,), bold=True, align="center")
        sheet.text(Box(centre - width / 2, top, width, 16), text, look)
        sheet.line(across, top + 17, across, down - 5, MUTED)
        sheet.dot(across, down, shown.colour)


def _derivation(report: Report) -> Iterator[str]:
    yield report.recommendation.reason
    yield (
        "An API's bill rises with every token. Own GPUs are bought in whole replicas, so their "
        "bill is a staircase; crossings are exact, from merging every step of both bills, and "
        "not read off a grid."
    )
    for row in report.break_even:
        rival = "the cheapest eligible API" if row.against == CHEAPEST else row.against
        first, always = row.first_tokens_per_day, row.always_from_tokens_per_day
        yield (
            f"{row.option} against {rival}: {row.verdict}; first cheaper "
            f"{'never' if first is None else short(max(first, 0.0)) + ' a day'}, always from "
            f"{'never' if always is None else short(max(always, 0.0)) + ' a day'}."
        )
    for option in report.options:
        if option.monthly_usd is not None:
            yield f"{option.name}: {usd(option.monthly_usd)} a month. {exclusion(option)}".strip()
