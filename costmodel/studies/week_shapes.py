"""The same daily volume in other shapes of the week, and where own GPUs pay in each.

Only the hours are replaced, of every workload; bursts, prices and sizes stay. What a mean hides is
seen here: a fleet is sized by its peak hour, an API bills what is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from costmodel.book import Book, load_book
from costmodel.cost.curve import Floats
from costmodel.errors import InputError
from costmodel.pipeline.bills import Bill, build_bills, traffic_of
from costmodel.pipeline.bills.traffic import burst_factor
from costmodel.pipeline.facts import ProfileFacts
from costmodel.pipeline.report import CHEAPEST, BreakEven, Exclusion
from costmodel.pipeline.resolve import resolve
from costmodel.pipeline.verdict import break_evens, cheapest_api_usd, exclusions
from costmodel.scenario import Scenario
from costmodel.scenario.changes import changed

AS_STATED = "as it is"
SHAPES = {"steady": "flat", "office hours": "office-hours", "a few busy hours": "spiky"}
"""In words -> the ready profile."""

POINTS = 1500
LEAST_REACH, MOST_REACH = 1.5, 8.0
"""The volume axis ends between so many times the evaluated volume."""


@dataclass(frozen=True, eq=False)
class ShapedBill:
    """The bill of one option in one shape of the week, and where it beats the cheapest API."""

    shape: str
    monthly_usd: Floats
    break_even: BreakEven | None
    """None where no API is eligible."""
    stated: bool
    """Whether it is the shape of the scenario."""


@dataclass(frozen=True, eq=False)
class WeekShapes:
    """One option in several shapes of the week, on one volume axis."""

    option: str
    volume: float
    """Tokens a day at which the scenario stands."""
    tokens_per_day: Floats
    api_usd: Floats | None
    """The cheapest eligible API, in the hours as they are stated."""
    bills: tuple[ShapedBill, ...]


def week_shapes(
    scenario: Scenario,
    option: str,
    *,
    tokens_per_day: float | None = None,
    book: Book | None = None,
) -> WeekShapes:
    """An option's bill and break-even in the week as it is, and in three ready shapes.

    The week as it is comes first, unless it is one of the three. Raises InputError where the
    option has no bill.
    """
    book = book or load_book()
    volume = scenario.tokens_per_day if tokens_per_day is None else tokens_per_day
    found: list[tuple[str, Bill, BreakEven | None]] = []
    known = resolve(scenario, book).profiles
    weeks = {name: _shaped(scenario, profile, known) for name, profile in SHAPES.items()}
    stated = _ready_shape(scenario)
    if stated is None:
        stated, weeks = AS_STATED, {AS_STATED: scenario, **weeks}
    for name, each in weeks.items():
        bills, excluded = _bills(each, book)
        if option not in bills:
            reasons = "; ".join(map(str, excluded.get(option, ())))
            raise InputError(f"{option} has no bill: {reasons}")
        rows = break_evens(bills, excluded, volume)
        row = next((r for r in rows if (r.option, r.against) == (option, CHEAPEST)), None)
        found.append((name, bills[option], row))
    bills, excluded = _bills(scenario, book)
    volumes = np.linspace(0.0, _reach([row for _, _, row in found], volume), POINTS)
    api_usd = cheapest_api_usd(bills, excluded, volumes)
    return WeekShapes(
        option,
        volume,
        volumes,
        api_usd,
        tuple(
            ShapedBill(name, bill.at(volumes), None if api_usd is None else row, name == stated)
            for name, bill, row in found
        ),
    )


def _shaped(scenario: Scenario, name: str, known: Mapping[str, ProfileFacts]) -> Scenario:
    """The scenario with every workload's hours replaced; its bursts stay."""
    changes = {
        ("workloads", i, "profile"): {
            "name": name,
            "burst_factor": burst_factor(workload, known.get(workload.name)),
        }
        for i, workload in enumerate(scenario.workloads)
    }
    return changed(scenario, changes)


def _ready_shape(scenario: Scenario) -> str | None:
    """The ready shape that all workloads have, if it is one."""
    names = {w.profile.name if w.profile else None for w in scenario.workloads}
    return next((shape for shape, name in SHAPES.items() if names == {name}), None)


def _bills(
    scenario: Scenario, book: Book
) -> tuple[dict[str, Bill], dict[str, tuple[Exclusion, ...]]]:
    resolved = resolve(scenario, book)
    traffic = traffic_of(scenario, resolved.profiles)
    return build_bills(scenario, resolved, traffic), exclusions(scenario, resolved)


def _reach(rows: list[BreakEven | None], volume: float) -> float:
    """Where the axis ends: a little past the last crossing, within bounds."""
    crossings = [
        at
        for row in rows
        if row is not None
        for at in (row.first_tokens_per_day, row.always_from_tokens_per_day)
        if at is not None
    ]
    return min(max(1.25 * max(crossings, default=0.0), LEAST_REACH * volume), MOST_REACH * volume)
