"""From a scenario to a report: look up, price, compare, explain. The only sequencer.

Each step is a module of its own and works on what the one before it returned; nothing flows back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from costmodel.book import Book, load_book
from costmodel.cost.curve import Floats, distinct
from costmodel.errors import InputError
from costmodel.pipeline.assumptions import assumptions
from costmodel.pipeline.bills import (
    Bill,
    Traffic,
    build_bills,
    daily_tokens,
    tokens_per_s,
    traffic_of,
)
from costmodel.pipeline.defaults import completed_scenario
from costmodel.pipeline.facts import Resolved
from costmodel.pipeline.horizon import grown_scenario, horizon_months
from costmodel.pipeline.lookup.profile import without_logs
from costmodel.pipeline.report import (
    Curves,
    Exclusion,
    Horizon,
    OptionResult,
    Report,
    Week,
)
from costmodel.pipeline.resolve import resolve
from costmodel.pipeline.verdict import (
    break_evens,
    capacity_exclusion,
    cheapest_api_usd,
    condition_prices,
    exclusions,
    recommend,
)
from costmodel.pipeline.warnings import (
    growth,
    naive_break_even,
    prefix_cache_matters,
    warnings,
)
from costmodel.quantity.caution import Caution
from costmodel.quantity.units import MTOK
from costmodel.scenario import Option, Scenario

ALL = "all"
"""The volume axis that moves every workload together."""

CURVE_POINTS = 399
CURVE_REACH = 3.0
"""Curves run from 0 to this many times the evaluated volume, which is one of their points."""

MOST_DRAWN_STEPS = 150
"""Steps of one bill drawn exactly, as verticals; a bill with more is only sampled."""

JUST_PAST = 1e-7
"""The far side of a jump, relative to its volume: beyond the tolerance of whole units."""


def evaluate(
    scenario: Scenario,
    *,
    tokens_per_day: float | None = None,
    workload: str | None = None,
    as_of: date | None = None,
    book: Book | None = None,
) -> Report:
    """Evaluate a scenario at one volume and over a range of volumes.

    ``tokens_per_day`` replaces the volume stated: of all workloads together, or of ``workload``
    alone, which then also is the volume axis. ``as_of`` replaces the date prices are taken at.
    Raises InputError for anything that cannot be looked up.
    """
    book = book or load_book()
    scenario = scenario if as_of is None else scenario.model_copy(update={"as_of": as_of})
    volume = volume_asked(scenario, tokens_per_day, workload)
    return evaluate_resolved(scenario, resolve(scenario, book), volume, workload, book)


def evaluate_resolved(
    scenario: Scenario,
    resolved: Resolved,
    volume: float,
    workload: str | None = None,
    book: Book | None = None,
) -> Report:
    """Evaluate a scenario whose facts have been looked up in a book; see `evaluate`."""
    moved = moved_to(scenario, volume, workload)
    traffic = traffic_of(scenario, resolved.profiles, workload or ALL)
    bills = build_bills(scenario, resolved, traffic)
    excluded = exclusions(scenario, resolved)

    rows = break_evens(bills, excluded, volume)
    served = daily_tokens(traffic.values(), volume)
    mtok = served * (scenario.calendar.days_per_month.value / MTOK)
    options = tuple(
        replace(
            _at(option, bills.get(option.name), resolved, volume, mtok),
            exclusions=excluded[option.name] + capacity_exclusion(bills.get(option.name), volume),
        )
        for option in scenario.options
    )
    horizon = _horizon(moved, resolved, excluded)
    raised = (
        *warnings(scenario, resolved, bills, volume),
        *naive_break_even(bills, rows),
        *_prefix_cache(scenario, resolved, traffic, volume, options),
        *(growth(horizon, options) if horizon else ()),
    )
    return Report(
        scenario=scenario.name,
        inputs=without_logs(completed_scenario(moved, book or load_book()), resolved.profiles),
        facts=resolved,
        bills=bills,
        as_of=scenario.as_of,
        tokens_per_day=volume,
        volume_of=workload or ALL,
        options=options,
        break_even=rows,
        recommendation=recommend(options, rows, excluded, volume),
        warnings=raised,
        assumption_rows=tuple(assumptions(scenario, resolved)),
        conditions=condition_prices(scenario, options),
        week=_week(traffic, bills, volume),
        horizon=horizon,
        curve_points=curves(scenario, resolved, traffic, bills, excluded, volume),
    )


def _at(
    option: Option, bill: Bill | None, resolved: Resolved, volume: float, mtok_per_month: float
) -> OptionResult:
    """One option at one volume; without a bill only its name and kind."""
    if bill is None:
        fleet = resolved.options[option.name].fleet
        fit = fleet.fit if fleet else None
        return OptionResult(option.name, option.kind, None, None, unserved_fit=fit)
    usd = bill.usd(volume)
    return OptionResult(
        option.name,
        option.kind,
        usd,
        usd / mtok_per_month if mtok_per_month else None,
        lines=tuple(bill.lines(volume)),
        fleet=bill.fleet(volume),
        evidence=bill.evidence,
    )


def _week(traffic: Mapping[str, Traffic], bills: Mapping[str, Bill], volume: float) -> Week:
    """The evaluated volume hour by hour: traffic over the week, and every fleet under its load."""
    fleets = {
        f"{name}: {part}" if part else name: fleet
        for name, bill in bills.items()
        for part, fleet in bill.week(volume).items()
    }
    return Week(tokens_per_s(traffic.values(), volume), fleets)


def _prefix_cache(
    scenario: Scenario,
    resolved: Resolved,
    traffic: Mapping[str, Traffic],
    volume: float,
    options: Sequence[OptionResult],
) -> Iterator[Caution]:
    """The bills again, if own GPUs hit a prefix cache as often as the workloads allow."""
    cached = resolved.with_prefix_cache()
    if cached is None:
        return
    bills = build_bills(scenario, cached, traffic)
    yield from prefix_cache_matters(
        {option.name: option.monthly_usd for option in options if option.monthly_usd is not None},
        {name: bill.usd(volume) for name, bill in bills.items()},
        [option.name for option in options if option.stands],
    )


def _horizon(
    scenario: Scenario, resolved: Resolved, excluded: Mapping[str, Sequence[Exclusion]]
) -> Horizon | None:
    """The bills at the volume that growth leads to; each workload grows by its own rate."""
    grown = grown_scenario(scenario)
    if grown is None:
        return None
    total = grown.tokens_per_day
    bills = build_bills(grown, resolved, traffic_of(grown, resolved.profiles))
    usd = {name: bill.usd(total) for name, bill in bills.items()}
    standing = [n for n in usd if not excluded[n] and not capacity_exclusion(bills[n], total)]
    cheapest = min(standing, key=lambda name: usd[name], default=None)
    return Horizon(horizon_months(scenario), total, usd, cheapest)


def volume_asked(
    scenario: Scenario, tokens_per_day: float | None, workload: str | None = None
) -> float:
    """The volume to evaluate: the one stated unless another is asked for."""
    stated = scenario.workload(workload).daily_tokens if workload else scenario.tokens_per_day
    volume = stated if tokens_per_day is None else tokens_per_day
    if not 0 < volume < float("inf"):
        raise InputError(f"tokens per day must be a finite number above 0, not {volume:g}")
    return volume


def moved_to(scenario: Scenario, volume: float, workload: str | None = None) -> Scenario:
    """The scenario with the volume that was evaluated written into its workloads."""
    stated = scenario.workload(workload).daily_tokens if workload else scenario.tokens_per_day
    if volume == stated:
        return scenario
    moved = tuple(
        w.moved(volume / stated) if workload in (None, w.name) else w for w in scenario.workloads
    )
    return scenario.model_copy(update={"workloads": moved})


def curves(
    scenario: Scenario,
    resolved: Resolved,
    traffic: Mapping[str, Traffic],
    bills: Mapping[str, Bill],
    excluded: Mapping[str, Sequence[Exclusion]],
    volume: float,
) -> Curves:
    """All bills from 0 to three times the volume; fleets also at low and high throughput."""
    with_fleet = [name for name, bill in bills.items() if bill.has_range]
    slow = build_bills(scenario, resolved, traffic, "low") if with_fleet else {}
    fast = build_bills(scenario, resolved, traffic, "high") if with_fleet else {}
    drawn = [*bills.values(), *slow.values(), *fast.values()]
    volumes = _volumes(drawn, volume * CURVE_REACH)
    return Curves(
        volumes,
        {name: bill.at(volumes) for name, bill in bills.items()},
        {name: fast[name].at(volumes) for name in with_fleet},
        {name: slow[name].at(volumes) for name in with_fleet},
        cheapest_api_usd(bills, excluded, volumes),
    )


def _volumes(bills: Sequence[Bill], top: float) -> Floats:
    """An even grid, plus both sides of every jump where there are few enough to draw."""
    grid = np.linspace(0.0, top, CURVE_POINTS + 1)
    steps = [bill.curve.steps for bill in bills if bill.curve is not None]
    drawn = [each for each in steps if 0 < each.count_breaks(top) <= MOST_DRAWN_STEPS]
    jumps = np.concatenate([[], *(each.jumps(0.0, top)[0] for each in drawn)])
    volumes = distinct(grid, jumps, jumps * (1 + JUST_PAST))
    return volumes[volumes <= top]
