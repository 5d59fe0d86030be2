"""One option's bill in several shapes of the week over volume, and where it beats the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from costmodel.pipeline.report import BreakEven
from costmodel.present.charts.axes import Axis
from costmodel.present.charts.layout import (
    BASELINE,
    Frame,
    Named,
    Part,
    line,
    named,
    note,
    ring,
    small,
    upright,
    usd_read,
    volume_read,
)
from costmodel.present.charts.theme import ACCENTS, INK, MUTED, TEXT, inert, mixed
from costmodel.quantity.words import short
from costmodel.studies.week_shapes import AS_STATED, ShapedBill, WeekShapes

if TYPE_CHECKING:
    import plotly.graph_objects as go

SHADES = {"steady": 0.36, "office hours": 0.66, "a few busy hours": 1.0}
"""How much of the option's accent a shape keeps; the week as it is stands in ink."""

TOO_DEAR = 2.0
"""Bills this many times above the API and the lowest of them are let out of the frame."""

NO_API = "no API to beat"


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
    x = shapes.tokens_per_day
    ends = [float(each.monthly_usd[-1]) for each in shapes.bills]
    api_end = float(shapes.api_usd[-1]) if shapes.api_usd is not None else max(ends)
    reference = max(api_end, min(ends))
    top = 1.06 * max(end for end in [*ends, api_end] if end <= TOO_DEAR * reference)
    across, up = Axis(0.0, float(x[-1])), Axis(0.0, top)
    frame = Frame(height, left=58, right=212, top=26, bottom=48, width=width)
    labels = named(_names(shapes, colour, api_colour), across, up, frame)
    volumes, at = volume_read(x)
    said = f"You are here: <b>{short(shapes.volume)} / day</b>"
    return frame.drawn(
        [
            line(x, ends[0] + 0 * x, hover=f"at <b>{at}</b>", customdata=volumes),
            *_lines(shapes, colour, api_colour),
            *(mark for each in shapes.bills for mark in _marks(each, shapes, colour, up)),
        ],
        hovermode="x unified",
        xaxis=across.layout(
            title="tokens a day (input + output)",
            unifiedhovertitle={"text": "Monthly bill"},
            **BASELINE,
        ),
        yaxis=up.layout(money=True),
        shapes=[upright(shapes.volume, MUTED, "dash", layer="below"), *labels["shapes"]],
        annotations=[
            note(said, across.at(shapes.volume), 1.0, yanchor="bottom", yshift=4),
            *labels["annotations"],
        ],
    )


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


def _names(shapes: WeekShapes, colour: str, api_colour: str) -> Iterator[Named]:
    x = shapes.tokens_per_day
    if shapes.api_usd is not None:
        yield Named(["<b>cheapest API</b>"], x, shapes.api_usd, api_colour)
    for each in shapes.bills:
        accent = _colour(each, colour)
        name = f"<span style='color:{accent}'>●</span> <b>{inert(each.shape)}</b>"
        if each.stated and each.shape != AS_STATED:
            name += ", as it is"
        yield Named([name, *small(crossing(each.break_even))], x, each.monthly_usd, TEXT, accent)


def _lines(shapes: WeekShapes, colour: str, api_colour: str) -> Iterator[Part]:
    x = shapes.tokens_per_day
    drawn = [
        (each.shape, each.monthly_usd, _colour(each, colour), 2.8 if each.stated else 2.0)
        for each in shapes.bills
    ]
    if shapes.api_usd is not None:
        drawn.insert(0, ("cheapest API", shapes.api_usd, api_colour, 2.0))
    for name, y, accent, width in drawn:
        said = f"{inert(name)}  <b>{usd_read(y)}</b>"
        yield line(x, y, accent, width, hover=said, name=name)


def _marks(bill: ShapedBill, shapes: WeekShapes, colour: str, up: Axis) -> Iterator[Part]:
    row = bill.break_even
    if row is None:
        return
    at = row.always_from_tokens_per_day or row.first_tokens_per_day
    if at is None or not 0 < at <= shapes.tokens_per_day[-1]:
        return
    value = float(np.interp(at, shapes.tokens_per_day, bill.monthly_usd))
    if value <= up.high:
        yield ring(at, value, _colour(bill, colour))
