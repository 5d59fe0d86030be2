"""Risk over volume as charts: bills as fans, and the probability of winning.

One accent per option as everywhere. Volumes are tokens a day, money is US dollars a month.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np

from costmodel.cost.curve import Floats
from costmodel.errors import InputError
from costmodel.pipeline.report import CHEAPEST
from costmodel.present.charts.axes import Axis
from costmodel.present.charts.layout import (
    Frame,
    Named,
    Part,
    above,
    bold,
    line,
    named,
    small,
    upright,
    usd_read,
    volume_read,
)
from costmodel.present.charts.theme import ACCENTS, INK, MUTED, Family, inert, tint
from costmodel.quantity.words import percent, short
from costmodel.studies.risk.record import Band, Risk

if TYPE_CHECKING:
    import plotly.graph_objects as go


def accents(risk: Risk) -> dict[str, str]:
    """An accent for every option, where no report tells more of them than that it is an API."""
    own = {row.option for row in risk.probability}
    free = {True: _alternating("own", "hybrid"), False: _alternating("managed", "frontier")}
    names = dict.fromkeys(band.option for band in risk.bands)
    return {name: next(free[name in own]) for name in names}


def _alternating(one: Family, other: Family) -> Iterator[str]:
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
    colours = accents(risk) if colours is None else colours
    fans = {name: _Fan(rows, colours.get(name, MUTED)) for name, rows in _bands(risk, only).items()}
    if not fans:
        raise InputError("there is no bill to draw: no option has one")
    up = Axis(0, _top([fan.p90[-1] for fan in fans.values()]))
    across = Axis(0, max(fan.x[-1] for fan in fans.values()))
    widest = sorted(fans.values(), key=lambda fan: fan.p10[-1] - fan.p90[-1])
    names = [Named(bold(name), fan.x, fan.p50, fan.colour) for name, fan in fans.items()]
    return _over_volume(
        risk,
        height,
        [
            *(edge for fan in widest for edge in fan.band()),
            *(fan.median(inert(name)) for name, fan in fans.items()),
        ],
        names,
        across,
        up,
        up.layout(5, money=True, title="USD a month"),
    )


class _Fan:
    """A bill over volume: the median and the ends of its 80 % band."""

    def __init__(self, rows: Sequence[Band], colour: str) -> None:
        self.colour = colour
        self.x = np.array([row.tokens_per_day for row in rows]).round()
        self.p10, self.p50, self.p90 = np.array([(b.p10, b.p50, b.p90) for b in rows]).round(2).T

    def band(self) -> list[Part]:
        """The 10th to the 90th percentile; thin edges show where bands lie on each other."""
        low = line(self.x, self.p10, tint(self.colour, 0.45), 0.8)
        return [
            low,
            {**low, "y": self.p90, "fill": "tonexty", "fillcolor": tint(self.colour, 0.12)},
        ]

    def median(self, name: str) -> Part:
        """The median, and what is read along it."""
        volumes, at = volume_read(self.x, "customdata[0]")
        low, high = (usd_read(p, f"customdata[{i}]") for i, p in ((1, self.p10), (2, self.p90)))
        said = f"{name}<br>{at}: <b>{usd_read(self.p50)}</b> ({low} to {high})"
        read = np.column_stack([volumes, self.p10, self.p90])
        return line(self.x, self.p50, self.colour, 2.4, hover=said, customdata=read, name=name)


def _bands(risk: Risk, only: Sequence[str]) -> dict[str, list[Band]]:
    found: dict[str, list[Band]] = {}
    for band in risk.bands:
        if (not only or band.option in only) and math.isfinite(band.p90):
            found.setdefault(band.option, []).append(band)
    return found


def _top(ends: list[float]) -> float:
    """High enough for all bills but the dearest, which may leave the frame."""
    return 1.08 * sorted(ends)[max(0, len(ends) - 2)] or 1.0


def probability_figure(
    risk: Risk,
    colours: Mapping[str, str] | None = None,
    against: str = CHEAPEST,
    height: float = 300,
) -> go.Figure:
    """The probability that each option costs less than the cheapest API, over volume.

    ``against`` another option by name. Raises InputError where nothing is compared with it.
    """
    colours = accents(risk) if colours is None else colours
    curves = _probabilities(risk, against)
    alike = [y.tolist() for _, y in curves.values()]
    lines, names = [], []
    for i, (name, (x, y)) in enumerate(curves.items()):
        volumes, at = volume_read(x, "customdata[0]")
        said = f"{inert(name)}<br>{at}: <b>%{{customdata[1]:.3~r}} %</b>"
        read = np.column_stack([volumes, 100 * y])
        colour, width = colours.get(name, MUTED), 2.4 + 2.2 * alike[i + 1 :].count(alike[i])
        lines.append(line(x, y, colour, width, hover=said, customdata=read, name=inert(name)))
        names.append(Named(bold(name) + small(_always(y)), x, y, colour))
    rival = "the cheapest API" if against == CHEAPEST else inert(against, 40)
    across, up = Axis(0, max(x[-1] for x, _ in curves.values())), Axis(-0.05, 1.05)
    ticks = {"tickvals": _QUARTERS, "ticktext": [percent(p) for p in _QUARTERS]}
    y_axis = up.layout(title=f"costs less than {rival}", **ticks)
    return _over_volume(risk, height, lines, names, across, up, y_axis)


_QUARTERS = [0.0, 0.25, 0.5, 0.75, 1.0]


def _probabilities(risk: Risk, against: str) -> dict[str, tuple[Floats, Floats]]:
    found: dict[str, list[tuple[float, float]]] = {}
    for row in risk.probability:
        if row.against == against:
            found.setdefault(row.option, []).append((row.tokens_per_day, row.probability))
    if not found:
        raise InputError(
            "there is no probability to draw: no option on own GPUs stands beside "
            + ("an eligible API" if against == CHEAPEST else repr(against))
        )
    points = {name: np.array(rows).T for name, rows in found.items()}
    return {name: (x, y) for name, (x, y) in points.items()}


def _always(probabilities: Floats) -> str:
    """What to say of a curve that lies on the edge of the frame: where there is none, nothing."""
    if not probabilities.any():
        return "in no draw"
    return "in every draw" if (probabilities == 1.0).all() else ""


def _over_volume(
    risk: Risk,
    height: float,
    data: list[Part],
    names: list[Named],
    across: Axis,
    up: Axis,
    y_axis: Part,
) -> go.Figure:
    """Lines over volume with their names, and the stated volume marked."""
    frame = Frame(height, left=64, right=176, top=34, bottom=52)
    here, beside = risk.tokens_per_day, named(names, across, up, frame)
    said = f"your volume: {short(here)} / day"
    return frame.drawn(
        data,
        hovermode="closest",
        xaxis=across.layout(title="tokens a day", showline=True),
        yaxis=y_axis,
        shapes=[upright(here, INK, "dot"), *beside["shapes"]],
        annotations=[above(said, across.at(here)), *beside["annotations"]],
    )
