"""Money over time as charts: cumulative cash with its payback, both bills by month, cases."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.cost.curve import Floats
from costmodel.present.charts.axes import Axis
from costmodel.present.charts.drawing import layout, line, title
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
from costmodel.present.words.cash import case_payback, payback
from costmodel.quantity.words import shortened, usd
from costmodel.studies.cases import CaseResult, Cases
from costmodel.studies.cashflow.record import CashFlow

if TYPE_CHECKING:
    import plotly.graph_objects as go

MARGIN: dict[str, float] = {"l": 82, "r": 176, "t": 28, "b": 44}
LABEL_PX = 34.0
BEHIND = "#b4232f"
"""What has not been paid back yet."""
CLEAR = "rgba(0,0,0,0)"
BAR, BAR_EDGE = 44.0, 82.0


# ---------------------------------------------------------------------------- cumulative cash


def cumulative_figure(
    flow: CashFlow, colour: str = ACCENTS["own"][0], height: float = 340
) -> go.Figure:
    """Cumulative savings less what was paid, discounted and nominal, with the payback marked."""
    import plotly.graph_objects as go

    months = np.arange(flow.horizon_months + 1, dtype=float)
    worth, cash = _column(flow, "discounted_cumulative_usd"), _column(flow, "cumulative_usd")
    across, up = Axis(0.0, float(flow.horizon_months)), _up(worth, cash)
    x, y = _with_roots(months, worth)
    frame = {
        **_frame(flow, across, up, height, "saved since the start, USD", zero=True),
        "annotations": [
            *_end_labels(
                [("<b>in today's money</b>", float(worth[-1]), colour),
                 ("nominal", float(cash[-1]), MUTED)][: 2 if flow.discount_rate else 1], up, height,
            ),
            *_deepest(worth, across, up),
            *_value_left(flow, worth, up),
            *_payback_note(flow, across),
        ],
    }  # fmt: skip
    frame["shapes"] += [*_ramp(flow), *_payback_line(flow)]
    data = [
        _area(x, np.minimum(y, 0.0), tint(BEHIND, 0.13)),
        _area(x, np.maximum(y, 0.0), tint(colour, 0.16)),
        *([line(months, cash, MUTED, 1.4, dash="dot")] if flow.discount_rate else []),
        line(months, worth, colour, 2.6),
        *_payback_mark(flow),
        _reader(months, worth, _cumulative_texts(flow)),
    ]
    return go.Figure({"data": data, "layout": frame})


def _column(flow: CashFlow, name: str) -> Floats:
    return np.array([row[name] for row in flow.rows])


def _up(*series: Floats) -> Axis:
    """An axis of dollars that holds 0 and every series, with some air."""
    low = min(0.0, *(float(each.min()) for each in series))
    high = max(0.0, *(float(each.max()) for each in series))
    span = max(high - low, 1.0)
    return Axis(low - 0.16 * span if low < 0 else 0.0, high + 0.1 * span)


def _with_roots(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The points of a line, and those at which it crosses 0."""
    at = np.flatnonzero(y[:-1] * y[1:] < 0)
    roots = x[at] - y[at] * (x[at + 1] - x[at]) / (y[at + 1] - y[at])
    order = np.argsort(np.concatenate([x, roots]), kind="stable")
    return (
        np.concatenate([x, roots])[order],
        np.concatenate([y, np.zeros(len(roots))])[order],
    )


def _cumulative_texts(flow: CashFlow) -> list[str]:
    return [
        f"{_when(row['month'])}<br>in today's money "
        f"<b>{inert(usd(row['discounted_cumulative_usd']))}</b><br>"
        f"nominal {inert(usd(row['cumulative_usd']))}"
        for row in flow.rows
    ]


def _when(month: float) -> str:
    return f"month {month:.0f}" if month else "the start"


def _deepest(worth: Floats, across: Axis, up: Axis) -> Iterator[dict[str, Any]]:
    """How far the money runs behind, where it does for a while."""
    at = int(np.argmin(worth))
    if worth[at] >= 0 or at == len(worth) - 1:
        return
    deepest = float(worth[at])
    yield _text(f"{inert(usd(-deepest))} behind", across.at(at), up.at(deepest), xanchor="left",
                yanchor="top", yshift=-4, font={"size": 12, "color": BEHIND})  # fmt: skip


def _value_left(flow: CashFlow, worth: Floats, up: Axis) -> Iterator[dict[str, Any]]:
    """What the last rise is made of, where the hardware counts for something at the end."""
    if flow.residual_usd:
        middle = 0.5 * float(worth[-2] + worth[-1])
        yield _text(f"hardware counts for {inert(usd(flow.residual_usd))}", 1.0, up.at(middle),
                    xanchor="right", yanchor="middle", xshift=-26)  # fmt: skip


def _payback_line(flow: CashFlow) -> Iterator[dict[str, Any]]:
    at = flow.payback_months
    if at:
        yield {"type": "line", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1,
               "line": {"color": INK, "width": 1.2, "dash": "dash"}, "layer": "below"}  # fmt: skip


def _payback_mark(flow: CashFlow) -> Iterator[dict[str, Any]]:
    if flow.payback_months:
        marker = {"size": 11, "color": PAPER, "line": {"color": INK, "width": 2.2}}
        yield {"type": "scatter", "mode": "markers", "x": [flow.payback_months], "y": [0.0],
               "marker": marker, "hoverinfo": "skip"}  # fmt: skip


def _payback_note(flow: CashFlow, across: Axis) -> Iterator[dict[str, Any]]:
    at = flow.payback_months
    text = f"paid back after <b>{payback(flow)}</b>"
    if at is None:
        text, at = "<b>not paid back</b> within the horizon", float(flow.horizon_months)
    if at:
        place = across.at(at)
        side = "left" if place < 0.15 else "right" if place > 0.85 else "center"
        yield _text(text, place, 1.0, xanchor=side, yanchor="bottom", yshift=4)


def _ramp(flow: CashFlow) -> Iterator[dict[str, Any]]:
    """The months in which only a part of the traffic has moved over."""
    partial = math.ceil(flow.ramp_months) - 1
    if partial > 0:
        end = min(partial, flow.horizon_months)
        yield {"type": "rect", "yref": "paper", "x0": 0, "x1": end, "y0": 0, "y1": 1,
               "fillcolor": tint(MUTED, 0.07), "line": {"width": 0}, "layer": "below",
               "label": {"text": "ramp-up", "textposition": "top left",
                         "font": {"size": 11, "color": MUTED}}}  # fmt: skip


# --------------------------------------------------------------------------------- both bills


def monthly_figure(
    flow: CashFlow,
    colour: str = ACCENTS["own"][0],
    api_colour: str = ACCENTS["managed"][0],
    height: float = 300,
) -> go.Figure:
    """What a month costs either way; purchases are spread over their life."""
    import plotly.graph_objects as go

    api, own = _column(flow, "reference_usd")[1:], _column(flow, "accrual_usd")[1:]
    edges = np.arange(flow.horizon_months + 1, dtype=float)
    up = _up(api, own)
    across = Axis(0.0, float(flow.horizon_months))
    labels = [
        (f"<b>{inert(shortened(flow.against, 24))}</b>", float(api[-1]), api_colour),
        (f"<b>{inert(shortened(flow.option, 24))}</b>", float(own[-1]), colour),
    ]
    frame = {
        **_frame(flow, across, up, height, "a month, USD"),
        "annotations": _end_labels(labels, up, height),
    }
    frame["shapes"] += list(_ramp(flow))
    texts = [
        f"month {m}<br>{inert(shortened(flow.against, 40))} <b>{inert(usd(float(a)))}</b><br>"
        f"{inert(shortened(flow.option, 40))} <b>{inert(usd(float(b)))}</b>"
        for m, (a, b) in enumerate(zip(api, own, strict=True), 1)
    ]
    middle = edges[:-1] + 0.5
    data = [
        _step(edges, np.minimum(api, own), CLEAR, 0),
        {**_step(edges, api, CLEAR, 0), "fill": "tonexty", "fillcolor": tint(colour, 0.1)},
        _step(edges, api, api_colour),
        _step(edges, own, colour),
        _reader(middle, np.maximum(api, own), texts),
    ]
    return go.Figure({"data": data, "layout": frame})


def _step(edges: Floats, y: Floats, colour: str, width: float = 2.4) -> dict[str, Any]:
    """One value a month as a staircase."""
    drawn = line(edges, np.append(y, y[-1]), colour, width)
    drawn["line"]["shape"] = "hv"
    return drawn


# --------------------------------------------------------------------------------------- cases


def cases_figure(found: Cases, colour: str = ACCENTS["own"][0]) -> go.Figure:
    """The net present value of every case, the base case first."""
    import plotly.graph_objects as go

    known = [(each, each.npv_usd) for each in found.cases if each.npv_usd is not None]
    height = BAR * max(1, len(known)) + BAR_EDGE
    frame = layout(height, {"l": 154, "r": 4, "t": 6, "b": 76})
    if not known:
        return go.Figure({"data": [], "layout": frame})
    values = [value for _, value in known]
    up = _padded(values)
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": values,
        "y": list(range(len(known))),
        "width": 0.62,
        "marker": {"color": [colour if v > 0 else mixed(BEHIND, 0.55) for v in values]},
        "hoverinfo": "skip",
    }
    frame |= {
        "xaxis": {**up.layout(lambda amount: inert(usd(amount)), 4), "zeroline": True,
                  "zerolinecolor": MUTED, "zerolinewidth": 1,
                  "title": title(f"net present value<br>{inert(shortened(found.option, 28))}<br>"
                                 f"against {inert(shortened(found.against, 28))}")},
        "yaxis": {"fixedrange": True, "showgrid": False, "range": [len(known) - 0.5, -0.5],
                  "tickmode": "array", "tickvals": list(range(len(known))), "ticks": "",
                  "ticktext": [_case_name(each) for each, _ in known], "ticklabelstandoff": 13,
                  "tickfont": {"color": TEXT, "size": 12}},
        "annotations": [_case_amount(i, each, v) for i, (each, v) in enumerate(known)],
    }  # fmt: skip
    return go.Figure({"data": [bars], "layout": frame})


def _pair(option: str, against: str) -> str:
    """Which two are compared, under an axis."""
    return inert(f"{shortened(option, 28)} against {shortened(against, 28)}")


def _padded(values: Sequence[float]) -> Axis:
    """An axis with room for the amounts beside the bars."""
    low, high = min(0.0, *values), max(0.0, *values)
    room = 0.5 * max(high - low, 1.0)
    return Axis(low - (room if low < 0 else 0.0), high + (room if high > 0 else 0.0))


def _case_name(case: CaseResult) -> str:
    small = "from the ranges" if case.derived else f"payback {case_payback(case)}"
    name = f"<b>{inert(shortened(case.name, 18))}</b>"
    return f"{name}<br><span style='font-size:11px;color:{MUTED}'>{inert(small)}</span>"


def _case_amount(place: int, case: CaseResult, value: float) -> dict[str, Any]:
    left, colour = value < 0, INK if case.name == "base" else TEXT
    return {"x": value, "y": place, "text": f"<b>{inert(usd(value))}</b>",
            "xanchor": "right" if left else "left", "xshift": -5 if left else 5,
            "showarrow": False, "font": {"size": 12, "color": colour}}  # fmt: skip


# -------------------------------------------------------------------------------------- frames


def _frame(
    flow: CashFlow, across: Axis, up: Axis, height: float, y_title: str, *, zero: bool = False
) -> dict[str, Any]:
    months = across.high
    every = 12 if months > 48 else 6 if months > 18 else 3 if months > 6 else 1
    ticks = list(range(0, int(months) + 1, every))
    base = [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0,
             "line": {"color": MUTED, "width": 1}, "layer": "below"}] if zero else []  # fmt: skip
    return {
        **layout(height, MARGIN),
        "hovermode": "x",
        "xaxis": {**across.layout(lambda month: f"{month:g}"), "tickvals": ticks,
                  "ticktext": [f"{tick}" for tick in ticks], "showgrid": False, "linecolor": RULE,
                  "title": title(f"months from the start, {_pair(flow.option, flow.against)}")},
        "yaxis": {**up.layout(lambda amount: inert(usd(amount)), 5), "ticklabelstandoff": 6,
                  "title": title(y_title)},
        "shapes": base,
    }  # fmt: skip


def _end_labels(
    texts: Sequence[tuple[str, float, str]], up: Axis, height: float
) -> list[dict[str, Any]]:
    """What each line is and where it ends, at the right."""
    room = height - MARGIN["t"] - MARGIN["b"]
    places = spaced([up.at(y) for _, y, _ in texts], [LABEL_PX / room] * len(texts), -0.05, 1.05)
    return [
        _text(f"{text}<br>{inert(usd(y))}", 1.0, place, xanchor="left", yanchor="middle", xshift=10,
              align="left", font={"size": 12, "color": colour})
        for (text, y, colour), place in zip(texts, places, strict=True)
    ]  # fmt: skip


def _area(x: Floats, y: Floats, colour: str) -> dict[str, Any]:
    return {**line(x, y, CLEAR), "fill": "tozeroy", "fillcolor": colour}


def _reader(x: Floats, y: Floats, texts: Sequence[str]) -> dict[str, Any]:
    """What the mouse reads at a month."""
    return {**line(x, y, CLEAR), "hoverinfo": "text", "text": list(texts),
            "hovertemplate": "%{text}<extra></extra>"}  # fmt: skip


def _text(text: str, x: float, y: float, **more: Any) -> dict[str, Any]:
    """Text at a share of the frame."""
    return {"text": text, "x": x, "y": y, "xref": "paper", "yref": "paper", "showarrow": False,
            "font": {"size": 12, "color": TEXT}, **more}  # fmt: skip
