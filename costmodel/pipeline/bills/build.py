"""From a scenario and its looked-up facts to exact bills, one an option."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from costmodel.pipeline.bills.api import ApiBill
from costmodel.pipeline.bills.bill import Bill
from costmodel.pipeline.bills.fleet import FleetBill
from costmodel.pipeline.bills.hybrid import HybridBill
from costmodel.pipeline.bills.mix import MixBill
from costmodel.pipeline.bills.terms import fleet_load, fleet_slots, fleet_terms
from costmodel.pipeline.bills.traffic import Traffic
from costmodel.pipeline.facts import Resolved
from costmodel.scenario import Escalation, Hybrid, Option, Scenario


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
        if option.hybrid is not None:
            return self._hybrid(option.hybrid)
        if option.mix is not None:
            return self._mix(option.mix)
        if option.escalation is not None:
            return self._mix(dict.fromkeys(self.traffic, option.name))
        return self._single(option.name, tuple(self.traffic.values()))

    def _single(self, name: str, traffic: tuple[Traffic, ...]) -> ApiBill | FleetBill | None:
        return self._api(name, traffic) or self._fleet(name, traffic)

    def _api(self, name: str, traffic: tuple[Traffic, ...]) -> ApiBill | None:
        api, price = self.scenario.option(name).api, self.resolved.options[name].price
        if api is None or price is None:
            return None
        days = self.scenario.calendar.days_per_month.value
        return ApiBill(api, price, self.resolved.overheads, traffic, days)

    def _fleet(self, name: str, traffic: tuple[Traffic, ...]) -> FleetBill | None:
        selfhost, facts = self.scenario.option(name).selfhost, self.resolved.options[name].fleet
        if selfhost is None or facts is None:
            return None
        if any(t.workload.name not in facts.capacity for t in traffic):
            return None
        load = fleet_load(traffic, facts, self.bound)
        held = selfhost.concurrency.value if selfhost.concurrency else None
        slots = fleet_slots(traffic, facts, held, self.bound)
        hours = self.scenario.calendar.hours_per_month.value
        terms = fleet_terms(selfhost, facts, slots, hours)
        if terms.best_mix is not None and not load.sized_for.ordered:
            return None
        return FleetBill(selfhost, facts, self.resolved.overheads, traffic, load, terms, slots)

    def _hybrid(self, hybrid: Hybrid) -> HybridBill | None:
        everything = tuple(self.traffic.values())
        own, overflow = self._fleet(hybrid.selfhost, everything), self._api(hybrid.api, everything)
        if own is None or overflow is None:
            return None
        pinned = None if hybrid.replicas == "optimal" else hybrid.replicas.value
        bill = HybridBill(own, overflow, pinned, hybrid.spare_replicas.value)
        return bill if bill.can_be_billed else None

    def _mix(self, servers: Mapping[str, str]) -> MixBill | None:
        """Each option with its workloads; then what it passes on, at the option it goes to."""
        parts: dict[str, ApiBill | FleetBill] = {}
        escalated: dict[str, ApiBill | FleetBill] = {}
        for name in dict.fromkeys(servers.values()):
            served = tuple(t for w, t in self.traffic.items() if servers[w] == name)
            part = self._single(name, served)
            if part is None:
                return None
            parts[name] = part
            escalation = self.scenario.option(name).escalation
            again = self._escalated(escalation, served) if escalation else None
            if escalation and again:
                escalated[f"{escalation.to} after {name}"] = again
        return MixBill(parts | escalated, frozenset(escalated))

    def _escalated(
        self, escalation: Escalation, served: tuple[Traffic, ...]
    ) -> ApiBill | FleetBill | None:
        """What it costs to ask again: a stream of its own."""
        passed_on = tuple(
            traffic.scaled(share)
            for traffic in served
            if (share := escalation.share_of(traffic.workload.name)) > 0
        )
        return self._single(escalation.to, passed_on) if passed_on else None
