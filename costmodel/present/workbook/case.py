"""What a workbook is made from: a report, and the scenario and bills behind it.

Everything comes out of the frozen scenario, so nothing is looked up again. Here is also decided
what is live: formulas cover what is sized by a load factor and priced alike at every hour. Other
bills (hybrids, queueing, replicas started on demand, commitments of open size, escalations) stand
as values of the tool.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from costmodel.cost.fleet import sizing_load
from costmodel.pipeline.bills import (
    ApiBill,
    Bill,
    FleetBill,
    MixBill,
    Traffic,
    build_bills,
    traffic_of,
)
from costmodel.pipeline.facts import Resolved
from costmodel.pipeline.report import Report
from costmodel.scenario import Option, Scenario, Workload
from costmodel.scenario.yamlfile import plain

Part = ApiBill | FleetBill


@dataclass(frozen=True, eq=False)
class Case:
    """A report with the scenario it evaluated and the exact bills of its options."""

    report: Report
    scenario: Scenario
    resolved: Resolved
    traffic: Mapping[str, Traffic]
    bills: Mapping[str, Bill]

    @classmethod
    def of(cls, report: Report) -> Case:
        """The case of a report, from what it froze."""
        scenario = Scenario.model_validate(dict(report.frozen))
        resolved = Resolved.model_validate(plain(report.frozen["resolved"]))
        traffic = traffic_of(scenario, resolved.profiles, report.volume_of)
        return cls(report, scenario, resolved, traffic, build_bills(scenario, resolved, traffic))

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """All workloads, in the scenario's order."""
        return self.scenario.workloads

    @cached_property
    def moves_together(self) -> bool:
        """Whether the volume axis moves every workload by one factor; else curves are values."""
        return self.report.volume_of == "all" or len(self.workloads) == 1

    def option(self, name: str) -> Option:
        """The option of that name."""
        return self.scenario.option(name)

    def why_not_live(self, name: str) -> str | None:
        """Why an option's bill is a value and not a formula; None where it is a formula."""
        bill, option = self.bills.get(name), self.option(name)
        if bill is None:
            return "no bill can be stated"
        if not self.moves_together:
            return "one workload moves alone"
        if option.hybrid is not None:
            return "a hybrid is optimised over the week"
        if isinstance(bill, MixBill):
            return self._why_not_mix(bill)
        assert isinstance(bill, ApiBill | FleetBill)
        return _why_not(bill)

    def why_locked(self, name: str) -> str:
        """Why the inputs of an option are locked; empty where some live bill rests on them."""
        users = [name, *(o.name for o in self.scenario.options if name in (o.mix or {}).values())]
        reasons = [self.why_not_live(user) for user in users]
        return "" if None in reasons else reasons[0] or ""

    def _why_not_mix(self, bill: MixBill) -> str | None:
        if bill.escalated:
            return "part of the work is asked again elsewhere"
        if bill.contracts:
            return "one contract counts several options"
        return next(filter(None, map(_why_not, bill.parts.values())), None)


def _why_not(bill: Part) -> str | None:
    if isinstance(bill, ApiBill):
        return "its prices depend on the hour" if len(bill.hourly_prices) > 1 else None
    terms = bill.terms
    if terms.queue is not None:
        return "sized by the wait, not by a load factor"
    if terms.scaling == "serverless" and terms.pinned_replicas is None:
        return "its replicas start on demand"
    if terms.best_mix is not None and terms.by_the_hour:
        return "the size of its commitment is optimised"
    if not terms.by_the_hour and len(sizing_load(bill.load, terms).base) == 0:
        return "it has no load"
    return None
