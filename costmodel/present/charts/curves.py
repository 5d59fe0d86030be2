"""Monthly bills over volume: the staircase, its range, the API lines and where own GPUs win.

Every line is named at its end instead of in a legend; the windows in which the option at hand
beats the cheapest eligible API are shaded, its crossings and the current volume marked. The slide
of the curves draws the same :class:`Curves`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from costmodel.cost.curve import Floats
from costmodel.pipeline.report import BreakEven, OptionResult, Report
from costmodel.present.charts.axes import Axis, Scale
from costmodel.present.charts.layout import (
    BASELINE,
    SEE_THROUGH,
    Frame,
    Named,
    Part,
    bold,
    column,
    line,
    mark,
    named,
    note,
    ring,
    small,
    upright,
    usd_read,
    volume_read,
)
from costmodel.present.charts.theme import MUTED, RULE, colours, inert, mixed, tint
from costmodel.present.words.focus import earliest_own_option, exclusion, option_named
from costmodel.quantity.words import CENT, short

if TYPE_CHECKING:
    import plotly.graph_objects as go

LOG_REACH = 200.0
"""A logarithmic axis begins at this fraction of its end."""

TOO_DEAR = 1.6
"""An API this many times above what own GPUs or the cheapest API cost is let out of the frame."""

MOST_SHADED = 120
"""Windows shaded one by one; narrower ones are joined past that."""

ROOM_PX = 64.0
"""Height that a crossing's label needs under the bills."""


# ------------------------------------------------------------------------------- what is drawn


@dataclass(frozen=True)
class Line:
    """One option as drawn, with the range of its bill where it has one."""

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

    @property
    def excluded(self) -> bool:
        """Whether a condition or its own limits rule the option out."""
        return bool(self.option.excluded_by)

    @property
    def accent(self) -> str:
        """What it is drawn in: paler where it is excluded."""
        return mixed(self.colour, 0.6) if self.excluded else self.colour

    @property
    def ink(self) -> str:
        """What its name is written in."""
        return MUTED if self.excluded else self.colour

    def at(self, volume: float) -> float:
        """The bill at a volume."""
        return float(np.interp(volume, self.x, self.y))


@dataclass(frozen=True)
class Curves:
    """Every bill over volume, the axes that hold them, and the option that is spoken of."""

    lines: list[Line]
    x: Axis
    y: Axis
    chosen: OptionResult | None
    colour: str
    row: BreakEven | None
    """Where the chosen option beats the cheapest eligible API; None where there is none."""

    @property
    def line(self) -> Line | None:
        """The line of the chosen option."""
        return next((each for each in self.lines if each.option is self.chosen), None)

    def crossings(self) -> list[tuple[str, float, float]]:
        """What is worth pointing at inside the frame: in words, at which volume, at which bill."""
        row, line = self.row, self.line
        if row is None or line is None or row.verdict in ("never", "always"):
            return []
        first, always = row.first_tokens_per_day, row.always_from_tokens_per_day
        pointed = [("first cheaper", first), ("always cheaper from", always)]
        if first == always:
            pointed = [("cheaper from", first)]
        return [
            (words, at, line.at(at))
            for words, at in pointed
            if at is not None and self.x.low < at <= self.x.high
        ]

    def windows(self) -> list[tuple[float, float]]:
        """Volumes within the axis at which the chosen option wins."""
        return joined(self.row.winning.windows if self.row else (), self.x)


def curves(report: Report, option: str | None = None, scale: Scale = "linear") -> Curves:
    """What is drawn of a report's bills; see :func:`curves_figure`."""
    lines = list(_lines(report))
    chosen = option_named(report, option) if option else earliest_own_option(report)
    top = float(report.curve_points.tokens_per_day[-1])
    x = Axis(top / LOG_REACH if scale == "log" else 0.0, top, scale)
    low, high = _money_range(report, lines, x)
    y = Axis(low if scale == "log" else 0.0, high, scale)
    colour = colours(report)[chosen.name] if chosen else MUTED
    compared = chosen is not None and report.curve_points.cheapest_api_usd is not None
    row = report.against_cheapest(chosen.name) if chosen and compared else None
    return Curves(lines, x, y, chosen, colour, row)


def _lines(report: Report) -> Iterator[Line]:
    """Every option that has a bill, with its colour and range."""
    points, accents = report.curve_points, colours(report)
    for option in report.options:
        y = points.monthly_usd.get(option.name)
        if y is None or not np.isfinite(y).any():
            continue
        known = np.isfinite(y)
        low, high = (
            None if (ends := of.get(option.name)) is None else ends[known]
            for of in (points.low_usd, points.high_usd)
        )
        x = points.tokens_per_day[known]
        yield Line(option, accents[option.name], x, y[known], low, high)


def _money_range(report: Report, lines: list[Line], x: Axis) -> tuple[float, float]:
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
    low = min(line.at(x.low) for line in lines)
    return max(0.8 * low, high / 1000), high


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


# ----------------------------------------------------------------------------------- the chart


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
    shown = curves(report, option, scale)
    frame = Frame(height, left=58, right=196, top=30, bottom=52, width=width)
    labels = named(map(_name, shown.lines), shown.x, shown.y, frame)
    windows = [column(*ends, tint(shown.colour, 0.07)) for ends in shown.windows()]
    rings = [ring(at, usd, shown.colour, 9) | {"zorder": 3} for _, at, usd in shown.crossings()]
    here = upright(report.tokens_per_day, MUTED, "dash", layer="below")
    return frame.drawn(
        [*_traces(shown), *rings],
        hovermode="x unified",
        xaxis=shown.x.layout(
            **BASELINE,
            ticks="outside",
            tickcolor=RULE,
            title="tokens a day (input + output)",
            unifiedhovertitle={"text": "Monthly bill"},
            showspikes=True,
            spikemode="across",
            spikethickness=1,
            spikecolor=RULE,
            spikedash="solid",
        ),
        yaxis=shown.y.layout(money=True),
        shapes=[*windows, here, *labels["shapes"]],
        annotations=[
            _here(report, shown.x),
            _unit(frame),
            *labels["annotations"],
            *_crossing_labels(shown, frame),
        ],
    )


def _name(each: Line) -> Named:
    """The name at a line's end, and under it why the option is out."""
    text = bold(each.option.name) + small(exclusion(each.option))
    return Named(text, each.x, each.y, each.ink, each.colour)


def _traces(shown: Curves) -> Iterator[Part]:
    """The lines, the cheapest at the evaluated volume first and excluded options last."""
    if shown.lines:
        yield _volume_reader(shown.lines[0])
    order = sorted(shown.lines, key=lambda e: (not e.option.stands, e.option.monthly_usd or 0.0))
    for each in order:
        if each.low is not None and each.high is not None and not each.excluded:
            yield line(each.x, each.low)
            yield line(each.x, each.high, fill=tint(each.colour, 0.13))
        yield _bill(each, chosen=each.option is shown.chosen)


def _bill(each: Line, *, chosen: bool) -> Part:
    """A bill, and what the mouse reads of it: its amount, and its range where that is wide."""
    name, ends = inert(each.option.name, 40), None
    said = f"{name}  <b>{usd_read(each.y)}"
    if each.low is not None and each.high is not None and (each.high - each.low).max() >= CENT / 2:
        low, high = (usd_read(v, f"customdata[{i}]") for i, v in enumerate((each.low, each.high)))
        said += f" ({low} to {high})"
        ends = np.column_stack([each.low, each.high])
    return line(
        each.x,
        each.y,
        each.accent,
        1.4 if each.excluded else 2.6 if each.option.kind != "api" else 2.2,
        dash="dash" if each.excluded else "solid",
        hover=f"{said}</b>{'  not eligible' if each.excluded else ''}",
        name=name,
        zorder=2 if chosen else 0 if each.excluded else 1,
        customdata=ends,
    )


def _volume_reader(each: Line) -> Part:
    """An unseen line that says, first in the hover box, at which volume the bills are read."""
    volumes, said = volume_read(each.x)
    return line(each.x, each.y, hover=f"at <b>{said}</b>", customdata=volumes)


def _here(report: Report, x: Axis) -> Part:
    said = f"You are here: <b>{short(report.tokens_per_day)} / day</b>"
    return note(said, x.at(report.tokens_per_day), 1.0, yanchor="bottom", yshift=4)


def _unit(frame: Frame) -> Part:
    beside = {"xanchor": "left", "yanchor": "bottom", "xshift": 4 - frame.left, "yshift": 4}
    return note("US dollars a month", 0.0, 1.0, MUTED, **beside)


def _crossing_labels(shown: Curves, frame: Frame) -> Iterator[Part]:
    """Crossings with a thin line to each, and the one that lies beyond the frame."""
    for words, at, usd in shown.crossings():
        below = words != "always cheaper from" and shown.y.at(usd) * frame.inner_height > ROOM_PX
        yield _pointer(words, at, usd, shown, frame, below=below)
    beyond = shown.row.always_from_tokens_per_day if shown.row and shown.line else None
    if beyond is not None and beyond > shown.x.high:
        said = f"always cheaper from <b>{short(beyond)} / day</b> →"
        beside = {"xanchor": "right", "yanchor": "bottom", "xshift": -8, "yshift": 6}
        yield note(said, 1.0, 0.0, shown.colour, **beside)


def _pointer(
    words: str, at: float, usd: float, shown: Curves, frame: Frame, *, below: bool
) -> Part:
    """A label with a thin line to its crossing, below the bills or above them."""
    x, y = shown.x, shown.y
    room = y.at(usd) * frame.inner_height
    over = min(92.0, frame.inner_height - room - 22)
    far = 26.0 if x.at(at) < 0.9 else -60.0
    return mark(
        f"{words}<br><b>{short(at)} / day</b>",
        x.place(at),
        y.place(usd),
        ax=far if below else -46 if x.at(at) > 0.12 else 40,
        ay=min(70.0, room - 24) if below else -max(over, 30.0),
        showarrow=True,
        arrowhead=0,
        arrowwidth=0.8,
        arrowcolor=MUTED,
        standoff=6,
        bgcolor=SEE_THROUGH,
        borderpad=2,
    )
