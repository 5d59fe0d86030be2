"""From the mean load at full speed to the all-in bill: where the money of one option sits.

An option without a fleet of its own is taken apart into the lines of its bill instead.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

from costmodel.present.focus import option_named, own_option
from costmodel.present.theme import (
    FONT,
    INK,
    MUTED,
    PAPER,
    RULE,
    TEXT,
    colours,
    inert,
    mixed,
    wrapped,
)
from costmodel.report import OptionResult, Report, WaterfallStep
from costmodel.wording import usd

if TYPE_CHECKING:
    import plotly.graph_objects as go

LEAST_SHOWN = 0.002
"""Steps below this share of the total get no bar."""

TOTAL = "All-in"


def waterfall_figure(report: Report, option: str | None = None, height: float = 262) -> go.Figure:
    """The bill of one option in steps; by default of the one the verdict is about."""
    import plotly.graph_objects as go

    chosen = option_named(report, option) if option else waterfall_option(report)
    steps = _shown(waterfall_steps(chosen)) if chosen else []
    layout = _layout(steps, height)
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


def _shown(steps: list[WaterfallStep]) -> list[WaterfallStep]:
    total = sum(step.usd for step in steps)
    return [step for step in steps if abs(step.usd) > LEAST_SHOWN * abs(total)]


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


def _layout(steps: list[WaterfallStep], height: float) -> dict[str, Any]:
    names = [*(step.name for step in steps), TOTAL]
    width = 13
    return {
        "template": {},
        "height": height,
        "margin": {"l": 4, "r": 4, "t": 26, "b": 56},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "font": {"family": FONT, "size": 12, "color": TEXT},
        "dragmode": False,
        "showlegend": False,
        "xaxis": {
            "tickmode": "array",
            "tickvals": list(range(len(names))),
            "ticktext": ["<br>".join(inert(p) for p in wrapped(n, width, 3)) for n in names],
            "tickfont": {"size": 11, "color": MUTED},
            "tickangle": 0,
            "fixedrange": True,
            "showgrid": False,
            "linecolor": RULE,
            "range": [-0.5, len(names) - 0.5],
        },
        "yaxis": {"visible": False, "fixedrange": True, "rangemode": "tozero"},
    }
