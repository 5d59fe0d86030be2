"""One point of a bill, taken apart: lines that add up to it, and the fleet behind it.

Utilisation, idle dollars and the all-in multiple are results of the capacity arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from costmodel.book.token_records import TokenPrice
from costmodel.cost.api import CACHE_WRITE, CACHED_INPUT, NO_CACHE_PRICE
from costmodel.cost.commitment import break_even_hours
from costmodel.cost.fleet import FleetUse
from costmodel.cost.terms import FleetTerms
from costmodel.pipeline.bills import (
    ENGINEERING,
    ApiBill,
    Bill,
    FleetBill,
    HybridBill,
    MixBill,
    bill_at,
)
from costmodel.pipeline.facts import FleetFacts, OfferFacts, Resolved
from costmodel.pipeline.report import BillLine, Commitment, FleetResult, OptionResult, WaterfallStep
from costmodel.quantity.quantity import KINDS, Kind
from costmodel.scenario import Option

CONTRACT, PROVISIONED = "contract discount", "provisioned units"
API_ENGINEERING = "engineering (API)"


def explain(
    option: Option, bill: Bill | None, resolved: Resolved, volume: float, mtok_per_month: float
) -> OptionResult:
    """One option at one volume; without a bill only its name and kind."""
    if bill is None:
        fleet = resolved.options[option.name].fleet
        return OptionResult(
            option.name, option.kind, None, None, unserved_fit=fleet.fit if fleet else None
        )
    usd = float(bill_at(bill, np.array([volume]))[0])
    return OptionResult(
        option.name,
        option.kind,
        usd,
        usd / mtok_per_month if mtok_per_month else None,
        lines=tuple(_lines(option, bill, resolved, volume)),
        fleet=_fleet_result(option, bill, resolved, volume),
        evidence=_evidence(option, resolved),
    )


def _evidence(option: Option, resolved: Resolved) -> Kind:
    """How the decisive numbers are known: the weakest of price lists and throughputs."""
    kinds: list[Kind] = [
        kind for name in _members(option) for kind in _decisive_kinds(name, resolved)
    ]
    return max(kinds, key=KINDS.index) if kinds else "assumed"


def _members(option: Option) -> list[str]:
    if option.hybrid is not None:
        return [option.hybrid.selfhost, option.hybrid.api]
    return list(dict.fromkeys(option.mix.values())) if option.mix else [option.name]


def _decisive_kinds(name: str, resolved: Resolved) -> Iterator[Kind]:
    facts = resolved.options[name]
    if facts.price is not None:
        yield facts.price.kind
    if facts.fleet is not None:
        for capacity in facts.fleet.capacity.values():
            yield capacity.requests_per_s.kind or "assumed"
        for offer in facts.fleet.offers:
            yield offer.usd_per_gpu_hour.kind or "assumed"


# --------------------------------------------------------------------------------------- lines


def _lines(option: Option, bill: Bill, resolved: Resolved, volume: float) -> Iterator[BillLine]:
    if isinstance(bill, ApiBill):
        yield from _api_lines(option.name, bill, resolved, volume)
    elif isinstance(bill, FleetBill):
        yield from _fleet_lines(option.name, bill, resolved, volume)
    elif isinstance(bill, HybridBill):
        yield from _hybrid_lines(option, bill, resolved, volume)
    else:
        yield from _mix_lines(bill, resolved, volume)


def _mix_lines(bill: MixBill, resolved: Resolved, volume: float) -> Iterator[BillLine]:
    """The lines of every part; a contract over several of them is one line."""
    joined = {name for contract in bill.contracts for name in contract.parts}
    for name, part in bill.parts.items():
        if isinstance(part, FleetBill):
            inner = _fleet_lines(name, part, resolved, volume)
        elif name in joined:
            inner = _list_price_lines(bill.option_of(name), part, resolved, volume)
        else:
            inner = _api_lines(bill.option_of(name), part, resolved, volume)
        for line in inner:
            yield BillLine(f"{name}: {line.name}", line.usd, line.kind, line.source)
    for contract in bill.contracts:
        people = sum(part.people_usd for part in contract.parts.values())
        off = float(contract.curve(volume)) - people - float(contract.list_spend(volume))
        yield BillLine(f"{contract.provider}: {CONTRACT}", off, "assumed", "the contract")


def _list_price_lines(
    name: str, bill: ApiBill, resolved: Resolved, volume: float
) -> Iterator[BillLine]:
    """An API at list prices, with its people."""
    price = resolved.options[name].price
    assert price is not None
    for line, usd in _listed(bill, volume).items():
        if usd:
            yield _token_line(line, usd, price)
    yield _people(API_ENGINEERING, bill.people_usd, resolved)


def _listed(bill: ApiBill, volume: float) -> dict[str, float]:
    """List spend a month by line."""
    listed: dict[str, float] = {}
    for traffic in bill.traffic:
        base, slope = bill.monthly_requests(traffic)
        for line, usd in bill.request_usd(traffic).items():
            listed[line] = listed.get(line, 0.0) + usd * (base + slope * volume)
    return listed


def _api_lines(name: str, bill: ApiBill, resolved: Resolved, volume: float) -> Iterator[BillLine]:
    price = resolved.options[name].price
    assert price is not None
    total = float(bill.curve(volume)) - bill.people_usd
    listed = _listed(bill, volume)
    if bill.api.contract is not None and bill.api.contract.kind == "provisioned":
        yield BillLine(PROVISIONED, total, price.kind, "the contract")
    else:
        for line, usd in listed.items():
            if usd:
                yield _token_line(line, usd, price)
        if bill.api.contract is not None:
            yield BillLine(CONTRACT, total - sum(listed.values()), "assumed", "the contract")
    yield _people(API_ENGINEERING, bill.people_usd, resolved)


def _token_line(line: str, usd: float, price: TokenPrice) -> BillLine:
    """A line per token; a cache price that nobody lists is the input price, and assumed."""
    tier, kind = price.tiers[0], line.removesuffix(" (batch)")
    unlisted = {
        CACHED_INPUT: tier.cached_input_usd_per_mtok is None,
        CACHE_WRITE: tier.cache_write_usd_per_mtok is None,
    }
    if unlisted.get(kind):
        return BillLine(line, usd, "assumed", f"{NO_CACHE_PRICE} ({price.source})")
    return BillLine(line, usd, price.kind, price.source)


def _people(name: str, usd: float, resolved: Resolved) -> BillLine:
    """Hours times rate, as well known as the weaker of the two."""
    people = resolved.overheads
    hours = people.api_hours_per_month if name == API_ENGINEERING else people.fleet_hours_per_month
    kinds: list[Kind] = [quantity.kind or "assumed" for quantity in (hours, people.usd_per_hour)]
    source = f"{hours.value:g} h at ${people.usd_per_hour.value:,.0f}, see the assumptions"
    return BillLine(name, usd, max(kinds, key=KINDS.index), source)


def _fleet_lines(
    name: str, bill: FleetBill, resolved: Resolved, volume: float
) -> Iterator[BillLine]:
    facts = resolved.options[name].fleet
    assert facts is not None
    chosen = float(bill.best_commitment(volume))
    yield from _offer_lines(facts, bill.terms, float(bill.gpus(volume)), chosen)
    yield from _fixed_lines(bill, resolved)


def _offer_lines(
    facts: FleetFacts, terms: FleetTerms, gpu_usd: float, chosen_units: float = 0.0
) -> Iterator[BillLine]:
    """The GPU bill by offer: commitments in full, the last offer for what is left.

    ``chosen_units`` are on the offer whose size is chosen, not stated.
    """
    *committed, elastic = facts.offers
    for offer, priced in zip(committed, terms.offers, strict=False):
        units = chosen_units if offer.optimal else terms.units_of(priced)
        usd = units * terms.unit_month_usd(priced)
        gpu_usd -= usd
        yield _offer_line(offer, usd)
    yield _offer_line(elastic, gpu_usd)


def _offer_line(offer: OfferFacts, usd: float) -> BillLine:
    price = offer.usd_per_gpu_hour
    return BillLine(offer.name, usd, price.kind or "assumed", price.source or "the scenario")


def _fixed_lines(bill: FleetBill, resolved: Resolved) -> Iterator[BillLine]:
    for name, usd in bill.fixed.items():
        if name in bill.extra_sources:
            yield BillLine(name, usd, *bill.extra_sources[name])
        elif name == ENGINEERING:
            yield _people(name, usd, resolved)
        elif usd:
            yield BillLine(name, usd, "assumed", "the scenario")


def _hybrid_lines(
    option: Option, bill: HybridBill, resolved: Resolved, volume: float
) -> Iterator[BillLine]:
    assert option.hybrid is not None
    facts = resolved.options[option.hybrid.selfhost].fleet
    price = resolved.options[option.hybrid.api].price
    assert facts is not None
    assert price is not None
    at = np.array([volume])
    total = float(bill.hybrid(at)[0])
    own = float(bill.hybrid.own_usd(at)[0])
    if own > 0:
        yield from _hybrid_offer_lines(facts, bill, own - bill.fleet.fixed_usd)
        yield from _fixed_lines(bill.fleet, resolved)
    yield BillLine("API overflow", total - own - bill.api.people_usd, price.kind, price.source)
    yield _people(API_ENGINEERING, bill.api.people_usd, resolved)


def _hybrid_offer_lines(facts: FleetFacts, bill: HybridBill, gpu_usd: float) -> Iterator[BillLine]:
    """Own GPUs of a hybrid by offer; where the size of a commitment is open, one offer has all."""
    terms = bill.hybrid.terms
    known = {(offer.name, offer.usd_per_gpu_hour.value): offer for offer in facts.offers}
    used = tuple(known[offer.name, offer.usd_per_gpu_hour] for offer in terms.offers)
    yield from _offer_lines(facts.model_copy(update={"offers": used}), terms, gpu_usd)


# -------------------------------------------------------------------------------------- fleets


def _fleet_result(
    option: Option, bill: Bill, resolved: Resolved, volume: float
) -> FleetResult | None:
    if isinstance(bill, FleetBill):
        facts = resolved.options[option.name].fleet
        assert facts is not None
        return _own_fleet(bill, facts, volume)
    if isinstance(bill, HybridBill):
        assert option.hybrid is not None
        facts = resolved.options[option.hybrid.selfhost].fleet
        assert facts is not None
        return _hybrid_fleet(bill, facts, volume)
    if isinstance(bill, MixBill) and bill.has_fleet:
        return _mixed_fleet(bill, resolved, volume)
    return None


def _own_fleet(bill: FleetBill, facts: FleetFacts, volume: float) -> FleetResult:
    use, gpu_usd = bill.use(volume), float(bill.gpus(volume))
    billed, busy = float(use.billed), float(use.busy)
    spare_usd = gpu_usd - float(bill.gpus_without_spares(volume))
    chosen = float(bill.best_commitment(volume)) * bill.terms.replicas_per_unit
    total, utilisation = gpu_usd + bill.fixed_usd, busy / billed if billed else 0.0
    return FleetResult(
        replicas=max(float(use.with_spares), bill.terms.committed_replicas, chosen),
        gpus=billed / bill.terms.replicas_per_unit * bill.terms.gpus_per_unit,
        fit=facts.fit,
        throughput=_throughput(bill, facts),
        capacity_tokens_per_day_per_replica=bill.tokens_per_day(volume) / busy if busy else 0.0,
        utilisation=utilisation,
        idle_usd=gpu_usd * max(0.0, 1.0 - utilisation),
        all_in_multiple=total / (gpu_usd - spare_usd) if gpu_usd > spare_usd else None,
        waterfall=tuple(_waterfall(bill, use, gpu_usd)),
        sizing=bill.sizing(volume),
        commitments=tuple(_commitments(facts, bill.terms, chosen)),
    )


def _commitments(facts: FleetFacts, terms: FleetTerms, chosen: float) -> Iterator[Commitment]:
    """Committed offers beside the elastic one, each with the hours from which it pays."""
    for offer, priced in zip(facts.offers[:-1], terms.offers, strict=False):
        hours = break_even_hours(
            priced.usd_per_gpu_hour, terms.elastic.usd_per_gpu_hour, terms.hours_per_month
        )
        replicas = chosen if offer.optimal else priced.replicas or 0.0
        yield Commitment(offer.name, replicas, hours if np.isfinite(hours) else None)


def _throughput(bill: FleetBill, facts: FleetFacts) -> dict[str, Mapping[str, Any]]:
    """The capacity of a replica by workload, for the workloads this fleet serves."""
    served = [traffic.workload.name for traffic in bill.traffic]
    return {name: facts.capacity[name].model_dump(mode="json") for name in served}


def _waterfall(bill: FleetBill, use: FleetUse, gpu_usd: float) -> Iterator[WaterfallStep]:
    """From the mean load at full speed to the all-in bill; the steps add up to it."""
    billed = float(use.billed)
    usd_per_replica = gpu_usd / billed if billed else 0.0
    on_demand = bill.terms.scaling == "serverless"
    levels = [
        ("Mean load, full speed", min(float(use.busy), float(use.whole))),
        (
            "Load factor" if bill.terms.queue is None else "Queueing",
            min(float(use.with_headroom), float(use.whole)),
        ),
        ("Peaks and bursts", float(use.with_peaks)),
        ("Starts and idle time" if on_demand else "Whole replicas", float(use.whole)),
        ("Kept warm" if on_demand else "Spares", float(use.with_spares)),
        ("Nodes, commitments, starts", billed),
    ]
    before = 0.0
    for name, level in levels:
        step = (level - before) * usd_per_replica
        if name != "Nodes, commitments, starts" or abs(step) > 0.005:
            yield WaterfallStep(name, step)
        before = level
    people = bill.fixed.get(ENGINEERING, 0.0)
    yield WaterfallStep("People", people)
    yield WaterfallStep("Other", bill.fixed_usd - people)


def _hybrid_fleet(bill: HybridBill, facts: FleetFacts, volume: float) -> FleetResult:
    at = np.array([volume])
    replicas = float(bill.hybrid.replicas(at)[0])
    own = float(bill.hybrid.own_usd(at)[0])
    gpu_usd = max(0.0, own - bill.fleet.fixed_usd)
    load = bill.fleet.load.served(volume)
    serving = bill.hybrid.terms.carried(np.array(max(0.0, replicas - bill.spare_replicas)))
    busy = float(np.minimum(load, serving).mean())
    utilisation = busy / replicas if replicas else 0.0
    mean = float(load.mean())
    return FleetResult(
        replicas=replicas,
        gpus=float(bill.hybrid.billed_units(at)[0]) * bill.fleet.terms.gpus_per_unit,
        fit=facts.fit,
        throughput=_throughput(bill.fleet, facts),
        capacity_tokens_per_day_per_replica=bill.fleet.tokens_per_day(volume) / mean
        if mean
        else 0.0,
        utilisation=utilisation,
        idle_usd=gpu_usd * (1.0 - utilisation),
        all_in_multiple=None,
    )


def _mixed_fleet(bill: MixBill, resolved: Resolved, volume: float) -> FleetResult:
    fleets = [
        _own_fleet(part, facts, volume)
        for name, part in bill.parts.items()
        if isinstance(part, FleetBill) and (facts := resolved.options[name].fleet) is not None
    ]
    replicas = sum(fleet.replicas for fleet in fleets)
    busy = sum(fleet.utilisation * fleet.replicas for fleet in fleets)
    served = sum(
        part.tokens_per_day(volume) for part in bill.parts.values() if isinstance(part, FleetBill)
    )
    return FleetResult(
        replicas=replicas,
        gpus=sum(fleet.gpus for fleet in fleets),
        fit=None,
        throughput={k: v for fleet in fleets for k, v in fleet.throughput.items()},
        capacity_tokens_per_day_per_replica=served / busy if busy else 0.0,
        utilisation=busy / replicas if replicas else 0.0,
        idle_usd=sum(fleet.idle_usd for fleet in fleets),
        all_in_multiple=None,
    )
