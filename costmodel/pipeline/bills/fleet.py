"""The bill of a self-hosted option over volume: its load, its terms, and what is not GPUs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from costmodel.cost.curve import CostCurve, Floats, PiecewiseLinear
from costmodel.cost.fleet import (
    FleetUse,
    Sizing,
    best_commitment,
    both_sizings,
    fleet_use,
    gpu_bill,
    replicas_needed,
    sizing_load,
)
from costmodel.cost.load import FleetLoad, shared_load, workload_load
from costmodel.cost.ownership import Purchase
from costmodel.cost.queueing import Queue
from costmodel.cost.terms import FleetTerms
from costmodel.cost.terms import Offer as PricedOffer
from costmodel.pipeline.bills.traffic import Traffic
from costmodel.pipeline.facts import FleetFacts, OfferFacts
from costmodel.quantity.quantity import Kind, Quantity
from costmodel.scenario import (
    ExtraCost,
    SelfHost,
)

DEFAULT_LOAD_FACTOR = 0.7
"""Share of a replica's capacity planned for, where neither a load factor nor a wait is stated."""

DEFAULT_SPARE_REPLICAS = 1.0
"""N+1: one replica may fail. A hybrid has none by default, because the API is its spare."""

DEFAULT_MIN_REPLICAS = 1.0
"""Kept on at least; none where replicas are started on demand."""

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
    slots: Slots | None = None
    """Requests a replica holds and how long; None where that is not known."""

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

    def best_commitment(self, volume: ArrayLike) -> Floats:
        """Purchase units on the offer whose size is chosen."""
        return best_commitment(self.load, self.terms, volume)

    def sizing(self, volume: float) -> Sizing | None:
        """Replicas by load factor and by queueing; None where replicas are started on demand."""
        if self.terms.scaling == "serverless":
            return None
        factor = self.terms.load_factor if self.terms.queue is None else DEFAULT_LOAD_FACTOR
        found = both_sizings(self.load, self.terms, volume, factor)
        if self.slots is None:
            return found
        provided = replicas_needed(self.load, self.terms, volume)
        serving = np.maximum(provided - self.terms.spare_replicas, self.terms.committed_replicas)
        peaks = sizing_load(self.load, self.terms)(volume)
        queue = Queue(self.slots.requests, self.slots.service_s, wait_s=1.0)
        wait_s = queue.wait_at(self.terms.effective(serving), peaks).max()
        return replace(found, wait_p95_ms=float(wait_s) * 1000.0 if np.isfinite(wait_s) else None)


@dataclass(frozen=True)
class Slots:
    """Requests that a replica serves at once, and seconds that each keeps its place."""

    requests: float
    service_s: float


def known_from(extra: ExtraCost) -> tuple[Kind, str]:
    """How an extra cost is known, and from where."""
    source = extra.usd.source or extra.source
    return extra.usd.kind or ("listed" if source else "assumed"), source or "the scenario"


def usual_spares(selfhost: SelfHost) -> float:
    """Spares where none are stated: one, unless the fleet is pinned or started on demand."""
    return 0.0 if selfhost.replicas or selfhost.is_serverless else DEFAULT_SPARE_REPLICAS


def fleet_terms(
    selfhost: SelfHost, facts: FleetFacts, slots: Slots | None, hours_per_month: float
) -> FleetTerms:
    """The terms of a self-hosted option; ``slots`` is needed where a wait must hold."""
    queue = None
    if selfhost.queueing is not None:
        assert slots is not None
        wait_s = selfhost.queueing.wait_p95_ms.value / 1000.0
        queue = Queue(slots.requests, slots.service_s, wait_s)
    least = 0.0 if selfhost.is_serverless else DEFAULT_MIN_REPLICAS
    start = selfhost.start_minutes or facts.start_minutes
    return FleetTerms(
        offers=tuple(_priced(offer) for offer in facts.offers),
        gpus_per_replica=facts.gpus_per_replica,
        scaling="serverless" if selfhost.is_serverless else selfhost.scaling,
        load_factor=_value(selfhost.load_factor, DEFAULT_LOAD_FACTOR),
        spare_replicas=_value(selfhost.spare_replicas, usual_spares(selfhost)),
        min_replicas=_value(selfhost.min_replicas, least),
        node_gpus=selfhost.node_gpus.value,
        start_minutes=_value(start, 0.0),
        pinned_replicas=None if selfhost.replicas is None else selfhost.replicas.value,
        hours_per_month=hours_per_month,
        queue=queue,
        idle_minutes=_value(facts.idle_minutes, 0.0),
        service_s=slots.service_s if slots else 0.0,
    )


def _value(quantity: Quantity | None, default: float) -> float:
    return default if quantity is None else quantity.value


def _priced(offer: OfferFacts) -> PricedOffer:
    return PricedOffer(
        offer.usd_per_gpu_hour.value,
        offer.replicas,
        offer.committed,
        offer.name,
        offer.optimal,
        _value(offer.interruption_overhead, 0.0),
        np.inf if offer.term_months is None else offer.term_months,
        None if offer.purchase is None else Purchase(**offer.purchase.model_dump()),
    )


def fleet_slots(
    traffic: Sequence[Traffic], facts: FleetFacts, stated: float | None, bound: str = "value"
) -> Slots | None:
    """What a replica holds, over the stated mix of workloads; None where it is not known.

    Little's law: a replica that serves c requests a second with k in flight keeps each for k / c.
    """
    busy = held = rate = 0.0
    for each in traffic:
        known = facts.capacity[each.workload.name]
        requests = known.concurrency or stated
        if requests is None:
            return None
        per_s = each.workload.daily_tokens / each.workload.tokens_per_request
        share = per_s / capacity_of(known.requests_per_s, bound)
        rate, busy, held = rate + per_s, busy + share, held + share * requests
    slots = np.maximum(1.0, np.floor(held / busy + 1e-9))
    return Slots(slots, slots * busy / rate)


def capacity_of(quantity: Quantity, bound: str) -> float:
    """A replica's requests per second, or the low or high of their range."""
    bounded = getattr(quantity, bound)
    return quantity.value if bounded is None else bounded


def fleet_load(traffic: Sequence[Traffic], facts: FleetFacts, bound: str = "value") -> FleetLoad:
    """The load of these workloads on one fleet; ``bound`` takes the low or high throughput."""
    loads = []
    for each in traffic:
        known = facts.capacity[each.workload.name].requests_per_s
        requests_per_s = capacity_of(known, bound)
        loads.append(workload_load(each.demand, each.requests_per_s, requests_per_s))
    return shared_load(loads)
