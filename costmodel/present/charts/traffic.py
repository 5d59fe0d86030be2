"""Traffic as charts: the week, the fleet under its load, ways to have it, and shapes of the week.

Hours are those of the week from Monday 00:00 UTC. What is paid for and not used is seen as the
area between a fleet and its load.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from costmodel.cost.curve import Floats
from costmodel.pipeline.bills.records import FleetWeek
from costmodel.pipeline.report import Report
from costmodel.present.charts.axes import Axis
from costmodel.present.charts.drawing import layout as layout_of
from costmodel.present.charts.drawing import title
from costmodel.present.charts.theme import (
    ACCENTS,
    GRID,
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
from costmodel.quantity.units import HOURS_PER_WEEK
from costmodel.quantity.words import short, usd
from costmodel.studies.fleet_choices import FleetChoice

if TYPE_CHECKING:
    import plotly.graph_objects as go

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HEAT = "#1b4965"
"""The busiest hour; traffic is of no option, and has none of their accents."""

SCALINGS = {
    "always-on": "always on",
    "scheduled": "following the hours",
    "serverless": "by the second",
}
"""In words."""
SCALING_SHADES = {"always-on": 1.0, "scheduled": 0.62, "serverless": 0.34}
"""How much of an option's accent a bar keeps."""

BAR, BAR_EDGE = 34.0, 34.0
"""Height of a bar with its gap, and of what stands above and below them [px]."""
LABEL_PX = 16.0
AMOUNT_PX = 66.0
"""Room for the amount right of the longest bar."""


# ------------------------------------------------------------------------------------ the week


def week_figure(report: Report, height: float = 236) -> go.Figure:
    """Tokens per second in each hour of the week: days down, hours across."""
    return _hours_figure(report.week.tokens_per_s, "{} tokens/s", height)


def profile_figure(weights: Sequence[float], height: float = 236) -> go.Figure:
    """The hours of the week in multiples of the mean hour: days down, hours across."""
    return _hours_figure(np.asarray(weights, dtype=float), "{} × the mean", height)


def _hours_figure(values: Floats, unit: str, height: float) -> go.Figure:
    """168 values, Monday 00:00 first; ``unit`` says what the mouse reads."""
    import plotly.graph_objects as go

    rows = values.reshape(len(DAYS), 24)
    names = [day[:3] for day in DAYS]
    heat = {
        "type": "heatmap",
        "z": rows,
        "x": list(range(24)),
        "y": list(range(len(DAYS))),
        "zmin": 0.0,
        "zmax": float(rows.max()),
        "colorscale": [[0.0, GRID], [1.0, HEAT]],
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "text": [
            [
                f"{day} {h:02d}:00 UTC  <b>{unit.format(short(float(v)))}</b>"
                for h, v in enumerate(row)
            ]
            for day, row in zip(DAYS, rows, strict=True)
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }
    day, hour = divmod(int(np.argmax(rows)), 24)
    layout = {
        **layout_of(height, {"l": 40, "r": 4, "t": 4, "b": 26}),
        "xaxis": {**_bare(), "tickvals": list(range(0, 24, 3)),
                  "ticktext": [f"{h:02d}:00" for h in range(0, 24, 3)]},
        "yaxis": {**_bare(), "tickvals": list(range(len(DAYS))), "ticktext": names,
                  "autorange": "reversed"},
        "annotations": [
            {"x": hour, "y": day, "text": f"<b>{short(float(rows.max()))}</b>",
             "showarrow": False, "font": {"size": 11, "color": PAPER}}
        ],
    }  # fmt: skip
    return go.Figure({"data": [heat], "layout": layout})


# ------------------------------------------------------------------------------ load duration


def load_duration_figure(
    report: Report, option: str | None = None, height: float = 310, width: float = 620
) -> go.Figure:
    """The hours of a week by load, the heaviest first, with the fleet that is on in each.

    ``option`` names a fleet of the week; by default the first. ``width`` [px] is what labels are
    laid out for.
    """
    import plotly.graph_objects as go

    name = option or next(iter(report.week.fleets), None)
    margin: dict[str, float] = {"l": 40, "r": 138, "t": 22, "b": 44}
    if name is None or name not in report.week.fleets:
        return go.Figure({"data": [], "layout": layout_of(height, margin)})
    week = report.week.fleets[name]
    order = np.lexsort((-week.provided, -week.load))
    load, provided, needed = (x[order] for x in (week.load, week.provided, week.needed))
    colour = colours(report).get(name.split(": ")[0], ACCENTS["own"][0])
    top = 1.12 * max(float(provided.max()), float(load.max()), float(needed.max()), 1e-9)
    across, up = Axis(0.0, float(HOURS_PER_WEEK), "linear"), Axis(0.0, top, "linear")
    base = np.minimum(provided, week.committed)
    layout = {
        **layout_of(height, margin),
        "hovermode": "x",
        "xaxis": {
            **across.layout(lambda hours: f"{hours:g}"),
            "tickvals": list(range(0, HOURS_PER_WEEK + 1, 24)),
            "ticktext": [f"{h}" for h in range(0, HOURS_PER_WEEK + 1, 24)],
            "showgrid": False,
            "linecolor": RULE,
            "title": title("hours of the week, by load"),
        },
        "yaxis": up.layout(short, 5),
        "annotations": [
            _note("replicas", 0.0, 1.0, xanchor="left", yanchor="bottom", yshift=4, color=MUTED),
            *_side_labels(_side_texts(week, colour, needed), up, height - 66),
        ],
    }
    data = [
        _area(provided, mixed(colour, 0.34)),
        *([_area(base, mixed(colour, 0.7))] if base.max() > 0 else []),
        _area(load, tint(INK, 0.16)),
        _step(needed, MUTED, dash="dot"),
        _step(load, INK, width=2.0),
        _reader(week, order, load, needed, provided),
    ]
    return go.Figure({"data": data, "layout": layout})


def _side_texts(week: FleetWeek, colour: str, needed: Floats) -> list[tuple[float, str, str]]:
    """(height, text, colour) of what the areas and lines are, at the right end."""
    provided, busy = float(week.provided.mean()), float(week.load.mean())
    last = int(np.argmin(week.load))
    texts = [(float(week.provided[last]), f"<b>on</b>, {short(provided, 2)} on average", colour)]
    if 0 < week.committed < float(week.provided.max()) - 1e-9:
        texts.append((week.committed, f"<b>committed</b>, {short(week.committed)}", colour))
    if not np.allclose(week.needed, week.provided):
        over = week.scaling == "hybrid" and bool((week.needed > week.provided + 1e-9).any())
        says = "needed; above <b>on</b><br>the API serves" if over else "needed"
        texts.append((float(needed[-1]), says, MUTED))
    texts.append((float(week.load[last]), f"<b>busy</b>, {short(busy, 2)} on average", INK))
    return texts


def _side_labels(
    texts: Sequence[tuple[float, str, str]], up: Axis, room: float
) -> Iterator[dict[str, Any]]:
    heights = [(text.count("<br>") + 1) * LABEL_PX / room for _, text, _ in texts]
    places = spaced([up.at(level) for level, _, _ in texts], heights, -0.04, 1.0)
    for (_, text, colour), place in zip(texts, places, strict=True):
        yield _note(
            text, 1.0, place, xanchor="left", yanchor="middle", xshift=8, align="left", color=colour
        )


def _steps(y: Floats) -> tuple[Floats, Floats]:
    """One value an hour as a staircase to the end of the week."""
    return np.arange(HOURS_PER_WEEK + 1.0), np.append(y, y[-1])


def _area(y: Floats, colour: str) -> dict[str, Any]:
    return {**_step(y, "rgba(0,0,0,0)", width=0), "fill": "tozeroy", "fillcolor": colour}


def _step(y: Floats, colour: str, width: float = 1.3, dash: str = "solid") -> dict[str, Any]:
    x, values = _steps(y)
    line = {"color": colour, "width": width, "shape": "hv", "dash": dash}
    return {"type": "scatter", "mode": "lines", "x": x, "y": values, "line": line,
            "hoverinfo": "skip"}  # fmt: skip


def _reader(
    week: FleetWeek, order: NDArray[np.intp], load: Floats, needed: Floats, provided: Floats
) -> dict[str, Any]:
    """What the mouse reads of an hour: when it is, and the fleet in it."""
    texts = [
        f"{DAYS[int(hour) // 24]} {int(hour) % 24:02d}:00 UTC<br>busy <b>{short(busy)}</b>, "
        f"needed {short(wanted)}, on <b>{short(on)}</b>"
        for hour, busy, wanted, on in zip(order, load, needed, provided, strict=True)
    ]
    return {"type": "scatter", "mode": "lines", "x": np.arange(HOURS_PER_WEEK) + 0.5, "y": provided,
            "line": {"color": "rgba(0,0,0,0)", "width": 0}, "text": texts,
            "hovertemplate": "%{text}<extra></extra>"}  # fmt: skip


# ----------------------------------------------------------------------- scaling modes and offers


def fleet_choices_figure(
    choices: Sequence[FleetChoice],
    colour: str = ACCENTS["own"][0],
    api_usd: float | None = None,
) -> go.Figure:
    """One bill for each scaling mode and offer, cheapest first, beside the cheapest API's."""
    import plotly.graph_objects as go

    known = [(each, each.monthly_usd) for each in choices if each.monthly_usd is not None]
    height = BAR * max(1, len(known)) + BAR_EDGE
    layout = layout_of(height, {"l": 208, "r": AMOUNT_PX, "t": 24, "b": 10})
    if not known:
        return go.Figure({"data": [], "layout": layout})
    top = max(*(amount for _, amount in known), api_usd or 0.0)
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": [amount for _, amount in known],
        "y": list(range(len(known))),
        "width": 0.68,
        "marker": {"color": [mixed(colour, SCALING_SHADES[c.scaling]) for c, _ in known]},
        "hoverinfo": "skip",
    }
    layout["xaxis"] = {"visible": False, "range": [0, top], "fixedrange": True}
    layout["yaxis"] = {
        **_bare(),
        "ticklabelstandoff": 7,
        "range": [len(known) - 0.5, -0.5],
        "tickvals": list(range(len(known))),
        "ticktext": [_bar_name(each) for each, _ in known],
    }
    layout["annotations"] = [
        *(_bar_amount(i, each, amount) for i, (each, amount) in enumerate(known)),
        *(_api_note(api_usd, top) if api_usd is not None else ()),
    ]
    if api_usd is not None:
        line = {"color": ACCENTS["managed"][0], "width": 1.4, "dash": "dot"}
        layout["shapes"] = [
            {"type": "line", "yref": "paper", "x0": api_usd, "x1": api_usd, "y0": 0, "y1": 1,
             "line": line}
        ]  # fmt: skip
    return go.Figure({"data": [bars], "layout": layout})


def _bar_name(choice: FleetChoice) -> str:
    """The offer, and under it how it scales."""
    small = SCALINGS[choice.scaling] + (", as it is" if choice.stated else "")
    name = f"<span style='color:{INK if choice.stated else TEXT}'>{inert(choice.offer)}</span>"
    name = f"<b>{name}</b>" if choice.stated else name
    return f"{name}<br><span style='font-size:11px'>{small}</span>"


def _bar_amount(place: int, choice: FleetChoice, amount: float) -> dict[str, Any]:
    return {"x": amount, "y": place, "text": f"<b>{inert(usd(amount))}</b>", "xanchor": "left",
            "xshift": 5, "showarrow": False, "bgcolor": PAPER, "borderpad": 1,
            "font": {"size": 12, "color": INK if choice.stated else TEXT}}  # fmt: skip


def _api_note(api_usd: float, top: float) -> Iterator[dict[str, Any]]:
    """The API's line by its name, which ends at a line in the right part."""
    text = f"cheapest API <b>{inert(usd(api_usd))}</b>"
    anchor = "right" if api_usd > 0.6 * top else "center"
    yield {"x": api_usd, "y": 1.0, "yref": "paper", "text": text, "yanchor": "bottom",
           "xanchor": anchor, "yshift": 3, "showarrow": False,
           "font": {"size": 12, "color": ACCENTS["managed"][0]}}  # fmt: skip


# --------------------------------------------------------------------------------------- layout


def _note(text: str, x: float, y: float, *, color: str = TEXT, **more: Any) -> dict[str, Any]:
    """Text at a share of the frame."""
    return {"text": text, "x": x, "y": y, "xref": "paper", "yref": "paper", "showarrow": False,
            "font": {"size": 12, "color": color}, **more}  # fmt: skip


def _bare() -> dict[str, Any]:
    return {"fixedrange": True, "showgrid": False, "zeroline": False, "tickmode": "array",
            "ticks": "", "tickfont": {"color": MUTED, "size": 11.5}}  # fmt: skip
