"""The chart of a replica's speed: throughput against latency, what is promised and measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.present.charts.axes import Axis, first_above
from costmodel.present.charts.layout import (
    CLEAR,
    Frame,
    Part,
    aside,
    column,
    dots,
    line,
    mark,
    note,
    ring,
    upright,
)
from costmodel.present.charts.theme import ACCENTS, INK, KIND_COLOURS, MUTED, PAPER, inert, tint
from costmodel.present.words.speed import Asked
from costmodel.quantity.words import milliseconds, or_none, tokens_per_s

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
    known = [point for point in (*curve.measured, *yours) if point.tpot_ms is not None]
    plane = _plane(curve, asked, known)
    _, x, y = zip(*_marked(plane), strict=True)
    return Frame(height, left=58, right=12, top=26, bottom=44).drawn(
        [
            line(curve.tpot_ms, curve.low),
            line(curve.tpot_ms, curve.high, fill=tint(OWN, 0.13)),
            line(curve.tpot_ms, curve.output_tokens_per_s, tint(OWN, 0.55), 1.6, dash="dot"),
            line(*_feasible(curve, answer), OWN, 3.2),
            _read(curve),
            dots(x, y, OWN, 5),
            _points(curve.measured, MEASURED, "diamond"),
            _points(yours, YOURS, "square") | {"mode": "lines+markers"},
            *_here(answer),
        ],
        xaxis=plane.across.layout(
            8, title="time per output token (TPOT), milliseconds", exponentformat="none"
        ),
        yaxis=plane.up.layout(title="output tokens a second, one replica"),
        shapes=_limits(plane),
        annotations=[
            *_limit_words(plane),
            *_in_flight(plane),
            *_named_points(plane, yours),
            *_here_words(answer, plane),
        ],
    )


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


def _feasible(curve: ThroughputCurve, answer: Throughput | None) -> tuple[list[float], list[float]]:
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


def _read(curve: ThroughputCurve) -> Part:
    """What the mouse reads along the curve; latencies in seconds, which d3 has in m."""
    said = (
        "<b>%{customdata[0]:,.0f} in flight</b><br>"
        "%{y:.3~s} tok/s out (%{customdata[1]:.3~s} to %{customdata[2]:.3~s})<br>"
        "TTFT %{customdata[3]:.3~s}s, TPOT %{customdata[4]:.3~s}s%{text}"
    )
    series = (curve.concurrency, curve.low, curve.high, curve.ttft_ms / 1e3, curve.tpot_ms / 1e3)
    misses = np.where(curve.within_slo, "", "<br>misses the latencies").tolist()
    places = curve.tpot_ms, curve.output_tokens_per_s
    return dots(*places, CLEAR, 9, said) | {"customdata": np.column_stack(series), "text": misses}


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


def _in_flight(plane: _Plane) -> list[Part]:
    most = plane.curve.max_concurrency
    beside = {"yanchor": "bottom", "yshift": 3, "size": 11, **aside(left=True, px=4)}
    return [
        _at(f"{n:,.0f}" + (" in flight" if n == most else ""), x, y, plane, MUTED, **beside)
        for n, x, y in _marked(plane)
    ]


def _at(text: str, x: float, y: float, plane: _Plane, colour: str, **more: Any) -> Part:
    """A note at a point of the chart."""
    return mark(text, plane.across.place(x), y, colour, **more)


def _limits(plane: _Plane) -> list[Part]:
    """The part of the chart that meets the promised latencies, and its edge."""
    if not plane.asked.limits:
        return []
    edge, across = _edge(plane), plane.across
    box = column(across.low, across.clipped(edge), tint(FEASIBLE, 0.06))
    inside = across.low < edge < across.high
    return [box, upright(edge, FEASIBLE, "dash", 1.4)] if inside else [box]


def _edge(plane: _Plane) -> float:
    """TPOT at which the first of both latencies is reached [ms]."""
    return min(_tpot_edge(plane), _ttft_edge(plane))


def _tpot_edge(plane: _Plane) -> float:
    return float("inf") if plane.asked.tpot_ms is None else plane.asked.tpot_ms


def _ttft_edge(plane: _Plane) -> float:
    """TPOT on the curve where TTFT reaches its limit; 0 where a single request misses it."""
    limit, curve = plane.asked.ttft_ms, plane.curve
    at = None if limit is None else first_above(curve.tpot_ms, curve.ttft_ms, limit)
    if at is None:
        return float("inf")
    return 0.0 if at == curve.tpot_ms[0] else at


def _limit_words(plane: _Plane) -> list[Part]:
    asked, across, edge = plane.asked, plane.across, _edge(plane)
    if not asked.limits:
        return []
    if not across.low < edge < across.high:
        share = "all" if edge >= across.high else "none"
        said = f"<b>{share} of it meets {asked.limits}</b>"
        return [note(said, 1.0, 1.0, FEASIBLE, xanchor="right", yanchor="bottom")]
    by_ttft = _ttft_edge(plane) < _tpot_edge(plane)
    limit = (
        f"TTFT reaches {or_none(asked.ttft_ms, milliseconds)}"
        if by_ttft
        else f"TPOT {or_none(asked.tpot_ms, milliseconds)}"
    )
    right = across.at(edge) > ROOM_LEFT
    said = f"<b>meets {asked.limits}</b>" if right else f"<b>{limit}</b>"
    beside = {"xref": "x", "yanchor": "bottom", **aside(right, 4)}
    return [note(said, across.place(edge), 1.0, FEASIBLE, **beside)]


def _points(points: Sequence[MeasuredPoint], colour: str, symbol: str) -> Part:
    known = [point for point in points if point.tpot_ms is not None]
    return dots(
        [point.tpot_ms for point in known],
        [point.output_tokens_per_s for point in known],
        colour,
        hover="%{text}",
        symbol=symbol,
        line={"color": PAPER, "width": 1.2},
    ) | {"text": [_told(point) for point in known], "line": {"color": colour, "width": 1.4}}


def _told(point: MeasuredPoint) -> str:
    parts = (
        f"<b>{point.concurrency:,.0f} in flight, measured</b>",
        f"{tokens_per_s(point.output_tokens_per_s)} out",
        f"TTFT {or_none(point.ttft_ms, milliseconds)}, TPOT {or_none(point.tpot_ms, milliseconds)}",
        inert(point.engine),
        inert(point.source, 80),
    )
    return "<br>".join(part for part in parts if part)


def _named_points(plane: _Plane, yours: Sequence[MeasuredPoint]) -> list[Part]:
    """A label beside the last point of either kind."""
    kinds = (
        (plane.curve.measured, "published measurements", MEASURED),
        (yours, "your files", YOURS),
    )
    found = []
    for points, name, colour in kinds:
        known = [(p.tpot_ms, p.output_tokens_per_s) for p in points if p.tpot_ms is not None]
        if known:
            x, y = max(known)
            beside = {"yanchor": "top", "yshift": -2, **aside(plane.across.at(x) > 0.8, 9)}
            found.append(_at(name, x, y, plane, colour, **beside))
    return found


def _here(answer: Throughput | None) -> list[Part]:
    if answer is None or not answer.tpot_ms or not answer.output_tokens_per_s:
        return []
    return [ring(answer.tpot_ms, answer.output_tokens_per_s, OWN, 12, 3)]


def _here_words(answer: Throughput | None, plane: _Plane) -> list[Part]:
    if answer is None or not answer.tpot_ms or not answer.output_tokens_per_s:
        return []
    x, y = answer.tpot_ms, answer.output_tokens_per_s
    on_curve = _on_curve(plane.curve, answer)
    kind = "" if on_curve else " measured" if answer.provenance == "measured" else " offline"
    text = f"<b>{tokens_per_s(y)}</b>{kind}, {answer.concurrency or 0:,.0f} in flight"
    beside = {"yanchor": "top", "yshift": -6, "bgcolor": tint(PAPER, 0.8)}
    return [_at(text, x, y, plane, INK, **beside, **aside(plane.across.at(x) > 0.8, 12))]
