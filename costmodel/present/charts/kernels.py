"""Charts of formats and kernels side by side: the matrices alone, what is served, what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.present.charts.axes import Axis
from costmodel.present.charts.drawing import layout, line, title
from costmodel.present.charts.theme import ACCENTS, MUTED, PAPER, RULE, inert, spaced, tint
from costmodel.present.words.speed import Asked, about, rate, usd_per_mtok
from costmodel.quantity.words import short, usd

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

LABEL_PX = 17
WIDEST_BAND = 5.0
"""A band whose ends lie further apart than this ratio would hide the rest: the words state it."""


def gemm_figure(comparison: KernelComparison, height: float = 320) -> go.Figure:
    """Speed-up of the layers' matrices over bf16 by tokens in flight, with each kernel's band."""
    import plotly.graph_objects as go

    options = comparison.options
    top = max(float(option.gemm_speedup.max()) for option in options)
    across = Axis(float(options[0].tokens[0]), float(options[0].tokens[-1]), "log")
    up = Axis(0.0, 1.12 * top)
    data: list[dict[str, Any]] = []
    for option, colour in _coloured(comparison):
        if 1 < float(np.max(option.high / option.low)) <= WIDEST_BAND:
            data += _band(option, colour, up.high)
        data.append({**line(option.tokens, option.gemm_speedup, colour, 2.2), **_hovered(option)})
    frame = {
        **layout(height, {"l": 46, "r": 128, "t": 8, "b": 44}),
        "xaxis": {**across.layout(short), "title": title("tokens in flight (batch)")},
        "yaxis": {**up.layout(_times), "title": title("matrices, speed over bf16")},
        "shapes": [_even(across), *_crossings(comparison)],
        "annotations": [
            *_labels(comparison, {o.name: float(o.gemm_speedup[-1]) for o in options},
                     up, height - 52),
            *_crossing_words(comparison),
        ],
    }  # fmt: skip
    return go.Figure({"data": data, "layout": frame})


def served_figure(comparison: KernelComparison, height: float = 320) -> go.Figure:
    """Output tokens a second by requests in flight, each option to where its memory ends."""
    import plotly.graph_objects as go

    found = [(o, c, o.served) for o, c in _coloured(comparison) if o.served is not None]
    most = max((float(s.concurrency[-1]) for *_, s in found), default=2.0)
    top = max((float(s.output_tokens_per_s.max()) for *_, s in found), default=1.0)
    across, up = Axis(1.0, max(most, 2.0), "log"), Axis(0.0, 1.1 * top)
    data = []
    for option, colour, served in found:
        meets = np.asarray(served.within_slo, bool)
        x, y = served.concurrency, served.output_tokens_per_s
        data.append(line(x, y, tint(colour, 0.6), 1.3, dash="dot"))
        data.append(line(x[meets], y[meets], colour, 2.4))
        data.append(_ends(option, served, colour))
        data.append(_read_served(option, served))
    ends = {o.name: float(s.output_tokens_per_s[-1]) for o, _, s in found}
    frame = {
        **layout(height, {"l": 52, "r": 128, "t": 8, "b": 44}),
        "xaxis": {**across.layout(short), "title": title("requests in flight")},
        "yaxis": {**up.layout(short), "title": title("output tokens a second")},
        "annotations": _labels(comparison, ends, up, height - 52),
    }
    return go.Figure({"data": data, "layout": frame})


def _coloured(comparison: KernelComparison) -> list[tuple[KernelCurve, str]]:
    return [(o, OPTION_COLOURS[i % len(OPTION_COLOURS)]) for i, o in enumerate(comparison.options)]


def _times(value: float) -> str:
    return f"{value:g}×"


def _band(option: KernelCurve, colour: str, top: float) -> list[dict[str, Any]]:
    return [
        line(option.tokens, np.minimum(option.low, top), "rgba(0,0,0,0)"),
        line(option.tokens, np.minimum(option.high, top), "rgba(0,0,0,0)", fill=tint(colour, 0.08)),
    ]


def _hovered(option: KernelCurve) -> dict[str, Any]:
    rows = zip(option.tokens, option.gemm_speedup, option.low, option.high, strict=True)
    texts = [
        f"{inert(option.name)}, {tokens:,.0f} in flight: {value:.2f}× bf16 "
        f"({low:.2f} to {high:.2f})"
        for tokens, value, low, high in rows
    ]
    return {"hoverinfo": "text", "text": texts}


def _read_served(option: KernelCurve, served: ThroughputCurve) -> dict[str, Any]:
    texts = [
        f"{inert(option.name)}, {n:,.0f} in flight: {rate(value)}"
        + ("" if meets else ", misses the latencies")
        for n, value, meets in zip(
            served.concurrency, served.output_tokens_per_s, served.within_slo, strict=True
        )
    ]
    return {"type": "scatter", "mode": "markers", "x": served.concurrency, "hoverinfo": "text",
            "y": served.output_tokens_per_s, "text": texts,
            "marker": {"size": 8, "color": "rgba(0,0,0,0)"}}  # fmt: skip


def _ends(option: KernelCurve, served: ThroughputCurve, colour: str) -> dict[str, Any]:
    """Where memory or the engine holds no more."""
    return {"type": "scatter", "mode": "markers", "x": [served.concurrency[-1]],
            "y": [served.output_tokens_per_s[-1]], "hoverinfo": "skip", "cliponaxis": False,
            "marker": {"size": 7, "color": PAPER, "line": {"color": colour, "width": 2}},
            "name": option.name}  # fmt: skip


def _even(across: Axis) -> dict[str, Any]:
    return {"type": "line", "x0": across.low, "x1": across.high, "y0": 1, "y1": 1,
            "line": {"color": RULE, "width": 1}, "layer": "below"}  # fmt: skip


def _crossing(comparison: KernelComparison) -> list[tuple[float, str]]:
    """Where an option stops being faster than bf16, with its colour."""
    return [(o.stops_paying, c) for o, c in _coloured(comparison) if o.stops_paying]


def _crossings(comparison: KernelComparison) -> list[dict[str, Any]]:
    return [
        {"type": "line", "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1,
         "line": {"color": colour, "width": 1.2, "dash": "dot"}}
        for x, colour in _crossing(comparison)
    ]  # fmt: skip


def _crossing_words(comparison: KernelComparison) -> list[dict[str, Any]]:
    return [
        {"x": float(np.log10(x)), "y": 1.0, "yref": "paper", "xanchor": "left", "yanchor": "top",
         "text": f"stops paying at about {about(x)}", "xshift": 6, "yshift": -LABEL_PX * i,
         "showarrow": False, "font": {"size": 12, "color": colour}}
        for i, (x, colour) in enumerate(_crossing(comparison))
    ]  # fmt: skip


def _labels(
    comparison: KernelComparison, ends: dict[str, float], up: Axis, pixels: float
) -> list[dict[str, Any]]:
    """The options' names at the right end, without touching."""
    shown = [(o, c) for o, c in _coloured(comparison) if o.name in ends]
    wanted = [up.at(ends[option.name]) * pixels for option, _ in shown]
    places = spaced(wanted, [LABEL_PX] * len(wanted), 0, pixels)
    return [
        {"xref": "paper", "yref": "paper", "x": 1.0, "y": place / pixels,
         "text": inert(option.name, 24), "xanchor": "left", "xshift": 8, "yanchor": "middle",
         "showarrow": False, "font": {"size": 12, "color": colour}}
        for (option, colour), place in zip(shown, places, strict=True)
    ]  # fmt: skip


# ------------------------------------------------------------------------------ cost a token


def cost_figure(
    comparison: KernelComparison,
    asked: Asked,
    usd_per_gpu_hour: float,
    height: float = 320,
) -> go.Figure:
    """GPU dollars per million tokens by requests in flight, the GPUs never idle."""
    import plotly.graph_objects as go

    found = [(o, c, o.served) for o, c in _coloured(comparison) if o.served is not None]
    costs = {
        option.name: usd_per_mtok(
            served.output_tokens_per_s * asked.total_per_output, usd_per_gpu_hour, asked.tp
        )
        for option, _, served in found
    }
    most = max((float(s.concurrency[-1]) for *_, s in found), default=2.0)
    low = min((float(cost.min()) for cost in costs.values()), default=0.1)
    high = max((float(cost.max()) for cost in costs.values()), default=10.0)
    across, up = Axis(1.0, max(most, 2.0), "log"), Axis(low / 1.3, max(high, 2 * low) * 1.2, "log")
    data = []
    for option, colour, served in found:
        meets = np.asarray(served.within_slo, bool)
        x, y = served.concurrency, costs[option.name]
        data.append({**line(x, y, tint(colour, 0.6), 1.3, dash="dot"), "hoverinfo": "text",
                     "text": [f"{inert(option.name)}, {n:,.0f} in flight: {usd(c)} for 1M tokens"
                              for n, c in zip(x, y, strict=True)]})  # fmt: skip
        data.append(line(x[meets], y[meets], colour, 2.4))
    ends = {name: float(cost[-1]) for name, cost in costs.items()}
    frame = {
        **layout(height, {"l": 58, "r": 128, "t": 8, "b": 44}),
        "xaxis": {**across.layout(short), "title": title("requests in flight")},
        "yaxis": {**up.layout(usd), "title": title("$ for 1M tokens")},
        "annotations": _labels(comparison, ends, up, height - 52),
    }
    return go.Figure({"data": data, "layout": frame})
