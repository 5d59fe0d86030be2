"""One option's bill in several shapes of the week over volume, and where it beats the API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.cost.curve import Floats
from costmodel.pipeline.report import BreakEven
from costmodel.present.charts.axes import Axis, first_above
from costmodel.present.charts.drawing import layout
from costmodel.present.charts.theme import (
    ACCENTS,
    INK,
    MUTED,
    PAPER,
    RULE,
    TEXT,
    inert,
    mixed,
    spaced,
    tint,
)
from costmodel.quantity.words import short, usd
from costmodel.studies.week_shapes import AS_STATED, ShapedBill, WeekShapes

if TYPE_CHECKING:
    import plotly.graph_objects as go

SHADES = {"steady": 0.36, "office hours": 0.66, "a few busy hours": 1.0}
"""How much of the option's accent a shape keeps; the week as it is stands in ink."""

TOO_DEAR = 2.0
"""Bills this many times above the API and the lowest of them are let out of the frame."""

MARGIN: dict[str, float] = {"l": 58, "r": 212, "t": 26, "b": 48}
LINE_PX = 16.0
NO_API = "no API to beat"


@dataclass(frozen=True)
class _Drawn:
    """A line with its label; ``at`` is where it leaves through the top, None where it does not."""

    text: list[str]
    colour: str
    end: float
    at: float | None


def week_shapes_figure(
    shapes: WeekShapes,
    colour: str = ACCENTS["own"][0],
    api_colour: str = ACCENTS["managed"][0],
    height: float = 360,
    width: float = 1160,
) -> go.Figure:
    """Bills over volume, one staircase for each shape of the week, against the cheapest API.

    Points mark the volume from which own GPUs stay cheaper, else the first at which they are.
    """
    import plotly.graph_objects as go

    x = shapes.tokens_per_day
    ends = [float(each.monthly_usd[-1]) for each in shapes.bills]
    api_end = float(shapes.api_usd[-1]) if shapes.api_usd is not None else max(ends)
    reference = max(api_end, min(ends))
    top = 1.06 * max(end for end in [*ends, api_end] if end <= TOO_DEAR * reference)
    across, up = Axis(0.0, float(x[-1])), Axis(0.0, top)
    drawn = list(_drawn(shapes, colour, api_colour, up))
    frame = {
        **_layout(across, up, height),
        "shapes": [_here(shapes.volume)],
        "annotations": [
            _text(f"You are here: <b>{short(shapes.volume)} / day</b>", across.at(shapes.volume),
                  1.0, yanchor="bottom", yshift=4),
            *_end_labels([d for d in drawn if d.at is None], up, height),
            *_top_labels([d for d in drawn if d.at is not None], across, width),
        ],
    }  # fmt: skip
    api = [] if shapes.api_usd is None else [_line("cheapest API", x, shapes.api_usd, api_colour)]
    lines = [_line(b.shape, x, b.monthly_usd, _colour(b, colour), stated=b.stated)
             for b in shapes.bills]  # fmt: skip
    marks = [m for each in shapes.bills for m in _marks(each, shapes, _colour(each, colour), up)]
    return go.Figure({"data": [*api, *lines, *marks], "layout": frame})


def crossing(row: BreakEven | None) -> str:
    """Where a shape's bill crosses the API's, in a few words."""
    if row is None:
        return NO_API
    first, always = row.first_tokens_per_day, row.always_from_tokens_per_day
    if always is not None:
        return f"cheaper from {short(always)} / day" if always > 0 else "always cheaper"
    return "never cheaper" if first is None else f"cheaper in windows from {short(first)} / day"


def _colour(bill: ShapedBill, colour: str) -> str:
    return INK if bill.shape == AS_STATED else mixed(colour, SHADES[bill.shape])


def _drawn(shapes: WeekShapes, colour: str, api_colour: str, up: Axis) -> Iterator[_Drawn]:
    if shapes.api_usd is not None:
        usd_end = float(shapes.api_usd[-1])
        yield _Drawn(["<b>cheapest API</b>"], api_colour, usd_end, None)
    for each in shapes.bills:
        dot = f"<span style='color:{_colour(each, colour)}'>●</span>"
        name = f"{dot} <b>{inert(each.shape)}</b>"
        if each.stated and each.shape != AS_STATED:
            name += ", as it is"
        small = f"<span style='font-size:11px'>{crossing(each.break_even)}</span>"
        yield _Drawn(
            [name, small],
            TEXT,
            float(each.monthly_usd[-1]),
            first_above(shapes.tokens_per_day, each.monthly_usd, up.high),
        )


def _line(name: str, x: Floats, y: Floats, colour: str, *, stated: bool = False) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "name": name,
        "line": {"color": colour, "width": 2.8 if stated else 2.0},
        "customdata": [inert(usd(float(amount))) for amount in y],
        "hovertemplate": f"{inert(name)}  <b>%{{customdata}}</b><extra></extra>",
    }


def _marks(bill: ShapedBill, shapes: WeekShapes, colour: str, up: Axis) -> Iterator[dict[str, Any]]:
    row = bill.break_even
    if row is None:
        return
    at = row.always_from_tokens_per_day or row.first_tokens_per_day
    if at is None or not 0 < at <= shapes.tokens_per_day[-1]:
        return
    value = float(np.interp(at, shapes.tokens_per_day, bill.monthly_usd))
    if value <= up.high:
        marker = {"size": 10, "color": PAPER, "line": {"color": colour, "width": 2.4}}
        yield {"type": "scatter", "mode": "markers", "x": [at], "y": [value], "marker": marker,
               "hoverinfo": "skip"}  # fmt: skip


def _end_labels(drawn: list[_Drawn], up: Axis, height: float) -> Iterator[dict[str, Any]]:
    room = height - MARGIN["t"] - MARGIN["b"]
    heights = [(len(each.text) * LINE_PX + 5) / room for each in drawn]
    places = spaced([up.at(each.end) for each in drawn], heights, -0.06, 1.06)
    for each, place in zip(drawn, places, strict=True):
        yield _text("<br>".join(each.text), 1.0, place, xanchor="left", yanchor="middle",
                    xshift=12, align="left", font={"size": 12.5, "color": each.colour})  # fmt: skip


def _top_labels(drawn: list[_Drawn], across: Axis, width: float) -> Iterator[dict[str, Any]]:
    """Names of lines that leave through the top, beside where they do."""
    inner = width - MARGIN["l"] - MARGIN["r"]
    for nth, each in enumerate(sorted(drawn, key=lambda d: d.at or 0.0)):
        share = across.at(each.at or 0.0)
        left = (1.0 - share) * inner < 200
        yield _text("<br>".join(each.text), share, 1.0, xanchor="right" if left else "left",
                    yanchor="top", xshift=-10 if left else 12, yshift=-4 - 40 * nth,
                    align="right" if left else "left", bgcolor=tint(PAPER, 0.85),
                    font={"size": 12.5, "color": each.colour})  # fmt: skip


def _here(volume: float) -> dict[str, Any]:
    line = {"color": MUTED, "width": 1, "dash": "dash"}
    return {"type": "line", "yref": "paper", "x0": volume, "x1": volume, "y0": 0, "y1": 1,
            "line": line, "layer": "below"}  # fmt: skip


def _text(text: str, x: float, y: float, **more: Any) -> dict[str, Any]:
    """Text at a share of the frame."""
    return {"text": text, "x": x, "y": y, "xref": "paper", "yref": "paper", "showarrow": False,
            "font": {"size": 12.5, "color": TEXT}, **more}  # fmt: skip


def _layout(across: Axis, up: Axis, height: float) -> dict[str, Any]:
    title = {"text": "tokens a day (input + output)", "standoff": 10,
             "font": {"size": 12.5, "color": MUTED}}  # fmt: skip
    return {
        **layout(height, MARGIN),
        "hovermode": "x unified",
        "xaxis": {**across.layout(short, 6), "showgrid": False, "linecolor": RULE, "title": title,
                  "unifiedhovertitle": {"text": "%{x:.3s} tokens a day"}},
        "yaxis": {**up.layout(lambda amount: inert(usd(amount)), 6), "ticklabelstandoff": 6},
    }  # fmt: skip
