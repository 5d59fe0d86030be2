"""Risk as charts: bills as fans, the probability of winning, the tornado, and two inputs at once.

One accent per option as everywhere; blue where the option saves, red where it does not. Volumes
are tokens a day, money is US dollars a month.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.errors import InputError
from costmodel.present.axes import Axis, first_above
from costmodel.present.drawing import layout as layout_of
from costmodel.present.drawing import title
from costmodel.present.input_names import apart, input_name, unit_text, value_text
from costmodel.present.outlook import Row, stated_saving, widest_first
from costmodel.present.theme import (
    ACCENTS,
    GRID,
    INK,
    MUTED,
    PAPER,
    RULE,
    TEXT,
    inert,
    mixed,
    shortened,
    spaced,
    tint,
    wrapped,
)
from costmodel.risk_record import Band, Risk, TwoWay
from costmodel.wording import percent, short, usd

if TYPE_CHECKING:
    import plotly.graph_objects as go

GAINS, LOSES = ACCENTS["own"][0], ACCENTS["frontier"][0]
"""The accents of a saving and of a loss."""

MARGIN: dict[str, float] = {"l": 64, "r": 176, "t": 34, "b": 52}
LINE_PX = 15.0
"""Height of a line of a label."""
LEADER_PX = 14.0


def accents(risk: Risk) -> dict[str, str]:
    """An accent for every option, where no report tells more of them than that it is an API."""
    own = {row.option for row in risk.probability}
    free = {True: _alternating("own", "hybrid"), False: _alternating("managed", "frontier")}
    names = dict.fromkeys(band.option for band in risk.bands)
    return {name: next(free[name in own]) for name in names}


def _alternating(one: Any, other: Any) -> Iterator[str]:
    return cycle([c for pair in zip(ACCENTS[one], ACCENTS[other], strict=True) for c in pair])


# ------------------------------------------------------------------------------- over volume


def fan_figure(
    risk: Risk,
    colours: Mapping[str, str] | None = None,
    height: float = 360,
    only: Sequence[str] = (),
) -> go.Figure:
    """Every bill over volume: the median as a line, 10th to 90th percentile as a band.

    ``colours`` by option (default: :func:`accents`), ``only`` these options.
    """
    import plotly.graph_objects as go

    colours = accents(risk) if colours is None else colours
    bands = _by_option(risk, only)
    if not bands:
        raise InputError("there is no bill to draw: no option has one")
    up = Axis(0, _fan_top(bands))
    across = Axis(0, max(b.tokens_per_day for rows in bands.values() for b in rows))
    widest = sorted(bands, key=lambda name: bands[name][-1].p10 - bands[name][-1].p90)
    traces = [t for name in widest for t in _band(bands[name], colours.get(name, MUTED))]
    traces += [_median(name, rows, colours.get(name, MUTED)) for name, rows in bands.items()]
    layout = _frame(risk, height, across, up, usd, "USD a month")
    ends = {name: up.at(rows[-1].p50) for name, rows in bands.items()}
    _name_ends(layout, {n: end for n, end in ends.items() if end <= 1}, colours, height)
    layout["annotations"] += [
        _leaving_label(name, bands[name], across, up, height) | {"font": _font(colours, name)}
        for name, end in ends.items()
        if end > 1
    ]
    return go.Figure({"data": traces, "layout": layout})


def _by_option(risk: Risk, only: Sequence[str]) -> dict[str, list[Band]]:
    found: dict[str, list[Band]] = {}
    for band in risk.bands:
        if (not only or band.option in only) and math.isfinite(band.p90):
            found.setdefault(band.option, []).append(band)
    return found


def _fan_top(bands: Mapping[str, list[Band]]) -> float:
    """High enough for all bills but the dearest, which may leave the frame."""
    ends = sorted(rows[-1].p90 for rows in bands.values())
    return 1.08 * ends[max(0, len(ends) - 2)] or 1.0


def _leaving_label(
    name: str, rows: Sequence[Band], across: Axis, up: Axis, height: float
) -> dict[str, Any]:
    """The name of a bill that leaves the frame through its top, beside its line."""
    x, y = (np.array([getattr(b, key) for b in rows]) for key in ("tokens_per_day", "p50"))
    inside = height - MARGIN["t"] - MARGIN["b"]
    left = across.at(first_above(x, y, up.high) or across.high) > 0.3
    beside = first_above(x, y, up.value(1 - (LINE_PX + 8) / inside) if left else up.high)
    return {
        "xref": "paper", "yref": "paper", "x": across.at(beside or across.high), "y": 1,
        "xanchor": "right" if left else "left", "xshift": -8 if left else 12,
        "yanchor": "top", "yshift": -4, "showarrow": False,
        "text": f"<b>{inert(shortened(name, 34))}</b>",
    }  # fmt: skip


def _font(colours: Mapping[str, str], name: str) -> dict[str, Any]:
    return {"size": 12, "color": colours.get(name, MUTED)}


def _usd(amount: float) -> str:
    return inert(usd(amount))


def _band(rows: Sequence[Band], colour: str) -> list[dict[str, Any]]:
    """The 10th to the 90th percentile; thin edges show where bands lie on each other."""
    edge = {
        "type": "scatter", "mode": "lines", "x": [round(b.tokens_per_day) for b in rows],
        "line": {"color": tint(colour, 0.45), "width": 0.8}, "hoverinfo": "skip",
    }  # fmt: skip
    return [
        {**edge, "y": [round(b.p10, 2) for b in rows]},
        {**edge, "y": [round(b.p90, 2) for b in rows], "fill": "tonexty",
         "fillcolor": tint(colour, 0.12)},
    ]  # fmt: skip


def _median(name: str, rows: Sequence[Band], colour: str) -> dict[str, Any]:
    said = [f"<b>{_usd(b.p50)}</b> ({_usd(b.p10)} to {_usd(b.p90)})" for b in rows]
    x, y = [b.tokens_per_day for b in rows], [round(b.p50, 2) for b in rows]
    return _curve(name, x, y, colour, said)


def _curve(
    name: str, x: Sequence[float], y: Sequence[float], colour: str, said: Sequence[str],
    width: float = 2.4,
) -> dict[str, Any]:  # fmt: skip
    """A line that says where it is read, and what it says there."""
    return {
        "type": "scatter", "mode": "lines", "name": inert(name), "x": [round(v) for v in x], "y": y,
        "line": {"color": colour, "width": width},
        "customdata": [[short(v), words] for v, words in zip(x, said, strict=True)],
        "hovertemplate": f"{inert(name)}<br>%{{customdata[0]}} / day: %{{customdata[1]}}"
                         "<extra></extra>",
    }  # fmt: skip


def _name_ends(
    layout: dict[str, Any],
    ends: Mapping[str, float],
    colours: Mapping[str, str],
    height: float,
    small: Mapping[str, str] | None = None,
) -> None:
    """Names beside the right ends of lines, given as shares of the frame's height."""
    inside = height - MARGIN["t"] - MARGIN["b"]
    texts = [[f"<b>{inert(part)}</b>" for part in wrapped(name, 24, 2)] for name in ends]
    for name, text in zip(ends, texts, strict=True):
        if small and name in small:
            text.append(f"<span style='font-size:11px'>{inert(small[name])}</span>")
    tall = [LINE_PX * len(text) + 3 for text in texts]
    placed = spaced([end * inside for end in ends.values()], tall, -MARGIN["b"] / 2, inside + 16)
    for (name, end), text, at in zip(ends.items(), texts, placed, strict=True):
        label = _end_label("<br>".join(text), at / inside) | {"font": _font(colours, name)}
        layout["annotations"].append(label)
        layout["shapes"].append(_leader(end, at / inside, colours.get(name, MUTED)))


def _end_label(text: str, place: float) -> dict[str, Any]:
    return {
        "xref": "paper", "yref": "paper", "x": 1, "y": place, "xanchor": "left",
        "xshift": LEADER_PX + 2, "yanchor": "middle", "showarrow": False, "align": "left",
        "text": text,
    }  # fmt: skip


def _leader(end: float, place: float, colour: str) -> dict[str, Any]:
    """A short thin line from where a line ends to its name."""
    return {
        "type": "line", "xref": "paper", "yref": "paper", "xsizemode": "pixel", "xanchor": 1,
        "x0": 1, "x1": LEADER_PX, "y0": end, "y1": place,
        "line": {"color": mixed(colour, 0.5), "width": 1},
    }  # fmt: skip


def probability_figure(
    risk: Risk,
    colours: Mapping[str, str] | None = None,
    against: str = "cheapest",
    height: float = 300,
) -> go.Figure:
    """The probability that each option costs less than the cheapest API, over volume.

    ``against`` another option by name. Raises InputError where nothing is compared with it.
    """
    import plotly.graph_objects as go

    colours = accents(risk) if colours is None else colours
    curves = _probabilities(risk, against)
    x_top = max(x[-1] for x, _ in curves.values())
    alike = [y for _, y in curves.values()]
    traces = [
        _curve(
            name, x, y, colours.get(name, MUTED),
            [f"<b>{percent(p)}</b>" for p in y],
            2.4 + 2.2 * alike[i + 1 :].count(y),
        )
        for i, (name, (x, y)) in enumerate(curves.items())
    ]  # fmt: skip
    rival = "the cheapest API" if against == "cheapest" else inert(against, 40)
    layout = _frame(risk, height, Axis(0, x_top), Axis(-0.05, 1.05), percent,
                    f"costs less than {rival}")  # fmt: skip
    layout["yaxis"] |= {"tickvals": _QUARTERS, "ticktext": [percent(p) for p in _QUARTERS]}
    ends = {name: (y[-1] + 0.05) / 1.1 for name, (_, y) in curves.items()}
    flat = {name: _always(y) for name, (_, y) in curves.items() if _always(y)}
    _name_ends(layout, ends, colours, height, flat)
    return go.Figure({"data": traces, "layout": layout})


_QUARTERS = [0.0, 0.25, 0.5, 0.75, 1.0]


def _probabilities(risk: Risk, against: str) -> dict[str, tuple[list[float], list[float]]]:
    curves: dict[str, tuple[list[float], list[float]]] = {}
    for row in risk.probability:
        if row.against == against:
            x, y = curves.setdefault(row.option, ([], []))
            x.append(row.tokens_per_day)
            y.append(row.probability)
    if not curves:
        raise InputError(
            "there is no probability to draw: no option on own GPUs stands beside "
            + ("an eligible API" if against == "cheapest" else repr(against))
        )
    return curves


def _always(probabilities: Sequence[float]) -> str:
    """What to say of a curve that lies on the edge of the frame: where there is none, nothing."""
    if set(probabilities) == {0.0}:
        return "in no draw"
    return "in every draw" if set(probabilities) == {1.0} else ""


def _frame(
    risk: Risk, height: float, across: Axis, up: Axis, text: Any, y_title: str
) -> dict[str, Any]:
    """Volume across, with the stated volume marked."""
    place = across.at(risk.tokens_per_day)
    return {
        **layout_of(height, MARGIN),
        "hovermode": "closest",
        "xaxis": across.layout(short) | {"title": title("tokens a day"), "linecolor": RULE},
        "yaxis": up.layout(lambda v: inert(text(v)), 5) | {"title": title(y_title)},
        "shapes": [_upright(risk.tokens_per_day, INK, "dot")],
        "annotations": [_above(place, f"your volume: {short(risk.tokens_per_day)} / day")],
    }


def _upright(x: float, colour: str, dash: str) -> dict[str, Any]:
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper",
            "line": {"color": colour, "width": 1, "dash": dash}}  # fmt: skip


def _above(place: float, text: str) -> dict[str, Any]:
    """A note above the frame at a share of its width, which it does not leave."""
    side = "left" if place < 0.12 else "right" if place > 0.88 else "center"
    return {"xref": "paper", "x": place, "y": 1, "yref": "paper", "xanchor": side,
            "yanchor": "bottom", "showarrow": False, "text": text,
            "font": {"size": 11, "color": TEXT}}  # fmt: skip


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
    zero = [_upright(0.0, INK, "solid")] if across.low <= 0 <= across.high else []
    who = inert(shortened(risk.option or "the option", 40))
    return go.Figure(
        {
            "data": [*_bars(rows, base), _reader(rows)],
            "layout": {
                **layout_of(tall, {"l": NAMES_PX, "r": 16, "t": 30, "b": 66}),
                "barmode": "overlay",
                "xaxis": across.layout(_usd, 5)
                | {"title": title(f"saved a month by {who}<br>against the cheapest API")},
                "yaxis": {
                    "tickmode": "array", "tickvals": list(range(len(rows))), "ticktext": names,
                    "tickfont": {"color": INK}, "fixedrange": True, "showgrid": False,
                    "range": [len(rows) - 0.5, -0.5], "zeroline": False, "ticklabelstandoff": 8,
                },
                "shapes": [*zero, _upright(base, MUTED, "dot")],
                "annotations": [
                    _above(across.at(base), f"as stated: <b>{_usd(base)}</b>"),
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
    layout["annotations"] = [_above(0.0, note) | {"xshift": 8 - left}]
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
