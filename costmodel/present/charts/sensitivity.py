"""Which input decides, as charts: the tornado, and what two inputs save together.

Blue where the option saves, red where it does not; money is US dollars a month.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.errors import InputError
from costmodel.present.charts.axes import Axis
from costmodel.present.charts.drawing import above, title, upright
from costmodel.present.charts.drawing import layout as layout_of
from costmodel.present.charts.theme import (
    ACCENTS,
    GRID,
    INK,
    MUTED,
    PAPER,
    TEXT,
    inert,
    mixed,
    tint,
)
from costmodel.present.words.input_names import apart, input_name, unit_text, value_text
from costmodel.present.words.outlook import Row, stated_saving, widest_first
from costmodel.quantity.words import short, shortened, usd, wrapped
from costmodel.studies.risk.record import Risk, TwoWay

if TYPE_CHECKING:
    import plotly.graph_objects as go

GAINS, LOSES = ACCENTS["own"][0], ACCENTS["frontier"][0]
"""The accents of a saving and of a loss."""


# ----------------------------------------------------------------------------------- the tornado

MOST_SWINGS = 10
NAMES_PX = 250.0
ROW_PX, BAR_SHARE = 44.0, 0.58
LETTER_PX = 6.2
LEAST_BARS_PX = 220.0
"""The least width of the widest bar that its values are placed for."""
FAR = 3.0
"""The saving of 0 is in the frame unless it is this many times the span of all bars away."""


def tornado_figure(risk: Risk, height: float | None = None) -> go.Figure:
    """What the option saves a month with each input at its low and at its high, widest first.

    Inputs that move nothing are left out. Raises InputError where none moves anything.
    """
    import plotly.graph_objects as go

    rows = widest_first(risk)[:MOST_SWINGS]
    if not rows:
        raise InputError(
            "there is no tornado to draw: no input of the comparison is a range that moves it"
        )
    base = stated_saving(risk)
    across = _swing_axis(rows, base)
    tall = height or 112.0 + ROW_PX * len(rows)
    names = ["<br>".join(map(inert, wrapped(input_name(r["path"]), 40, 2))) for r in rows]
    zero = [upright(0.0, INK, "solid")] if across.low <= 0 <= across.high else []
    who = inert(shortened(risk.option or "the option", 40))
    return go.Figure(
        {
            "data": [*_bars(rows, base), _reader(rows)],
            "layout": {
                **layout_of(tall, {"l": NAMES_PX, "r": 16, "t": 30, "b": 66}),
                "barmode": "overlay",
                "xaxis": across.layout(lambda v: inert(usd(v)), 5)
                | {"title": title(f"saved a month by {who}<br>against the cheapest API")},
                "yaxis": {
                    "tickmode": "array", "tickvals": list(range(len(rows))), "ticktext": names,
                    "tickfont": {"color": INK}, "fixedrange": True, "showgrid": False,
                    "range": [len(rows) - 0.5, -0.5], "zeroline": False, "ticklabelstandoff": 8,
                },
                "shapes": [*zero, upright(base, MUTED, "dot")],
                "annotations": [
                    above(across.at(base), f"as stated: <b>{inert(usd(base))}</b>"),
                    *(note for place, row in enumerate(rows) for note in _values(place, row)),
                ],
            },
        }
    )  # fmt: skip


def _swing_axis(rows: Sequence[Row], base: float) -> Axis:
    """Holds every bar with its values, and 0 where that is not too far away."""
    ends = [base, *(end for row in rows for end in _ends(row))]
    low, high = min(ends), max(ends)
    if max(low, -high) <= FAR * (high - low):
        low, high = min(low, 0.0), max(high, 0.0)
    span = (high - low) or 1.0
    per_px = span / LEAST_BARS_PX
    need_low = min(_ends(row)[0] - _room(row, 0) * per_px for row in rows)
    need_high = max(_ends(row)[1] + _room(row, 1) * per_px for row in rows)
    return Axis(min(low - 0.02 * span, need_low), max(high + 0.02 * span, need_high))


def _ends(row: Row) -> tuple[float, float]:
    """The two savings of an input, the lower first."""
    low, high = row["low_usd"], row["high_usd"]
    return (low, high) if low <= high else (high, low)


def _texts(row: Row) -> tuple[str, str]:
    """The values of an input at the two ends of its bar."""
    low, high = (value_text(row["path"], row[end]) for end in ("low", "high"))
    return (low, high) if row["low_usd"] <= row["high_usd"] else (high, low)


def _room(row: Row, side: int) -> float:
    """Pixels that the value beside an end takes."""
    return LETTER_PX * len(f"at {_texts(row)[side]}") + 10


def _values(place: int, row: Row) -> Iterator[dict[str, Any]]:
    for side, (x, text) in enumerate(zip(_ends(row), _texts(row), strict=True)):
        yield {"x": x, "y": place, "text": inert(f"at {text}"), "showarrow": False,
               "xanchor": ("right", "left")[side], "xshift": (-4, 4)[side],
               "font": {"size": 11, "color": TEXT}, "bgcolor": tint(PAPER, 0.85)}  # fmt: skip


def _bars(rows: Sequence[Row], base: float) -> Iterator[dict[str, Any]]:
    """From the lower to the higher saving of each input, in two colours about the stated one."""
    for colour, low, high in ((LOSES, -math.inf, base), (GAINS, base, math.inf)):
        parts = [(max(a, low), min(b, high)) for a, b in map(_ends, rows)]
        yield {
            "type": "bar", "orientation": "h", "y": list(range(len(rows))), "width": BAR_SHARE,
            "base": [a for a, _ in parts], "x": [max(b - a, 0.0) for a, b in parts],
            "marker": {"color": colour, "opacity": 0.85}, "hoverinfo": "skip",
        }  # fmt: skip


def _reader(rows: Sequence[Row]) -> dict[str, Any]:
    """What the mouse reads over a row."""
    words = [
        "<br>".join(
            inert(f"at {value_text(row['path'], row[end])}: {usd(row[f'{end}_usd'])} a month")
            for end in ("low", "high")
        )
        for row in rows
    ]
    return {
        "type": "bar", "orientation": "h", "y": list(range(len(rows))), "width": BAR_SHARE,
        "base": [a for a, _ in map(_ends, rows)], "x": [b - a for a, b in map(_ends, rows)],
        "marker": {"color": tint(PAPER, 0.0)}, "hovertext": words, "hoverinfo": "text",
    }  # fmt: skip


# -------------------------------------------------------------------------------- two at once

STRONGEST = 0.5
"""How much of its accent the strongest cell takes: ink stays legible on it."""


def two_way_figure(table: TwoWay, height: float = 420) -> go.Figure:
    """What the option saves a month over two inputs; blue where it saves, red where it costs."""
    import plotly.graph_objects as go

    x, y, saving = _distinct(table)
    known = np.isfinite(saving)
    most = float(np.abs(saving[known]).max(initial=0.0)) or 1.0
    heat = {
        "type": "heatmap", "x": list(range(len(x))), "y": list(range(len(y))),
        "z": [[v if math.isfinite(v) else None for v in row] for row in saving.tolist()],
        "zmin": -most, "zmax": most, "showscale": False, "xgap": 2, "ygap": 2,
        "colorscale": [[0, mixed(LOSES, STRONGEST)], [0.5, PAPER], [1, mixed(GAINS, STRONGEST)]],
        "text": [[_cell(v) for v in row] for row in saving.tolist()],
        "texttemplate": "%{text}", "textfont": {"size": 10.5, "color": INK}, "hoverinfo": "skip",
    }  # fmt: skip
    note = f"saved a month by {inert(shortened(table.option, 28))}; ▲ ▶ as stated"
    left = 76.0
    layout = layout_of(height, {"l": left, "r": 12, "t": 28, "b": 56}) | {"plot_bgcolor": GRID}
    layout["xaxis"] = _steps(table.x_path, x, 60)
    layout["yaxis"] = _steps(table.y_path, y, 44)
    layout["annotations"] = [above(0.0, note) | {"xshift": 8 - left}]
    here = _here(table, x, y)
    return go.Figure({"data": [heat, *here], "layout": layout})


def _distinct(table: TwoWay) -> tuple[list[float], list[float], np.ndarray]:
    """The table with every value once: whole counts repeat where steps are many."""
    x, columns = np.unique(table.x, return_index=True)
    y, rows = np.unique(table.y, return_index=True)
    return x.tolist(), y.tolist(), np.array(table.saving_usd)[np.ix_(rows, columns)]


def _cell(saving: float) -> str:
    """An amount to two digits, for a small cell.

    >>> [_cell(v) for v in (12_753.9, -461.0, 0.4, float("-inf"))]
    ['&#36;13k', '-&#36;460', '&#36;0', 'none']
    """
    if not math.isfinite(saving):
        return "none"
    whole = float(f"{saving:.2g}") if abs(saving) >= 0.5 else 0.0
    return inert(f"{'-' if whole < 0 else ''}${short(abs(whole))}")


def _steps(path: str, values: list[float], most: int) -> dict[str, Any]:
    """An axis of equal steps; the unit stands in its title."""
    unit = unit_text(path).replace("/ day", "tokens / day")
    name = shortened(input_name(path), most - len(unit))
    return {
        "tickmode": "array", "tickvals": list(range(len(values))), "ticks": "", "tickangle": 0,
        "ticktext": [inert(text) for text in apart(path, values)], "tickfont": {"size": 10.5},
        "fixedrange": True, "showgrid": False, "zeroline": False,
        "range": [-0.5, len(values) - 0.5], "ticklabelstandoff": 6,
        "title": title(inert(f"{name} [{unit}]" if unit else name)),
    }  # fmt: skip


def _here(table: TwoWay, x: list[float], y: list[float]) -> Iterator[dict[str, Any]]:
    """Small pointers on both axes to the values as stated, where they are in the frame."""
    pointers = (
        ("x", x, table.x_current, "y", "triangle-up"),
        ("y", y, table.y_current, "x", "triangle-right"),
    )
    for axis, values, current, other, symbol in pointers:
        if values[0] <= current <= values[-1]:
            yield {
                "type": "scatter", "mode": "markers", "hoverinfo": "skip", "cliponaxis": False,
                "marker": {"size": 10, "symbol": symbol, "color": INK},
                axis: [float(np.interp(current, values, range(len(values))))], other: [-0.5],
            }  # fmt: skip
