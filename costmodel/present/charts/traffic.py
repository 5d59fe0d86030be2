"""Traffic as charts: the week, the fleet under its load, ways to have it, and shapes of the week.

Hours are those of the week from Monday 00:00 UTC. What is paid for and not used is seen as the
area between a fleet and its load.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from costmodel.cost.curve import Floats
from costmodel.pipeline.bills.records import FleetWeek
from costmodel.pipeline.report import Report
from costmodel.present.charts.axes import Axis, number_format
from costmodel.present.charts.layout import (
    BASELINE,
    Frame,
    Named,
    Part,
    above,
    area,
    aside,
    bars,
    line,
    mark,
    named,
    named_axis,
    note,
    small,
    upright,
)
from costmodel.present.charts.theme import (
    ACCENTS,
    GRID,
    INK,
    MUTED,
    PAPER,
    TEXT,
    colours,
    inert,
    mixed,
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
AMOUNT_PX = 66.0
"""Room for the amount right of the longest bar."""


# ------------------------------------------------------------------------------------ the week


def week_figure(report: Report, height: float = 236) -> go.Figure:
    """Tokens per second in each hour of the week: days down, hours across."""
    return _hours_figure(report.week.tokens_per_s, "tokens/s", height)


def profile_figure(weights: Sequence[float], height: float = 236) -> go.Figure:
    """The hours of the week in multiples of the mean hour: days down, hours across."""
    return _hours_figure(np.asarray(weights, dtype=float), "× the mean", height)


def _hours_figure(values: Floats, unit: str, height: float) -> go.Figure:
    """168 values, Monday 00:00 first; ``unit`` says what the mouse reads."""
    rows, said = values.reshape(len(DAYS), 24), f"%{{z:{number_format(values, 3)}}} {unit}"
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
        "text": np.array(_HOURS).reshape(rows.shape).tolist(),
        "hovertemplate": f"%{{text}}  <b>{said}</b><extra></extra>",
    }
    day, hour = divmod(int(np.argmax(rows)), 24)
    hours = list(range(0, 24, 3))
    names = [f"{hour:02d}:00" for hour in hours]
    return Frame(height, left=40, right=4, top=4, bottom=26).drawn(
        [heat],
        xaxis={"tickvals": hours, "ticktext": names, "showgrid": False},
        yaxis=named_axis([day[:3] for day in DAYS], down=True, ticklabelstandoff=0),
        annotations=[mark(f"<b>{short(float(rows.max()))}</b>", hour, day, PAPER, size=11)],
    )


_HOURS = [f"{day} {hour:02d}:00 UTC" for day in DAYS for hour in range(24)]


# ------------------------------------------------------------------------------ load duration


def load_duration_figure(
    report: Report, option: str | None = None, height: float = 310, width: float = 620
) -> go.Figure:
    """The hours of a week by load, the heaviest first, with the fleet that is on in each.

    ``option`` names a fleet of the week; by default the first. ``width`` [px] is what labels are
    laid out for.
    """
    name = option or next(iter(report.week.fleets), None)
    frame = Frame(height, left=40, right=138, top=22, bottom=44, width=width)
    if name is None or name not in report.week.fleets:
        return frame.drawn([])
    week = report.week.fleets[name]
    order = np.lexsort((-week.provided, -week.load))
    load, provided, needed = (x[order] for x in (week.load, week.provided, week.needed))
    colour = colours(report).get(name.split(": ")[0], ACCENTS["own"][0])
    top = 1.12 * max(float(provided.max()), float(load.max()), float(needed.max()), 1e-9)
    across, up = Axis(0.0, float(HOURS_PER_WEEK)), Axis(0.0, top)
    base = np.minimum(provided, week.committed)
    edges = np.arange(HOURS_PER_WEEK + 1.0)
    load_step, on_step, need_step, base_step = (
        np.append(y, y[-1]) for y in (load, provided, needed, base)
    )
    names = named(_names(week, colour, needed), across, up, frame)
    return frame.drawn(
        [
            area(edges, on_step, mixed(colour, 0.34), "hv"),
            *([area(edges, base_step, mixed(colour, 0.7), "hv")] if base.max() > 0 else []),
            area(edges, load_step, tint(INK, 0.16), "hv"),
            line(edges, need_step, MUTED, 1.3, dash="dot", shape="hv"),
            line(edges, load_step, INK, 2.0, shape="hv"),
            line(
                edges[:-1] + 0.5,
                provided,
                hover="%{text}<br>busy <b>%{customdata[0]:.3~r}</b>, "
                "needed %{customdata[1]:.3~r}, on <b>%{y:.3~r}</b>",
                text=[_HOURS[hour] for hour in order],
                customdata=np.column_stack([load, needed]),
            ),
        ],
        hovermode="x",
        xaxis=across.layout(
            tickvals=list(range(0, HOURS_PER_WEEK + 1, 24)),
            title="hours of the week, by load",
            **BASELINE,
        ),
        yaxis=up.layout(5),
        annotations=[
            note("replicas", 0.0, 1.0, MUTED, xanchor="left", yanchor="bottom", yshift=4),
            *names["annotations"],
        ],
    )


def _names(week: FleetWeek, colour: str, needed: Floats) -> list[Named]:
    """What the areas and lines are, at the right end."""
    provided, busy = float(week.provided.mean()), float(week.load.mean())
    last = int(np.argmin(week.load))
    texts = [(week.provided[last], [f"<b>on</b>, {short(provided, 2)} on average"], colour)]
    if 0 < week.committed < float(week.provided.max()) - 1e-9:
        texts.append((week.committed, [f"<b>committed</b>, {short(week.committed)}"], colour))
    if not np.allclose(week.needed, week.provided):
        over = week.scaling == "hybrid" and bool((week.needed > week.provided + 1e-9).any())
        says = ["needed; above <b>on</b>", "the API serves"] if over else ["needed"]
        texts.append((needed[-1], says, MUTED))
    texts.append((week.load[last], [f"<b>busy</b>, {short(busy, 2)} on average"], INK))
    return [Named(says, [HOURS_PER_WEEK], [float(level)], ink) for level, says, ink in texts]


# ----------------------------------------------------------------------- scaling modes and offers


def fleet_choices_figure(
    choices: Sequence[FleetChoice],
    colour: str = ACCENTS["own"][0],
    api_usd: float | None = None,
) -> go.Figure:
    """One bill for each scaling mode and offer, cheapest first, beside the cheapest API's."""
    known = [(each, each.monthly_usd) for each in choices if each.monthly_usd is not None]
    height = BAR * max(1, len(known)) + BAR_EDGE
    frame = Frame(height, left=208, right=AMOUNT_PX, top=24, bottom=10)
    if not known:
        return frame.drawn([])
    amounts = [amount for _, amount in known]
    top = max(*amounts, api_usd or 0.0)
    shades = [mixed(colour, SCALING_SHADES[each.scaling]) for each, _ in known]
    api = [] if api_usd is None else [upright(api_usd, ACCENTS["managed"][0], "dot", 1.4)]
    names = ["<br>".join(_bar_name(each)) for each, _ in known]
    return frame.drawn(
        [bars(amounts, list(range(len(known))), shades, 0.68)],
        xaxis={"visible": False, "range": [0, top]},
        yaxis=named_axis(names, down=True),
        shapes=api,
        annotations=[
            *(_bar_amount(i, each, amount) for i, (each, amount) in enumerate(known)),
            *([] if api_usd is None else [_api_note(api_usd, top)]),
        ],
    )


def _bar_name(choice: FleetChoice) -> list[str]:
    """The offer, and under it how it scales."""
    name = f"<span style='color:{INK if choice.stated else TEXT}'>{inert(choice.offer)}</span>"
    scales = SCALINGS[choice.scaling] + (", as it is" if choice.stated else "")
    return [f"<b>{name}</b>" if choice.stated else name, *small(scales)]


def _bar_amount(place: int, choice: FleetChoice, amount: float) -> Part:
    ink, beside = INK if choice.stated else TEXT, aside(left=False, px=5)
    said = f"<b>{inert(usd(amount))}</b>"
    return mark(said, amount, place, ink, bgcolor=PAPER, borderpad=1, **beside)


def _api_note(api_usd: float, top: float) -> Part:
    """The API's line by its name, which ends at a line in the right part."""
    said = f"cheapest API <b>{inert(usd(api_usd))}</b>"
    side = "right" if api_usd > 0.6 * top else "center"
    return above(said, api_usd, ACCENTS["managed"][0], xref="x") | {"xanchor": side}
