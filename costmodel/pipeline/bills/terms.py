"""What a fleet is sized by: its load, its terms and its slots, out of what was looked up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from costmodel.cost.load import FleetLoad, shared_load, workload_load
from costmodel.cost.ownership import Purchase
from costmodel.cost.queueing import Queue
from costmodel.cost.terms import FleetTerms
from costmodel.cost.terms import Offer as PricedOffer
from costmodel.pipeline.bills.traffic import Traffic
from costmodel.pipeline.facts import FleetFacts, OfferFacts
from costmodel.quantity.quantity import Quantity
from costmodel.scenario import SelfHost

DEFAULT_LOAD_FACTOR = 0.7
"""Share of a replica's capacity planned for, where neither a load factor nor a wait is stated."""

DEFAULT_SPARE_REPLICAS = 1.0
"""N+1: one replica may fail. A hybrid has none by default, because the API is its spare."""

DEFAULT_MIN_REPLICAS = 1.0
"""Kept on at least; none where replicas are started on demand."""


@dataclass(frozen=True)
class Slots:
    """Requests that a replica serves at once, and seconds that each keeps its place."""

    requests: float
    service_s: float


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
