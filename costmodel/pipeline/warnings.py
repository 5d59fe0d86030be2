"""What the reader should know before relying on a report: every warning about it.

What an early version cannot use yet is named here, so that no input is passed over in silence.
Codes and their headings: `costmodel.quantity.caution`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from math import inf

from costmodel.book.token_records import TokenPrice
from costmodel.pipeline.bills import Bill
from costmodel.pipeline.facts import EndpointFacts, Resolved
from costmodel.pipeline.horizon import lifetime
from costmodel.pipeline.report import BreakEven, Horizon, OptionResult
from costmodel.quantity.caution import Caution
from costmodel.quantity.units import HOURS_PER_DAY
from costmodel.quantity.words import tokens_per_day, usd
from costmodel.scenario import Option, Scenario, SelfHost

STALE_DAYS = 365
"""A price older than this is worth a warning."""


def warnings(
    scenario: Scenario,
    resolved: Resolved,
    bills: Mapping[str, Bill],
    volume: float,
) -> Iterator[Caution]:
    """Every warning about a scenario and what was looked up for it."""
    yield from _calendar(scenario)
    yield from _profiles(scenario, resolved)
    yield from _quality(scenario, resolved)
    yield from not_used_yet(scenario)
    for option in scenario.options:
        facts = resolved.options[option.name]
        if facts.price is not None:
            yield from _price(scenario, option.name, facts.price)
            if facts.endpoint is not None:
                yield from _endpoint(scenario, option, facts.price, facts.endpoint)
        if option.selfhost is not None and facts.fleet is not None:
            yield from _fleet(option.name, option.selfhost, facts.fleet.fit)
            yield from _offers(option.name, option.selfhost)
            for offer in facts.fleet.offers:
                yield from _dated(option.name, offer.usd_per_gpu_hour.as_of, scenario.as_of)
        bill = bills.get(option.name)
        if bill is not None:
            for code, words in bill.remarks(volume):
                yield Caution(code, f"{option.name}: {words}")
        elif option.selfhost is not None and facts.fleet and not facts.fleet.not_met:
            yield Caution("no_bill", f"{option.name}: no bill, because replicas: optimal needs "
                          "hours that keep their order, and the volume axis moves only one of the "
                          "workloads it shares.")  # fmt: skip
        elif option.hybrid is not None:
            yield Caution("no_bill", f"{option.name}: no bill, because a part of it has none, its "
                          "API sells provisioned units, or the volume axis moves only one of the "
                          "workloads it shares.")  # fmt: skip


def growth(horizon: Horizon, options: Sequence[OptionResult]) -> Iterator[Caution]:
    """Where growth leads within the horizon, and whether another option is the cheapest there."""
    standing = [o for o in options if o.stands]
    now = min(standing, key=lambda o: o.monthly_usd or 0.0, default=None)
    then = horizon.cheapest
    where = f"{tokens_per_day(horizon.tokens_per_day)} in month {horizon.months:g}"
    bills = ", ".join(
        f"{name} {usd(horizon.monthly_usd[name])}"
        for name in dict.fromkeys(filter(None, (then, now.name if now else None)))
        if name in horizon.monthly_usd
    )
    turned = bool(then and now and then != now.name)
    cheapest = f" At today's prices, {then} is the cheapest there." if turned else ""
    yield Caution(
        "growth_flips" if turned else "growth",
        f"Traffic grows to {where}; these bills are of the volume stated. There, at today's "
        f"prices, a month costs: {bills or 'no option stands'}.{cheapest} `costmodel cashflow` "
        "sums the months between, at the prices stated for them.",
    )


def _calendar(scenario: Scenario) -> Iterator[Caution]:
    days = scenario.calendar.days_per_month.value
    hours = scenario.calendar.hours_per_month.value
    if abs(days * HOURS_PER_DAY / hours - 1) > 1e-3:
        yield Caution(
            "calendar_disagrees",
            f"{days:g} days a month are {days * HOURS_PER_DAY:g} hours, but hours_per_month is "
            f"{hours:g}: tokens and GPUs are billed over different months.",
        )


def _profiles(scenario: Scenario, resolved: Resolved) -> Iterator[Caution]:
    for workload in scenario.workloads:
        if workload.profile is None:
            yield Caution(
                "profile_unset",
                f"{workload.name}: no profile, so traffic counts as flat all week. Real traffic "
                "peaks; state profile: {peak_to_mean: ...}.",
            )
        elif workload.profile.peak_to_mean is not None or _only_ratio(resolved, workload.name):
            yield Caution(
                "profile_assumed",
                f"{workload.name}: only the peak-to-mean ratio is known; the hours follow an "
                "assumed load-duration curve.",
            )


def _only_ratio(resolved: Resolved, workload: str) -> bool:
    """Whether a log tells the peak and not the hours of a week."""
    facts = resolved.profiles.get(workload)
    return facts is not None and facts.peak_to_mean is not None


def _quality(scenario: Scenario, resolved: Resolved) -> Iterator[Caution]:
    for workload in scenario.workloads:
        asked, known = workload.quality, resolved.quality.get(workload.name)
        if asked is None or known is None:
            continue
        standing = [o for o in scenario.options if o.name in known.options
                    and known.options[o.name].stands]  # fmt: skip
        models = {option.model for option in standing}
        if asked.min_retention is not None and len(models) > 1:
            yield Caution("quality_across_models", f"{workload.name}: min_retention holds each "
                          "model against its own 16 bits and says nothing of one model against "
                          "another; gate them on your own evaluation.")  # fmt: skip
        if asked.gate is not None and isinstance(asked.gate.baseline, str):
            yield Caution("gate_baseline_unnamed", f"{workload.name}: the gate's baseline names no "
                          "option, so every API counts as what it was run on; say baseline: "
                          "{option: file}.")  # fmt: skip


# ------------------------------------------------------------------------------------ API options


def _price(scenario: Scenario, name: str, price: TokenPrice) -> Iterator[Caution]:
    if any(w.batch_share.value > 0 for w in scenario.workloads) and price.batch is None:
        yield Caution("no_batch_price", f"{name}: no batch price is known for {price.id}; work "
                      "that can wait pays the standard price.")  # fmt: skip
    if price.priced_apart:
        things = ", ".join(price.priced_apart)
        yield Caution("priced_apart", f"{name}: billed apart and not in this bill: {things}.")
    yield from _dated(name, price.as_of, scenario.as_of)


def _endpoint(
    scenario: Scenario, option: Option, price: TokenPrice, endpoint: EndpointFacts
) -> Iterator[Caution]:
    """What is known about a listed endpoint; a quoted price has none."""
    name = option.name
    yield from lifetime(scenario, name, price, endpoint)
    if endpoint.open_weights and price.precision is None:
        yield Caution(
            "precision_unknown",
            f"{name}: the precision {price.id} serves is not stated; compare quality, not only "
            "prices.",
        )
    if endpoint.reasons and option.api is not None and option.api.output_token_ratio is None:
        yield Caution(
            "reasoning_tokens_unset",
            f"{name}: {price.model} thinks before it answers and bills those tokens; state "
            "output_token_ratio.",
        )


def _dated(name: str, known: date | None, as_of: date) -> Iterator[Caution]:
    """A price from another time than the one asked for."""
    if known is None:
        return
    if known > as_of:
        yield Caution("prices_newer", f"{name}: the price is that of {known}; the book knows none "
                      f"as old as {as_of}.")  # fmt: skip
    elif (as_of - known).days > STALE_DAYS:
        yield Caution("prices_old", f"{name}: the newest price known is of {known}, "
                      f"{(as_of - known).days} days before the date asked for.")  # fmt: skip


# ------------------------------------------------------------------------------- self-host options


def _fleet(name: str, selfhost: SelfHost, fit: Mapping[str, object] | None) -> Iterator[Caution]:
    if selfhost.throughput is not None:
        yield Caution("no_fit_check", f"{name}: the throughput is stated, so no memory fit was "
                      "checked.")  # fmt: skip
    elif fit is not None and fit.get("verdict") == "tight":
        yield Caution("fit_tight", f"{name}: whether it fits is too close to call; try it before "
                      "relying on it.")  # fmt: skip
    if selfhost.prefix_cache_share.value > 0 and selfhost.throughput is not None:
        yield Caution("prefix_cache_unused", f"{name}: prefix_cache_share does not change a "
                      "stated throughput.")  # fmt: skip


def _offers(name: str, selfhost: SelfHost) -> Iterator[Caution]:
    """What terms leave out or take for granted."""
    for offer in selfhost.offers:
        lost = offer.interruption_overhead
        if offer.terms == "spot" and (lost is None or lost.kind == "assumed"):
            yield Caution(
                "spot_assumed",
                f"{name}: how much of a spot GPU's time interruptions take is assumed; state "
                "interruption_overhead.",
            )
        left_out = [
            words
            for words, given in (
                ("maintenance_share_per_year", offer.maintenance_share_per_year),
                ("colo_usd_per_kw_month", offer.colo_usd_per_kw_month),
            )
            if given is None
        ]
        if offer.terms == "owned" and offer.usd_per_gpu is not None and left_out:
            yield Caution(
                "owned_incomplete",
                f"{name}: the cost of owning leaves out {' and '.join(left_out)}; state it, or 0.",
            )


def naive_break_even(bills: Mapping[str, Bill], rows: tuple[BreakEven, ...]) -> Iterator[Caution]:
    """Where the smallest fleet's bill meets an API's at a volume that fleet cannot serve.

    One warning a fleet, against the API that makes the naive answer look best.
    """
    for name, bill in bills.items():
        rivals = [
            r.against for r in rows if r.option == name and r.always_from_tokens_per_day is None
        ]
        met = [(bill.met_by(bills[rival]), rival) for rival in rivals if rival in bills]
        volume, rival = min(((v, r) for v, r in met if v > 0), default=(0.0, ""))
        needed = bill.grown_to(volume) if volume > 0 else None
        if needed is not None:
            yield Caution(
                "naive_break_even",
                f"{name} against {rival}: the smallest fleet's bill is matched at "
                f"{tokens_per_day(volume)}, but that volume needs {needed:,.0f} replicas.",
            )


def prefix_cache_matters(
    without: Mapping[str, float], cached: Mapping[str, float], standing: Collection[str]
) -> Iterator[Caution]:
    """What a prefix cache would save, and whether it would change which option is cheapest.

    ``without`` and ``cached``: monthly bills by option; only ``standing`` ones may be cheapest.
    """
    saved = {name: usd_ for name, usd_ in cached.items() if usd_ < without.get(name, 0.0) - 0.5}
    if not saved:
        return
    eligible = [name for name in without if name in standing]
    before, after = (
        min(eligible, key=lambda name: bills.get(name, inf), default=None)
        for bills in (without, cached)
    )
    amounts = ", ".join(f"{name} {usd(bill)} in place of {usd(without[name])}"
                        for name, bill in saved.items())  # fmt: skip
    turned = f" Then {after} is the cheapest." if after != before else ""
    yield Caution(
        "prefix_cache_flips" if turned else "prefix_cache_open",
        "Own GPUs are billed without prefix caching; with every cached token a hit: "
        f"{amounts}.{turned} State prefix_cache_share.",
    )


# ------------------------------------------------------------------------------------ not used yet


def not_used_yet(scenario: Scenario) -> Iterator[Caution]:
    """What was accepted and does not change any number yet."""
    for path, what in _unused(scenario):
        yield Caution("not_used_yet", f"{path}: {what}")


def _unused(scenario: Scenario) -> Iterator[tuple[str, str]]:
    if scenario.display is not None:
        yield "display", "amounts are shown in USD"
    for workload in scenario.workloads:
        path = f"workloads.{workload.name}"
        if workload.slo is not None and workload.slo.percentile is not None:
            yield f"{path}.slo.percentile", "the SLO is held by the means"
