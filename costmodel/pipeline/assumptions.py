"""Every number a result rests on, as rows: path, value, unit, kind, source, date.

Paths are those of the scenario, by name. Numbers the user left out appear with the default that
was used and its source.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from costmodel.book.token_records import TokenPrice
from costmodel.cost.api import NO_CACHE_PRICE
from costmodel.pipeline.bills.terms import DEFAULT_LOAD_FACTOR, DEFAULT_MIN_REPLICAS, usual_spares
from costmodel.pipeline.facts import FleetFacts, ProfileFacts, Resolved
from costmodel.pipeline.report import Assumption
from costmodel.quantity.quantity import Quantity
from costmodel.scenario import Option, Part, Scenario, SelfHost

_UNIT_SUFFIXES = {
    "tokens_per_day": "tokens/day",
    "requests_per_day": "requests/day",
    "tokens_per_minute": "tokens/min",
    "requests_per_s": "requests/s",
    "tokens_per_s": "tokens/s",
    "usd_per_mtok": "USD/Mtok",
    "usd_per_gpu_hour": "USD/GPU-hour",
    "usd_per_gpu_second": "USD/GPU-second",
    "usd_per_gpu": "USD/GPU",
    "usd_per_kwh": "USD/kWh",
    "usd_per_kw_month": "USD/kW-month",
    "usd_per_month": "USD/month",
    "usd_per_hour": "USD/hour",
    "usd_per_unit_month": "USD/unit-month",
    "usd_per_unit": "USD",
    "hours_per_month": "h/month",
    "days_per_month": "days/month",
    "tokens": "tokens",
    "max_context": "tokens",
    "share": "share",
    "discount": "share",
    "factor": "ratio",
    "ratio": "ratio",
    "peak_to_mean": "ratio",
    "replicas": "replicas",
    "gpus": "GPUs",
    "tp": "GPUs",
    "months": "months",
    "minutes": "min",
    "_ms": "ms",
    "usd": "USD/month",
    "per_year": "share/year",
    "per_month": "share/month",
}


def unit_of(name: str) -> str:
    """The unit a field's name carries.

    >>> unit_of("cached_input_usd_per_mtok"), unit_of("input_tokens"), unit_of("ttft_ms")
    ('USD/Mtok', 'tokens', 'ms')
    """
    return next((unit for end, unit in _UNIT_SUFFIXES.items() if name.endswith(end)), "")


def assumptions(scenario: Scenario, resolved: Resolved) -> Iterator[Assumption]:
    """All rows: what the scenario states, then what was looked up for each option."""
    for workload in scenario.workloads:
        path = f"workloads.{workload.name}"
        named = resolved.profiles.get(workload.name)
        if named is None:
            yield from _stated(workload, path)
            continue
        logged = f"{path}.profile." if named.log is not None else None
        yield from (
            row for row in _stated(workload, path) if not (logged and row.path.startswith(logged))
        )
        yield from _profile(f"{path}.profile", named)
    for option in scenario.options:
        yield from _of_option(option, resolved)
    yield from _quality(resolved)
    people = resolved.overheads
    yield Assumption.of("overheads.usd_per_hour", "USD/hour", people.usd_per_hour)
    yield Assumption.of(
        "overheads.per_fleet.hours_per_month", "h/month", people.fleet_hours_per_month
    )
    yield Assumption.of("overheads.per_api.hours_per_month", "h/month", people.api_hours_per_month)
    yield Assumption.of(
        "overheads.platform.usd_per_month", "USD/month", people.platform_usd_per_month
    )
    yield from _stated(scenario.calendar, "calendar")


def _profile(path: str, named: ProfileFacts) -> Iterator[Assumption]:
    """The hours by their name, and what a log tells beside them."""
    for name, value in {
        "": named.name,
        ".peak_to_mean": named.peak_to_mean,
        ".burst_factor": named.burst_factor,
    }.items():
        if value is not None:
            yield Assumption(path + name, value, "", named.kind, named.source, named.as_of)


def _stated(part: Any, path: str) -> Iterator[Assumption]:
    """Every number of a part, with the default where the user left it out."""
    if isinstance(part, Quantity):
        yield Assumption.of(path, unit_of(path.rsplit(".", 1)[-1]), part)
    elif isinstance(part, Part):
        for name, field in type(part).model_fields.items():
            yield from _stated(getattr(part, name), f"{path}.{field.alias or name}")
    elif isinstance(part, tuple):
        for i, item in enumerate(part):
            name = getattr(item, "name", None)
            yield from _stated(item, f"{path}.{name}" if name else f"{path}[{i}]")


def _of_option(option: Option, resolved: Resolved) -> Iterator[Assumption]:
    path = f"options.{option.name}.{option.kind}"
    facts = resolved.options[option.name]
    if option.api is not None and facts.price is not None:
        yield from _prices(path, facts.price)
        yield from _stated_except(option.api, path, "usd_per_mtok")
    if option.selfhost is not None and facts.fleet is not None:
        yield from _fleet(path, facts.fleet)
        yield from _sizing_defaults(option.selfhost, path)
        looked_up = ("start_minutes", "idle_minutes") if option.selfhost.is_serverless else ()
        yield from _stated_except(option.selfhost, path, "offers", "throughput", "tp", *looked_up)
    if option.hybrid is not None:
        yield from _stated(option.hybrid, path)


def _quality(resolved: Resolved) -> Iterator[Assumption]:
    """What the book or a gate says of an option's answers, where it was asked."""
    for workload, known in resolved.quality.items():
        for option, fact in known.options.items():
            if fact.kind in ("estimated", "measured"):
                path = f"workloads.{workload}.quality.{option}"
                yield Assumption(path, fact.standing, "", fact.kind, fact.source, fact.as_of)


def _stated_except(part: Part, path: str, *endings: str) -> Iterator[Assumption]:
    for name, field in type(part).model_fields.items():
        if not name.endswith(endings):
            yield from _stated(getattr(part, name), f"{path}.{field.alias or name}")


def _prices(path: str, price: TokenPrice) -> Iterator[Assumption]:
    tier = price.tiers[0]
    stated = {
        "input": tier.input_usd_per_mtok,
        "cached_input": tier.cached_input_usd_per_mtok,
        "cache_write": tier.cache_write_usd_per_mtok,
        "output": tier.output_usd_per_mtok,
    }
    for name, rate in stated.items():
        where = f"{path}.{name}_usd_per_mtok"
        if rate is None:
            yield Assumption(where, tier.input_usd_per_mtok, "USD/Mtok", "assumed", NO_CACHE_PRICE)
        else:
            yield Assumption(where, rate, "USD/Mtok", price.kind, price.source, price.as_of)


def _fleet(path: str, facts: FleetFacts) -> Iterator[Assumption]:
    for i, offer in enumerate(facts.offers):
        yield Assumption.of(
            f"{path}.offers[{i}].usd_per_gpu_hour", "USD/GPU-hour", offer.usd_per_gpu_hour
        )
        if offer.interruption_overhead is not None:
            where = f"{path}.offers[{i}].interruption_overhead"
            yield Assumption.of(where, "share", offer.interruption_overhead)
    for name in ("start_minutes", "idle_minutes"):
        minutes = getattr(facts, name)
        if minutes is not None:
            yield Assumption.of(f"{path}.{name}", "min", minutes)
    for name, capacity in facts.capacity.items():
        rate = capacity.requests_per_s
        yield Assumption.of(f"{path}.throughput.{name}.requests_per_s", "requests/s", rate)
    yield Assumption(f"{path}.tp", facts.gpus_per_replica, "GPUs", "assumed", _tp_source(facts))
    for row in (facts.fit or {}).get("assumptions", ()):
        yield Assumption(
            f"{path}.fit.{row['path']}",
            row["value"],
            row.get("unit", ""),
            row.get("kind", "assumed"),
            row.get("source") or "the scenario, or the default of this tool",
            date.fromisoformat(row["as_of"]) if row.get("as_of") else None,
        )


def _tp_source(facts: FleetFacts) -> str:
    return "the scenario, or the smallest that fits" if facts.fit else "the scenario"


def _sizing_defaults(selfhost: SelfHost, path: str) -> Iterator[Assumption]:
    if selfhost.load_factor is None and selfhost.queueing is None:
        yield Assumption(
            f"{path}.load_factor", DEFAULT_LOAD_FACTOR, "ratio", "assumed", "default of this tool"
        )
    if selfhost.spare_replicas is None:
        yield Assumption(
            f"{path}.spare_replicas",
            usual_spares(selfhost),
            "replicas",
            "assumed",
            "default of this tool: N+1, none in a pinned or serverless fleet",
        )
    if selfhost.min_replicas is None:
        least = 0.0 if selfhost.is_serverless else DEFAULT_MIN_REPLICAS
        yield Assumption(
            f"{path}.min_replicas", least, "replicas", "assumed", "default of this tool"
        )
