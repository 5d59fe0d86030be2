"""From a scenario and its looked-up facts to exact bills: one curve per option.

Here the records meet the numbers: each option becomes a cost curve over volume plus what is
needed to explain one point of it. No lookup, no verdict.
"""

from __future__ import annotations

from costmodel.pipeline.bills.api import ApiBill
from costmodel.pipeline.bills.build import (
    Bill,
    HybridBill,
    MixBill,
    bill_at,
    build_bills,
    can_serve,
    capacity_limit,
    served_at,
    wins,
    within,
)
from costmodel.pipeline.bills.drawn import as_line, as_staircase, drawn_usd, is_drawable
from costmodel.pipeline.bills.fleet import (
    DEFAULT_LOAD_FACTOR,
    DEFAULT_MIN_REPLICAS,
    DEFAULT_SPARE_REPLICAS,
    ENGINEERING,
    PLATFORM,
    FleetBill,
    usual_spares,
)
from costmodel.pipeline.bills.months import (
    Held,
    Place,
    at_prices,
    commitments,
    fleets,
    terms_of,
    units_needed,
    units_wanted,
    with_commitments,
)
from costmodel.pipeline.bills.traffic import Traffic, burst_factor, traffic_of

__all__ = [
    "DEFAULT_LOAD_FACTOR",
    "DEFAULT_MIN_REPLICAS",
    "DEFAULT_SPARE_REPLICAS",
    "ENGINEERING",
    "PLATFORM",
    "ApiBill",
    "Bill",
    "FleetBill",
    "Held",
    "HybridBill",
    "MixBill",
    "Place",
    "Traffic",
    "as_line",
    "as_staircase",
    "at_prices",
    "bill_at",
    "build_bills",
    "burst_factor",
    "can_serve",
    "capacity_limit",
    "commitments",
    "drawn_usd",
    "fleets",
    "is_drawable",
    "served_at",
    "terms_of",
    "traffic_of",
    "units_needed",
    "units_wanted",
    "usual_spares",
    "wins",
    "with_commitments",
    "within",
]
