"""From a scenario and its looked-up facts to exact bills: one curve per option.

Here the records meet the numbers: each option becomes a cost curve over volume plus what is
needed to explain one point of it. No lookup, no verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from operator import add
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from costmodel.book.token_records import TokenPrice
from costmodel.cost.api import TokenPrices, mean_prices, request_lines
from costmodel.cost.breakeven import WinningSet, winning_set
from costmodel.cost.contract import all_units, commit, graduated
from costmodel.cost.curve import CostCurve, Floats, PiecewiseLinear, Steps
from costmodel.cost.fleet import (
    FleetLoad,
    FleetTerms,
    FleetUse,
    Lines,
    fleet_use,
    gpu_bill,
    shared_load,
    workload_load,
)
from costmodel.cost.fleet import Offer as PricedOffer
from costmodel.cost.hybrid import Hybrid
from costmodel.cost.traffic import (
    READY_PROFILES,
    HourlyDemand,
    hourly_demand,
    load_duration_weights,
)
from costmodel.facts import FleetFacts, Resolved
from costmodel.quantity import Kind
from costmodel.scenario import (
    Api,
    Contract,
    ExtraCost,
    Option,
    Profile,
    Scenario,
    SelfHost,
    Workload,
)
from costmodel.scenario import Hybrid as HybridOption
from costmodel.units import HOURS_PER_WEEK, MTOK, SECONDS_PER_DAY

DEFAULT_LOAD_FACTOR = 0.7
"""Share of a replica's capacity planned for, where neither a load factor nor a wait is stated."""

DEFAULT_SPARE_REPLICAS = 1.0
"""N+1: one replica may fail. A hybrid has none by default, because the API is its spare."""

ENGINEERING, PLATFORM = "engineering", "platform"
"""Names of the fixed lines every fleet has."""


@dataclass(frozen=True, eq=False)
class Traffic:
    """One workload as the bills see it.

    ``requests_per_day``: (base, per unit of the volume axis), so that one workload may move
    while the others stay.
    """

    workload: Workload
    demand: HourlyDemand
    requests_per_day: tuple[float, float]

    @property
    def requests_per_s(self) -> tuple[float, float]:
        """The mean rate, as (base, per volume)."""
        base, slope = self.requests_per_day
        return base / SECONDS_PER_DAY, slope / SECONDS_PER_DAY

    def daily_requests(self, volume: ArrayLike) -> Floats:
        """Requests per day at a volume."""
        base, slope = self.requests_per_day
        return base + slope * np.asarray(volume, dtype=float)


def traffic_of(scenario: Scenario, volume_of: str = "all") -> dict[str, Traffic]:
    """The workloads by name, on the volume axis chosen: all together, or one of them."""
    total = scenario.tokens_per_day
    return {w.name: Traffic(w, _demand(w), _rate(w, total, volume_of)) for w in scenario.workloads}


def _rate(workload: Workload, total: float, volume_of: str) -> tuple[float, float]:
    requests = workload.daily_tokens / workload.tokens_per_request
    if volume_of == "all":
        return 0.0, requests / total
    if volume_of == workload.name:
        return 0.0, 1.0 / workload.tokens_per_request
    return requests, 0.0


def _demand(workload: Workload) -> HourlyDemand:
    profile = workload.profile or Profile(name="flat")
    return hourly_demand(
        _hourly_weights(profile),
        peak_to_mean=profile.peak_to_mean.value if profile.peak_to_mean else None,
        burst_factor=profile.burst_factor.value,
        batch_share=workload.batch_share.value,
    )


def _hourly_weights(profile: Profile) -> Floats:
    if profile.hourly is not None:
        return np.asarray(profile.hourly, dtype=float)
    if profile.peak_to_mean is not None:
        return load_duration_weights(profile.peak_to_mean.value)
    return READY_PROFILES[profile.name or "flat"]()


# ------------------------------------------------------------------------------------ API bills


@dataclass(frozen=True, eq=False)
class ApiBill:
    """An API option over volume: list spend by line, the contract, the people who watch it."""

    api: Api
    traffic: tuple[Traffic, ...]
    hourly_prices: tuple[TokenPrices, ...]
    """One per UTC hour, or one for all of them."""
    days_per_month: float
    people_usd: float

    def request_usd(self, traffic: Traffic) -> dict[str, float]:
        """The mean request of a workload by line of its bill, over the week's hours."""
        hours = traffic.demand.served.reshape(7, 24).sum(axis=0)
        prices = self.hourly_prices
        weights = hours if len(prices) == 24 else [1.0]
        return self._priced(traffic.workload, mean_prices(prices, weights))

    def _priced(self, workload: Workload, prices: TokenPrices) -> dict[str, float]:
        batch = workload.batch_share.value if prices.batch is not None else 0.0
        totals: dict[str, float] = {}
        for shape in workload.request_shapes:
            for in_batch, share in ((False, 1.0 - batch), (True, batch)):
                if share == 0:
                    continue
                lines = request_lines(
                    prices,
                    shape.input_tokens.value * _ratio(self.api.input_token_ratio),
                    shape.output_tokens.value * _ratio(self.api.output_token_ratio),
                    workload.cached_input_share.value,
                    workload.cache_write_share.value,
                    in_batch,
                )
                for name, usd in lines.items():
                    label = f"{name} (batch)" if in_batch else name
                    weight = shape.share.value * share
                    totals[label] = totals.get(label, 0.0) + weight * float(usd)
        return totals

    def monthly_requests(self, traffic: Traffic) -> tuple[float, float]:
        """Requests per month as (base, per volume)."""
        base, slope = traffic.requests_per_day
        return base * self.days_per_month, slope * self.days_per_month

    @cached_property
    def list_spend(self) -> PiecewiseLinear:
        """Monthly spend at list prices."""
        base = slope = 0.0
        for traffic in self.traffic:
            usd = sum(self.request_usd(traffic).values())
            requests = self.monthly_requests(traffic)
            base, slope = base + usd * requests[0], slope + usd * requests[1]
        return PiecewiseLinear.line(base, slope)

    @cached_property
    def hourly_list_usd(self) -> Lines:
        """Monthly list spend by hour of the week; shape (168,)."""
        base, slope = np.zeros(HOURS_PER_WEEK), np.zeros(HOURS_PER_WEEK)
        for traffic in self.traffic:
            by_hour = [sum(self._priced(traffic.workload, p).values()) for p in self.hourly_prices]
            usd = np.resize(np.array(by_hour), HOURS_PER_WEEK)
            weight = traffic.demand.served / HOURS_PER_WEEK
            requests = self.monthly_requests(traffic)
            base, slope = base + usd * weight * requests[0], slope + usd * weight * requests[1]
        return Lines(base, slope)

    @cached_property
    def contract(self) -> PiecewiseLinear:
        """The map from list spend to bill."""
        return contract_map(self.api.contract, self._usd_per_mtok)

    @property
    def _usd_per_mtok(self) -> float:
        tokens = sum(
            (self.monthly_requests(t)[0] + self.monthly_requests(t)[1])
            * t.workload.tokens_per_request
            for t in self.traffic
        )
        spend = self.list_spend
        return float(spend.intercepts[0] + spend.slopes[0]) / tokens * MTOK

    @cached_property
    def curve(self) -> CostCurve:
        """The bill over volume."""
        contract = self.api.contract
        people = PiecewiseLinear.line(self.people_usd)
        if contract is not None and contract.kind == "provisioned":
            return CostCurve(people, self._provisioned_units(contract))
        return CostCurve(self.contract.of(self.list_spend) + people)

    def _provisioned_units(self, contract: Contract) -> Steps:
        """Units sized to the peak rate of tokens; they replace the price per token."""
        assert contract.tokens_per_s is not None
        assert contract.usd_per_unit_month is not None
        per_unit = contract.tokens_per_s.value
        loads = [
            workload_load(t.demand, t.requests_per_s, per_unit / self._billed_tokens(t.workload))
            for t in self.traffic
        ]
        lines = shared_load(loads).always_on
        return Steps(
            np.array([contract.usd_per_unit_month.value]),
            lines.base[None, :],
            lines.per_volume[None, :],
            np.ones(1),
        )

    def _billed_tokens(self, workload: Workload) -> float:
        return workload.mean_input_tokens * _ratio(
            self.api.input_token_ratio
        ) + workload.mean_output_tokens * _ratio(self.api.output_token_ratio)

    def peak_tokens_per_minute(self, volume: float) -> float:
        """Billed tokens in the busiest minute."""
        return 60.0 * sum(
            float(t.daily_requests(volume)) / SECONDS_PER_DAY
            * t.demand.always_on * self._billed_tokens(t.workload)
            for t in self.traffic
        )  # fmt: skip


def _ratio(quantity: Any) -> float:
    return 1.0 if quantity is None else quantity.value


def contract_map(contract: Contract | None, usd_per_mtok: float) -> PiecewiseLinear:
    """A contract as a map of list spend; steps in volume are converted at the mean list price."""
    if contract is None or contract.kind == "provisioned":
        return PiecewiseLinear.line(slope=1.0)
    if contract.kind == "commit":
        assert contract.usd_per_month is not None
        return commit(
            contract.usd_per_month.value, contract.discount.value, contract.overage_discount.value
        )
    steps = []
    for step in contract.steps or ():
        end = np.inf
        if step.up_to_usd_per_month is not None:
            end = step.up_to_usd_per_month.value
        elif step.up_to_mtok_per_month is not None:
            end = step.up_to_mtok_per_month.value * usd_per_mtok
        steps.append((end, step.discount.value))
    return graduated(steps) if contract.kind == "graduated" else all_units(steps)


# ---------------------------------------------------------------------------------- fleet bills


@dataclass(frozen=True, eq=False)
class FleetBill:
    """A self-hosted option over volume: its load, its terms and what a fleet costs beside GPUs."""

    load: FleetLoad
    terms: FleetTerms
    fixed: Mapping[str, float]
    """Monthly lines that do not depend on volume: people, platform, extras."""
    traffic: tuple[Traffic, ...] = ()
    """What it serves."""
    extra_sources: Mapping[str, tuple[Kind, str]] = field(default_factory=dict)
    """How the extras among the fixed lines are known."""

    def tokens_per_day(self, volume: float) -> float:
        """Tokens a day this fleet serves at a point of the volume axis."""
        return sum(
            float(t.daily_requests(volume)) * t.workload.tokens_per_request for t in self.traffic
        )

    @property
    def fixed_usd(self) -> float:
        """Everything but GPUs."""
        return sum(self.fixed.values())

    @cached_property
    def gpus(self) -> CostCurve:
        """The GPU bill alone."""
        return gpu_bill(self.load, self.terms)

    @cached_property
    def curve(self) -> CostCurve:
        """The bill over volume."""
        return CostCurve(
            self.gpus.linear + PiecewiseLinear.line(self.fixed_usd),
            self.gpus.steps,
            self.gpus.limit,
        )

    def use(self, volume: ArrayLike) -> FleetUse:
        """Where the replicas go."""
        return fleet_use(self.load, self.terms, volume)


def _known_from(extra: ExtraCost) -> tuple[Kind, str]:
    source = extra.usd.source or extra.source
    return extra.usd.kind or ("listed" if source else "assumed"), source or "the scenario"


def fleet_terms(selfhost: SelfHost, facts: FleetFacts, hours_per_month: float) -> FleetTerms:
    """The terms of a self-hosted option."""
    load_factor, spare = selfhost.load_factor, selfhost.spare_replicas
    return FleetTerms(
        offers=tuple(
            PricedOffer(o.usd_per_gpu_hour.value, o.replicas, o.committed, o.name)
            for o in facts.offers
        ),
        gpus_per_replica=facts.gpus_per_replica,
        scaling="scheduled" if selfhost.scaling == "scheduled" else "always-on",
        load_factor=DEFAULT_LOAD_FACTOR if load_factor is None else load_factor.value,
        spare_replicas=DEFAULT_SPARE_REPLICAS if spare is None else spare.value,
        min_replicas=selfhost.min_replicas.value,
        node_gpus=selfhost.node_gpus.value,
        start_minutes=selfhost.start_minutes.value,
        pinned_replicas=None if selfhost.replicas is None else selfhost.replicas.value,
        hours_per_month=hours_per_month,
    )


def fleet_load(traffic: Sequence[Traffic], facts: FleetFacts, bound: str = "value") -> FleetLoad:
    """The load of these workloads on one fleet; ``bound`` takes the low or high throughput."""
    loads = []
    for each in traffic:
        quantity = facts.capacity[each.workload.name].requests_per_s
        requests_per_s = getattr(quantity, bound) or quantity.value
        loads.append(workload_load(each.demand, each.requests_per_s, requests_per_s))
    return shared_load(loads)


# --------------------------------------------------------------------------- hybrids and mixes


@dataclass(frozen=True, eq=False)
class HybridBill:
    """Own base load with overflow to an API."""

    fleet: FleetBill
    api: ApiBill
    pinned: float | None
    spare_replicas: float

    @property
    def scales_together(self) -> bool:
        """Whether its hours keep their proportions as the volume moves."""
        load = self.fleet.load.served
        return bool(
            np.allclose(load.base * load.per_volume.sum(), load.per_volume * load.base.sum())
        )

    @cached_property
    def hybrid(self) -> Hybrid:
        """The numbers behind it."""
        terms = replace(
            self.fleet.terms,
            spare_replicas=self.spare_replicas,
            pinned_replicas=self.pinned,
            scaling="always-on",
        )
        return Hybrid(
            load=self.fleet.load.served,
            list_usd=self.api.hourly_list_usd,
            contract=self.api.contract,
            terms=terms,
            fleet_usd=self.fleet.fixed_usd,
            api_usd=self.api.people_usd,
        )


@dataclass(frozen=True, eq=False)
class MixBill:
    """Several options side by side, each serving its workloads."""

    parts: Mapping[str, ApiBill | FleetBill]

    @cached_property
    def curve(self) -> CostCurve:
        """The bill over volume."""
        return reduce(add, (part.curve for part in self.parts.values()))

    @property
    def has_fleet(self) -> bool:
        """Whether any of it is self-hosted."""
        return any(isinstance(part, FleetBill) for part in self.parts.values())


Bill = ApiBill | FleetBill | HybridBill | MixBill


def bill_at(bill: Bill, volume: ArrayLike) -> Floats:
    """What a bill comes to at each volume."""
    volume = np.asarray(volume, dtype=float)
    return bill.hybrid(volume) if isinstance(bill, HybridBill) else bill.curve(volume)


def capacity_limit(bill: Bill) -> float:
    """The largest volume a bill's option can serve."""
    return np.inf if isinstance(bill, HybridBill) else bill.curve.limit


def wins(bill: Bill, against: Bill) -> WinningSet:
    """The exact set of volumes at which ``bill`` is lower than ``against``, a bill with a curve."""
    assert not isinstance(against, HybridBill)
    if isinstance(bill, HybridBill):
        return bill.hybrid.winning_set(against.curve)
    return winning_set(bill.curve, against.curve)


def build_bills(
    scenario: Scenario, resolved: Resolved, traffic: Mapping[str, Traffic], bound: str = "value"
) -> dict[str, Bill]:
    """A bill for every option that can serve; ``bound`` takes throughputs at low or high.

    An option without a capacity for one of its workloads (it does not fit, misses the SLO) has
    no bill.
    """
    builder = _Builder(scenario, resolved, traffic, bound)
    bills = {option.name: builder.bill(option) for option in scenario.options}
    return {name: bill for name, bill in bills.items() if bill is not None}


@dataclass(frozen=True)
class _Builder:
    scenario: Scenario
    resolved: Resolved
    traffic: Mapping[str, Traffic]
    bound: str

    def bill(self, option: Option) -> Bill | None:
        everything = tuple(self.traffic.values())
        if option.hybrid is not None:
            return self._hybrid(option.hybrid, everything)
        if option.mix is not None:
            return self._mix(option.mix)
        return self._single(option, everything)

    def _single(self, option: Option, traffic: tuple[Traffic, ...]) -> ApiBill | FleetBill | None:
        facts = self.resolved.options[option.name]
        if option.api is not None:
            assert facts.price is not None
            return self._api(option.api, facts.price, traffic)
        assert option.selfhost is not None
        assert facts.fleet is not None
        if any(t.workload.name not in facts.fleet.capacity for t in traffic):
            return None
        return self._fleet(option.selfhost, facts.fleet, traffic)

    def _api(self, api: Api, price: TokenPrice, traffic: tuple[Traffic, ...]) -> ApiBill:
        overheads = self.resolved.overheads
        hourly = price.hourly_prices() if price.depends_on_hour else (price.prices(),)
        people = overheads.usd_per_hour.value * overheads.api_hours_per_month.value
        days = self.scenario.calendar.days_per_month.value
        return ApiBill(api, traffic, hourly, days, people)

    def _fleet(
        self, selfhost: SelfHost, facts: FleetFacts, traffic: tuple[Traffic, ...]
    ) -> FleetBill:
        overheads = self.resolved.overheads
        fixed = {
            ENGINEERING: overheads.usd_per_hour.value * overheads.fleet_hours_per_month.value,
            PLATFORM: overheads.platform_usd_per_month.value,
        }
        for extra in selfhost.extra_monthly:
            fixed[extra.name] = fixed.get(extra.name, 0.0) + extra.usd.value
        hours = self.scenario.calendar.hours_per_month.value
        load = fleet_load(traffic, facts, self.bound)
        return FleetBill(
            load,
            fleet_terms(selfhost, facts, hours),
            fixed,
            traffic,
            {extra.name: _known_from(extra) for extra in selfhost.extra_monthly},
        )

    def _hybrid(self, hybrid: HybridOption, traffic: tuple[Traffic, ...]) -> HybridBill | None:
        fleet = self._single(self.scenario.option(hybrid.selfhost), traffic)
        api = self._single(self.scenario.option(hybrid.api), traffic)
        if not isinstance(fleet, FleetBill) or not isinstance(api, ApiBill):
            return None
        pinned = None if hybrid.replicas == "optimal" else hybrid.replicas.value
        bill = HybridBill(fleet, api, pinned, hybrid.spare_replicas.value)
        return bill if bill.scales_together else None

    def _mix(self, mix: Mapping[str, str]) -> MixBill | None:
        parts: dict[str, ApiBill | FleetBill] = {}
        for name in dict.fromkeys(mix.values()):
            served = tuple(t for w, t in self.traffic.items() if mix[w] == name)
            part = self._single(self.scenario.option(name), served)
            if part is None:
                return None
            parts[name] = part
        return MixBill(parts)
