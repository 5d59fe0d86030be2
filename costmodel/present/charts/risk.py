"""Risk over volume as charts: bills as fans, and the probability of winning.

One accent per option as everywhere. Volumes are tokens a day, money is US dollars a month.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.errors import InputError
from costmodel.present.charts.axes import Axis, first_above
from costmodel.present.charts.drawing import above, title, upright
from costmodel.present.charts.drawing import layout as layout_of
from costmodel.present.charts.theme import ACCENTS, INK, MUTED, RULE, inert, mixed, spaced, tint
from costmodel.quantity.words import percent, short, shortened, usd, wrapped
from costmodel.studies.risk.record import Band, Risk

if TYPE_CHECKING:
    import plotly.graph_objects as go

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
        "shapes": [upright(risk.tokens_per_day, INK, "dot")],
        "annotations": [above(place, f"your volume: {short(risk.tokens_per_day)} / day")],
    }
