"""The evaluated volume hour by hour: traffic over the week, and every fleet under its load."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from costmodel.cost.curve import Floats
from costmodel.cost.fleet import replicas_needed
from costmodel.cost.serverless import on_demand
from costmodel.pipeline.bills import Bill, FleetBill, HybridBill, MixBill, Traffic
from costmodel.pipeline.report import FleetWeek, Week
from costmodel.quantity.units import HOURS_PER_WEEK, SECONDS_PER_DAY


def week_of(traffic: Mapping[str, Traffic], bills: Mapping[str, Bill], volume: float) -> Week:
    """Tokens per second in each hour of the week, and the fleets that serve them.

    Interactive work as it arrives; work that can wait at the mean rate it arrives with.
    """
    tokens = np.zeros(HOURS_PER_WEEK)
    for each in traffic.values():
        per_s = float(each.daily_requests(volume)) / SECONDS_PER_DAY
        arriving = each.demand.interactive + each.demand.waiting
        tokens += per_s * each.workload.tokens_per_request * arriving
    fleets: dict[str, FleetWeek] = {}
    for name, bill in bills.items():
        if isinstance(bill, FleetBill):
            fleets[name] = _fleet_week(bill, volume)
        elif isinstance(bill, HybridBill):
            fleets[name] = _hybrid_week(bill, volume)
        elif isinstance(bill, MixBill):
            parts = ((f"{name}: {part}", own) for part, own in bill.parts.items())
            fleets |= {
                part: _fleet_week(own, volume) for part, own in parts if isinstance(own, FleetBill)
            }
    return Week(tokens, fleets)


def _fleet_week(bill: FleetBill, volume: float) -> FleetWeek:
    terms, load = bill.terms, bill.load.served(volume)
    chosen = float(bill.best_commitment(volume)) * terms.replicas_per_unit
    committed = terms.committed_replicas + chosen
    if terms.scaling == "serverless":
        found = on_demand(bill.load, terms)
        at = np.array(volume)
        needed = np.maximum(found.work(at), np.minimum(1.0, found.wakes(at)))
        provided = np.maximum(needed, max(found.warm, committed))
        return FleetWeek(load, needed, provided, committed, terms.scaling)
    by_hour = terms.serving(bill.load.sized_for(volume))
    needed = np.maximum(terms.min_replicas, by_hour) + terms.spare_replicas
    on = np.broadcast_to(replicas_needed(bill.load, terms, volume), (HOURS_PER_WEEK,))
    if not terms.by_the_hour and not chosen and terms.elastic.committed:
        committed = float(on.max())
    return FleetWeek(load, needed, _whole_nodes(np.maximum(on, committed), bill), committed,
                     terms.scaling)  # fmt: skip


def _whole_nodes(replicas: Floats, bill: FleetBill) -> Floats:
    per_unit = bill.terms.replicas_per_unit
    return np.ceil(replicas / per_unit - 1e-9) * per_unit


def _hybrid_week(bill: HybridBill, volume: float) -> FleetWeek:
    """Own replicas are on all week; what they cannot carry overflows."""
    load = bill.fleet.load.served(volume)
    replicas = float(bill.hybrid.replicas(np.array([volume]))[0])
    flat = np.full(HOURS_PER_WEEK, replicas)
    needed = np.maximum(bill.hybrid.terms.serving(load), 0.0) + bill.spare_replicas
    return FleetWeek(load, needed, flat, bill.hybrid.terms.committed_replicas, "hybrid")
