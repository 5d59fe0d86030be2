"""The bill of a self-hosted option over volume: its load, its terms, and what is not GPUs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from numpy.typing import ArrayLike

from costmodel.bills.traffic import Traffic
from costmodel.cost.curve import CostCurve, PiecewiseLinear
from costmodel.cost.fleet import (
    FleetLoad,
    FleetTerms,
    FleetUse,
    fleet_use,
    gpu_bill,
    shared_load,
    workload_load,
)
from costmodel.cost.fleet import Offer as PricedOffer
from costmodel.facts import FleetFacts
from costmodel.quantity import Kind
from costmodel.scenario import (
    ExtraCost,
    SelfHost,
)

DEFAULT_LOAD_FACTOR = 0.7
"""Share of a replica's capacity planned for, where neither a load factor nor a wait is stated."""

DEFAULT_SPARE_REPLICAS = 1.0
"""N+1: one replica may fail. A hybrid has none by default, because the API is its spare."""

ENGINEERING, PLATFORM = "engineering", "platform"
"""Names of the fixed lines every fleet has."""


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
    def gpus_without_spares(self) -> CostCurve:
        """The GPU bill if nothing were kept free."""
        terms, spares = self.terms, self.terms.spare_replicas
        pinned = None if terms.pinned_replicas is None else terms.pinned_replicas - spares
        return gpu_bill(self.load, replace(terms, spare_replicas=0, pinned_replicas=pinned))

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


def known_from(extra: ExtraCost) -> tuple[Kind, str]:
    """How an extra cost is known, and from where."""
    source = extra.usd.source or extra.source
    return extra.usd.kind or ("listed" if source else "assumed"), source or "the scenario"


def fleet_terms(selfhost: SelfHost, facts: FleetFacts, hours_per_month: float) -> FleetTerms:
    """The terms of a self-hosted option."""
    load_factor, spare = selfhost.load_factor, selfhost.spare_replicas
    usual_spares = DEFAULT_SPARE_REPLICAS if selfhost.replicas is None else 0.0
    return FleetTerms(
        offers=tuple(
            PricedOffer(o.usd_per_gpu_hour.value, o.replicas, o.committed, o.name)
            for o in facts.offers
        ),
        gpus_per_replica=facts.gpus_per_replica,
        scaling="scheduled" if selfhost.scaling == "scheduled" else "always-on",
        load_factor=DEFAULT_LOAD_FACTOR if load_factor is None else load_factor.value,
        spare_replicas=usual_spares if spare is None else spare.value,
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
