"""Monthly bills over volume: the staircase, its range, the API lines and where own GPUs win.

Every line is named at its end instead of in a legend; the windows in which the option at hand
beats the cheapest eligible API are shaded, its crossings and the current volume marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.cost.curve import Floats
from costmodel.pipeline.report import BreakEven, OptionResult, Report
from costmodel.present.charts.axes import Axis, Scale, first_above
from costmodel.present.charts.theme import (
    FONT,
    INK,
    MUTED,
    PAPER,
    RULE,
    TEXT,
    colours,
    inert,
    mixed,
    spaced,
    tint,
)
from costmodel.present.words.focus import earliest_own_option, exclusion, option_named
from costmodel.quantity.words import short, shortened, usd, wrapped

if TYPE_CHECKING:
    import plotly.graph_objects as go

LOG_REACH = 200.0
"""A logarithmic axis begins at this fraction of its end."""

TOO_DEAR = 1.6
"""An API this many times above what own GPUs or the cheapest API cost is let out of the frame."""

MOST_SHADED = 120
"""Windows shaded one by one; narrower ones are joined past that."""

MARGIN = {"l": 58, "r": 196, "t": 30, "b": 52}
LINE_PX, BOLD_PX, SMALL_PX = 16.0, 7.4, 5.9
"""A line of a label, and the width of a character in it."""

ROOM_PX = 64.0
"""Height that a crossing's label needs under the bills."""

SEE_THROUGH = "rgba(255,255,255,0.85)"
"""Behind labels that lie over lines."""


@dataclass(frozen=True)
class Line:
    """One option as drawn."""

    option: OptionResult
    colour: str
    x: Floats
    y: Floats
    low: Floats | None
    high: Floats | None

    @property
    def end(self) -> float:
        """Its last value."""
        return float(self.y[-1])


@dataclass(frozen=True)
class Frame:
    """The chart's two axes and its size in pixels."""

    x: Axis
    y: Axis
    width: float
    height: float

    @property
    def inner_width(self) -> float:
        """Pixels of the x axis."""
        return self.width - MARGIN["l"] - MARGIN["r"]

    @property
    def inner_height(self) -> float:
        """Pixels of the y axis."""
        return self.height - MARGIN["t"] - MARGIN["b"]


def curves_figure(
    report: Report,
    option: str | None = None,
    scale: Scale = "linear",
    width: float = 1100,
    height: float = 390,
) -> go.Figure:
    """Bills over 0 to three times the evaluated volume.

    ``option`` names the option whose windows and crossings are shown; by default the one with
    own GPUs that wins at the least volume. ``width`` [px] is what labels are laid out for; the
    figure itself fills what it is put into.
    """
    import plotly.graph_objects as go

    lines = report_lines(report)
    chosen = option_named(report, option) if option else earliest_own_option(report)
    row = report.against_cheapest(chosen.name) if chosen else None
    frame = _frame(report, lines, scale, width, height)
    colour = colours(report)[chosen.name] if chosen else MUTED
    shaded = row if row and report.curve_points.cheapest_api_usd is not None else None
    traces = [trace for line in _cheapest_first(lines) for trace in _traces(line, chosen)]
    if lines:
        traces.insert(0, _volume_reader(lines[0]))
    layout = {
        **_layout(frame),
        "shapes": [
            *_windows(shaded, frame, colour),
            _here_line(report),
            *_leaders(lines, frame),
        ],
        "annotations": [
            _here_label(report, frame),
            _unit_label(),
            *_end_labels(lines, frame),
            *_leaving_labels(lines, frame),
            *_crossing_labels(shaded, chosen, lines, frame, colour),
        ],
    }
    marks = _crossing_marks(shaded, chosen, lines, frame, colour)
    return go.Figure({"data": [*traces, *marks], "layout": layout})


# ------------------------------------------------------------------------------- what is drawn


def report_lines(report: Report) -> list[Line]:
    """Every option that has a bill, with its colour and range."""
    points, accents = report.curve_points, colours(report)
    x = points.tokens_per_day
    lines = []
    for option in report.options:
        y = points.monthly_usd.get(option.name)
        if y is None or not np.isfinite(y).any():
            continue
        known = np.isfinite(y)
        low, high = points.low_usd.get(option.name), points.high_usd.get(option.name)
        lines.append(
            Line(
                option,
                accents[option.name],
                x[known],
                y[known],
                None if low is None else low[known],
                None if high is None else high[known],
            )
        )
    return lines


def _frame(
    report: Report, lines: Iterable[Line], scale: Scale, width: float, height: float
) -> Frame:
    top = float(report.curve_points.tokens_per_day[-1])
    x = Axis(top / LOG_REACH if scale == "log" else 0.0, top, scale)
    low, high = money_range(report, list(lines), x)
    return Frame(x, Axis(low if scale == "log" else 0.0, high, scale), width, height)


def money_range(report: Report, lines: list[Line], x: Axis) -> tuple[float, float]:
    """The interesting range: own GPUs and the cheapest API decide, dear APIs may leave it."""
    if not lines:
        return 1.0, 10.0
    cheapest = report.curve_points.cheapest_api_usd
    deciding = [line.end for line in lines if line.option.kind != "api" and line.option.stands]
    if cheapest is not None:
        deciding.append(float(cheapest[-1]))
    ends = sorted(line.end for line in lines)
    reference = max(deciding) if len(deciding) > 1 else ends[min(1, len(ends) - 1)]
    shown = [end for end in ends if end <= TOO_DEAR * reference] or [ends[0]]
    band = [float(line.high[-1]) for line in lines if line.high is not None]
    tall = [end for end in band if end <= 1.25 * max(shown)]
    high = 1.08 * max([*shown, *tall])
    low = min(float(np.interp(x.low, line.x, line.y)) for line in lines)
    return max(0.8 * low, high / 1000), high


def _cheapest_first(lines: list[Line]) -> list[Line]:
    """The order of the hover box: by the bill at the evaluated volume, excluded options last."""
    return sorted(lines, key=lambda line: (not line.option.stands, line.option.monthly_usd or 0.0))


def _traces(line: Line, chosen: OptionResult | None) -> Iterator[dict[str, Any]]:
    excluded = bool(line.option.excluded_by)
    if line.low is not None and line.high is not None and not excluded:
        band = {
            "type": "scatter",
            "x": line.x,
            "mode": "lines",
            "line": {"width": 0},
            "hoverinfo": "skip",
        }
        yield {**band, "y": line.low}
        yield {**band, "y": line.high, "fill": "tonexty", "fillcolor": tint(line.colour, 0.13)}
    name, note = inert(line.option.name, 40), "  not eligible" if excluded else ""
    yield {
        "type": "scatter",
        "x": line.x,
        "y": line.y,
        "name": name,
        "mode": "lines",
        "zorder": 2 if chosen and chosen.name == line.option.name else 0 if excluded else 1,
        "line": {
            "color": mixed(line.colour, 0.6) if excluded else line.colour,
            "width": 1.4 if excluded else 2.6 if line.option.kind != "api" else 2.2,
            "dash": "dash" if excluded else "solid",
        },
        "customdata": [inert(amount) for amount in _amounts(line)],
        "hovertemplate": f"{name}  <b>%{{customdata}}</b>{note}<extra></extra>",
    }


def _volume_reader(line: Line) -> dict[str, Any]:
    """An unseen line that says, first in the hover box, at which volume the bills are read."""
    return {
        "type": "scatter",
        "x": line.x,
        "y": line.y,
        "mode": "lines",
        "line": {"color": "rgba(0,0,0,0)", "width": 0},
        "customdata": [short(volume) for volume in line.x],
        "hovertemplate": "at <b>%{customdata} / day</b><extra></extra>",
    }


def _amounts(line: Line) -> Iterator[str]:
    for i, amount in enumerate(line.y):
        if line.low is None or line.high is None or line.high[i] - line.low[i] < 0.005:
            yield usd(float(amount))
        else:
            yield f"{usd(float(amount))} ({usd(float(line.low[i]))} to {usd(float(line.high[i]))})"


def _layout(frame: Frame) -> dict[str, Any]:
    return {
        "template": {},
        "height": frame.height,
        "margin": MARGIN,
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "font": {"family": FONT, "size": 12.5, "color": TEXT},
        "hovermode": "x unified",
        "hoverlabel": {
            "bgcolor": PAPER,
            "bordercolor": RULE,
            "font": {"family": FONT, "size": 12.5, "color": INK},
            "namelength": 40,
        },
        "dragmode": False,
        "showlegend": False,
        "xaxis": {
            **frame.x.layout(short, 6),
            "unifiedhovertitle": {"text": "Monthly bill"},
            "showgrid": False,
            "linecolor": RULE,
            "ticks": "outside",
            "tickcolor": RULE,
            "ticklen": 4,
            "title": {
                "text": "tokens a day (input + output)",
                "font": {"size": 12.5, "color": MUTED},
                "standoff": 10,
            },
            "showspikes": True,
            "spikemode": "across",
            "spikethickness": 1,
            "spikecolor": RULE,
            "spikedash": "solid",
        },
        "yaxis": {
            **frame.y.layout(lambda amount: inert(usd(amount)), 6),
            "ticklabelstandoff": 6,
        },
    }


# ------------------------------------------------------------------------- windows and crossings


def _windows(row: BreakEven | None, frame: Frame, colour: str) -> Iterator[dict[str, Any]]:
    """Light columns where the option wins, clipped to the axis."""
    for low, high in joined(row.winning.windows if row else (), frame.x):
        yield {
            "type": "rect",
            "xref": "x",
            "yref": "paper",
            "x0": low,
            "x1": high,
            "y0": 0,
            "y1": 1,
            "fillcolor": tint(colour, 0.07),
            "line": {"width": 0},
            "layer": "below",
        }


def joined(windows: Iterable[tuple[float, float]], axis: Axis) -> list[tuple[float, float]]:
    """Windows within the axis; where there are very many, those closer than a hair are one.

    >>> joined([(10, 20), (30, float("inf"))], Axis(0, 100))
    [(10, 20), (30, 100)]
    """
    inside = [
        (axis.clipped(low), axis.clipped(high))
        for low, high in windows
        if low < axis.high and high > axis.low
    ]
    if len(inside) <= MOST_SHADED:
        return inside
    merged = [inside[0]]
    for low, high in inside[1:]:
        if axis.at(low) - axis.at(merged[-1][1]) < 0.004:
            merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return merged


def _crossings(row: BreakEven | None, frame: Frame) -> list[tuple[str, float]]:
    """What is worth pointing at, inside the frame."""
    if row is None or row.verdict in ("never", "always"):
        return []
    first, always = row.first_tokens_per_day, row.always_from_tokens_per_day
    if first == always:
        named = [("cheaper from", first)]
    else:
        named = [("first cheaper", first), ("always cheaper from", always)]
    return [(text, at) for text, at in named if at is not None and frame.x.low < at <= frame.x.high]


def _crossing_marks(
    row: BreakEven | None,
    chosen: OptionResult | None,
    lines: list[Line],
    frame: Frame,
    colour: str,
) -> Iterator[dict[str, Any]]:
    line = _line_of(chosen, lines)
    if line is None:
        return
    for _, at in _crossings(row, frame):
        yield {
            "type": "scatter",
            "x": [at],
            "y": [_value(line, at)],
            "mode": "markers",
            "zorder": 3,
            "marker": {"size": 9, "color": PAPER, "line": {"color": colour, "width": 2.2}},
            "hoverinfo": "skip",
        }


def _line_of(chosen: OptionResult | None, lines: Iterable[Line]) -> Line | None:
    return next((line for line in lines if chosen and line.option.name == chosen.name), None)


def _crossing_labels(
    row: BreakEven | None,
    chosen: OptionResult | None,
    lines: list[Line],
    frame: Frame,
    colour: str,
) -> Iterator[dict[str, Any]]:
    line = _line_of(chosen, lines)
    if row is None or line is None:
        return
    for text, at in _crossings(row, frame):
        room = frame.y.at(_value(line, at)) * frame.inner_height
        below = text != "always cheaper from" and room > ROOM_PX
        yield _pointer(text, at, _value(line, at), frame, below=below)
    beyond = row.always_from_tokens_per_day
    if beyond is not None and beyond > frame.x.high:
        yield _label(
            f"always cheaper from <b>{short(beyond)} / day</b> →",
            1.0,
            0.0,
            xanchor="right",
            yanchor="bottom",
            xshift=-8,
            yshift=6,
            font={"size": 12.5, "color": colour},
        )


def _value(line: Line, at: float) -> float:
    return float(np.interp(at, line.x, line.y))


def _pointer(text: str, at: float, value: float, frame: Frame, *, below: bool) -> dict[str, Any]:
    """A label with a thin line to its crossing, below the bills or above them."""
    logarithmic = frame.x.scale == "log"
    room = frame.y.at(value) * frame.inner_height
    above = min(92.0, frame.inner_height - room - 22)
    aside = 26.0 if frame.x.at(at) < 0.9 else -60.0
    return {
        "x": float(np.log10(at)) if logarithmic else at,
        "y": float(np.log10(value)) if logarithmic else value,
        "text": f"{text}<br><b>{short(at)} / day</b>",
        "ax": aside if below else -46 if frame.x.at(at) > 0.12 else 40,
        "ay": min(70.0, room - 24) if below else -max(above, 30.0),
        "showarrow": True,
        "arrowhead": 0,
        "arrowwidth": 0.8,
        "arrowcolor": MUTED,
        "standoff": 6,
        "font": {"size": 12.5, "color": TEXT},
        "bgcolor": SEE_THROUGH,
        "borderpad": 2,
    }


# -------------------------------------------------------------------------------- here and labels


def _here_line(report: Report) -> dict[str, Any]:
    at = report.tokens_per_day
    return {
        "type": "line",
        "xref": "x",
        "yref": "paper",
        "x0": at,
        "x1": at,
        "y0": 0,
        "y1": 1,
        "line": {"color": MUTED, "width": 1, "dash": "dash"},
        "layer": "below",
    }


def _here_label(report: Report, frame: Frame) -> dict[str, Any]:
    return _label(
        f"You are here: <b>{short(report.tokens_per_day)} / day</b>",
        frame.x.at(report.tokens_per_day),
        1.0,
        yanchor="bottom",
        yshift=4,
    )


def _unit_label() -> dict[str, Any]:
    return _label(
        "US dollars a month",
        0.0,
        1.0,
        xanchor="left",
        yanchor="bottom",
        xshift=4 - MARGIN["l"],
        yshift=4,
        font={"size": 12.5, "color": MUTED},
    )


def _leaves(line: Line, frame: Frame) -> float | None:
    """Where a line leaves the frame through its top."""
    return first_above(line.x, line.y, frame.y.high)


def _end_texts(line: Line) -> list[str]:
    """The name at a line's end, and under it why the option is out."""
    name = [f"<b>{inert(part)}</b>" for part in wrapped(line.option.name, 24, 2)]
    return name + [_small(part) for part in wrapped(exclusion(line.option), 30, 3)]


def _placed(lines: Iterable[Line], frame: Frame) -> list[tuple[Line, list[str], float]]:
    """The labels of the lines that end inside the frame, with their place beside it."""
    ending = [line for line in lines if _leaves(line, frame) is None]
    texts = [_end_texts(line) for line in ending]
    heights = [(len(text) * LINE_PX + 4) / frame.inner_height for text in texts]
    wanted = [frame.y.at(line.end) for line in ending]
    return list(zip(ending, texts, spaced(wanted, heights, -0.06, 1.06), strict=True))


def _end_labels(lines: Iterable[Line], frame: Frame) -> Iterator[dict[str, Any]]:
    for line, text, place in _placed(lines, frame):
        yield _label(
            "<br>".join(text),
            1.0,
            place,
            xanchor="left",
            yanchor="middle",
            xshift=14,
            align="left",
            font={"size": 12.5, "color": _label_colour(line)},
        )


def _label_colour(line: Line) -> str:
    return MUTED if line.option.excluded_by else line.colour


def _leaders(lines: Iterable[Line], frame: Frame) -> Iterator[dict[str, Any]]:
    """A short thin line from where a bill ends to its label."""
    for line, _, place in _placed(lines, frame):
        yield {
            "type": "line",
            "xref": "paper",
            "yref": "paper",
            "x0": 1.001,
            "x1": 1.0 + 13 / frame.inner_width,
            "y0": frame.y.at(line.end),
            "y1": place,
            "line": {"color": mixed(line.colour, 0.5), "width": 1},
        }


def _leaving_labels(lines: Iterable[Line], frame: Frame) -> Iterator[dict[str, Any]]:
    """Names of lines that leave through the top, beside the place, one under the other."""
    leaving = [(at, line) for line in lines if (at := _leaves(line, frame)) is not None]
    taken: list[tuple[float, float, float]] = []
    for at, line in sorted(leaving, key=lambda pair: pair[0]):
        names = [shortened(line.option.name, 34)]
        reasons = wrapped(exclusion(line.option), 30, 2)
        size = max(len(names[0]) * BOLD_PX, *(len(part) * SMALL_PX for part in [*reasons, ""]))
        tall = LINE_PX * (len(names) + len(reasons)) + 6
        place = frame.x.at(at) * frame.inner_width
        on_left = place > size + 10
        top = _free_below(taken, place - size if on_left else place, size)
        taken.append((place - size if on_left else place, size, top + tall))
        level = frame.y.value(1.0 - (top + tall if on_left else top) / frame.inner_height)
        beside = first_above(line.x, line.y, level) or at
        yield _label(
            "<br>".join([f"<b>{inert(names[0])}</b>", *map(_small, reasons)]),
            frame.x.at(beside),
            1.0,
            xanchor="right" if on_left else "left",
            yanchor="top",
            xshift=-8 if on_left else 14,
            yshift=-top,
            align="right" if on_left else "left",
            font={"size": 12.5, "color": _label_colour(line)},
            bgcolor=SEE_THROUGH,
        )


def _free_below(taken: Iterable[tuple[float, float, float]], start: float, size: float) -> float:
    """How far from the top a box must stand to clear those already there."""
    over = [
        bottom for other, length, bottom in taken if other < start + size and other + length > start
    ]
    return max(over, default=4.0)


def _small(text: str) -> str:
    return f"<span style='font-size:11px'>{inert(text)}</span>"


def _label(text: str, x: float, y: float, **more: Any) -> dict[str, Any]:
    """Text at a share of the frame."""
    return {
        "text": text,
        "x": x,
        "y": y,
        "xref": "paper",
        "yref": "paper",
        "showarrow": False,
        "font": {"size": 12.5, "color": TEXT},
        **more,
    }
