"""From the mean load at full speed to the all-in bill: where the money of one option sits.

An option without a fleet of its own is taken apart into the lines of its bill instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from costmodel.pipeline.bills.records import WaterfallStep
from costmodel.pipeline.report import OptionResult, Report
from costmodel.present.charts.layout import Frame, Part, mark, named_axis
from costmodel.present.charts.theme import (
    INK,
    RULE,
    TEXT,
    colours,
    inert,
    mixed,
)
from costmodel.present.words.focus import option_named, own_option
from costmodel.quantity.words import percent, shortened, usd, wrapped

if TYPE_CHECKING:
    import plotly.graph_objects as go

LEAST_SHOWN = 0.002
"""Steps below this share of the total get no bar."""

SMALL = 0.03
"""Several steps below this share of the total are one bar."""

MOST_STEPS = 7
"""Bars beside the total; the smallest steps past that are one bar."""

TOTAL, OTHER = "All-in", "Other"

LABEL_LINES, LABEL_PX, LABEL_SIZE = 5, 5.9, 11
"""Lines of a bar's name, the width of a character in it, and its size."""


@dataclass(frozen=True)
class Stack:
    """A bill in steps, each standing on the one before, and the whole beside them."""

    steps: Sequence[WaterfallStep]

    @property
    def names(self) -> list[str]:
        """What every bar is, the whole last."""
        return [*(step.name for step in self.steps), TOTAL]

    @property
    def sums(self) -> list[float]:
        """What the steps come to, after each of them."""
        return list(accumulate(step.usd for step in self.steps))

    @property
    def total(self) -> float:
        """The whole bill."""
        return self.sums[-1]

    @property
    def low(self) -> list[float]:
        """Where each bar begins, from below."""
        return [*map(min, [0.0, *self.sums], self.sums), 0.0]

    @property
    def high(self) -> list[float]:
        """Where each bar ends."""
        return [*map(max, [0.0, *self.sums], self.sums), self.total]

    @property
    def amounts(self) -> list[str]:
        """The first amount and the whole as they are, the others as what they add."""
        first, *rest = self.steps
        signed = [f"{'+' if step.usd > 0 else '−'}{usd(abs(step.usd))}" for step in rest]
        return [usd(first.usd), *signed, usd(self.total)]


def stack(option: OptionResult) -> Stack:
    """The bars of an option's bill."""
    return Stack(shown_steps(waterfall_steps(option)))


def waterfall_figure(
    report: Report, option: str | None = None, height: float = 276, width: float = 470
) -> go.Figure:
    """The bill of one option in steps; by default of the one the verdict is about.

    ``width`` [px] is what labels are laid out for; the figure itself fills what it is put into.
    """
    chosen = option_named(report, option) if option else waterfall_option(report)
    shown = stack(chosen) if chosen else Stack(())
    room = max(6, min(16, int((width - 8) / len(shown.names) / LABEL_PX)))
    names = [_label_lines(name, room) for name in shown.names]
    deepest = max(name.count("<br>") + 1 for name in names)
    frame = Frame(height, left=4, right=4, top=26, bottom=14 + 14.5 * deepest, width=width)
    axes = {
        "xaxis": named_axis(names, **_NAMES),
        "yaxis": {"visible": False, "rangemode": "tozero"},
    }
    if chosen is None or not shown.steps:
        return frame.drawn([], **axes)
    colour = colours(report)[chosen.name]
    steps = {
        "type": "bar",
        "x": list(range(len(names))),
        "y": [*(step.usd for step in shown.steps), shown.total],
        "base": [0.0, *shown.sums[:-1], 0.0],
        "width": 0.74,
        "marker": {"color": [colour, *[mixed(colour, 0.42)] * (len(names) - 2), colour]},
        "hoverinfo": "skip",
    }
    amounts = [inert(text) for text in shown.amounts]
    amounts[-1] = f"<b>{amounts[-1]}</b>"
    inks = [TEXT] * len(shown.steps) + [INK]
    return frame.drawn(
        [steps],
        **axes,
        annotations=[
            mark(text, i, top, ink, yanchor="bottom", yshift=2)
            for i, (text, top, ink) in enumerate(zip(amounts, shown.high, inks, strict=True))
        ],
        shapes=[_connector(i, level) for i, level in enumerate(shown.sums)],
    )


_NAMES = {
    "tickfont": {"size": LABEL_SIZE},
    "ticklabeloverflow": "allow",
    "ticklabelstandoff": 0,
    "tickangle": 0,
    "showline": True,
}
"""The axis of the bars' names."""


def waterfall_option(report: Report) -> OptionResult | None:
    """The option whose bill is taken apart: the one with own GPUs, else the recommended one."""
    own = own_option(report)
    if own is not None:
        return own
    name = report.recommendation.option
    return report.option(name) if name else next(iter(report.options), None)


def waterfall_steps(option: OptionResult) -> list[WaterfallStep]:
    """The steps of an option's bill; they add up to it."""
    if option.fleet is not None and option.fleet.waterfall:
        return list(option.fleet.waterfall)
    return [WaterfallStep(line.name[:1].upper() + line.name[1:], line.usd) for line in option.lines]


def waterfall_subjects(report: Report) -> list[OptionResult]:
    """The options whose bills are taken apart: that of the verdict, and one that shows its fleet.

    A hybrid's bill has lines, not steps from the mean load; the cheapest fleet beside it has.
    Bills whose steps cannot be stacked are left out.
    """
    first = waterfall_option(report)
    fleets = [o for o in report.options if o.fleet is not None and o.fleet.waterfall]
    fleet = min(fleets, key=lambda o: (not o.stands, o.monthly_usd or 0.0), default=None)
    shown = [first] if first in fleets else [first, fleet]
    return [option for option in shown if option is not None and _stacks(option)]


def _stacks(option: OptionResult) -> bool:
    sums = Stack(waterfall_steps(option)).sums
    return len(sums) > 1 and sums[-1] > 0 and min(sums) >= 0


def waterfall_title(option: OptionResult) -> str:
    """Where most of the money sits, in a sentence."""
    first, *rest = waterfall_steps(option)
    total = first.usd + sum(step.usd for step in rest)
    bill = f"the {usd(total)} a month for {shortened(option.name, 60)}"
    largest = max(rest, key=lambda step: step.usd)
    if option.fleet is not None and option.fleet.waterfall:
        adds = "add" if largest.name.endswith("s") else "adds"
        share = first.usd / total
        load = f"{'Only ' if share < 0.5 else ''}{percent(share)} of {bill} is the load itself"
        return f"{load}; {_lower(largest)} {adds} {usd(largest.usd)}."
    top = max((first, largest), key=lambda step: step.usd)
    return f"Of {bill}, {usd(top.usd)} ({percent(top.usd / total)}) is {_lower(top)}."


def _lower(step: WaterfallStep) -> str:
    return step.name[:1].lower() + step.name[1:]


def shown_steps(steps: list[WaterfallStep]) -> list[WaterfallStep]:
    """The first step, and those that can be seen beside it; small ones together at the end."""
    total = abs(sum(step.usd for step in steps))
    first, rest = steps[:1], [s for s in steps[1:] if abs(s.usd) > LEAST_SHOWN * total]
    ordered = sorted(rest, key=lambda step: abs(step.usd))
    together = [s for s in ordered if abs(s.usd) < SMALL * total or s.name == OTHER]
    surplus = len(first) + len(rest) - MOST_STEPS
    if surplus > 0:
        together = max(together, ordered[: surplus + 1], key=len)
    if len(together) < 2:
        return [*first, *rest]
    kept = [step for step in rest if step not in together]
    return [*first, *kept, WaterfallStep(OTHER, sum(step.usd for step in together))]


def _connector(place: int, level: float) -> Part:
    ends = {"x0": place + 0.37, "x1": place + 0.63, "y0": level, "y1": level}
    return {"type": "line", **ends, "line": {"color": RULE, "width": 1}}


def _label_lines(name: str, room: int) -> str:
    """A bar's name in lines of at most ``room`` characters; a longer word is broken.

    >>> _label_lines("Open-weights API: observability", 11)
    'Open-<br>weights<br>API:<br>observabi-<br>lity'
    """
    words = " ".join(_broken(word, room) for word in shortened(name, 120).split())
    return "<br>".join(inert(line) for line in wrapped(words, room, LABEL_LINES))


def _broken(word: str, room: int) -> str:
    """A word in pieces: at its own hyphens, else with a new one."""
    if len(word) <= room:
        return word
    own = word.rfind("-", 1, room) + 1
    head, rest = (word[:own], word[own:]) if own else (f"{word[: room - 2]}-", word[room - 2 :])
    return f"{head} {_broken(rest, room)}"
