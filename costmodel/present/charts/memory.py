"""Charts of a memory fit: where the bytes of one card go, and which context x concurrency fits."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.present.charts.axes import Axis
from costmodel.present.charts.layout import (
    CLEAR,
    Frame,
    Part,
    aside,
    bars,
    line,
    mark,
    note,
    ring,
    spaced,
    upright,
)
from costmodel.present.charts.theme import ACCENTS, INK, MUTED, PAPER, RULE, TEXT, mixed, tint
from costmodel.present.words.fit import VERDICT_COLOURS
from costmodel.quantity.units import GIB
from costmodel.quantity.words import gib
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
    drawn, card = segments(fit), fit.usable_bytes_per_gpu / GIB
    budget = fit.budget_bytes_per_gpu / GIB
    end = max(card, sum(each.size for each in drawn)) * 1.004
    starts = [0.0, *accumulate(each.size for each in drawn)][:-1]
    places = [start + each.size / 2 for start, each in zip(starts, drawn, strict=True)]
    texts = [(each.name, each.size, MISSING if each.short else TEXT) for each in drawn]
    places.append((budget + card) / 2)
    texts.append(("Not usable", card - budget, MUTED))
    px = end / width
    shown = spaced([place / px for place in places], [LABEL_PX] * len(places), 0, width)
    sizes = [each.size for each in drawn]
    hover = {
        "base": starts,
        "text": [f"{each.name}: {gib(each.size * GIB)}" for each in drawn],
        "textposition": "none",
        "hovertemplate": "%{text}<extra></extra>",
        "hoverinfo": None,
    }
    return Frame(height, left=1, right=1, top=30, bottom=52, width=width).drawn(
        [bars(sizes, [0.5] * len(drawn), CLEAR, 1, **hover)],
        xaxis={"visible": False, "range": [0, end]},
        yaxis={"visible": False, "range": [0, 1]},
        shapes=[
            _box(budget, card, UNUSABLE, layer="below"),
            *(
                _box(start, start + each.size, each.colour, dashed=each.short)
                for start, each in zip(starts, drawn, strict=True)
            ),
            upright(budget, INK, "dot", 1.2) | {"y1": 1.06},
            upright(card, INK, "solid", 1.2) | {"y1": 1.06},
            *(_leader(old, new * px) for old, new in zip(places, shown, strict=True)),
        ],
        annotations=[
            *_edge_labels(fit, budget, card, end, CARD_LABEL_PX * px),
            *(_label(x * px, *text) for x, text in zip(shown, texts, strict=True)),
        ],
    )


def _box(left: float, right: float, colour: str, *, dashed: bool = False, **more: Any) -> Part:
    edge = {"color": colour, "width": 1.5, "dash": "dot"} if dashed else {"width": 0}
    fill = {"fillcolor": tint(colour, 0.18) if dashed else colour, "line": edge}
    return {"type": "rect", "x0": left, "x1": right, "y0": 0, "y1": 1, **fill, **more}


def _edge_labels(fit: Fit, budget: float, card: float, end: float, room: float) -> list[Part]:
    """What the two lines are: over them, side by side without touching."""
    each = "each card" if fit.tp > 1 else "the card"
    of_card = f"<b>{each}, {gib(fit.usable_bytes_per_gpu)}</b>"
    of_share = f"the engine's share, {gib(fit.budget_bytes_per_gpu)}"
    if end - card > room:
        return [_top(budget, of_share, "right", MUTED), _top(card, of_card, "left", INK)]
    share = _top(min(budget, card - room), of_share, "right", MUTED)
    return [share, _top(card, of_card, "right", INK)]


def _top(place: float, text: str, anchor: str, colour: str) -> Part:
    return note(text, place, 1.06, colour, xref="x", xanchor=anchor, yanchor="bottom")


def _leader(place: float, label: float) -> Part:
    path = f"M {place} 0 L {place} -0.06 L {label} -0.13"
    return {"type": "path", "yref": "paper", "path": path, "line": {"color": RULE, "width": 1}}


def _label(place: float, name: str, size: float, colour: str) -> Part:
    text = f"{name}<br><b>{size:.1f} GiB</b>"
    return note(text, place, -0.13, colour, xref="x", yanchor="top")


# ------------------------------------------------------------------------------------- the map


def map_contexts(fit: Fit, longest: int) -> list[int]:
    """Contexts along the map [tokens]: evenly spaced on a logarithmic axis."""
    end = max(longest, fit.context, 2 * LEAST_CONTEXT)
    start = min(LEAST_CONTEXT, fit.context)
    return sorted({round(x) for x in np.geomspace(start, end, 140)})


def fit_map_figure(fit: Fit, found: FitMap, height: float = 330) -> go.Figure:
    """Context against concurrency: what fits, the frontier with its band, and what is asked."""
    x = found.contexts.astype(float)
    top = max(MOST_SHARE * float(found.high.max()), 2.5 * fit.concurrency, 10.0)
    across = Axis(float(x[0]), float(x[-1]), "log")
    up = Axis(1.0, top, "log")
    value, low, high = (
        np.clip(each, up.low / 2, up.high * 2) for each in (found.frontier, found.low, found.high)
    )
    said = (
        "%{x:,.0f} tokens: %{customdata[0]:,.1~f} requests "
        "(%{customdata[1]:,.1~f} to %{customdata[2]:,.1~f})"
    )
    read = np.column_stack([found.frontier, found.low, found.high])
    colour = VERDICT_COLOURS["fits"]
    return Frame(height, left=46, right=6, top=8, bottom=44).drawn(
        [
            line(x, np.full_like(x, up.low / 2)),
            line(x, low, fill=tint(colour, 0.12)),
            line(x, high, fill=tint(VERDICT_COLOURS["tight"], 0.22)),
            line(x, value, colour, 2.2, hover=said, customdata=read),
            ring(fit.context, fit.concurrency, VERDICT_COLOURS[fit.verdict], 11, 3),
        ],
        xaxis=across.layout(title="tokens a request (context)"),
        yaxis=up.layout(title="requests at once"),
        annotations=[*_regions(found, up), _asked(fit, across, up)],
    )


def _asked(fit: Fit, across: Axis, up: Axis) -> Part:
    """The label of the point that is asked about, on the side where there is room."""
    beside = aside(across.at(fit.context) > 0.72, 11)
    return mark(
        f"you are here: {fit.concurrency:,g} × {fit.context:,}",
        across.place(fit.context),
        up.place(fit.concurrency),
        INK,
        yshift=-9 if up.at(fit.concurrency) > 0.12 else 9,
        bgcolor=tint(PAPER, 0.72),
        **beside,
    )


def _regions(found: FitMap, up: Axis) -> list[Part]:
    """The words `fits` and `does not fit` in their corners, where those regions are."""
    corner = up.at(max(float(found.low[0]), up.low / 2))
    outside = note("<b>does not fit</b>", 0.988, 0.93, MUTED, size=13, xanchor="right")
    if corner <= 0.2:
        return [outside]
    return [
        note("<b>fits</b>", 0.012, 0.05, VERDICT_COLOURS["fits"], size=13, xanchor="left"),
        outside,
    ]
