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
from costmodel.present.charts.layout import (
    CLEAR,
    SEE_THROUGH,
    Frame,
    Part,
    above,
    aside,
    bars,
    dots,
    mark,
    named_axis,
    upright,
)
from costmodel.present.charts.theme import (
    ACCENTS,
    GRID,
    INK,
    MUTED,
    PAPER,
    TEXT,
    inert,
    mixed,
)
from costmodel.present.words.input_names import apart, input_name, unit_text, value_text
from costmodel.present.words.risk import stated_saving, widest_first
from costmodel.quantity.words import short, shortened, usd, wrapped
from costmodel.studies.risk.record import Risk, Swing, TwoWay

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
    rows = widest_first(risk)[:MOST_SWINGS]
    if not rows:
        raise InputError(
            "there is no tornado to draw: no input of the comparison is a range that moves it"
        )
    base = stated_saving(risk)
    across = _swing_axis(rows, base)
    tall = height or 112.0 + ROW_PX * len(rows)
    names = ["<br>".join(map(inert, wrapped(input_name(r.path), 40, 2))) for r in rows]
    zero = [upright(0.0, INK)] if across.low <= 0 <= across.high else []
    who = inert(shortened(risk.option or "the option", 40))
    return Frame(tall, left=NAMES_PX, right=16, top=30, bottom=66).drawn(
        [*_bars(rows, base), _reader(rows)],
        barmode="overlay",
        xaxis=across.layout(
            5, money=True, title=f"saved a month by {who}<br>against the cheapest API"
        ),
        yaxis=named_axis(names, down=True, tickfont={"color": INK}),
        shapes=[*zero, upright(base, MUTED, "dot")],
        annotations=[
            above(f"as stated: <b>{inert(usd(base))}</b>", across.at(base)),
            *(each for place, row in enumerate(rows) for each in _values(place, row)),
        ],
    )


def _swing_axis(rows: Sequence[Swing], base: float) -> Axis:
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


def _ends(row: Swing) -> tuple[float, float]:
    """The two savings of an input, the lower first."""
    low, high = row.low_usd, row.high_usd
    return (low, high) if low <= high else (high, low)


def _texts(row: Swing) -> tuple[str, str]:
    """The values of an input at the two ends of its bar."""
    low, high = (value_text(row.path, each) for each in (row.low, row.high))
    return (low, high) if row.low_usd <= row.high_usd else (high, low)


def _room(row: Swing, side: int) -> float:
    """Pixels that the value beside an end takes."""
    return LETTER_PX * len(f"at {_texts(row)[side]}") + 10


def _values(place: int, row: Swing) -> Iterator[Part]:
    for side, (x, text) in enumerate(zip(_ends(row), _texts(row), strict=True)):
        beside = aside(side == 0, 4)
        yield mark(inert(f"at {text}"), x, place, size=11, bgcolor=SEE_THROUGH, **beside)


def _bars(rows: Sequence[Swing], base: float) -> Iterator[Part]:
    """From the lower to the higher saving of each input, in two colours about the stated one."""
    for colour, low, high in ((LOSES, -math.inf, base), (GAINS, base, math.inf)):
        parts = [(max(a, low), min(b, high)) for a, b in map(_ends, rows)]
        yield _spans([(a, max(a, b)) for a, b in parts], colour, opacity=0.85)


def _spans(ends: Sequence[tuple[float, float]], colour: str, **more: Any) -> Part:
    lengths = [high - low for low, high in ends]
    base = [low for low, _ in ends]
    return bars(lengths, list(range(len(ends))), colour, BAR_SHARE, base=base, **more)


def _reader(rows: Sequence[Swing]) -> Part:
    """What the mouse reads over a row."""
    words = [
        "<br>".join(
            inert(f"at {value_text(row.path, value)}: {usd(saved)} a month")
            for value, saved in ((row.low, row.low_usd), (row.high, row.high_usd))
        )
        for row in rows
    ]
    return _spans([*map(_ends, rows)], CLEAR, hovertext=words, hoverinfo="text")


# -------------------------------------------------------------------------------- two at once

STRONGEST = 0.5
"""How much of its accent the strongest cell takes: ink stays legible on it."""


def two_way_figure(table: TwoWay, height: float = 420) -> go.Figure:
    """What the option saves a month over two inputs; blue where it saves, red where it costs."""
    x, y, saving = _distinct(table)
    known = np.isfinite(saving)
    most = float(np.abs(saving[known]).max(initial=0.0)) or 1.0
    heat = {
        "type": "heatmap",
        "x": list(range(len(x))),
        "y": list(range(len(y))),
        "z": [[v if math.isfinite(v) else None for v in row] for row in saving.tolist()],
        "zmin": -most,
        "zmax": most,
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "colorscale": [[0, mixed(LOSES, STRONGEST)], [0.5, PAPER], [1, mixed(GAINS, STRONGEST)]],
        "text": [[_cell(v) for v in row] for row in saving.tolist()],
        "texttemplate": "%{text}",
        "textfont": {"size": 10.5, "color": INK},
        "hoverinfo": "skip",
    }
    said = f"saved a month by {inert(shortened(table.option, 28))}; ▲ ▶ as stated"
    frame = Frame(height, left=76, right=12, top=28, bottom=56)
    return frame.drawn(
        [heat, *_here(table, x, y)],
        plot_bgcolor=GRID,
        xaxis=_steps(table.x_path, x, 60) | {"tickangle": 0},
        yaxis=_steps(table.y_path, y, 44),
        annotations=[above(said, 0.0, xshift=8 - frame.left)],
    )


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


def _steps(path: str, values: list[float], most: int) -> Part:
    """An axis of equal steps; the unit stands in its title."""
    unit = unit_text(path).replace("/ day", "tokens / day")
    name = shortened(input_name(path), most - len(unit))
    title = inert(f"{name} [{unit}]" if unit else name)
    names = [inert(text) for text in apart(path, values)]
    return named_axis(
        names, title=title, tickfont={"size": 10.5, "color": TEXT}, ticklabelstandoff=6
    )


def _here(table: TwoWay, x: list[float], y: list[float]) -> Iterator[Part]:
    """Small pointers on both axes to the values as stated, where they are in the frame."""
    edge = [-0.5]
    if x[0] <= table.x_current <= x[-1]:
        place = [float(np.interp(table.x_current, x, range(len(x))))]
        yield dots(place, edge, INK, 10, symbol="triangle-up") | {"cliponaxis": False}
    if y[0] <= table.y_current <= y[-1]:
        place = [float(np.interp(table.y_current, y, range(len(y))))]
        yield dots(edge, place, INK, 10, symbol="triangle-right") | {"cliponaxis": False}
