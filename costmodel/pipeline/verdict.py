"""Who may be recommended, who is cheapest, and where: the decision, from bills.

An option is excluded openly and by name of the reason. The verdict compares with the cheapest
*eligible* alternative at each volume; what a condition costs is stated beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import inf

import numpy as np

from costmodel.cost.breakeven import WinningSet, intersection
from costmodel.pipeline.bills import Bill
from costmodel.pipeline.facts import Resolved
from costmodel.pipeline.report import (
    CHEAPEST,
    BreakEven,
    ConditionPrice,
    Exclusion,
    OptionResult,
    Recommendation,
)
from costmodel.quantity.words import tokens_per_day, usd
from costmodel.scenario import Option, Scenario, Workload


def exclusions(scenario: Scenario, resolved: Resolved) -> dict[str, tuple[Exclusion, ...]]:
    """Why an option may not be recommended, by option; empty where it may."""
    return {o.name: tuple(_reasons(o, scenario, resolved)) for o in scenario.options}


def _reasons(option: Option, scenario: Scenario, resolved: Resolved) -> Iterator[Exclusion]:
    for condition in conditions_of(scenario):
        if not meets(option, condition, scenario):
            yield Exclusion("condition", f"does not satisfy {condition}", condition)
    for workload in scenario.workloads:
        yield from _not_good_enough(option, workload, scenario, resolved)
    yield from dict.fromkeys(_unserved(option, scenario, resolved))
    servers = (*option.members, *passed_on_to(option, scenario.workloads, scenario))
    for name in dict.fromkeys(servers):
        facts = resolved.options[name]
        yield from dict.fromkeys(_too_long(name, scenario, resolved))
        if facts.price is not None and facts.price.retired:
            retired = f"{facts.price.id} was retired on {facts.price.retires}"
            yield Exclusion("retired", retired)


def _too_long(name: str, scenario: Scenario, resolved: Resolved) -> Iterator[Exclusion]:
    """Requests that an API's context window cannot hold."""
    price = resolved.options[name].price
    window = price.context_window if price is not None else None
    for workload in scenario.workloads:
        if window is not None and workload.longest_context > window:
            ends = f"the context window of {name} ends at {window:,} tokens"
            yield Exclusion("context_window", ends)


def _unserved(option: Option, scenario: Scenario, resolved: Resolved) -> Iterator[Exclusion]:
    servers = [(w.name, name) for w in scenario.workloads for name in option.servers(w.name)]
    for workload, name in servers:
        fleet = resolved.options[name].fleet
        if fleet is None:
            continue
        reasons = [fleet.not_met[key] for key in ("", workload) if key in fleet.not_met]
        if not fleet.not_met and workload not in fleet.capacity:
            reasons.append(f"no throughput is stated for {workload}")
        yield from (Exclusion("cannot_serve", reason) for reason in reasons)


def passed_on_to(
    option: Option, workloads: Sequence[Workload], scenario: Scenario
) -> dict[str, None]:
    """The APIs that see requests of these workloads because their answers escalate."""
    found = (
        (workload.name, scenario.option(name).escalation)
        for workload in workloads
        for name in option.servers(workload.name)
    )
    return {each.to: None for workload, each in found if each and each.share_of(workload) > 0}


def conditions_of(scenario: Scenario) -> list[str]:
    """Every condition some workload requires."""
    return list(dict.fromkeys(c for w in scenario.workloads for c in w.requires))


def meets(option: Option, condition: str, scenario: Scenario) -> bool:
    """Whether every part of an option that touches a workload with this condition satisfies it.

    A hybrid or mix that says so itself need not repeat it on its parts. Answers that escalate take
    their requests along, so the API they go to must satisfy it too.
    """
    requiring = [w for w in scenario.workloads if condition in w.requires]
    passed_to = passed_on_to(option, requiring, scenario)
    if not all(condition in scenario.option(name).satisfies for name in passed_to):
        return False
    if condition in option.satisfies:
        return True
    parts = {part for workload in requiring for part in option.servers(workload.name)}
    return all(condition in scenario.option(part).satisfies for part in parts)


def _not_good_enough(
    option: Option, workload: Workload, scenario: Scenario, resolved: Resolved
) -> Iterator[Exclusion]:
    """Why the answers of an option, or of a part of it, may not be relied on for a workload."""
    known = resolved.quality.get(workload.name)
    accepts = workload.quality.accepts if workload.quality else None
    if known is None or (accepts is not None and option.name in accepts):
        return
    facts = (known.options[name] for name in option.servers(workload.name))
    reasons = dict.fromkeys(fact.reason for fact in facts if not fact.stands)
    for reason in reasons:
        name = workload.name
        said = f"quality of {name}: {reason}" if reason else f"not accepted for {name}"
        yield Exclusion("quality", said, name)


def capacity_exclusion(bill: Bill | None, volume: float) -> tuple[Exclusion, ...]:
    """Why an option cannot serve this volume at all: a pinned fleet that is too small."""
    if bill is None or bill.serves(volume):
        return ()
    most = f"its pinned fleet serves {tokens_per_day(bill.limit)} at most"
    return (Exclusion("pinned_fleet", most),)


# ---------------------------------------------------------------------------------- break-even


def break_evens(
    bills: Mapping[str, Bill], excluded: Mapping[str, Sequence[Exclusion]], volume: float
) -> tuple[BreakEven, ...]:
    """Every self-hosted or hybrid option against each API, and against the cheapest eligible.

    Where no API is eligible there is no cheapest one to compare with, and no such row.
    """
    apis = {name: bill for name, bill in bills.items() if bill.is_api}
    rows = []
    for name, bill in bills.items():
        if name in apis:
            continue
        sets = {rival: bill.wins(api) for rival, api in apis.items()}
        eligible = [rival for rival in apis if not excluded[rival]]
        if eligible:
            cheapest = intersection(sets[rival] for rival in eligible)
            sets[CHEAPEST] = cheapest.up_to(bill.limit)
        rows += [_row(name, rival, won, volume) for rival, won in sets.items()]
    return tuple(rows)


def _row(option: str, against: str, won: WinningSet, volume: float) -> BreakEven:
    return BreakEven(option, against, won, won.margin_of_safety(volume))


def cheapest_api_usd(
    bills: Mapping[str, Bill], excluded: Mapping[str, Sequence[Exclusion]], volumes: np.ndarray
) -> np.ndarray | None:
    """The cheapest eligible API at each volume; None where no API is eligible."""
    eligible = [b for name, b in bills.items() if b.is_api and not excluded[name]]
    return np.min([bill.at(volumes) for bill in eligible], axis=0) if eligible else None


# ------------------------------------------------------------------------------ recommendation


def recommend(
    options: Sequence[OptionResult],
    break_even: Sequence[BreakEven],
    excluded: Mapping[str, Sequence[Exclusion]],
    volume: float,
) -> Recommendation:
    """The cheapest option that stands at this volume, and why."""
    standing = sorted(
        (o for o in options if o.stands and not _is_all_api(o)), key=lambda o: o.monthly_usd or 0.0
    )
    if not standing:
        return Recommendation(None, "No option stands: every one is excluded.")
    best, rest = standing[0], standing[1:]
    assert best.monthly_usd is not None
    if not rest:
        reason = f"{best.name} is the only option that stands, at {usd(best.monthly_usd)} a month."
        return Recommendation(best.name, reason, evidence=best.evidence)
    runner_up = rest[0]
    assert runner_up.monthly_usd is not None
    saving = runner_up.monthly_usd - best.monthly_usd
    reason = (
        f"At {tokens_per_day(volume)}, the bill is {usd(best.monthly_usd)} a month "
        f"with {best.name} and {usd(runner_up.monthly_usd)} with {runner_up.name}. "
        f"{_where(standing, break_even, excluded)}"
    )
    return Recommendation(best.name, reason.strip(), runner_up.name, saving, best.evidence)


def _is_all_api(option: OptionResult) -> bool:
    """A hybrid whose best fleet is none at all: the API it overflows to, under another name."""
    return option.kind == "hybrid" and option.fleet is not None and option.fleet.replicas == 0


def _where(
    standing: Sequence[OptionResult],
    rows: Sequence[BreakEven],
    excluded: Mapping[str, Sequence[Exclusion]],
) -> str:
    """Where own GPUs begin to win, in one sentence: of the option that wins at the least volume."""
    if not any(o.kind == "api" or (o.kind == "mix" and o.fleet is None) for o in standing):
        return "No API by itself meets every condition."
    own = [row for row in rows if row.against == CHEAPEST and not excluded[row.option]]
    if not own:
        return ""
    return describe(
        min(own, key=lambda row: inf if row.winning.first is None else row.winning.first)
    )


def describe(row: BreakEven) -> str:
    """A winning set in one sentence.

    >>> from costmodel.cost.breakeven import NOWHERE
    >>> describe(BreakEven("own GPUs", CHEAPEST, NOWHERE, None))
    'The bill for own GPUs is never below that of the cheapest eligible API, at any volume.'
    """
    rival = "the cheapest eligible API" if row.against == CHEAPEST else row.against
    bill = f"The bill for {row.option}"
    first, always = row.first_tokens_per_day, row.always_from_tokens_per_day
    if row.verdict == "never" or first is None:
        return f"{bill} is never below that of {rival}, at any volume."
    if row.verdict == "always":
        return f"{bill} is below that of {rival} at every volume."
    if always is None:
        return (
            f"{bill} first falls below that of {rival} at {tokens_per_day(first)}, "
            "in bounded windows only and never for good."
        )
    if first == always:
        return f"{bill} is below that of {rival} from {tokens_per_day(always)} on."
    return (
        f"{bill} first falls below that of {rival} at {tokens_per_day(first)} and stays below it "
        f"from {tokens_per_day(always)}; in between, each new replica hands the lead back."
    )


def condition_prices(
    scenario: Scenario, options: Sequence[OptionResult]
) -> tuple[ConditionPrice, ...]:
    """What each condition costs: cheapest eligible less the cheapest without that condition."""
    waived = {name: ("condition", name) for name in conditions_of(scenario)}
    waived |= {
        f"quality of {w.name}": ("quality", w.name)
        for w in scenario.workloads
        if w.quality and (w.quality.min_retention or w.quality.gate)
    }
    prices = []
    for condition, reason in waived.items():
        eligible = _cheapest(o for o in options if o.stands)
        without = _cheapest(
            o for o in options if all((each.code, each.about) == reason for each in o.exclusions)
        )
        gap = None if eligible is None or without is None else eligible - without
        prices.append(ConditionPrice(condition, gap))
    return tuple(prices)


def _cheapest(options: Iterator[OptionResult]) -> float | None:
    return min((o.monthly_usd for o in options if o.monthly_usd is not None), default=None)
