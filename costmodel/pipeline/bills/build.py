"""Every option's bill, hybrids and mixes included, and how any two of them compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from operator import add

import numpy as np
from numpy.typing import ArrayLike, NDArray

from costmodel.book.token_records import TokenPrice
from costmodel.cost.breakeven import WinningSet, winning_set
from costmodel.cost.curve import CostCurve, Floats, PiecewiseLinear
from costmodel.cost.hybrid import Hybrid
from costmodel.cost.terms import Offer
from costmodel.pipeline.bills.api import ApiBill, contract_map
from costmodel.pipeline.bills.fleet import (
    ENGINEERING,
    PLATFORM,
    FleetBill,
    fleet_load,
    fleet_slots,
    fleet_terms,
    known_from,
)
from costmodel.pipeline.bills.traffic import Traffic
from costmodel.pipeline.facts import FleetFacts, Resolved
from costmodel.quantity.units import MTOK
from costmodel.scenario import (
    Api,
    Option,
    Scenario,
    SelfHost,
)
from costmodel.scenario import Hybrid as HybridOption

ROUNDING = 1e-9
"""A volume this little above what a fleet serves is served, relative to it."""


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

    @property
    def offers(self) -> tuple[Offer, ...]:
        """Own replicas of a hybrid are on all month: a commitment of open size serves them all,
        where it is the cheaper one, or none.
        """
        terms = self.fleet.terms
        chosen = terms.best_mix
        if chosen is None:
            return terms.offers
        cheaper = min((chosen, terms.elastic), key=lambda offer: offer.usd_per_gpu_hour)
        fixed = tuple(offer for offer in terms.offers[:-1] if not offer.optimal)
        return (*fixed, cheaper)

    @cached_property
    def hybrid(self) -> Hybrid:
        """The numbers behind it."""
        terms = replace(
            self.fleet.terms,
            offers=self.offers,
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
class JointContract:
    """One contract over several API options of one provider: its steps count their sum."""

    parts: Mapping[str, ApiBill]

    @property
    def provider(self) -> str:
        """Whose contract it is."""
        return next(iter(self.parts.values())).api.provider or ""

    @cached_property
    def list_spend(self) -> PiecewiseLinear:
        """Monthly spend at list prices."""
        return reduce(add, (part.list_spend for part in self.parts.values()))

    @cached_property
    def curve(self) -> CostCurve:
        """The bill over volume, with the people who watch each part."""
        bills = list(self.parts.values())
        spends = [bill.stated_spend() for bill in bills]
        usd_per_mtok = sum(usd for usd, _ in spends) / sum(tokens for _, tokens in spends) * MTOK
        contract = contract_map(bills[0].api.contract, usd_per_mtok)
        people = PiecewiseLinear.line(sum(bill.people_usd for bill in bills))
        return CostCurve(contract.of(self.list_spend) + people)


def _counts_by_provider(api: Api) -> bool:
    """Whether a contract counts what is spent at a provider, not units bought for one option."""
    contract = api.contract
    return api.provider is not None and contract is not None and contract.kind != "provisioned"


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
        alone = [part.curve for name, part in self.parts.items() if name not in self._joined]
        return reduce(add, [*alone, *(contract.curve for contract in self.contracts)])

    @cached_property
    def contracts(self) -> tuple[JointContract, ...]:
        """Contracts that several parts are under: spend at one provider counts together."""
        groups: list[dict[str, ApiBill]] = []
        for name, part in self.parts.items():
            if not isinstance(part, ApiBill) or not _counts_by_provider(part.api):
                continue
            for group in groups:
                other = next(iter(group.values())).api
                if (other.provider, other.contract) == (part.api.provider, part.api.contract):
                    group[name] = part
                    break
            else:
                groups.append({name: part})
        return tuple(JointContract(group) for group in groups if len(group) > 1)

    @property
    def _joined(self) -> set[str]:
        return {name for contract in self.contracts for name in contract.parts}

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


def within(volume: ArrayLike, limit: ArrayLike) -> NDArray[np.bool_]:
    """Whether volumes are served by fleets that serve so much; the two broadcast."""
    return np.asarray(volume, dtype=float) <= np.asarray(limit, dtype=float) * (1 + ROUNDING)


def can_serve(bill: Bill, volume: ArrayLike) -> NDArray[np.bool_]:
    """Whether a volume is within what a bill's option can serve."""
    return within(volume, capacity_limit(bill))


def served_at(bill: Bill, volume: ArrayLike) -> Floats:
    """What a bill comes to at each volume; infinite where its option cannot serve it."""
    return np.where(can_serve(bill, volume), bill_at(bill, volume), np.inf)


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
    ) -> FleetBill | None:
        overheads = self.resolved.overheads
        fixed = {
            ENGINEERING: overheads.usd_per_hour.value * overheads.fleet_hours_per_month.value,
            PLATFORM: overheads.platform_usd_per_month.value,
        }
        for extra in selfhost.extra_monthly:
            fixed[extra.name] = fixed.get(extra.name, 0.0) + extra.usd.value
        hours = self.scenario.calendar.hours_per_month.value
        load = fleet_load(traffic, facts, self.bound)
        held = selfhost.concurrency.value if selfhost.concurrency else None
        slots = fleet_slots(traffic, facts, held, self.bound)
        terms = fleet_terms(selfhost, facts, slots, hours)
        if terms.best_mix is not None and not load.sized_for.ordered:
            return None
        return FleetBill(
            load,
            terms,
            fixed,
            traffic,
            {extra.name: known_from(extra) for extra in selfhost.extra_monthly},
            slots,
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
        """What it costs to ask again, each such stream a part of its own."""
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
