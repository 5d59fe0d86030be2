"""What a bill says of itself at one volume: its lines, and its fleet over the week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from costmodel.cost.curve import Floats
from costmodel.cost.fleet import Sizing
from costmodel.quantity.quantity import Kind


@dataclass(frozen=True)
class BillLine:
    """One line of a monthly bill."""

    name: str
    usd: float
    kind: Kind
    source: str


@dataclass(frozen=True)
class WaterfallStep:
    """One bar from the mean load at full speed to the all-in bill."""

    name: str
    usd: float


@dataclass(frozen=True)
class Commitment:
    """Committed replicas, and the hours a month from which one is cheaper than an elastic one."""

    offer: str
    replicas: float
    break_even_hours_per_month: float | None
    """None where the elastic offer is the only one, or free."""


@dataclass(frozen=True)
class FleetResult:
    """What a fleet looks like at the evaluated volume."""

    replicas: float
    """Replicas provided, spares included, averaged over the month."""
    gpus: float
    fit: Mapping[str, Any] | None
    throughput: Mapping[str, Mapping[str, Any]]
    """By workload."""
    capacity_tokens_per_day_per_replica: float
    """Tokens a day one replica serves flat out at this mix of workloads."""
    utilisation: float
    idle_usd: float
    all_in_multiple: float | None
    waterfall: tuple[WaterfallStep, ...] = ()
    sizing: Sizing | None = None
    """Replicas by load factor and by queueing, and the wait; None where it does not apply."""
    commitments: tuple[Commitment, ...] = ()


@dataclass(frozen=True, eq=False)
class FleetWeek:
    """A fleet over the 168 hours of the week at the evaluated volume.

    ``load``: replicas at full speed that the work keeps busy. ``needed``: replicas that must serve
    it, spares included, after headroom and rounding. ``provided``: replicas on, commitments
    included, of which ``committed`` bill whether needed or not.
    """

    load: Floats
    needed: Floats
    provided: Floats
    committed: float
    scaling: str
