"""Money over time as charts: cumulative cash with its payback, both bills by month, cases."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from costmodel.cost.curve import Floats
from costmodel.present.charts.axes import Axis
from costmodel.present.charts.layout import (
    BASELINE,
    CLEAR,
    Frame,
    Named,
    Part,
    above,
    area,
    aside,
    bars,
    column,
    line,
    mark,
    named,
    named_axis,
    note,
    ring,
    small,
    upright,
    usd_read,
)
from costmodel.present.charts.theme import (
    ACCENTS,
    INK,
    MUTED,
    TEXT,
    inert,
    mixed,
    tint,
)
from costmodel.present.words.cases import case_payback
from costmodel.quantity.words import NONE, payback, shortened, usd
from costmodel.studies.cases import CaseResult, Cases
from costmodel.studies.cashflow.record import CashFlow

if TYPE_CHECKING:
    import plotly.graph_objects as go

BEHIND = "#b4232f"
"""What has not been paid back yet."""
BAR, BAR_EDGE = 44.0, 82.0


def _frame(height: float) -> Frame:
    return Frame(height, left=82, right=176, top=28, bottom=44)


# ---------------------------------------------------------------------------- cumulative cash


def cumulative_figure(
    flow: CashFlow, colour: str = ACCENTS["own"][0], height: float = 340
) -> go.Figure:
    """Cumulative savings less what was paid, discounted and nominal, with the payback marked."""
    months = np.arange(flow.horizon_months + 1, dtype=float)
    worth, cash = _column(flow, "discounted_cumulative_usd"), _column(flow, "cumulative_usd")
    across, up, frame = _months(flow), _up(worth, cash), _frame(height)
    x, y = _with_roots(months, worth)
    lines = [Named(_ending("in today's money", worth), months, worth, colour)]
    nominal = []
    if flow.discount_rate:
        lines.append(Named(_ending("nominal", cash), months, cash, MUTED))
        nominal = [line(months, cash, MUTED, 1.4, dash="dot")]
    names = named(lines, across, up, frame)
    at = flow.payback_months
    paid = [upright(at, INK, "dash", 1.2, layer="below")] if at else []
    return frame.drawn(
        [
            area(x, np.minimum(y, 0.0), tint(BEHIND, 0.13)),
            area(x, np.maximum(y, 0.0), tint(colour, 0.16)),
            *nominal,
            line(months, worth, colour, 2.6),
            *([ring(at, 0.0, INK, 11)] if at else []),
            line(months, worth, hover="%{text}", text=_cumulative_texts(flow)),
        ],
        **_axes(flow, across, up, "saved since the start, USD"),
        shapes=[_zero(), *_ramp(flow), *paid, *names["shapes"]],
        annotations=[
            *names["annotations"],
            *_deepest(worth, across, up),
            *_value_left(flow, worth, up),
            *_payback_note(flow, across),
        ],
    )


def _column(flow: CashFlow, name: str) -> Floats:
    return np.array([row[name] for row in flow.rows])


def _months(flow: CashFlow) -> Axis:
    return Axis(0.0, float(flow.horizon_months))


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


def _ending(name: str, y: Floats) -> list[str]:
    """What a line is, and where it ends."""
    return [f"<b>{name}</b>", inert(usd(float(y[-1])))]


def _cumulative_texts(flow: CashFlow) -> list[str]:
    return [
        f"{_when(row['month'])}<br>in today's money "
        f"<b>{inert(usd(row['discounted_cumulative_usd']))}</b><br>"
        f"nominal {inert(usd(row['cumulative_usd']))}"
        for row in flow.rows
    ]


def _when(month: float) -> str:
    return f"month {month:.0f}" if month else "the start"


def _deepest(worth: Floats, across: Axis, up: Axis) -> Iterator[Part]:
    """How far the money runs behind, where it does for a while."""
    at = int(np.argmin(worth))
    deepest = float(worth[at])
    if deepest < 0 and at < len(worth) - 1:
        said = f"{inert(usd(-deepest))} behind"
        under = {"xanchor": "left", "yanchor": "top", "yshift": -4}
        yield note(said, across.at(at), up.at(deepest), BEHIND, **under)


def _value_left(flow: CashFlow, worth: Floats, up: Axis) -> Iterator[Part]:
    """What the last rise is made of, where the hardware counts for something at the end."""
    if flow.residual_usd:
        said = f"hardware counts for {inert(usd(flow.residual_usd))}"
        middle = up.at(0.5 * float(worth[-2] + worth[-1]))
        yield note(said, 1.0, middle, yanchor="middle", **aside(left=True, px=26))


def _payback_note(flow: CashFlow, across: Axis) -> Iterator[Part]:
    at = flow.payback_months
    if at is None:
        yield above("<b>not paid back</b> within the horizon", 1.0)
    elif at:
        yield above(f"paid back after <b>{payback(at)}</b>", across.at(at))


def _zero() -> Part:
    ends = {"xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0}
    return {"type": "line", **ends, "line": {"color": MUTED, "width": 1}, "layer": "below"}


def _ramp(flow: CashFlow) -> Iterator[Part]:
    """The months in which only a part of the traffic has moved over."""
    partial = math.ceil(flow.ramp_months) - 1
    if partial > 0:
        font = {"size": 11, "color": MUTED}
        label = {"text": "ramp-up", "textposition": "top left", "font": font}
        yield column(0, min(partial, flow.horizon_months), tint(MUTED, 0.07), label=label)


# --------------------------------------------------------------------------------- both bills


def monthly_figure(
    flow: CashFlow,
    colour: str = ACCENTS["own"][0],
    api_colour: str = ACCENTS["managed"][0],
    height: float = 300,
) -> go.Figure:
    """What a month costs either way; purchases are spread over their life."""
    api, own = _column(flow, "reference_usd")[1:], _column(flow, "accrual_usd")[1:]
    edges = np.arange(flow.horizon_months + 1, dtype=float)
    across, up, frame = _months(flow), _up(api, own), _frame(height)
    names = named(
        [
            Named(_ending(inert(shortened(name, 24)), y), edges, np.append(y, y[-1]), accent)
            for name, y, accent in ((flow.against, api, api_colour), (flow.option, own, colour))
        ],
        across,
        up,
        frame,
    )
    said = "<br>".join(
        f"{inert(shortened(name, 40))} <b>{usd_read(y, f'customdata[{i}]')}</b>"
        for i, (name, y) in enumerate(((flow.against, api), (flow.option, own)), 1)
    )
    return frame.drawn(
        [
            _step(edges, np.minimum(api, own), CLEAR, 0),
            _step(edges, api, CLEAR, 0) | {"fill": "tonexty", "fillcolor": tint(colour, 0.1)},
            _step(edges, api, api_colour),
            _step(edges, own, colour),
            line(
                edges[1:] - 0.5,
                np.maximum(api, own),
                hover=f"month %{{customdata[0]}}<br>{said}",
                customdata=np.column_stack([edges[1:], api, own]),
            ),
        ],
        **_axes(flow, across, up, "a month, USD"),
        shapes=[*_ramp(flow), *names["shapes"]],
        annotations=names["annotations"],
    )


def _step(edges: Floats, y: Floats, colour: str, width: float = 2.4) -> Part:
    """One value a month as a staircase."""
    return line(edges, np.append(y, y[-1]), colour, width, shape="hv")


def _axes(flow: CashFlow, across: Axis, up: Axis, y_title: str) -> Part:
    months = flow.horizon_months
    every = 12 if months > 48 else 6 if months > 18 else 3 if months > 6 else 1
    pair = inert(f"{shortened(flow.option, 28)} against {shortened(flow.against, 28)}")
    x = across.layout(tickvals=list(range(0, months + 1, every)), **BASELINE)
    return {
        "hovermode": "x",
        "xaxis": x | {"title": f"months from the start, {pair}"},
        "yaxis": up.layout(5, money=True, title=y_title),
    }


# --------------------------------------------------------------------------------------- cases


def cases_figure(found: Cases, colour: str = ACCENTS["own"][0]) -> go.Figure:
    """The net present value of every case, the base case first."""
    known = [(each, each.npv_usd) for each in found.cases if each.npv_usd is not None]
    frame = Frame(BAR * max(1, len(known)) + BAR_EDGE, left=154, right=4, top=6, bottom=76)
    if not known:
        return frame.drawn([])
    values = [value for _, value in known]
    accents = [colour if value > 0 else mixed(BEHIND, 0.55) for value in values]
    option, against = (inert(shortened(name, 28)) for name in (found.option, found.against))
    names = ["<br>".join(_case_name(each)) for each, _ in known]
    return frame.drawn(
        [bars(values, list(range(len(known))), accents, 0.62)],
        xaxis=_padded(values).layout(
            4,
            money=True,
            zeroline=True,
            zerolinecolor=MUTED,
            zerolinewidth=1,
            title=f"net present value<br>{option}<br>against {against}",
        ),
        yaxis=named_axis(names, down=True, tickfont={"color": TEXT}, ticklabelstandoff=13),
        annotations=[_case_amount(i, each, value) for i, (each, value) in enumerate(known)],
    )


def _padded(values: list[float]) -> Axis:
    """An axis with room for the amounts beside the bars."""
    low, high = min(0.0, *values), max(0.0, *values)
    room = 0.5 * max(high - low, 1.0)
    return Axis(low - (room if low < 0 else 0.0), high + (room if high > 0 else 0.0))


def _case_name(case: CaseResult) -> list[str]:
    under = "from the ranges" if case.derived else f"payback {case_payback(case) or NONE}"
    return [f"<b>{inert(shortened(case.name, 18))}</b>", *small(under)]


def _case_amount(place: int, case: CaseResult, value: float) -> Part:
    ink = INK if case.name == "base" else TEXT
    return mark(f"<b>{inert(usd(value))}</b>", value, place, ink, **aside(value < 0, 5))
