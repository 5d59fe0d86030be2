"""Charts of formats and kernels side by side: the matrices alone, what is served, what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from costmodel.cost.curve import Floats
from costmodel.present.charts.axes import Axis
from costmodel.present.charts.layout import (
    Frame,
    Named,
    Part,
    aside,
    line,
    named,
    note,
    ring,
    upright,
    usd_read,
)
from costmodel.present.charts.theme import ACCENTS, MUTED, RULE, inert, tint
from costmodel.present.words.speed import Asked, usd_per_mtok
from costmodel.quantity.words import about

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from costmodel.sizing.kernels import KernelComparison, KernelCurve
    from costmodel.sizing.records import ThroughputCurve

OPTION_COLOURS = (
    MUTED,
    ACCENTS["hybrid"][0],
    ACCENTS["own"][0],
    ACCENTS["frontier"][0],
    ACCENTS["mix"][0],
    ACCENTS["managed"][0],
)
"""By order in a comparison; bf16, the reference, is grey."""

WIDEST_BAND = 5.0
"""A band whose ends lie further apart than this ratio would hide the rest: the words state it."""


def gemm_figure(comparison: KernelComparison, height: float = 320) -> go.Figure:
    """Speed-up of the layers' matrices over bf16 by tokens in flight, with each kernel's band."""
    options = comparison.options
    across = Axis(float(options[0].tokens[0]), float(options[0].tokens[-1]), "log")
    up = Axis(0.0, 1.12 * max(float(option.gemm_speedup.max()) for option in options))
    frame = Frame(height, left=46, right=128, top=8, bottom=44)
    shown = _coloured(comparison)
    names = [Named([inert(o.name, 24)], o.tokens, o.gemm_speedup, c) for o, c in shown]
    labels = named(names, across, up, frame)
    even = upright(1, RULE, layer="below") | {"xref": "paper", "x0": 0, "x1": 1, "yref": "y"}
    return frame.drawn(
        [part for option, colour in shown for part in _speedup(option, colour, up.high)],
        xaxis=across.layout(title="tokens in flight (batch)"),
        yaxis=up.layout(title="matrices, speed over bf16", tickvals=None, ticksuffix="×"),
        shapes=[
            even | {"y0": 1, "y1": 1},
            *(upright(o.stops_paying, c, "dot", 1.2) for o, c in shown if o.stops_paying),
            *labels["shapes"],
        ],
        annotations=[*labels["annotations"], *_crossings(shown, across)],
    )


def served_figure(comparison: KernelComparison, height: float = 320) -> go.Figure:
    """Output tokens a second by requests in flight, each option to where its memory ends."""
    found = _served(comparison)
    top = max((float(s.output_tokens_per_s.max()) for *_, s in found), default=1.0)
    rates = [s.output_tokens_per_s for *_, s in found]
    frame, up = Frame(height, left=52, right=128, top=8, bottom=44), Axis(0.0, 1.1 * top)
    y_axis = up.layout(title="output tokens a second")
    return _in_flight(frame, found, rates, up, y_axis, "%{y:.3~s} tok/s%{text}")


def cost_figure(
    comparison: KernelComparison,
    asked: Asked,
    usd_per_gpu_hour: float,
    height: float = 320,
) -> go.Figure:
    """GPU dollars per million tokens by requests in flight, the GPUs never idle."""
    found = _served(comparison)
    costs = [
        usd_per_mtok(s.output_tokens_per_s * asked.total_per_output, usd_per_gpu_hour, asked.tp)
        for *_, s in found
    ]
    low = min((float(cost.min()) for cost in costs), default=0.1)
    high = max((float(cost.max()) for cost in costs), default=10.0)
    up = Axis(low / 1.3, max(high, 2 * low) * 1.2, "log")
    read = usd_read(np.concatenate(costs)) if costs else ""
    frame = Frame(height, left=58, right=128, top=8, bottom=44)
    y_axis = up.layout(money=True, title="$ for 1M tokens")
    return _in_flight(frame, found, costs, up, y_axis, f"{read} for 1M tokens%{{text}}")


Served = tuple["KernelCurve", str, "ThroughputCurve"]
"""An option, its colour, and what it serves."""


def _coloured(comparison: KernelComparison) -> list[tuple[KernelCurve, str]]:
    return [(o, OPTION_COLOURS[i % len(OPTION_COLOURS)]) for i, o in enumerate(comparison.options)]


def _served(comparison: KernelComparison) -> list[Served]:
    return [(o, c, o.served) for o, c in _coloured(comparison) if o.served is not None]


def _in_flight(
    frame: Frame, found: list[Served], series: list[Floats], up: Axis, y_axis: Part, said: str
) -> go.Figure:
    """Something of every option over requests in flight; solid where the latencies are met."""
    most = max((float(s.concurrency[-1]) for *_, s in found), default=2.0)
    across = Axis(1.0, max(most, 2.0), "log")
    data, names = [], []
    for (option, colour, served), y in zip(found, series, strict=True):
        meets, x = np.asarray(served.within_slo, bool), served.concurrency
        misses = np.where(meets, "", ", misses the latencies").tolist()
        hover = f"{inert(option.name)}, %{{x:,.0f}} in flight: {said}"
        data += [
            line(x, y, tint(colour, 0.6), 1.3, dash="dot", hover=hover, text=misses),
            line(x[meets], y[meets], colour, 2.4),
            ring(x[-1], y[-1], colour, 7, 2),
        ]
        names.append(Named([inert(option.name, 24)], x, y, colour))
    labels = named(names, across, up, frame)
    return frame.drawn(
        data, xaxis=across.layout(title="requests in flight"), yaxis=y_axis, **labels
    )


def _speedup(option: KernelCurve, colour: str, top: float) -> list[Part]:
    """The speed-up of a kernel with its band, where that would not hide the rest."""
    x, low, high = option.tokens, option.low, option.high
    said = (
        f"{inert(option.name)}, %{{x:,.0f}} in flight: %{{y:.2f}}× bf16 "
        "(%{customdata[0]:.2f} to %{customdata[1]:.2f})"
    )
    band = [line(x, np.minimum(low, top)), line(x, np.minimum(high, top), fill=tint(colour, 0.08))]
    read = np.column_stack([low, high])
    return [
        *(band if 1 < float(np.max(high / low)) <= WIDEST_BAND else []),
        line(x, option.gemm_speedup, colour, 2.2, hover=said, customdata=read),
    ]


def _crossings(shown: list[tuple[KernelCurve, str]], across: Axis) -> list[Part]:
    """Where options stop being faster than bf16, in words."""
    found = [(o.stops_paying, c) for o, c in shown if o.stops_paying]
    beside = {"xref": "x", "yanchor": "top", **aside(left=False, px=6)}
    return [
        note(f"stops paying at about {about(x)}", across.place(x), 1.0, c, yshift=-17 * i, **beside)
        for i, (x, c) in enumerate(found)
    ]
