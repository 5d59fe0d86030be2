"""Charts of a memory fit: where the bytes of one card go, and which context x concurrency fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.present.charts.axes import Axis
from costmodel.present.charts.drawing import layout, line, title
from costmodel.present.charts.theme import (
    ACCENTS,
    INK,
    MUTED,
    PAPER,
    RULE,
    TEXT,
    mixed,
    spaced,
    tint,
)
from costmodel.present.words.fit import VERDICT_COLOURS, counted, gib
from costmodel.quantity.units import GIB
from costmodel.quantity.words import short
from costmodel.sizing.records import Fit

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from costmodel.serving.memory import FitMap

WEIGHTS, CACHE = ACCENTS["own"][0], ACCENTS["hybrid"][0]
OVERHEAD, UNUSABLE = "#8794a5", "#e6e9ee"
MISSING = VERDICT_COLOURS["does_not_fit"]
LABEL_PX, CARD_LABEL_PX = 92, 132
"""Widths of a label under the bar, and of the card's over it."""

LEAST_CONTEXT = 512
"""Tokens at the left end of the map."""
MOST_SHARE = 1.6
"""The map reaches this far above the frontier at its left end."""


# --------------------------------------------------------------------------------- one card


@dataclass(frozen=True)
class Segment:
    """A part of the bar [GiB]; `short` parts do not fit and get a dashed outline."""

    name: str
    size: float
    colour: str
    short: bool = False


def segments(fit: Fit) -> list[Segment]:
    """What is wanted of one card, from left to right; the KV cache that finds no room last."""
    parts = fit.per_gpu
    if parts is None:
        return []
    wanted = fit.concurrency * fit.kv_bytes_per_sequence / fit.tp
    found = [
        Segment("Weights", parts.weights_bytes / GIB, WEIGHTS),
        Segment("Overhead", parts.overhead_bytes / GIB, OVERHEAD),
        Segment("KV in use", parts.kv_in_use_bytes / GIB, CACHE),
        Segment("KV free", parts.kv_free_bytes / GIB, mixed(CACHE, 0.28)),
        Segment("KV short", (wanted - parts.kv_in_use_bytes) / GIB, MISSING, short=True),
    ]
    return [each for each in found if each.size * GIB >= 1]


def memory_figure(fit: Fit, width: float = 1160, height: float = 176) -> go.Figure:
    """One card as a bar, against its real size and the share of it the engine takes."""
    import plotly.graph_objects as go

    drawn, card = segments(fit), fit.usable_bytes_per_gpu / GIB
    budget = fit.budget_bytes_per_gpu / GIB
    end = max(card, sum(each.size for each in drawn)) * 1.004
    starts = np.cumsum([0.0, *(each.size for each in drawn)])[:-1]
    places = [*(float(s) + each.size / 2 for s, each in zip(starts, drawn, strict=True))]
    texts = [(each.name, each.size, MISSING if each.short else TEXT) for each in drawn]
    places.append((budget + card) / 2)
    texts.append(("Not usable", card - budget, MUTED))
    pixels = [place / end * width for place in places]
    shown = spaced(pixels, [LABEL_PX] * len(pixels), 0, width)
    frame = {
        **layout(height, {"l": 1, "r": 1, "t": 30, "b": 52}),
        "xaxis": {"visible": False, "range": [0, end], "fixedrange": True},
        "yaxis": {"visible": False, "range": [0, 1], "fixedrange": True},
        "shapes": [
            _box(budget, card, UNUSABLE, layer="below"),
            *(
                _box(float(s), float(s) + each.size, each.colour, dashed=each.short)
                for s, each in zip(starts, drawn, strict=True)
            ),
            _edge(budget, 1.06, "dot"),
            _edge(card, 1.06, "solid"),
            *(_leader(old, new / width * end) for old, new in zip(places, shown, strict=True)),
        ],
        "annotations": [
            *_edge_labels(fit, budget, card, end, width),
            *(_label(x / width * end, *text) for x, text in zip(shown, texts, strict=True)),
        ],
    }
    return go.Figure({"data": [_hover(drawn, starts)], "layout": frame})


def _hover(drawn: list[Segment], starts: Any) -> dict[str, Any]:
    """Invisible bars that read a part under the mouse."""
    return {
        "type": "bar",
        "orientation": "h",
        "x": [each.size for each in drawn],
        "base": [float(s) for s in starts],
        "y": [0.5] * len(drawn),
        "width": 1,
        "marker": {"color": "rgba(0,0,0,0)", "line": {"width": 0}},
        "text": [f"{each.name}: {gib(each.size * GIB)}" for each in drawn],
        "textposition": "none",
        "hovertemplate": "%{text}<extra></extra>",
    }


def _box(left: float, right: float, colour: str, *, dashed: bool = False, **more: Any) -> Any:
    edge = {"color": colour, "width": 1.5, "dash": "dot"} if dashed else {"width": 0}
    fill = tint(colour, 0.18) if dashed else colour
    return {"type": "rect", "x0": left, "x1": right, "y0": 0, "y1": 1, "fillcolor": fill,
            "line": edge, **more}  # fmt: skip


def _edge(place: float, top: float, dash: str) -> dict[str, Any]:
    line = {"color": INK, "width": 1.2, "dash": dash}
    return {"type": "line", "yref": "paper", "x0": place, "x1": place, "y0": 0, "y1": top,
            "line": line}  # fmt: skip


def _edge_labels(
    fit: Fit, budget: float, card: float, end: float, width: float
) -> list[dict[str, Any]]:
    """What the two lines are: over them, side by side without touching."""
    each = "each card" if fit.tp > 1 else "the card"
    of_card = f"<b>{each}, {gib(fit.usable_bytes_per_gpu)}</b>"
    of_share = f"the engine's share, {gib(fit.budget_bytes_per_gpu)}"
    if end - card > CARD_LABEL_PX / width * end:
        return [_top(budget, of_share, "right", MUTED), _top(card, of_card, "left", INK)]
    left_of_card = card - CARD_LABEL_PX / width * end
    share = _top(min(budget, left_of_card), of_share, "right", MUTED)
    return [share, _top(card, of_card, "right", INK)]


def _top(place: float, text: str, anchor: str, colour: str) -> dict[str, Any]:
    return {"x": place, "y": 1.06, "yref": "paper", "text": text, "xanchor": anchor,
            "yanchor": "bottom", "showarrow": False,
            "font": {"size": 12, "color": colour}}  # fmt: skip


def _leader(place: float, label: float) -> dict[str, Any]:
    path = f"M {place} 0 L {place} -0.06 L {label} -0.13"
    return {"type": "path", "yref": "paper", "path": path, "line": {"color": RULE, "width": 1}}


def _label(place: float, name: str, size: float, colour: str) -> dict[str, Any]:
    text = f"{name}<br><b>{size:.1f} GiB</b>"
    return {"x": place, "y": -0.13, "yref": "paper", "text": text, "yanchor": "top",
            "showarrow": False, "font": {"size": 12, "color": colour}}  # fmt: skip


# ------------------------------------------------------------------------------------- the map


def map_contexts(fit: Fit, longest: int) -> list[int]:
    """Contexts along the map [tokens]: evenly spaced on a logarithmic axis."""
    end = max(longest, fit.context, 2 * LEAST_CONTEXT)
    start = min(LEAST_CONTEXT, fit.context)
    return sorted({round(x) for x in np.geomspace(start, end, 140)})


def fit_map_figure(fit: Fit, found: FitMap, height: float = 330) -> go.Figure:
    """Context against concurrency: what fits, the frontier with its band, and what is asked."""
    import plotly.graph_objects as go

    x = found.contexts.astype(float)
    top = max(MOST_SHARE * float(found.high.max()), 2.5 * fit.concurrency, 10.0)
    across = Axis(float(x[0]), float(x[-1]), "log")
    up = Axis(1.0, top, "log")
    value, low, high = (
        np.clip(each, up.low / 2, up.high * 2) for each in (found.frontier, found.low, found.high)
    )
    colour = VERDICT_COLOURS["fits"]
    floor = np.full_like(x, up.low / 2)
    data = [
        line(x, floor, "rgba(0,0,0,0)"),
        line(x, low, "rgba(0,0,0,0)", fill=tint(colour, 0.12)),
        line(x, high, "rgba(0,0,0,0)", fill=tint(VERDICT_COLOURS["tight"], 0.22)),
        {**line(x, value, colour, 2.2), **_read(found)},
        _point(fit),
    ]
    frame = {
        **layout(height, {"l": 46, "r": 6, "t": 8, "b": 44}),
        "xaxis": {**across.layout(short), "title": title("tokens a request (context)")},
        "yaxis": {**up.layout(short), "title": title("requests at once")},
        "annotations": [*_regions(found, across, up), _asked(fit, across, up)],
    }
    return go.Figure({"data": data, "layout": frame})


def _read(found: FitMap) -> dict[str, Any]:
    """What the mouse reads along the frontier."""
    rows = zip(found.contexts, found.frontier, found.low, found.high, strict=True)
    return {
        "hoverinfo": "text",
        "text": [
            f"{context:,} tokens: {counted(value)} requests ({counted(low)} to {counted(high)})"
            for context, value, low, high in rows
        ],
    }


def _point(fit: Fit) -> dict[str, Any]:
    marker = {"size": 11, "color": PAPER,
              "line": {"color": VERDICT_COLOURS[fit.verdict], "width": 3}}  # fmt: skip
    return {"type": "scatter", "mode": "markers", "x": [fit.context], "y": [fit.concurrency],
            "marker": marker, "cliponaxis": False, "hoverinfo": "skip"}  # fmt: skip


def _asked(fit: Fit, across: Axis, up: Axis) -> dict[str, Any]:
    """The label of the point that is asked about, on the side where there is room."""
    left = across.at(fit.context) > 0.72
    text = f"you are here: {fit.concurrency:,g} × {fit.context:,}"
    below = up.at(fit.concurrency) > 0.12
    return {"x": np.log10(fit.context), "y": np.log10(fit.concurrency), "text": text,
            "xanchor": "right" if left else "left", "xshift": -11 if left else 11,
            "yshift": -9 if below else 9, "showarrow": False, "bgcolor": tint(PAPER, 0.72),
            "font": {"size": 12, "color": INK}}  # fmt: skip


def _regions(found: FitMap, across: Axis, up: Axis) -> list[dict[str, Any]]:
    """The words `fits` and `does not fit` in their corners, where those regions are."""
    corner = up.at(max(float(found.low[0]), up.low / 2))
    fits = [_corner("fits", 0.012, 0.05, "left", VERDICT_COLOURS["fits"])] if corner > 0.2 else []
    return [*fits, _corner("does not fit", 0.988, 0.93, "right", MUTED)]


def _corner(text: str, x: float, y: float, anchor: str, colour: str) -> dict[str, Any]:
    font = {"size": 13, "color": colour}
    return {"x": x, "y": y, "xref": "paper", "yref": "paper", "text": f"<b>{text}</b>",
            "xanchor": anchor, "showarrow": False, "font": font}  # fmt: skip
