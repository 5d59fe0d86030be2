"""Risk as charts: bills as fans, the probability of winning, the tornado, and two inputs at once.

One accent per option as everywhere; green-blue where the option saves, red where it does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.present.axes import Axis
from costmodel.present.drawing import layout as layout_of
from costmodel.present.drawing import title
from costmodel.present.outlook import input_name, value_text
from costmodel.present.theme import (
    ACCENTS,
    GRID,
    INK,
    MUTED,
    PAPER,
    RULE,
    TEXT,
    inert,
    spaced,
    tint,
)
from costmodel.risk_record import Band, Risk, Swing, TwoWay
from costmodel.wording import percent, short, usd

if TYPE_CHECKING:
    import plotly.graph_objects as go

GAINS, LOSES = ACCENTS["own"][0], ACCENTS["frontier"][0]
"""The accents of a saving and of a loss."""

MOST_SWINGS = 10
LABEL_PX = 17.0


def fan_figure(
    risk: Risk, colours: Mapping[str, str], height: float = 360, only: Sequence[str] = ()
) -> go.Figure:
    """Every bill over volume: the median as a line, 10th to 90th percentile as a band."""
    import plotly.graph_objects as go

    bands = _by_option(risk, only)
    top = _fan_top(bands)
    x_top = max(b.tokens_per_day for rows in bands.values() for b in rows)
    traces: list[dict[str, Any]] = []
    for name, rows in bands.items():
        traces += _fan(name, rows, colours.get(name, MUTED))
    layout = _frame(risk, height, Axis(0, x_top), Axis(0, top), usd, "USD a month")
    ends = {name: min(rows[-1].p50 / top, 1.0) for name, rows in bands.items()}
    layout["annotations"] += _end_labels(ends, colours, height)
    return go.Figure({"data": traces, "layout": layout})


def _by_option(risk: Risk, only: Sequence[str]) -> dict[str, list[Band]]:
    found: dict[str, list[Band]] = {}
    for band in risk.bands:
        if not only or band.option in only:
            found.setdefault(band.option, []).append(band)
    return found


def _fan_top(bands: Mapping[str, list[Band]]) -> float:
    """High enough for all bills but the dearest, which may leave the frame."""
    ends = sorted(rows[-1].p90 for rows in bands.values())
    return 1.08 * ends[max(0, len(ends) - 2)]


def _usd(amount: float) -> str:
    return inert(usd(amount))


def _fan(name: str, rows: Sequence[Band], colour: str) -> list[dict[str, Any]]:
    x = [b.tokens_per_day for b in rows]
    words = [
        f"{inert(name)}<br>{short(b.tokens_per_day)} / day: <b>{_usd(b.p50)}</b>"
        f" ({_usd(b.p10)} to {_usd(b.p90)})"
        for b in rows
    ]
    edge = {"type": "scatter", "mode": "lines", "x": x, "line": {"width": 0}, "hoverinfo": "skip"}
    return [
        {**edge, "y": [b.p10 for b in rows]},
        {**edge, "y": [b.p90 for b in rows], "fill": "tonexty", "fillcolor": tint(colour, 0.16)},
        {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": [b.p50 for b in rows],
            "line": {"color": colour, "width": 2.4},
            "hovertext": words,
            "hoverinfo": "text",
        },
    ]


def _end_labels(
    ends: Mapping[str, float], colours: Mapping[str, str], height: float
) -> list[dict[str, Any]]:
    """Names beside the right ends of lines, which are shares of the frame's height."""
    inside = height - 86.0
    placed = spaced([end * inside for end in ends.values()], [LABEL_PX] * len(ends), 0, inside)
    return [
        {
            "xref": "paper", "yref": "paper", "x": 1.006, "y": at / inside, "xanchor": "left",
            "yanchor": "middle", "showarrow": False, "align": "left",
            "text": f"<b>{inert(name, 24)}</b>",
            "font": {"size": 12, "color": colours.get(name, MUTED)},
        }
        for name, at in zip(ends, placed, strict=True)
    ]  # fmt: skip


def probability_figure(
    risk: Risk, colours: Mapping[str, str], against: str = "cheapest", height: float = 300
) -> go.Figure:
    """The probability that each option costs less than the cheapest API, over volume."""
    import plotly.graph_objects as go

    curves: dict[str, tuple[list[float], list[float]]] = {}
    for row in risk.probability:
        if row.against == against:
            x, y = curves.setdefault(row.option, ([], []))
            x.append(row.tokens_per_day)
            y.append(row.probability)
    x_top = max((x[-1] for x, _ in curves.values()), default=1.0)
    traces = [
        {
            "type": "scatter", "mode": "lines", "x": x, "y": y,
            "line": {"color": colours.get(name, MUTED), "width": 2.4},
            "hovertext": [f"{inert(name)}<br>{short(v)} / day: <b>{percent(p)}</b>"
                          for v, p in zip(x, y, strict=True)],
            "hoverinfo": "text",
        }
        for name, (x, y) in curves.items()
    ]  # fmt: skip
    axis = "costs less than the cheapest API"
    layout = _frame(risk, height, Axis(0, x_top), Axis(0, 1), percent, axis)
    layout["yaxis"]["range"] = [-0.03, 1.04]
    ends = {name: y[-1] for name, (_, y) in curves.items()}
    layout["annotations"] += _end_labels(ends, colours, height)
    return go.Figure({"data": traces, "layout": layout})


def _frame(
    risk: Risk, height: float, across: Axis, up: Axis, text: Any, y_title: str
) -> dict[str, Any]:
    """Volume across, with the stated volume marked."""
    return {
        **layout_of(height, {"l": 64, "r": 170, "t": 34, "b": 52}),
        "hovermode": "closest",
        "xaxis": across.layout(short) | {"title": title("tokens a day"), "linecolor": RULE},
        "yaxis": up.layout(lambda v: inert(text(v)), 5) | {"title": title(y_title)},
        "shapes": [
            {"type": "line", "x0": risk.tokens_per_day, "x1": risk.tokens_per_day, "y0": 0, "y1": 1,
             "yref": "paper", "line": {"color": INK, "width": 1, "dash": "dot"}}
        ],
        "annotations": [
            {"x": risk.tokens_per_day, "y": 1, "yref": "paper", "yanchor": "bottom",
             "showarrow": False, "text": f"your volume: {short(risk.tokens_per_day)} / day",
             "font": {"size": 11, "color": TEXT}}
        ],
    }  # fmt: skip


# ----------------------------------------------------------------------------------- the tornado


def tornado_figure(risk: Risk, height: float | None = None) -> go.Figure:
    """What the option saves a month with each input at its low and at its high, widest first."""
    import plotly.graph_objects as go

    moved = [s for s in risk.tornado if s.low_usd != s.high_usd]
    rows = list(reversed(moved[:MOST_SWINGS]))
    base = risk.saving_usd or 0.0
    tall = height or 96.0 + 44.0 * max(len(rows), 1)
    names = [f"{inert(input_name(s.path), 46)}" for s in rows]
    traces = [_ends(rows, base, low=True), _ends(rows, base, low=False)]
    ends = [0.0, base, *(v for s in rows for v in (s.low_usd, s.high_usd))]
    room = 0.16 * ((max(ends) - min(ends)) or 1.0)
    across = Axis(min(ends) - room, max(ends) + room)
    return go.Figure(
        {
            "data": traces,
            "layout": {
                **layout_of(tall, {"l": 270, "r": 24, "t": 30, "b": 52}),
                "barmode": "overlay",
                "bargap": 0.42,
                "xaxis": across.layout(_usd, 6)
                | {"title": title("saved a month against the cheapest API")},
                "yaxis": {
                    "tickmode": "array", "tickvals": list(range(len(rows))), "ticktext": names,
                    "tickfont": {"color": INK}, "fixedrange": True, "showgrid": False,
                },
                "shapes": [_upright(0.0, INK, "solid"), _upright(base, MUTED, "dot")],
                "annotations": [
                    {"x": base, "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False,
                     "text": f"as stated: {_usd(base)}",
                     "font": {"size": 11, "color": TEXT}}
                ],
            },
        }
    )  # fmt: skip


def _upright(x: float, colour: str, dash: str) -> dict[str, Any]:
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper",
            "line": {"color": colour, "width": 1, "dash": dash}}  # fmt: skip


def _ends(rows: Sequence[Swing], base: float, *, low: bool) -> dict[str, Any]:
    saved = [s.low_usd if low else s.high_usd for s in rows]
    value = [s.low if low else s.high for s in rows]
    return {
        "type": "bar", "orientation": "h", "y": list(range(len(rows))), "base": base,
        "x": [usd_ - base for usd_ in saved],
        "marker": {"color": [GAINS if v >= base else LOSES for v in saved], "opacity": 0.85},
        "text": [inert(f"at {value_text(s.path, v)}") for s, v in zip(rows, value, strict=True)],
        "textposition": "outside", "textfont": {"size": 11, "color": TEXT}, "cliponaxis": False,
        "hovertext": [inert(f"at {value_text(s.path, v)}: {usd(u)} a month")
                      for s, v, u in zip(rows, value, saved, strict=True)],
        "hoverinfo": "text",
    }  # fmt: skip


# -------------------------------------------------------------------------------- two at once


def two_way_figure(table: TwoWay, height: float = 420) -> go.Figure:
    """What the option saves a month over two inputs; blue where it saves, red where it costs."""
    import plotly.graph_objects as go

    saving = np.array(table.saving_usd)
    most = float(np.abs(saving).max()) or 1.0
    across = [inert(value_text(table.x_path, v)) for v in table.x]
    down = [inert(value_text(table.y_path, v)) for v in table.y]
    text = [[_usd(v) for v in row] for row in saving.tolist()]
    heat = {
        "type": "heatmap", "z": saving.tolist(), "x": list(range(len(across))),
        "y": list(range(len(down))), "zmin": -most, "zmax": most, "showscale": False,
        "colorscale": [[0, tint(LOSES, 0.75)], [0.5, PAPER], [1, tint(GAINS, 0.75)]],
        "text": text, "texttemplate": "%{text}", "textfont": {"size": 11, "color": INK},
        "xgap": 2, "ygap": 2, "hoverinfo": "text",
    }  # fmt: skip
    ticks = {"tickmode": "array", "fixedrange": True, "gridcolor": GRID, "showgrid": False}
    return go.Figure(
        {
            "data": [heat],
            "layout": {
                **layout_of(height, {"l": 84, "r": 16, "t": 12, "b": 56}),
                "xaxis": {**ticks, "tickvals": heat["x"], "ticktext": across,
                          "title": title(inert(input_name(table.x_path), 70))},
                "yaxis": {**ticks, "tickvals": heat["y"], "ticktext": down,
                          "title": title(inert(input_name(table.y_path), 48))},
            },
        }
    )  # fmt: skip
