"""What every chart is laid out with: the template, lines and marks, and where labels stand.

Names stand beside the ends of lines instead of in a legend. Places of labels are shares of the
frame, 0 to 1; sizes are pixels. The numbers a reader points at are written by the browser.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.cost.curve import Floats
from costmodel.present.charts.axes import Axis, first_above, number_format
from costmodel.present.charts.theme import (
    FONT,
    GRID,
    INK,
    MUTED,
    PAPER,
    RULE,
    TEXT,
    inert,
    mixed,
    tint,
)
from costmodel.quantity.words import wrapped

if TYPE_CHECKING:
    import plotly.graph_objects as go

Part = dict[str, Any]
"""A trace, an axis, a shape or a note, as plotly has it."""

CLEAR = "rgba(0,0,0,0)"
SEE_THROUGH = tint(PAPER, 0.85)
"""Behind labels that lie over lines."""

LINE_PX, BOLD_PX = 16.0, 7.4
"""A line of a label, and the most that a character in it is wide."""

LEADER_PX = 13.0
"""From where a line ends to its label."""

_AXIS: Part = {
    "fixedrange": True,
    "ticks": "",
    "zeroline": False,
    "gridcolor": GRID,
    "linecolor": RULE,
    "exponentformat": "B",
    "minexponent": 2,
    "tickfont": {"color": MUTED},
    "title": {"font": {"size": 12, "color": TEXT}, "standoff": 6},
}
TEMPLATE: Part = {
    "layout": {
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "font": {"family": FONT, "size": 12, "color": TEXT},
        "hoverlabel": {
            "bgcolor": PAPER,
            "bordercolor": RULE,
            "font": {"family": FONT, "color": INK, "size": 12},
            "namelength": 40,
            "align": "left",
        },
        "dragmode": False,
        "showlegend": False,
        "xaxis": _AXIS,
        "yaxis": {**_AXIS, "ticklabelstandoff": 4},
        "annotationdefaults": {"showarrow": False},
    }
}
"""The calm frame: white, no legend, nothing to drag, ticks as 500, 20k and 1.5B."""

BASELINE: Part = {"showgrid": False, "showline": True}
"""Of a horizontal axis whose lines are read against the other: itself drawn, and no grid."""


@cache
def _plotly() -> Any:
    """Plotly, which knows the template by the name `costmodel` from now on."""
    import plotly.graph_objects as go
    import plotly.io as pio

    pio.templates["costmodel"] = go.layout.Template(TEMPLATE)
    return go


@dataclass(frozen=True)
class Frame:
    """A chart's size and its margins [px]; the width is what labels are laid out for."""

    height: float
    left: float
    right: float
    top: float
    bottom: float
    width: float = 1100.0

    @property
    def inner_width(self) -> float:
        """Pixels of the x axis."""
        return self.width - self.left - self.right

    @property
    def inner_height(self) -> float:
        """Pixels of the y axis."""
        return self.height - self.top - self.bottom

    def drawn(self, data: Iterable[Part], **layout: Any) -> go.Figure:
        """The figure, in the template of all."""
        margin = {"l": self.left, "r": self.right, "t": self.top, "b": self.bottom}
        frame = {"template": "costmodel", "height": self.height, "margin": margin}
        return _plotly().Figure({"data": list(data), "layout": frame | layout})


# -------------------------------------------------------------------------------------- traces


def line(
    x: Any,
    y: Any,
    colour: str = CLEAR,
    width: float = 0,
    *,
    fill: str | None = None,
    hover: str | None = None,
    dash: str = "solid",
    shape: str = "linear",
    **more: Any,
) -> Part:
    """A line; with ``fill`` the area down to the line before it.

    ``hover`` says what the mouse reads; without one it reads nothing.
    """
    style = {"color": colour, "width": width, "dash": dash, "shape": shape}
    area = {"fill": "tonexty", "fillcolor": fill} if fill else {}
    return _trace("lines", x, y, hover, line=style) | area | more


def area(x: Any, y: Any, colour: str, shape: str = "linear") -> Part:
    """The area between a line and 0."""
    return line(x, y, shape=shape, fill=colour) | {"fill": "tozeroy"}


def dots(
    x: Any, y: Any, colour: str, size: float = 9, hover: str | None = None, **more: Any
) -> Part:
    """Points; ``more`` is of their markers."""
    return _trace("markers", x, y, hover, marker={"size": size, "color": colour, **more})


def ring(x: Any, y: Any, colour: str, size: float = 10, width: float = 2.2) -> Part:
    """A point on a line, white in its colour; it may stand on the edge of the frame."""
    edge = {"color": colour, "width": width}
    return dots([x], [y], PAPER, size, line=edge) | {"cliponaxis": False}


def bars(x: Sequence[float], y: Sequence[Any], colours: Any, width: float, **more: Any) -> Part:
    """Horizontal bars, each at a number or a name."""
    return {
        "type": "bar",
        "orientation": "h",
        "x": x,
        "y": y,
        "width": width,
        "marker": {"color": colours},
        "hoverinfo": "skip",
        **more,
    }


def _trace(mode: str, x: Any, y: Any, hover: str | None, **more: Any) -> Part:
    read = {"hoverinfo": "skip"} if hover is None else {"hovertemplate": f"{hover}<extra></extra>"}
    return {"type": "scatter", "mode": mode, "x": x, "y": y, **read, **more}


def usd_read(values: Sequence[float] | Floats, field: str = "y") -> str:
    """What a hover says of dollars in a field of its trace; none of them is negative.

    >>> usd_read([0, 21_514]), usd_read([0.4], "customdata[0]")
    ('&#36;%{y:.3~s}', '&#36;%{customdata[0]:,.3~r}')
    """
    return f"&#36;%{{{field}:{number_format(values, 3)}}}"


def volume_read(volumes: Floats, field: str = "customdata") -> tuple[Floats, str]:
    """Volumes in the unit of the largest of them, and what a hover says of them.

    >>> volume_read(np.array([0.0, 1.5e9]))
    (array([0. , 1.5]), '%{customdata:,.3~r}B / day')
    """
    sizes = ((1e9, "B"), (1e6, "M"), (1e3, "k"), (1.0, ""))
    size, letter = next((s for s in sizes if volumes.max() >= s[0]), sizes[-1])
    return volumes / size, f"%{{{field}:,.3~r}}{letter} / day"


# -------------------------------------------------------------------------------- axes and shapes


def named_axis(names: Sequence[str], *, down: bool = False, **more: Any) -> Part:
    """An axis of names, one at each whole number; ``down`` from the top."""
    ends = [-0.5, len(names) - 0.5]
    return {
        "range": ends[::-1] if down else ends,
        "tickvals": list(range(len(names))),
        "ticktext": list(names),
        "showgrid": False,
        "ticklabelstandoff": 8,
        **more,
    }


def upright(x: float, colour: str, dash: str = "solid", width: float = 1, **more: Any) -> Part:
    """An upright line through the whole frame, at a value."""
    style = {"color": colour, "width": width, "dash": dash}
    return {
        "type": "line",
        "x0": x,
        "x1": x,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": style,
        **more,
    }


def column(low: float, high: float, colour: str, **more: Any) -> Part:
    """A light column through the whole frame, behind the lines."""
    ends = {"x0": low, "x1": high, "y0": 0, "y1": 1, "yref": "paper"}
    fill = {"fillcolor": colour, "line": {"width": 0}, "layer": "below"}
    return {"type": "rect", **ends, **fill, **more}


# --------------------------------------------------------------------------------------- labels


def note(
    text: str,
    x: float,
    y: float,
    colour: str = TEXT,
    *,
    size: float = 12,
    xref: str = "paper",
    yref: str = "paper",
    **more: Any,
) -> Part:
    """Text at a share of the frame, or at a value of an axis."""
    font = {"size": size, "color": colour}
    return {"text": text, "x": x, "y": y, "xref": xref, "yref": yref, "font": font, **more}


def mark(text: str, x: float, y: float, colour: str = TEXT, **more: Any) -> Part:
    """Text at a value of both axes."""
    return note(text, x, y, colour, xref="x", yref="y", **more)


def above(text: str, place: float, colour: str = TEXT, **more: Any) -> Part:
    """A note above the frame at a share of its width, which it does not leave."""
    side = "left" if place < 0.12 else "right" if place > 0.88 else "center"
    return note(text, place, 1.0, colour, xanchor=side, yanchor="bottom", yshift=3, **more)


def aside(left: bool, px: float) -> Part:
    """To which side of its place a label stands, and how far."""
    return {"xanchor": "right" if left else "left", "xshift": -px if left else px}


def bold(text: str) -> list[str]:
    """A name in bold, on two lines at most, inert."""
    return [f"<b>{inert(part)}</b>" for part in wrapped(text, 24, 2)]


def small(text: str, lines: int = 3) -> list[str]:
    """Small print under a name, inert."""
    return [
        f"<span style='font-size:11px'>{inert(part)}</span>" for part in wrapped(text, 30, lines)
    ]


@dataclass(frozen=True)
class Named:
    """A line as it runs, and what stands beside it: lines of text in a colour."""

    text: Sequence[str]
    x: Floats | Sequence[float]
    y: Floats | Sequence[float]
    colour: str
    accent: str | None = None
    """Of the line itself, where its name has another colour."""


def named(lines: Iterable[Named], across: Axis, up: Axis, frame: Frame) -> dict[str, list[Part]]:
    """The notes with the names of lines, and short thin lines to those that end at the right.

    Names of lines that leave the frame through its top stand beside the place.
    """
    leaves = [
        (each, first_above(np.asarray(each.x), np.asarray(each.y), up.high)) for each in lines
    ]
    ending = [each for each, at in leaves if at is None]
    leaving = [(at, each) for each, at in leaves if at is not None]
    levels = [up.at(float(each.y[-1])) for each in ending]
    heights = [(len(each.text) * LINE_PX + 3) / frame.inner_height for each in ending]
    placed = list(zip(ending, levels, spaced(levels, heights, -0.06, 1.06), strict=True))
    return {
        "annotations": [
            *(_end_name(each, place) for each, _, place in placed),
            *_leaving_names(sorted(leaving, key=lambda pair: pair[0]), across, up, frame),
        ],
        "shapes": [
            _leader(each, level, place)
            for each, level, place in placed
            if across.at(float(each.x[-1])) > 0.99
        ],
    }


def _end_name(each: Named, place: float) -> Part:
    beside = aside(left=False, px=LEADER_PX + 1)
    return note(
        "<br>".join(each.text), 1.0, place, each.colour, yanchor="middle", align="left", **beside
    )


def _leader(each: Named, level: float, place: float) -> Part:
    ends = {"xsizemode": "pixel", "xanchor": 1, "x0": 1, "x1": LEADER_PX, "y0": level, "y1": place}
    style = {"color": mixed(each.accent or each.colour, 0.5), "width": 1}
    return {"type": "line", "xref": "paper", "yref": "paper", **ends, "line": style}


def _leaving_names(
    leaving: Sequence[tuple[float, Named]], across: Axis, up: Axis, frame: Frame
) -> Iterator[Part]:
    """Each left of its line where there is room, one under the other where they would touch."""
    taken: list[tuple[float, float, float]] = []
    for at, each in leaving:
        size = max(map(_pixels, each.text))
        tall = LINE_PX * len(each.text) + 6
        place = across.at(at) * frame.inner_width
        left = place > size + 10
        start = place - size if left else place
        top = max((end for a, b, end in taken if a < start + size and b > start), default=4.0)
        taken.append((start, start + size, top + tall))
        level = up.value(1.0 - (top + tall if left else top) / frame.inner_height)
        beside = first_above(np.asarray(each.x), np.asarray(each.y), level) or at
        yield note(
            "<br>".join(each.text),
            across.at(beside),
            1.0,
            each.colour,
            yanchor="top",
            yshift=-top,
            align="right" if left else "left",
            bgcolor=SEE_THROUGH,
            **aside(left, 8 if left else 14),
        )


def _pixels(text: str) -> float:
    """About the width of a marked-up line of text."""
    plain = re.sub(r"<[^>]*>|&#?\w+(?=;)", "", text)
    return len(plain) * (BOLD_PX if "<b>" in text else 5.9)


def spaced(
    wanted: Sequence[float], heights: Sequence[float], low: float, high: float
) -> list[float]:
    """Centres as near to ``wanted`` as they can be without boxes overlapping, within low..high.

    >>> spaced([10, 11, 40], [8, 8, 8], 0, 50)
    [6.5, 14.5, 40.0]
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    tops = list(accumulate((heights[i] for i in order), initial=0.0))
    centres = [tops[place] + heights[i] / 2 for place, i in enumerate(order)]
    shifts = _rising([wanted[i] - centre for i, centre in zip(order, centres, strict=True)])
    placed = [0.0] * len(wanted)
    for i, centre, shift in zip(order, centres, shifts, strict=True):
        placed[i] = centre + max(low, min(shift, high - tops[-1]))
    return placed


def _rising(values: Sequence[float]) -> list[float]:
    """The series that never falls and lies closest to this one: falling neighbours pooled.

    >>> _rising([6, -1, 20])
    [2.5, 2.5, 20.0]
    """
    pools: list[tuple[float, int]] = []
    for value in values:
        mean, size = float(value), 1
        while pools and pools[-1][0] >= mean:
            other, count = pools.pop()
            mean, size = (other * count + mean * size) / (count + size), count + size
        pools.append((mean, size))
    return [mean for mean, size in pools for _ in range(size)]
