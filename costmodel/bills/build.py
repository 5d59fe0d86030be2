"""Every option's bill, hybrids and mixes included, and how any two of them compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from operator import add

import numpy as np
from numpy.typing import ArrayLike

from costmodel.bills.api import ApiBill
from costmodel.bills.fleet import (
    ENGINEERING,
    PLATFORM,
    FleetBill,
    fleet_load,
    fleet_terms,
    known_from,
)
from costmodel.bills.traffic import Traffic
from costmodel.book.token_records import TokenPrice
from costmodel.cost.breakeven import WinningSet, winning_set
from costmodel.cost.curve import CostCurve, Floats
from costmodel.cost.hybrid import Hybrid
from costmodel.facts import FleetFacts, Resolved
from costmodel.scenario import (
    Api,
    Option,
    Scenario,
    SelfHost,
)
from costmodel.scenario import Hybrid as HybridOption


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
    escalated: Mapping[str, str] = field(default_factory=dict)
    """Parts that answer what another option passed on: the part's name -> its API option."""

    def option_of(self, part: str) -> str:
        """The option whose prices a part pays."""
        return self.escalated.get(part, part)

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
        if option.escalation is not None:
            return self._mix(dict.fromkeys(self.traffic, option.name))
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
            {extra.name: known_from(extra) for extra in selfhost.extra_monthly},
        )

    def _hybrid(self, hybrid: HybridOption, traffic: tuple[Traffic, ...]) -> HybridBill | None:
        fleet = self._single(self.scenario.option(hybrid.selfhost), traffic)
        api = self._single(self.scenario.option(hybrid.api), traffic)
        if not isinstance(fleet, FleetBill) or not isinstance(api, ApiBill):
            return None
        if api.api.contract is not None and api.api.contract.kind == "provisioned":
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
        return MixBill(parts | self._escalated(mix), self._escalations(mix))

    def _escalations(self, mix: Mapping[str, str]) -> dict[str, str]:
        """The parts that answer what other parts pass on, each with its API option."""
        found = {name: self.scenario.option(name).escalation for name in mix.values()}
        return {f"{each.to} after {name}": each.to for name, each in found.items() if each}

    def _escalated(self, mix: Mapping[str, str]) -> dict[str, ApiBill | FleetBill]:
        """What it costs to ask again: a contract counts each such stream by itself."""
        parts: dict[str, ApiBill | FleetBill] = {}
        for name in dict.fromkeys(mix.values()):
            escalation = self.scenario.option(name).escalation
            served = [t for w, t in self.traffic.items() if mix[w] == name]
            passed_on = tuple(
                t.scaled(share)
                for t in served
                if escalation and (share := escalation.share_of(t.workload.name)) > 0
            )
            part = (
                self._single(self.scenario.option(escalation.to), passed_on)
                if escalation and passed_on
                else None
            )
            if escalation and part is not None:
                parts[f"{escalation.to} after {name}"] = part
        return parts
