"""From the mean load at full speed to the all-in bill: where the money of one option sits.

An option without a fleet of its own is taken apart into the lines of its bill instead.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

from costmodel.pipeline.bills.records import WaterfallStep
from costmodel.pipeline.report import OptionResult, Report
from costmodel.present.charts.theme import (
    FONT,
    INK,
    MUTED,
    PAPER,
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


def waterfall_figure(
    report: Report, option: str | None = None, height: float = 276, width: float = 470
) -> go.Figure:
    """The bill of one option in steps; by default of the one the verdict is about.

    ``width`` [px] is what labels are laid out for; the figure itself fills what it is put into.
    """
    import plotly.graph_objects as go

    chosen = option_named(report, option) if option else waterfall_option(report)
    steps = shown_steps(waterfall_steps(chosen)) if chosen else []
    layout = _layout(steps, height, width)
    if chosen is None or not steps:
        return go.Figure({"data": [], "layout": layout})
    tops = list(accumulate(step.usd for step in steps))
    bases = [0.0, *tops[:-1]]
    colour = colours(report)[chosen.name]
    bars = {
        "type": "bar",
        "x": list(range(len(steps) + 1)),
        "y": [*(step.usd for step in steps), tops[-1]],
        "base": [*bases, 0.0],
        "width": 0.74,
        "marker": {"color": [colour, *[mixed(colour, 0.42)] * (len(steps) - 1), colour]},
        "hoverinfo": "skip",
    }
    heights = [max(base, top) for base, top in zip(bases, tops, strict=True)]
    layout["annotations"] = [
        *(
            _amount(i, each, text)
            for i, (each, text) in enumerate(zip(heights, _texts(steps), strict=True))
        ),
        _amount(len(steps), tops[-1], f"<b>{inert(usd(tops[-1]))}</b>", INK),
    ]
    layout["shapes"] = [_connector(i, top) for i, top in enumerate(tops)]
    return go.Figure({"data": [bars], "layout": layout})


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
    tops = list(accumulate(step.usd for step in waterfall_steps(option)))
    return len(tops) > 1 and tops[-1] > 0 and min(tops) >= 0


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


def _texts(steps: list[WaterfallStep]) -> list[str]:
    """The first amount as it is, the others as what they add."""
    first, *rest = steps
    signed = [f"{'+' if step.usd > 0 else '−'}{usd(abs(step.usd))}" for step in rest]
    return [inert(text) for text in (usd(first.usd), *signed)]


def _amount(place: int, top: float, text: str, colour: str = TEXT) -> dict[str, Any]:
    return {
        "x": place,
        "y": top,
        "text": text,
        "showarrow": False,
        "yanchor": "bottom",
        "yshift": 2,
        "font": {"size": 12, "color": colour},
    }


def _connector(place: int, level: float) -> dict[str, Any]:
    return {
        "type": "line",
        "x0": place + 0.37,
        "x1": place + 0.63,
        "y0": level,
        "y1": level,
        "line": {"color": RULE, "width": 1},
    }


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


def _layout(steps: list[WaterfallStep], height: float, width: float) -> dict[str, Any]:
    names = [*(step.name for step in steps), TOTAL]
    room = max(6, min(16, int((width - 8) / len(names) / LABEL_PX)))
    labels = [_label_lines(name, room) for name in names]
    deepest = max(label.count("<br>") + 1 for label in labels)
    return {
        "template": {},
        "height": height,
        "margin": {"l": 4, "r": 4, "t": 26, "b": 14 + 14.5 * deepest},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "font": {"family": FONT, "size": 12, "color": TEXT},
        "dragmode": False,
        "showlegend": False,
        "xaxis": {
            "tickmode": "array",
            "tickvals": list(range(len(names))),
            "ticktext": labels,
            "tickfont": {"size": LABEL_SIZE, "color": MUTED},
            "ticklabeloverflow": "allow",
            "automargin": False,
            "tickangle": 0,
            "fixedrange": True,
            "showgrid": False,
            "linecolor": RULE,
            "range": [-0.5, len(names) - 0.5],
        },
        "yaxis": {"visible": False, "fixedrange": True, "rangemode": "tozero"},
    }
