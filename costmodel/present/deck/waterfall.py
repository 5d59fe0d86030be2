"""The slide of the waterfall: from the mean load at full speed to the all-in bill.

Columns on an unseen base, as a native chart; the steps are those of the app's chart, the exact
amounts stand in the notes and in the embedded workbook.
"""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.pipeline.report import OptionResult, Report
from costmodel.present.charts.axes import Axis
from costmodel.present.charts.theme import colours, mixed
from costmodel.present.charts.waterfall import stack, waterfall_steps
from costmodel.present.deck.charts import Bars, stacked_columns
from costmodel.present.deck.master import Box
from costmodel.present.deck.sheet import Look, Sheet
from costmodel.present.deck.text import SMALLEST
from costmodel.quantity.words import percent, shortened, usd

MEANINGS = {
    "Mean load, full speed": "GPU hours that the mean load would take if every GPU ran flat out",
    "Load factor": "the share of full speed that is left unused so that latency holds",
    "Peaks and bursts": "GPUs that the busiest hour and minute need and the mean does not",
    "Whole replicas": "rounding up to whole replicas",
    "Nodes, commitments, starts": "whole nodes, commitments beyond need, and start-up minutes",
    "Spares": "replicas that stand by for a failure",
    "People": "engineering hours at the loaded rate",
    "Other": "platform and other monthly lines",
}
"""What a step of a fleet's bill is, for the notes."""

LONGEST_LABEL = 34


def draw_waterfall(sheet: Sheet, report: Report, option: OptionResult) -> None:
    """The chart, the amount over each column, and what it comes to."""
    shown, colour = stack(option), colours(report)[option.name]
    names = [shortened(name, LONGEST_LABEL) for name in shown.names]
    first, *rest = (step.usd for step in shown.steps)
    bars = [
        Bars("Base (not drawn)", shown.low, None),
        Bars("Adds", [None, *(v if v >= 0 else None for v in rest), None], mixed(colour, 0.42)),
        Bars("Takes off", [None, *(-v if v < 0 else None for v in rest), None], mixed(colour, 0.2)),
        Bars("Bill", [first, *[None] * len(rest), shown.total], colour),
    ]
    drawn = [each for each in bars if any(value is not None for value in each.values)]
    y = Axis(0.0, 1.1 * max(shown.high))
    remark, box = sheet.body.split(24, 6)
    plot = Box(box.left + 52, box.top + 6, box.width - 58, box.height - 6 - 44)
    sheet.text(remark, _remark(option), Look((15.0, 14.0, 13.0, 12.0), muted=True))
    stacked_columns(sheet, box, plot, names, drawn, y, "From the mean load to the all-in bill")
    _amounts(sheet, plot, y, shown.high, shown.amounts)
    sheet.notes += _derivation(option)


def _amounts(sheet: Sheet, plot: Box, y: Axis, tops: Sequence[float], texts: Sequence[str]) -> None:
    """Amounts over the columns."""
    width = plot.width / len(tops)
    for i, (top, text) in enumerate(zip(tops, texts, strict=True)):
        edge = plot.bottom - y.at(top) * plot.height
        look = Look((14.0, SMALLEST), bold=True, align="center", anchor="bottom")
        sheet.text(Box(plot.left + i * width, edge - 20, width, 19), text, look)


def _remark(option: OptionResult) -> str:
    fleet = option.fleet
    if fleet is None or not fleet.gpus:
        return "The lines of the monthly bill, in US dollars."
    multiple = fleet.all_in_multiple
    times = "" if multiple is None else (
        f" All in, the bill is {multiple:.3g} times the GPU bill without spares."
    )  # fmt: skip
    return f"GPUs are {percent(fleet.utilisation)} busy; {usd(fleet.idle_usd)} is idle.{times}"


def _derivation(option: OptionResult) -> list[str]:
    """Every step to the cent, and the lines of the bill with how they are known."""
    lines = [f"Steps of the bill for {option.name}, US dollars a month:"]
    for step in waterfall_steps(option):
        meaning = MEANINGS.get(step.name, "")
        lines.append(f"{step.name}: {step.usd:,.2f}{f' ({meaning})' if meaning else ''}")
    lines.append(f"All in: {option.monthly_usd or 0.0:,.2f}")
    lines += [f"{each.name}: {each.usd:,.2f}, {each.kind}, {each.source}" for each in option.lines]
    return lines
