"""The chart of a replica's speed: throughput against latency, what is promised and measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.present.charts.axes import Axis
from costmodel.present.charts.drawing import layout, line, title
from costmodel.present.charts.theme import (
    ACCENTS,
    INK,
    KIND_COLOURS,
    MUTED,
    PAPER,
    inert,
    tint,
)
from costmodel.present.words.speed import Asked, milliseconds, rate
from costmodel.quantity.words import short

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from costmodel.sizing.records import MeasuredPoint, Throughput, ThroughputCurve

OWN = ACCENTS["own"][0]
MEASURED, YOURS = KIND_COLOURS["measured"][0], ACCENTS["managed"][0]
FEASIBLE = "#0f7a55"

LINEAR_UP_TO = 12.0
"""Latencies that span more than this ratio stand on a logarithmic axis."""

ON_CURVE = 0.02
"""Share by which an answer may lie off the curve and still be a point of it."""

ROOM_LEFT = 0.27
"""Share of the axis that the words left of the promise take."""

MARKS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
LEAST_GAP = 0.055
"""Share of the axis between two marked numbers in flight."""


# ---------------------------------------------------------------------- throughput and latency


@dataclass(frozen=True)
class _Plane:
    """Both axes of the chart, and what is drawn on it."""

    curve: ThroughputCurve
    asked: Asked
    across: Axis
    up: Axis


def latency_figure(
    curve: ThroughputCurve,
    asked: Asked,
    answer: Throughput | None = None,
    yours: Sequence[MeasuredPoint] = (),
    height: float = 400,
) -> go.Figure:
    """Output tokens a second over time per output token, as requests in flight grow.

    The 80 % band, the part that meets both latencies, published points, and one's own.
    """
    import plotly.graph_objects as go

    known = [point for point in (*curve.measured, *yours) if point.tpot_ms is not None]
    plane = _plane(curve, asked, known)
    data = [
        line(curve.tpot_ms, curve.low, "rgba(0,0,0,0)"),
        line(curve.tpot_ms, curve.high, "rgba(0,0,0,0)", fill=tint(OWN, 0.13)),
        line(curve.tpot_ms, curve.output_tokens_per_s, tint(OWN, 0.55), 1.6, dash="dot"),
        line(*_feasible(curve, answer), OWN, 3.2),
        _read(curve),
        _dots(plane),
        _points(curve.measured, MEASURED, "diamond"),
        _points(yours, YOURS, "square", joined=True),
        *_here(answer),
    ]
    frame = {
        **layout(height, {"l": 58, "r": 12, "t": 26, "b": 44}),
        "xaxis": {
            **plane.across.layout(_ms, 8),
            "title": title("time per output token (TPOT), milliseconds"),
        },
        "yaxis": {**plane.up.layout(short), "title": title("output tokens a second, one replica")},
        "shapes": _limits(plane),
        "annotations": [
            *_limit_words(plane),
            *_in_flight(plane),
            *_named_points(plane, yours),
            *_here_words(answer, plane),
        ],
    }
    return go.Figure({"data": data, "layout": frame})


def _plane(curve: ThroughputCurve, asked: Asked, points: Sequence[MeasuredPoint]) -> _Plane:
    times = [*curve.tpot_ms, *(point.tpot_ms for point in points)]
    limit = asked.tpot_ms
    first, last = float(min(times)), float(max(times))
    if limit is not None and first / 3 < limit < 3 * last:
        first, last = min(first, limit), max(last, limit)
    scale = "linear" if last / first <= LINEAR_UP_TO else "log"
    room = 0.05 * (last - first) or 0.1 * last
    low, high = (first / 1.12, last * 1.12) if scale == "log" else (first - room, last + room)
    top = max(float(curve.high.max()), *(p.output_tokens_per_s for p in points), 0.0)
    return _Plane(curve, asked, Axis(max(low, 0.0), high, scale), Axis(0.0, 1.08 * top))


def _feasible(curve: ThroughputCurve, answer: Throughput | None) -> tuple[Any, Any]:
    """The part of the curve that meets both latencies, to the answer where that lies on it."""
    meets = np.asarray(curve.within_slo, bool)
    x, y = list(curve.tpot_ms[meets]), list(curve.output_tokens_per_s[meets])
    if answer is not None and _here(answer) and _on_curve(curve, answer):
        x.append(answer.tpot_ms)
        y.append(answer.output_tokens_per_s)
    return x, y


def _on_curve(curve: ThroughputCurve, answer: Throughput) -> bool:
    """Whether an answer is a point of the curve: a measurement and an offline maximum are not."""
    if answer.concurrency is None:
        return False
    here = float(np.interp(answer.concurrency, curve.concurrency, curve.output_tokens_per_s))
    return abs(answer.output_tokens_per_s / here - 1) <= ON_CURVE


def _read(curve: ThroughputCurve) -> dict[str, Any]:
    """What the mouse reads along the curve."""
    rows = zip(
        curve.concurrency, curve.output_tokens_per_s, curve.low, curve.high, curve.ttft_ms,
        curve.tpot_ms, curve.within_slo, strict=True,
    )  # fmt: skip
    texts = [
        f"<b>{n:,.0f} in flight</b><br>{rate(value)} out ({short(low)} to {short(high)})<br>"
        f"TTFT {milliseconds(ttft)}, TPOT {milliseconds(tpot)}"
        + ("" if meets else "<br>misses the latencies")
        for n, value, low, high, ttft, tpot, meets in rows
    ]
    return {
        "type": "scatter", "mode": "markers", "x": curve.tpot_ms, "y": curve.output_tokens_per_s,
        "marker": {"size": 9, "color": "rgba(0,0,0,0)"}, "hoverinfo": "text", "text": texts,
    }  # fmt: skip


def _marked(plane: _Plane) -> list[tuple[float, float, float]]:
    """(in flight, TPOT, tok/s) of the points that carry their number, apart from one another."""
    curve, places = plane.curve, []
    numbers = [n for n in MARKS if n < 0.8 * curve.max_concurrency]
    for n in (curve.max_concurrency, *numbers):
        x = float(np.interp(n, curve.concurrency, curve.tpot_ms))
        y = float(np.interp(n, curve.concurrency, curve.output_tokens_per_s))
        if all(_apart(plane, (x, y), other[1:]) for other in places):
            places.append((float(n), x, y))
    return places


def _apart(plane: _Plane, one: tuple[float, float], other: tuple[float, float]) -> bool:
    across, up = plane.across, plane.up
    wide = abs(across.at(one[0]) - across.at(other[0])) > LEAST_GAP
    return wide or abs(up.at(one[1]) - up.at(other[1])) > 1.6 * LEAST_GAP


def _dots(plane: _Plane) -> dict[str, Any]:
    _, x, y = zip(*_marked(plane), strict=True)
    return {"type": "scatter", "mode": "markers", "hoverinfo": "skip", "x": x, "y": y,
            "marker": {"size": 5, "color": OWN}}  # fmt: skip


def _in_flight(plane: _Plane) -> list[dict[str, Any]]:
    most = plane.curve.max_concurrency
    return [
        {
            **_at(x, y, plane), "text": f"{n:,.0f}" + (" in flight" if n == most else ""),
            "xanchor": "right", "yanchor": "bottom", "xshift": -4, "yshift": 3,
            "showarrow": False, "font": {"size": 11, "color": MUTED},
        }
        for n, x, y in _marked(plane)
    ]  # fmt: skip


def _at(x: float, y: float, plane: _Plane) -> dict[str, float]:
    """A place for an annotation, which plotly wants as a logarithm on such an axis."""
    return {"x": float(np.log10(x)) if plane.across.scale == "log" else float(x), "y": float(y)}


def _limits(plane: _Plane) -> list[dict[str, Any]]:
    """The part of the chart that meets the promised latencies, and its edge."""
    if not plane.asked.limits:
        return []
    edge = _edge(plane)
    low, high = plane.across.low, plane.across.high
    box = {"type": "rect", "yref": "paper", "x0": low, "x1": min(max(edge, low), high), "y0": 0,
           "y1": 1, "fillcolor": tint(FEASIBLE, 0.06), "line": {"width": 0},
           "layer": "below"}  # fmt: skip
    mark = {"type": "line", "yref": "paper", "x0": edge, "x1": edge, "y0": 0, "y1": 1,
            "line": {"color": FEASIBLE, "width": 1.4, "dash": "dash"}}  # fmt: skip
    return [box, mark] if low < edge < high else [box]


def _edge(plane: _Plane) -> float:
    """TPOT at which the first of both latencies is reached [ms]."""
    return min(_tpot_edge(plane), _ttft_edge(plane))


def _tpot_edge(plane: _Plane) -> float:
    return float("inf") if plane.asked.tpot_ms is None else plane.asked.tpot_ms


def _ttft_edge(plane: _Plane) -> float:
    """TPOT on the curve where TTFT reaches its limit; 0 where a single request misses it."""
    limit, curve = plane.asked.ttft_ms, plane.curve
    if limit is None or not (curve.ttft_ms > limit).any():
        return float("inf")
    i = int(np.argmax(curve.ttft_ms > limit))
    if i == 0:
        return 0.0
    share = (limit - curve.ttft_ms[i - 1]) / (curve.ttft_ms[i] - curve.ttft_ms[i - 1])
    return float(curve.tpot_ms[i - 1] + share * (curve.tpot_ms[i] - curve.tpot_ms[i - 1]))


def _limit_words(plane: _Plane) -> list[dict[str, Any]]:
    if not plane.asked.limits:
        return []
    edge, across = _edge(plane), plane.across
    inside = across.low < edge < across.high
    by_ttft = _ttft_edge(plane) < _tpot_edge(plane)
    reached = (
        f"TTFT reaches {milliseconds(plane.asked.ttft_ms)}"
        if by_ttft
        else f"TPOT {milliseconds(plane.asked.tpot_ms)}"
    )
    words = {"yref": "paper", "y": 1.0, "yanchor": "bottom", "showarrow": False,
             "font": {"size": 12, "color": FEASIBLE}}  # fmt: skip
    if inside:
        place = _at(edge, 0, plane)["x"]
        right = across.at(edge) > ROOM_LEFT
        return [{**words, "x": place, "text": f"<b>meets {plane.asked.limits}</b>"
                 if right else f"<b>{reached}</b>", "xanchor": "right" if right else "left",
                 "xshift": -4 if right else 4}]  # fmt: skip
    share = "all" if edge >= across.high else "none"
    text = f"{share} of it meets {plane.asked.limits}"
    return [{**words, "xref": "paper", "x": 1.0, "xanchor": "right", "text": f"<b>{text}</b>"}]


def _points(
    points: Sequence[MeasuredPoint], colour: str, symbol: str, *, joined: bool = False
) -> dict[str, Any]:
    known = [point for point in points if point.tpot_ms is not None]
    drawn = {
        "type": "scatter",
        "mode": "lines+markers" if joined else "markers",
        "x": [point.tpot_ms for point in known],
        "y": [point.output_tokens_per_s for point in known],
        "marker": {"size": 9, "color": colour, "symbol": symbol,
                   "line": {"color": PAPER, "width": 1.2}},
        "hoverinfo": "text",
        "text": [_told(point) for point in known],
    }  # fmt: skip
    return {**drawn, "line": {"color": colour, "width": 1.4}} if joined else drawn


def _told(point: MeasuredPoint) -> str:
    parts = (
        f"<b>{point.concurrency:,.0f} in flight, measured</b>",
        f"{rate(point.output_tokens_per_s)} out",
        f"TTFT {milliseconds(point.ttft_ms)}, TPOT {milliseconds(point.tpot_ms)}",
        inert(point.engine),
        inert(point.source, 80),
    )
    return "<br>".join(part for part in parts if part)


def _named_points(plane: _Plane, yours: Sequence[MeasuredPoint]) -> list[dict[str, Any]]:
    """A label beside the last point of either kind."""
    kinds = (
        (plane.curve.measured, "published measurements", MEASURED),
        (yours, "your files", YOURS),
    )
    found = []
    for points, name, colour in kinds:
        known = [point for point in points if point.tpot_ms is not None]
        if not known:
            continue
        last = max(known, key=lambda point: point.tpot_ms or 0.0)
        left = plane.across.at(last.tpot_ms or 0.0) > 0.8
        found.append(
            {
                **_at(last.tpot_ms or 0.0, last.output_tokens_per_s, plane), "text": name,
                "xanchor": "right" if left else "left", "xshift": -9 if left else 9,
                "yanchor": "top", "yshift": -2, "showarrow": False,
                "font": {"size": 12, "color": colour},
            }
        )  # fmt: skip
    return found


def _here(answer: Throughput | None) -> list[dict[str, Any]]:
    if answer is None or not answer.tpot_ms or not answer.output_tokens_per_s:
        return []
    marker = {"size": 12, "color": PAPER, "line": {"color": OWN, "width": 3}}
    return [{"type": "scatter", "mode": "markers", "x": [answer.tpot_ms], "hoverinfo": "skip",
             "y": [answer.output_tokens_per_s], "marker": marker, "cliponaxis": False}]  # fmt: skip


def _here_words(answer: Throughput | None, plane: _Plane) -> list[dict[str, Any]]:
    if not _here(answer) or answer is None:
        return []
    left = plane.across.at(answer.tpot_ms or 0.0) > 0.8
    on_curve = _on_curve(plane.curve, answer)
    kind = "" if on_curve else " measured" if answer.provenance == "measured" else " offline"
    text = (
        f"<b>{rate(answer.output_tokens_per_s)}</b>{kind}, {answer.concurrency or 0:,.0f} in flight"
    )
    return [{**_at(answer.tpot_ms or 0.0, answer.output_tokens_per_s, plane), "text": text,
             "xanchor": "right" if left else "left", "xshift": -12 if left else 12,
             "yanchor": "top", "yshift": -6, "showarrow": False, "bgcolor": tint(PAPER, 0.8),
             "font": {"size": 12.5, "color": INK}}]  # fmt: skip


def _ms(value: float) -> str:
    return f"{value:g}"
